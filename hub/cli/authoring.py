"""Commands for people who write mappings and flows: map, test, functions."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli.output import AsJson, Failed, console, emit, failures, table
from hub.settings import from_environment

if TYPE_CHECKING:
    from hub.authoring.suite import Report


def map_file(
    mapping: Annotated[str, typer.Argument(help="A mapping's file or name.")],
    sample: Annotated[
        str, typer.Option("--sample", "-s", help="A sample's name, or the path of a document.")
    ] = "",
    field: Annotated[
        str,
        typer.Option("--field", "-f", help="Only target fields that begin with this, without the result."),
    ] = "",
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Again at every save, until Ctrl-C.")] = False,
    json: AsJson = False,
) -> None:
    """Show what a mapping makes of a sample: the result and, per field, path, value found and each step."""
    from hub.authoring.library import one
    from hub.authoring.showing import show, sources_of
    from hub.cli.mapping_view import as_tree, view

    project = from_environment().project_dir
    with failures(as_json=json):
        file = one(project, mapping)
        file = file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file
    if watch:
        from hub.cli.watching import repeat

        repeat(
            lambda: view(show(project, file, sample), console.width, field),
            lambda: sources_of(project, file, sample),
        )
        return
    with failures(as_json=json):
        shown = show(project, file, sample)
        emit(
            as_tree(shown, field),
            as_json=json,
            people=lambda: console.print(view(shown, console.width, field), soft_wrap=False),
        )
        if not shown.holds:
            raise Failed


def run_tests(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Mapping files, folders, or names such as acme.return_notice; all without any."),
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Write what the mappings make as the expected documents.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --update: write without asking.")] = False,
    json: AsJson = False,
) -> None:
    """Run every sample of every mapping against its expected document."""
    from hub.authoring.library import chosen
    from hub.authoring.suite import examined
    from hub.cli import suite_view

    project = from_environment().project_dir
    with failures(as_json=json):
        files = chosen(project, names or ())
        reports = [examined(project, path) for path in files]
        written = _written(project, files, reports, yes=yes, json=json) if update else []
        if written:
            reports = [examined(project, path) for path in files]
        emit(
            suite_view.as_tree(reports, written),
            as_json=json,
            people=lambda: _show_reports(reports, details=bool(names)),
        )
        if not all(report.passed for report in reports):
            raise Failed


def _show_reports(reports: Sequence[Report], *, details: bool) -> None:
    from hub.cli import suite_view

    for report in reports:
        faults = suite_view.faults(report)
        if faults is not None:
            console.print(faults)
    console.print(suite_view.summary(reports, details=details))


def _written(
    project: Path, files: Sequence[Path], reports: Sequence[Report], *, yes: bool, json: bool
) -> list[Path]:
    """Write expected documents that a person, or --yes, agreed to; each is shown first."""
    from hub.authoring.library import shown
    from hub.authoring.suite import rewrites
    from hub.cli import suite_view

    found = [one for path, report in zip(files, reports, strict=True) for one in rewrites(path, report)]
    if found and not yes and (json or not sys.stdin.isatty()):
        raise ValueError("nobody can be asked here: say --update --yes to write the expected documents")
    written = []
    for one in found:
        if not json:
            console.print(suite_view.difference(one, shown(project, one.file)))
        if yes or typer.confirm(f"write {one.file.name}?", default=False):
            one.file.write_text(one.after, encoding="utf-8")
            written.append(one.file)
    return written


def functions(json: AsJson = False) -> None:
    """List the functions that a mapping can use."""
    from hub.mapping.functions import FUNCTIONS  # start-up time of --help

    listed = [
        {"name": f.name, "group": f.group, "parameters": [p.name for p in f.params], "doc": f.doc}
        for f in FUNCTIONS.values()
    ]
    lines = [(f["group"], f"{f['name']}({', '.join(f['parameters'])})", f["doc"]) for f in listed]
    emit(
        listed, as_json=json, people=lambda: table("Functions", ("group", "function", "what it does"), lines)
    )
