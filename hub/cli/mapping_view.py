"""How a mapping on a document looks in a terminal: one line per field, from where and through what."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.highlighter import JSONHighlighter
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from hub.authoring.jsontext import pretty
from hub.authoring.showing import Showing, Shown
from hub.authoring.todos import told
from hub.flows.documents import SCHEMAS
from hub.flows.problems import Problem
from hub.mapping.errors import FieldTrace
from hub.mapping.hints import hints
from hub.mapping.values import shown

_FIELD, _VALUE, _NARROW_VALUE = 0.34, 0.3, 0.26
_NARROW = 120  # columns: below, the way of a value needs what there is
_SMALLEST = 12


def view(showing: Showing, width: int, prefix: str = "") -> RenderableType:
    """Everything there is to see; with a `prefix` only the fields that begin with it, without the result."""
    parts: list[RenderableType] = [_title(showing)]
    parts += [Text(f"✗ {problem}", "red") for problem in showing.undecodable]
    for number, document in enumerate(showing.documents, 1):
        if len(showing.documents) > 1 or document.key:
            count = f"record {number} of {len(showing.documents)}" if len(showing.documents) > 1 else ""
            key = f"key {document.key}" if document.key else ""
            parts += [
                Text(),
                Rule(Text("  ".join(filter(None, (count, key))), "bold"), align="left", style="dim"),
            ]
        parts += _document(document, width, prefix)
    parts += [Text(), *_verdict(showing, prefix)]
    return Group(*parts)


def as_tree(showing: Showing, prefix: str = "") -> dict[str, Any]:
    """The same for machines."""
    return {
        "mapping": showing.mapping.ref,
        "digest": showing.mapping.digest,
        "sample": str(showing.source),
        "undecodable": showing.undecodable,
        "target_known": showing.known,
        "missing": showing.missing,
        "unknown": showing.unknown,
        "problems": [
            {"severity": one.severity, "code": one.code, "message": one.message, "hint": one.hint}
            for one in showing.told
        ],
        "todo": showing.todo,
        "hints": _hints(showing, prefix),
        "documents": [_plain(document, prefix) for document in showing.documents],
    }


def _title(showing: Showing) -> Text:
    mapping = showing.mapping
    return Text.assemble(
        (mapping.ref, "bold"),
        f"  {mapping.source_type} → {mapping.target_type}  ",
        (str(showing.source), "dim"),
    )


def _document(document: Shown, width: int, prefix: str) -> list[RenderableType]:
    chosen = [one for one in document.fields if one.target_path.startswith(prefix)]
    parts: list[RenderableType] = [_fields(chosen, width)]
    if not chosen:
        parts = [Text(f"no field begins with '{prefix}'", "yellow")]
    if not prefix:
        result = Text(pretty(document.value).rstrip("\n"))
        JSONHighlighter().highlight(result)
        parts += [Text(), Text("result", "dim"), result]
    for error in (one for one in document.errors if one.target_path.startswith(prefix)):
        said = Text.assemble(("✗ ", "bold red"), (error.target_path, "bold"), (f": {error.message}", "red"))
        if error.expression:
            said.append(f"   <- {error.expression}", "cyan")
        said.append(f"   ({error.position})" if error.position else "", "dim")
        parts.append(said)
    elsewhere = sum(not one.target_path.startswith(prefix) for one in document.errors)
    if elsewhere:
        parts.append(Text(f"✗ errors of other fields: {elsewhere}", "red"))
    parts += [Text.assemble(("✗ ", "bold red"), (problem, "red")) for problem in document.refused]
    if document.unused and not prefix:
        parts += [Text(), _unused(document)]
    return parts


def _fields(fields: Sequence[FieldTrace], width: int) -> Table:
    grid = Table(box=None, pad_edge=False, header_style="dim", expand=False)
    longest = max((len(one.target_path) for one in fields), default=0)
    values = [_value(one) for one in fields]
    widest = max((value.cell_len for value in values), default=0)
    share = _VALUE if width >= _NARROW else _NARROW_VALUE
    grid.add_column("field", no_wrap=True, max_width=max(_SMALLEST, min(longest, int(width * _FIELD))))
    grid.add_column("value", no_wrap=True, max_width=max(_SMALLEST, min(widest, int(width * share))))
    grid.add_column("from", overflow="fold")
    before = ""
    for one, value in zip(fields, values, strict=True):
        grid.add_row(_name(one.target_path, before), value, _way(one))
        before = one.target_path
    return grid


def _name(path: str, before: str) -> Text:
    """A field's path; the part that the line above already shows steps back."""
    head, dot, last = path.rpartition(".")
    known = before.rpartition(".")[0] == head or before == head
    return Text.assemble((head + dot, "dim" if known else ""), (last, "bold"), overflow="ellipsis")


def _value(one: FieldTrace) -> Text:
    if one.error:
        return Text("✗", "bold red")
    if one.value is None:
        return Text("left out", "dim")
    return Text(_short(one.value), "green", overflow="ellipsis")


def _short(value: Any) -> str:
    """A result in one line: a coded value by its code and what it means, a list of texts by its texts."""
    if isinstance(value, dict) and "code" in value and "canonical" in value:
        return f"{value['code']} = {value['canonical']}"
    if isinstance(value, list):
        plain = value and not any(isinstance(item, dict | list) for item in value)
        return ", ".join(map(_short, value)) if plain else f"{len(value)} value{'s' * (len(value) > 1)}"
    if isinstance(value, dict | bool):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value).replace("\n", "\\n")


def _way(one: FieldTrace) -> Text:
    """`line.04 'KG' → lookup(unit)`: the last value stands in its own column."""
    if not one.source_path:
        way = Text(f"= {shown(one.found)[1:-1]}" if isinstance(one.found, str) else one.expression, "dim")
    else:
        way = Text.assemble((one.source_path, "cyan"))
        if one.found is None:
            way.append(" nothing there", "dim")
        elif one.steps or one.error:
            way.append(f" {_found(one.found)}")
    for number, step in enumerate(one.steps, 1):
        way.append(" → ", "dim").append(step.call, "magenta")
        if number < len(one.steps) and step.value is not None:
            way.append(f" {_found(step.value)}")
    return way


def _found(value: Any) -> str:
    alone = isinstance(value, list) and len(value) == 1
    return shown(value[0] if alone else value)


def _unused(document: Shown) -> Text:
    said = Text("not read  ", "yellow")
    for number, one in enumerate(document.unused):
        said.append(", " if number else "").append(one.path, "cyan").append(f" {one.example}", "dim")
        said.append(f" {one.times} times" if one.times > 1 else "", "dim")
    return said


def _verdict(showing: Showing, prefix: str) -> list[RenderableType]:
    target = showing.mapping.target_type
    parts: list[RenderableType] = [
        Text.assemble(
            ("✗ ", "bold red"), (path, "bold"), (f": {target} requires it and no rule fills it", "red")
        )
        for path in showing.missing
    ]
    parts += [_told(one) for one in showing.told]
    parts += [Text.assemble(("→ ", "bold cyan"), (hint, "cyan")) for hint in _hints(showing, prefix)]
    if showing.todo:
        parts.append(Text(f"! {told(showing.file, showing.todo)}", "yellow"))
    if not showing.known:
        parts.append(_unproved(target))
    if showing.holds:
        parts.append(Text(f"✓ {len(showing.documents)} valid {target}", "bold green"))
    elif not showing.documents:
        parts.append(Text("✗ the file holds no record", "red"))
    return parts


def _hints(showing: Showing, prefix: str) -> list[str]:
    found = (error for one in showing.documents for error in one.errors)
    return hints((one.message, one.expression) for one in found if one.target_path.startswith(prefix))


def _unproved(target: str) -> Text:
    """What is not looked at without a schema or guide, and where a schema would be found."""
    said = Text(f"nothing says which fields {target} must have", "dim")
    _, _, name = target.partition("/")
    if name:
        schema = f"{SCHEMAS}/{name.replace('/', '_')}.schema.json"
        said.append(f": its JSON Schema would be {schema} beside the mapping", "dim")
    return said


def _told(problem: Problem) -> Text:
    colour, mark = ("red", "✗") if problem.severity == "error" else ("yellow", "!")
    said = Text.assemble((f"{mark} ", f"bold {colour}"), (problem.message, colour))
    said.append(f"   {problem.hint}" if problem.hint else "", "cyan")
    return said.append(f"   (line {problem.line})", "dim")


def _plain(document: Shown, prefix: str) -> dict[str, Any]:
    return {
        "key": document.key or None,
        "value": document.value,
        "errors": [str(error) for error in document.errors],
        "refused": document.refused,
        "unused": [{"path": one.path, "example": one.example, "times": one.times} for one in document.unused],
        "fields": [_trace(one) for one in document.fields if one.target_path.startswith(prefix)],
    }


def _trace(one: FieldTrace) -> dict[str, Any]:
    return {
        "target": one.target_path,
        "expression": one.expression,
        "source": one.source_path,
        "position": one.position,
        "found": one.found,
        "steps": [{"call": step.call, "value": step.value} for step in one.steps],
        "value": one.value,
        "error": one.error.message if one.error else None,
    }
