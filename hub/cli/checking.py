"""`returns-hub check`: what is wrong with a project, before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from hub.cli.output import AsJson, Failed, console, emit, failures
from hub.settings import from_environment

if TYPE_CHECKING:
    from hub.flows.problems import Problem

_COLOURS = {"error": "red", "warning": "yellow"}


def check(
    strict: Annotated[bool, typer.Option("--strict", help="Fail for warnings too.")] = False,
    json: AsJson = False,
) -> None:
    """Prove every flow, mapping, system, policy and code table before anything runs."""
    from hub.authoring.todos import todos, told
    from hub.flows.check import check as problems_of  # start-up time of --help

    with failures(as_json=json):
        project = from_environment().project_dir
        problems = problems_of(project)
        files = sorted((project / "mappings").glob("*/*.yaml"))
        notes = {path.relative_to(project).as_posix(): lines for path in files if (lines := todos(path))}
        emit(
            {
                "problems": [_plain(problem) for problem in problems],
                "todo": [{"file": file, "lines": lines} for file, lines in notes.items()],
            },
            as_json=json,
            people=lambda: _show(problems, [told(file, lines) for file, lines in notes.items()]),
        )
        if any(strict or problem.severity == "error" for problem in problems):
            raise Failed


def _plain(problem: Problem) -> dict[str, Any]:
    return {
        "severity": problem.severity,
        "code": problem.code,
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "message": problem.message,
        "hint": problem.hint,
    }


def _show(problems: Sequence[Problem], notes: Sequence[str]) -> None:
    for file, members in groupby(problems, key=lambda problem: problem.file):
        console.print(f"[bold]{escape(file)}[/bold]")
        for problem in members:
            colour = _COLOURS[problem.severity]
            # the whole place in each line: editors and terminals make a link of it
            place = f"{problem.file}:{problem.line}:{problem.column}"
            said = f"[{colour}]{problem.severity}[/{colour}] {escape(problem.message)}"
            console.print(f"  {escape(place)}: {said} [dim]{problem.code}[/dim]", soft_wrap=True)
            if problem.hint:
                console.print(f"      [cyan]hint[/cyan] {escape(problem.hint)}", soft_wrap=True)
        console.print()
    for note in notes:
        console.print(f"[yellow]note[/yellow] {escape(note)}", soft_wrap=True)
    console.print(_summary(problems))


def _summary(problems: Sequence[Problem]) -> str:
    if not problems:
        return "[green]all flows, mappings and policies hold[/green]"
    counted = [
        f"[{colour}]{count} {severity}{'' if count == 1 else 's'}[/{colour}]"
        for severity, colour in _COLOURS.items()
        if (count := sum(problem.severity == severity for problem in problems))
    ]
    return ", ".join(counted)
