"""`returns-hub check`: what is wrong with a project, before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.cli.output import AsJson, Failed, console, emit, failures
from hub.settings import from_environment


def check(json: AsJson = False) -> None:
    """Prove every flow, mapping, system, policy and code table before anything runs."""
    from hub.flows.check import check as problems_of  # start-up time of --help

    with failures(as_json=json):
        problems = problems_of(from_environment().project_dir)
        listed = [
            {"file": p.file, "line": p.line, "column": p.column, "message": p.message} for p in problems
        ]
        emit({"problems": listed}, as_json=json, people=lambda: _show_problems(problems))
        if problems:
            raise Failed


def _show_problems(problems: Sequence[Any]) -> None:
    for problem in problems:
        console.print(str(problem), markup=False, soft_wrap=True)
    console.print(
        f"[red]{len(problems)} problems[/red]"
        if problems
        else "[green]all flows, mappings and policies hold[/green]"
    )
