"""EDI from a terminal: look into a file, check it, see the answer, write one. Nothing is stored."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from hub.cli.output import AsJson, Failed, console, emit, failures
from hub.settings import from_environment

if TYPE_CHECKING:
    from connectors.codecs.edi.reading import Interchange, Seen
    from hub.authoring.edipartner import Partner as Profile

app = typer.Typer(
    no_args_is_help=True, help="X12 and EDIFACT: look into files, write them; what came, went and was said."
)

File = Annotated[Path, typer.Argument(help="An EDI file, or - for what is piped in.", allow_dash=True)]
Partner = Annotated[
    str,
    typer.Option(
        "--partner", "-p", help="A system whose edi: profile holds; else whatever is there is read."
    ),
]


@app.command()
def read(file: File, partner: Partner = "", json: AsJson = False) -> None:
    """Show what is in a file: interchanges, groups, transactions, and everything that is wrong with them.

    With --json one line per interchange. Exit code 1 only for what is no EDI at all.
    """
    from hub.cli import edi_view

    with failures(as_json=json):
        for _, told in _opened(file, partner).told():
            if json:
                _line(told)
            else:
                console.print(edi_view.overview(told))


@app.command()
def check(file: File, partner: Partner = "", json: AsJson = False) -> None:
    """Report what is wrong with a file, under each segment; exit code 1 when something would be refused."""
    from hub.cli import edi_view

    with failures(as_json=json):
        opened = _opened(file, partner)
        refused = False
        for seen, told in opened.told():
            refused = refused or told["status"] in {"rejected", "partially_accepted"}
            if json:
                _line(told)
            else:
                console.print(edi_view.report(opened.body, seen, told))
        if refused:
            raise Failed


@app.command()
def tree(file: File, partner: Partner = "", json: AsJson = False) -> None:
    """Show the decoded transactions as mappings see them; with --json one line per transaction."""
    from hub.cli import edi_view

    with failures(as_json=json):
        broken = False
        for seen in _opened(file, partner).interchanges(trees=True):
            for one in _decoded(seen):
                broken = broken or one["tree"] is None
                if json:
                    _line(one)
                else:
                    console.print(edi_view.nested(one))
        if broken:
            raise Failed


@app.command()
def ack(
    file: File,
    partner: Partner = "",
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="TA1, 997, 999 or CONTRL; may be repeated.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Print what a file would be answered with, byte for byte; with --json one line per acknowledgement.

    Control numbers are 1, 2, …: the hub takes its own from the database when it really answers.
    """
    from connectors.codecs.edi.answers import answer

    with failures(as_json=json):
        number, opened, wanted = 0, _opened(file, partner), _kinds(kind)
        for seen in opened.interchanges():
            if seen.interchange is None:
                continue
            for each in wanted or opened.kinds(seen.interchange):
                body = answer(seen.interchange, each, {"control": number + 1, "group": number + 1}, _moment())
                number += bool(body)
                _answered(seen.interchange.control, each, body, json=json)
        if not number:
            raise ValueError(f"{file}: nothing in it is answered: nobody can be answered, or it only answers")


def _kinds(given: list[str] | None) -> list[Any]:
    known = ("TA1", "997", "999", "CONTRL")
    wrong = [one for one in given or () if one.upper() not in known]
    if wrong:
        raise ValueError(f"--kind: expected one of {', '.join(known)}, found {', '.join(wrong)}")
    return [one.upper() for one in given or ()]


def _answered(control: str, kind: str, body: bytes, *, json: bool) -> None:
    if json:
        _line({"interchange": control, "kind": kind, "document": body.decode("utf-8", "backslashreplace")})
    elif body:
        sys.stdout.buffer.write(body if body.endswith(b"\n") else body + b"\n")
        sys.stdout.buffer.flush()


@app.command()
def write(
    file: Annotated[
        Path,
        typer.Argument(
            help="JSON: a tree, a list of them, or what `tree --json` prints; - for what is piped in.",
            allow_dash=True,
        ),
    ],
    partner: Annotated[str, typer.Option("--partner", "-p", help="The system whose edi: profile holds.")],
    form: Annotated[
        str, typer.Option("--format", help="As in x12/180-004010; else the document tells.")
    ] = "",
    control: Annotated[
        int, typer.Option(help="Control number; the hub takes its own from the database.")
    ] = 1,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write; else printed.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Write transactions as a file for a partner, checked by the guide that they will be checked by."""
    from connectors.codecs.registry import codec
    from hub.authoring.ediwriting import documents_of, envelope_of

    with failures(as_json=json):
        project = from_environment().project_dir
        found = documents_of(project, file, partner, form)
        envelope = {**envelope_of(project, partner), "control": control, **_moment()}
        body = codec(found.format).encode(found.trees, envelope)
        if output is not None:
            output.write_bytes(body)
        told = {"format": found.format, "transactions": len(found.trees), "bytes": len(body)}
        where = {"file": str(output)} if output else {"document": body}
        emit({**told, **where}, as_json=json, people=lambda: _written(body, output, told))


def _written(body: bytes, output: Path | None, told: Mapping[str, Any]) -> None:
    if output is None:
        sys.stdout.buffer.write(body)  # the very bytes: a partner's delimiters may be anything
        sys.stdout.buffer.flush()
    else:
        console.print(f"{told['format']}: {told['transactions']} in {told['bytes']} bytes → {output}")


@dataclass(frozen=True, slots=True)
class _Opened:
    """A file and how it is to be read."""

    body: bytes
    name: str
    partner: Profile | None = None

    def told(self) -> Iterator[tuple[Seen, dict[str, Any]]]:
        """Each interchange with its summary, as the partner's flows would see it where there is one."""
        from connectors.codecs.edi.summary import summary

        for seen in self.interchanges(trees=self.partner is not None):
            made = summary(seen)
            if self.partner is not None:
                from hub.authoring.edipartner import judge

                judge(seen, made, self.partner.edi)
            yield seen, made

    def kinds(self, interchange: Interchange) -> list[Any]:
        """What it is answered with."""
        from connectors.codecs.edi.answers import usual_kinds
        from hub.authoring.edipartner import kinds_of

        return kinds_of(self.partner.edi, interchange) if self.partner else usual_kinds(interchange)

    def interchanges(self, *, trees: bool = False) -> Iterator[Seen]:
        from connectors.codecs.edi.reading import NoEdi, interchanges

        try:
            yield from interchanges(self.body, self.partner.options if self.partner else {}, trees=trees)
        except NoEdi as error:
            raise NoEdi(f"{self.name}: {error}") from None


def _opened(file: Path, partner: str) -> _Opened:
    body = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    name = "standard input" if str(file) == "-" else str(file)
    if not partner:
        return _Opened(body, name)
    from hub.authoring.edipartner import partner_of

    return _Opened(body, name, partner_of(from_environment().project_dir, partner))


def _decoded(seen: Seen) -> Iterator[dict[str, Any]]:
    from connectors.codecs.edi.reading import messages_of

    if seen.interchange is None:
        return
    for (group, one), found in zip(messages_of(seen.interchange), seen.trees, strict=True):
        yield {
            "format": one.guide or f"{seen.standard}/{one.set.lower()}",
            "interchange": seen.interchange.control,
            "group": group.control,
            "control": one.control,
            "set": one.set,
            "version": one.version,
            "errors": [each.message for each in one.findings],
            "tree": found,
        }


def _line(value: Any) -> None:
    print(orjson.dumps(value).decode())  # noqa: T201  # JSON lines: rich would wrap them


def _moment() -> dict[str, str]:
    moment = datetime.now(UTC)
    return {"date": f"{moment:%Y%m%d}", "time": f"{moment:%H%M}"}
