"""`returns-hub diff`: what another version of a mapping would make of what is stored."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group as Parts
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from hub.cli.output import AsJson, Failed, console, emit, failures
from hub.cli.session import hub_session

if TYPE_CHECKING:
    from hub.authoring.comparison import Comparison, Group, Kind

_SINCE = re.compile(r"([1-9][0-9]{0,4})([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 168}

_UNREAD: dict[Kind, str] = {
    "message": "not decodable",
    "effect": "without their fact",
    "receipt": "without their fact",
}
_MADE: dict[Kind, str] = {"message": "taken in", "effect": "composed", "receipt": "stated"}


def diff(
    mapping: Annotated[str, typer.Argument(help="The version to be: a mapping's file or name.")],
    against: Annotated[
        str, typer.Option(help="The version before: a file, a mapping's name, or a git revision.")
    ] = "HEAD",
    flow: Annotated[str, typer.Option(help="One flow; default: all that use the mapping.")] = "",
    since: Annotated[str, typer.Option(help="Only what is not older than this: 12h, 7d, 2w.")] = "",
    limit: Annotated[int, typer.Option(help="At most so many of each flow, newest first.", min=1)] = 1000,
    json: AsJson = False,
) -> None:
    """Show what a change of a mapping would make of stored messages, effects or receipts.

    Exit code 1 when some newly fail. Nothing is written, sent or numbered.
    """
    from hub.authoring.replaying import compare, replays_of
    from hub.authoring.versions import against as before_of
    from hub.authoring.versions import in_project

    with failures(as_json=json), hub_session() as hub:
        start = _start(since)
        hub.references.refresh(hub.database.rows)
        project, entries = hub.settings.project_dir, hub.references.entries
        file, after = in_project(project, mapping, entries)
        before = before_of(project, file, against, entries)
        hub.references.refresh(hub.database.rows)  # the tables that only these versions use
        replays = replays_of(hub, (after.mapping, before.mapping), flow)
        found = [
            compare(hub, one, before.mapping, after.mapping, since=start, limit=limit) for one in replays
        ]
        tree = {"before": before.name, "after": after.name, "flows": [_tree(one) for one in found]}
        emit(tree, as_json=json, people=lambda: _show(before.name, after.name, found))
        if any(one.newly_failing for one in found):
            raise Failed


def _start(since: str) -> datetime | None:
    if not since:
        return None
    found = _SINCE.fullmatch(since)
    if not found:
        raise ValueError(f"expected --since as 12h, 7d or 2w, found '{since}'")
    return datetime.now(UTC) - timedelta(hours=int(found.group(1)) * _HOURS[found.group(2)])


def _show(before: str, after: str, found: Sequence[Comparison]) -> None:
    console.print(Text.assemble(("before ", "dim"), before, ("   after ", "dim"), after), soft_wrap=True)
    for one in found:
        console.print(_view(one))


def _view(one: Comparison) -> RenderableType:
    from hub.cli.suite_view import many

    counts = [
        (one.same, "same", "green"),
        (one.changed, "changed", "yellow"),
        (one.newly_failing, "newly failing", "bold red"),
        (one.newly_passing, "newly passing", "bold green"),
        (one.still_failing, "failing as before", "dim"),
        (one.undecodable, _UNREAD[one.kind], "dim"),
    ]
    head = Text.assemble((f"\n{one.flow}", "bold"), f"  {many(one.messages, one.kind)} replayed")
    for number, words, style in counts:
        if number:
            head.append(f"  {number} {words}", style)
    parts: list[RenderableType] = [head]
    if one.fields:
        parts.append(_fields(_most(one.fields.values()), one.kind))
    for groups, words, style in (
        (one.failures, "newly fails", "red"),
        (one.mended, "failed before", "green"),
    ):
        parts += [_reason(group, words, style, one.kind) for group in _most(groups.values())]
    return Parts(*parts, *_then(one))


def _then(one: Comparison) -> list[RenderableType]:
    """Where the version before does not make what was really sent or stated, and why that can be."""
    from hub.cli.suite_view import many

    then, made = one.then, _MADE[one.kind]
    if not then.others:
        return []
    causes = []
    if then.versions:
        causes.append(f"{then.versions} {made} by another version of the mapping")
    if then.others > then.versions:
        causes.append(
            f"{then.others - then.versions} {made} by this one, from something that has changed since: "
            "a cross reference, the system's options, or facts of the same moment"
        )
    said = Text.assemble(
        ("note  ", "yellow"),
        f"of {many(then.compared, one.kind)} {made} then, before makes {then.others} other than they were",
        (f": {'; '.join(causes)}", "dim"),
    )
    fields = [_fields(_most(then.fields.values()), one.kind, ("then", "before"))] if then.fields else []
    return [said, *fields]


def _fields(groups: Sequence[Group], kind: Kind, sides: tuple[str, str] = ("before", "after")) -> Table:
    from hub.cli.suite_view import short

    grid = Table(box=None, pad_edge=False, header_style="dim")
    grid.add_column("field", no_wrap=True)
    grid.add_column(f"{kind}s", justify="right", no_wrap=True)
    for name in ("for example", *sides):
        grid.add_column(name, overflow="fold")
    for group in groups:
        for number, example in enumerate(group.examples):
            head = ("", "") if number else (group.path, str(group.messages))
            before, after = Text(short(example.before), "red"), Text(short(example.after), "green")
            grid.add_row(*head, Text(example.key, "dim"), before, after)
    return grid


def _reason(group: Group, words: str, style: str, kind: Kind) -> Text:
    said = Text.assemble((f"{words}  ", style), (group.path, "bold"), f": {group.message}")
    from hub.cli.suite_view import many

    keys = ", ".join(example.key for example in group.examples)
    return said.append(f"  {many(group.messages, kind)}, such as {keys}", "dim")


def _most(groups: Iterable[Group]) -> list[Group]:
    return sorted(groups, key=lambda group: (-group.messages, group.path, group.message))


def _tree(one: Comparison) -> dict[str, Any]:
    return {
        "flow": one.flow,
        "kind": one.kind,
        "messages": one.messages,
        "same": one.same,
        "changed": one.changed,
        "newly_failing": one.newly_failing,
        "newly_passing": one.newly_passing,
        "still_failing": one.still_failing,
        "undecodable": one.undecodable,
        "fields": [_group(group) for group in _most(one.fields.values())],
        "failures": [_group(group) for group in _most(one.failures.values())],
        "mended": [_group(group) for group in _most(one.mended.values())],
        "then": {
            "compared": one.then.compared,
            "others": one.then.others,
            "versions": one.then.versions,
            "fields": [_group(group) for group in _most(one.then.fields.values())],
        },
    }


def _group(group: Group) -> dict[str, Any]:
    from hub.cli.suite_view import told

    examples = [
        {"key": one.key, "before": told(one.before), "after": told(one.after)} for one in group.examples
    ]
    return {"path": group.path, "message": group.message, "messages": group.messages, "examples": examples}
