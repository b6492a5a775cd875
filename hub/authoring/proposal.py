"""Which source field a target field probably takes: by name, and only when its values look right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.authoring import looks
from hub.authoring.sources import Found, Sources
from hub.authoring.targets import Field
from hub.authoring.words import is_key, likeness

REFERENCES = ("customer_po", "order", "invoice", "delivery")
PARTY = ("customer", "customer_name", "email", "phone")
_STRUCTURE = frozenset(
    ("origin", "external_ids", "references", "parties", "ext", "evidence", "warranty", "line_no")
)
_LEAST = 0.84
_ELSEWHERE = 0.06  # a line's field found at the head of the document is a little less probable


@dataclass(frozen=True, slots=True)
class Want:
    """Something to fill: a field of the target, or a part of one of its lists (`references.order`)."""

    path: str
    kind: str
    line: bool
    required: bool


def wants(fields: Sequence[Field], *, line: bool = False, path: str = "") -> Iterator[Want]:
    """Every target field that one source field can fill."""
    for field in fields:
        here = f"{path}.{field.name}" if path else field.name
        if field.name in _STRUCTURE:
            continue
        if field.kind == "group":
            yield from wants(field.fields, line=line, path=here)
        elif field.kind == "list":
            if field.name == "lines":
                yield from wants(field.fields, line=True, path=here)
        else:
            yield Want(here, field.kind, line, field.required)
    if not path:
        names = {field.name for field in fields}
        for group, parts in (("references", REFERENCES), ("parties", PARTY)):
            if group in names:
                yield from (Want(f"{group}.{one}", "text", line=False, required=False) for one in parts)


def assign(found: Sources, wanted: Sequence[Want], zone: str) -> Mapping[str, Found]:
    """The best source field of each target field; each source field is used at most once."""
    pairs = sorted(
        (
            (score + 0.02 * want.required, want.path, number)
            for want in wanted
            for number, field in enumerate(found.fields)
            if (score := _score(want, field, zone)) >= _LEAST - _ELSEWHERE
        ),
        key=lambda pair: (-pair[0], pair[1], pair[2]),
    )
    given: dict[str, Found] = {}
    used: set[int] = set()
    for _, path, number in pairs:
        if path not in given and number not in used:
            given[path] = found.fields[number]
            used.add(number)
    return given


def key_of(found: Sources) -> Found | None:
    """The field that looks like the record's own number."""
    head = [
        field for field in found.fields if not field.line and len(field.way) == 1 and is_key(field.way[-1])
    ]
    return max(head, key=lambda field: likeness("id", field.way[-1]), default=None)


def calls(kind: str, values: Sequence[Any], zone: str) -> str | None:
    """The functions that values need for a kind of field, empty when none; None when they do not fit."""
    if kind == "moment":
        return looks.moment(values, zone)
    if kind == "day":
        return looks.day(values, zone)
    if kind == "whole":
        return "integer" if looks.number(values) == "decimal" else None
    readers: Mapping[str, Callable[[Sequence[Any]], str | None]] = {
        "number": looks.number,
        "flag": looks.flag,
    }
    return readers[kind](values) if kind in readers else ""


def _score(want: Want, field: Found, zone: str) -> float:
    if field.line and not want.line:
        return 0.0
    if field.many and want.kind != "texts":
        return 0.0
    name = want.path.rpartition(".")[2]
    score = max(likeness(name, field.way[-1]), likeness(name, "_".join(field.way[-2:])))
    if not score or calls(want.kind, field.values, zone) is None:
        return 0.0
    return score - _ELSEWHERE * (field.line is not want.line)
