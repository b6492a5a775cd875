"""Commands that begin something new from a sample: `returns-hub new system | mapping | flow`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from hub.cli.output import AsJson, console, emit, failures
from hub.settings import from_environment

if TYPE_CHECKING:
    from hub.authoring.codes import Column
    from hub.authoring.writing import Begun

app = typer.Typer(no_args_is_help=True, help="Begin a system, a mapping or a flow; nothing is overwritten.")

_Sample = Annotated[
    Path | None,
    typer.Option("--from-sample", help="A file as the partner sends it.", exists=True, dir_okay=False),
]


@app.command("system")
def new_system(
    name: Annotated[str, typer.Argument(help="Small letters, digits and _: nordwind.")],
    connector: Annotated[str, typer.Option(help="files, inbox, odata, rest, sap_s4 or sftp.")],
    resource: Annotated[str, typer.Option(help="What is read there.")] = "returns",
    from_sample: _Sample = None,
    json: AsJson = False,
) -> None:
    """Begin mappings/NAME/system.yaml; a sample tells the format of what is read."""
    from hub.authoring import starters, writing

    with failures(as_json=json):
        begun = writing.new_system(from_environment().project_dir, name, connector, resource, from_sample)
        hint = starters.connection_hint(name, connector)
        todo = "TODO" in begun.files[0].read_text(encoding="utf-8")
        steps = ["complete what says TODO in it"] if todo else []
        steps += writing.guesses(begun)
        steps += [f"its connection: {hint}"] if hint else []
        emit(_tree(begun), as_json=json, people=lambda: _show(begun, steps))


@app.command("mapping")
def new_mapping(
    name: Annotated[str, typer.Argument(help="System and name: nordwind.return_request.")],
    from_sample: Annotated[
        Path,
        typer.Option("--from-sample", help="A file as the partner sends it.", exists=True, dir_okay=False),
    ],
    to: Annotated[str, typer.Option("--to", help="What it becomes.")] = "return.requested@1",
    system: Annotated[str, typer.Option(help="The partner; default: the first part of the name.")] = "",
    resource: Annotated[str, typer.Option(help="What is read; default: the system's only resource.")] = "",
    zone: Annotated[str, typer.Option(help="Where times without an offset are meant.")] = "UTC",
    json: AsJson = False,
) -> None:
    """Begin a mapping: the sample's fields are matched with the target's by name and value."""
    from hub.authoring import writing

    with failures(as_json=json):
        project = from_environment().project_dir
        begun = writing.new_mapping(
            project, name, from_sample, to, system=system, resource=resource, zone=zone
        )
        command = f"returns-hub map {_short(begun.files[0])} --watch"
        emit(_tree(begun), as_json=json, people=lambda: _show(begun, [f"go on with: {command}"]))


@app.command("flow")
def new_flow(
    name: Annotated[str, typer.Argument(help="Small letters, digits and _: nordwind_returns_in.")],
    system: Annotated[str, typer.Option(help="Where documents come from.")],
    mapping: Annotated[str, typer.Option("--map", help="The mapping: nordwind.return_request@1.")],
    resource: Annotated[str, typer.Option(help="Which resource of the system.")] = "returns",
    entity: Annotated[str, typer.Option(help="The business unit whose returns these are.")] = "us",
    json: AsJson = False,
) -> None:
    """Begin an intake flow: what is read from a system goes through a mapping."""
    from hub.authoring import writing

    with failures(as_json=json):
        project = from_environment().project_dir
        begun = writing.new_flow(project, name, system, resource, mapping, entity)
        steps = ["returns-hub check", f"returns-hub run {name}"]
        emit(_tree(begun), as_json=json, people=lambda: _show(begun, steps))


@app.command("codes")
def new_codes(
    table: Annotated[str, typer.Argument(help="return_reason, unit, or another of mappings/codes.")],
    system: Annotated[str, typer.Argument(help="Whose codes these are: the column.")],
    pairs: Annotated[list[str], typer.Argument(help="CODE=meaning, several; a meaning is a canonical name.")],
    json: AsJson = False,
) -> None:
    """Say what a partner's codes mean: each is written beside its meaning in mappings/codes/TABLE.csv."""
    from hub.authoring.writing import new_codes as write

    with failures(as_json=json):
        file = write(from_environment().project_dir, table, system, pairs)
        emit(
            {"file": str(file), "codes": pairs},
            as_json=json,
            people=lambda: console.print(
                Text.assemble(("✓ ", "green"), f"{_short(file)}: {', '.join(pairs)}")
            ),
        )


def _show(begun: Begun, steps: list[str]) -> None:
    from hub.cli.suite_view import many

    if begun.payload:
        found = begun.payload
        options = "".join(f"; {name} {_words(value)}" for name, value in found.options.items())
        said = f"read as {found.format}, {many(len(found.trees), 'record')}{options}"
        console.print(Text(said, "dim"))
    for file in begun.files:
        console.print(Text.assemble(("✓ ", "green"), _short(file)), soft_wrap=True)
    for table, column in (begun.columns or {}).items():
        _show_column(table, begun.system, column)
    for words in begun.draft.todo if begun.draft else ():
        console.print(Text.assemble(("TODO ", "bold yellow"), words), soft_wrap=True)
    for step in steps:
        console.print(Text.assemble(("→ ", "cyan"), step), soft_wrap=True)


def _show_column(table: str, system: str, column: Column) -> None:
    if column.text is not None:
        placed = f": {', '.join(column.placed)}" if column.placed else ""
        console.print(Text.assemble(("✓ ", "green"), f"mappings/codes/{table}.csv has a new column{placed}"))
    if column.left:
        pairs = " ".join(f"{code}=…" for code in column.left)
        words = f"say what these codes mean: returns-hub new codes {table} {system} {pairs}"
        words += f"   (meanings: the first column of mappings/codes/{table}.csv)"
        console.print(Text.assemble(("TODO ", "bold yellow"), words), soft_wrap=True)


def _words(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else f"'{value}'"


def _short(file: Path) -> str:
    here = Path.cwd()
    return str(file.relative_to(here)) if file.is_relative_to(here) else str(file)


def _tree(begun: Begun) -> dict[str, object]:
    return {
        "files": [str(file) for file in begun.files],
        "todo": begun.draft.todo if begun.draft else [],
        "codes": {
            table: {"placed": column.placed, "left": column.left}
            for table, column in (begun.columns or {}).items()
        },
    }
