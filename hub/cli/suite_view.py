"""How tests of mappings look in a terminal: differences per field, then one line per mapping."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import unified_diff
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hub.authoring.suite import Report, Rewrite
from hub.flows.samples import NOTHING, SampleRun
from hub.mapping.values import shown

_LISTED = 6


def faults(report: Report) -> RenderableType | None:
    """What is wrong with one mapping; None when nothing is."""
    parts: list[RenderableType] = [Text(problem, "red") for problem in report.problems]
    parts += [_run(run) for run in report.runs if not run.passed]
    if not parts:
        return None
    return Group(
        Text.assemble(("✗ ", "bold red"), (report.ref, "bold"), (f"  {report.file}", "dim")), *parts, Text()
    )


def summary(reports: Sequence[Report], *, details: bool) -> RenderableType:
    """One line per mapping; with `details` also which fields the samples never fill or read."""
    grid = Table(box=None, pad_edge=False, header_style="dim")
    grid.add_column("mapping", no_wrap=True)
    for name in ("samples", "target fields", "source fields"):
        grid.add_column(name, justify="right", no_wrap=True)
    grid.add_column("")
    for one in reports:
        passed = sum(run.passed for run in one.runs)
        grid.add_row(
            one.ref,
            _of(passed, len(one.runs)),
            _of(len(one.fields) - len(one.idle), len(one.fields)),
            _of(len(one.source) - len(one.unused), len(one.source)),
            Text("passed", "green") if one.passed else Text("failed", "bold red"),
        )
    failed = sum(not one.passed for one in reports)
    samples = sum(len(one.runs) for one in reports)
    verdict = Text(f"✗ {failed} of {many(len(reports), 'mapping')} failed", "bold red")
    if not failed:
        verdict = Text(f"✓ {many(len(reports), 'mapping')}, {many(samples, 'sample')} passed", "bold green")
    unwritten = any(run.unreadable and not run.errors for one in reports for run in one.runs)
    if unwritten:
        verdict.append("; returns-hub test --update shows and writes the expected documents", "dim")
    notes = [note for one in reports for note in _notes(one)] if details else []
    return Group(grid, *notes, verdict)


def difference(rewrite: Rewrite, name: str) -> Text:
    """A coloured line diff of an expected document; `name` is how its file is called."""
    said = Text(f"{name}\n" if rewrite.before else f"{name} (new)\n", "bold")
    lines = unified_diff(rewrite.before.splitlines(), rewrite.after.splitlines(), lineterm="", n=2)
    for number, line in enumerate(lines):
        if number > 1:  # the first two name the files
            style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "dim")
            said.append(f"{line}\n", style)
    return said


def as_tree(reports: Sequence[Report], written: Sequence[Path] = ()) -> dict[str, Any]:
    """The same for machines."""
    return {
        "passed": all(one.passed for one in reports),
        "written": [str(path) for path in written],
        "mappings": [_plain(one) for one in reports],
    }


def _run(run: SampleRun) -> RenderableType:
    parts: list[RenderableType] = [Text(f"  sample {run.name}", "bold")]
    said = (*run.errors, run.unreadable) if run.unreadable else run.errors
    parts += [Text(f"    {problem}", "red") for problem in said]
    if run.differences:
        grid = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
        grid.add_column("    field", no_wrap=True, overflow="ellipsis")
        grid.add_column("expected", style="green", overflow="fold")
        grid.add_column("found", style="red", overflow="fold")
        for one in run.differences:
            grid.add_row(f"    {one.path}", short(one.expected), short(one.found))
        parts.append(grid)
    return Group(*parts)


def short(value: Any) -> str:
    """A value of a comparison in one line."""
    return "nothing" if value is NOTHING else shown(value)


def _of(part: int, whole: int) -> Text:
    style = "dim" if not whole else "green" if part == whole else "yellow"
    return Text(f"{part}/{whole}", style)


def many(number: int, word: str) -> str:
    """`1 sample`, `2 samples`."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _notes(one: Report) -> list[Text]:
    notes = []
    for words, paths in (("no sample fills", one.idle), ("not read from the samples", one.unused)):
        if paths:
            more = f" and {len(paths) - _LISTED} more" if len(paths) > _LISTED else ""
            notes.append(Text(f"{one.ref}: {words} {', '.join(paths[:_LISTED])}{more}", "dim"))
    return notes


def _plain(one: Report) -> dict[str, Any]:
    return {
        "mapping": one.ref,
        "file": one.file,
        "passed": one.passed,
        "problems": one.problems,
        "samples": [
            {
                "name": run.name,
                "passed": run.passed,
                "problems": [*run.errors, *([run.unreadable] if run.unreadable else [])],
                "differences": [
                    {"path": each.path, "expected": told(each.expected), "found": told(each.found)}
                    for each in run.differences
                ],
            }
            for run in one.runs
        ],
        "target_fields": len(one.fields),
        "not_filled": one.idle,
        "source_fields": len(one.source),
        "not_read": one.unused,
    }


def told(value: Any) -> Any:
    """A value of a comparison for machines."""
    return None if value is NOTHING else value
