"""Cross references: whose number is whose; list, show, set, remove, import and export."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.output import AsJson, console, emit, failures, table
from hub.cli.session import hub_session

app = typer.Typer(
    no_args_is_help=True, help="Whose number is whose: a partner's customer, site, item and ours."
)

Name = Annotated[str, typer.Argument(help="The reference: the name of a file in mappings/xref.")]
System = Annotated[str, typer.Argument(help="Whose code it is: a column of that file.")]
Code = Annotated[str, typer.Argument(help="Their code.")]


@app.command("list")
def list_references(json: AsJson = False) -> None:
    """List the references, their systems, and how much they hold."""
    from hub.pipeline import crossrefs

    with failures(as_json=json), hub_session() as hub:
        found = crossrefs.listing(hub)
        lines = [
            (one["reference"], ", ".join(one["systems"]), one["ours"], one["rows"], one["changed_at"])
            for one in found
        ]
        names = ("reference", "systems", "of ours", "codes", "last change")
        empty = "none: a file mappings/xref/<name>.csv declares one"
        emit(found, as_json=json, people=lambda: table("Cross references", names, lines, empty=empty))


@app.command()
def show(name: Name, json: AsJson = False) -> None:
    """Show all codes of a reference, and who changed them."""
    from hub.pipeline import crossrefs

    with failures(as_json=json), hub_session() as hub:
        found = crossrefs.show(hub, name)
        lines = [
            (
                one["ours"],
                one["system"],
                one["code"],
                "" if one["sent"] else "understood only",
                one["note"],
                one["changed_at"],
                one["changed_by"],
            )
            for one in found
        ]
        names = ("ours", "system", "code", "", "note", "changed", "by")
        emit(found, as_json=json, people=lambda: table(name, names, lines, empty="no codes yet"))


@app.command("set")
def set_code(
    name: Name,
    system: System,
    code: Code,
    ours: Annotated[str, typer.Argument(help="What we call it.")],
    sent: Annotated[
        bool, typer.Option("--sent", help="Send this code from now on, if there are several.")
    ] = False,
    note: Annotated[str | None, typer.Option(help="For people.")] = None,
    json: AsJson = False,
) -> None:
    """Say whose a code is. Dead letters that lacked it can be replayed at once."""
    from hub.crossrefs import Put
    from hub.pipeline import crossrefs

    with failures(as_json=json), hub_session() as hub:
        changes = crossrefs.put(hub, name, Put(system, code, ours, sent or None, note), _actor())
        _told(name, changes, as_json=json)


@app.command()
def remove(name: Name, system: System, code: Code, json: AsJson = False) -> None:
    """Take a code out."""
    from hub.pipeline import crossrefs

    with failures(as_json=json), hub_session() as hub:
        _told(name, crossrefs.remove(hub, name, system, code, _actor()), as_json=json)


@app.command("import")
def import_file(
    name: Name,
    file: Annotated[
        Path, typer.Argument(help="CSV in the layout of code tables.", exists=True, dir_okay=False)
    ],
    replace: Annotated[
        bool, typer.Option("--replace", help="Also take out what the file does not have.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Take in a file of codes: all of it, or nothing."""
    from hub.pipeline import crossrefs

    with failures(as_json=json), hub_session() as hub:
        changes = crossrefs.take_in(hub, name, file, _actor(), replace=replace)
        counts = {
            "added": sum(one.before is None for one in changes),
            "changed": sum(one.before is not None and one.after is not None for one in changes),
            "removed": sum(one.after is None for one in changes),
        }
        text = ", ".join(f"{count} {what}" for what, count in counts.items())
        emit({"reference": name, **counts}, as_json=json, people=lambda: console.print(f"{name}: {text}"))


@app.command()
def export(
    name: Name,
    file: Annotated[Path | None, typer.Argument(help="Where to; without it the codes are printed.")] = None,
    json: AsJson = False,
) -> None:
    """Write a reference as a file that import reads back."""
    from hub.pipeline import crossrefs

    with failures(as_json=json), hub_session() as hub:
        text = crossrefs.export(hub, name)
        if file is not None:
            file.write_text(text, encoding="utf-8")
        told = f"{name}: {text.count(chr(10)) - 1} rows in {file}" if file else text.rstrip("\n")
        result = {"reference": name, "file": str(file)} if file else {"reference": name, "csv": text}
        emit(result, as_json=json, people=lambda: console.print(told, markup=False, soft_wrap=True))


def _told(name: str, changes: Sequence[Any], *, as_json: bool) -> None:
    found = [
        {
            "system": one.row.system,
            "code": one.row.code,
            "before": one.before.ours if one.before else None,
            "ours": one.after.ours if one.after else None,
            "sent": bool(one.after and one.after.sent),
        }
        for one in changes
    ]
    lines = [
        (one["system"], one["code"], one["before"], one["ours"], "yes" if one["sent"] else "no")
        for one in found
    ]
    names = ("system", "code", "was", "is", "sent")
    emit(
        {"reference": name, "changes": found},
        as_json=as_json,
        people=lambda: table(name, names, lines, empty="it was so already"),
    )


def _actor() -> str:
    return f"cli:{getpass.getuser()}"
