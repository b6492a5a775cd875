"""The fields of a mapping and of its documents, lists counted as one: `lines[].uom`, `BLI.03`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from canonical.validation import schemas
from hub.mapping.compile import CompiledMapping
from hub.mapping.coverage import coverage
from hub.mapping.errors import FieldTrace
from hub.mapping.nodes import Group, Leaf, Repeat, Target
from hub.mapping.paths import SEGMENT
from hub.mapping.values import is_absent

_POSITION = re.compile(r"\[\d+\]")


def rules(target: Target, path: str = "") -> Iterator[tuple[str, str]]:
    """Each target field with the right side that fills it, in the order of the file."""
    if isinstance(target, Leaf):
        yield path, target.expression.text
    elif isinstance(target, Group):
        for name, child in target.fields:
            yield from rules(child, f"{path}.{name}" if path else name)
    elif isinstance(target, Repeat):
        yield from rules(target.body, f"{path}[]")
    else:
        for item in target.items:
            yield from rules(item.body if isinstance(item, Repeat) else item, f"{path}[]")


def filled(traces: Iterable[FieldTrace]) -> set[tuple[str, str]]:
    """The rules of `rules` that gave a value."""
    return {(_POSITION.sub("[]", one.target_path), one.expression) for one in traces if one.value is not None}


def source_fields(tree: Any, path: str = "") -> Iterator[str]:
    """The path of every single value of a document; segment numbers are none."""
    if isinstance(tree, Mapping):
        for name, child in tree.items():
            if name != SEGMENT:
                yield from source_fields(child, f"{path}.{name}" if path else str(name))
    elif isinstance(tree, list):
        for child in tree:
            yield from source_fields(child, path)
    elif not is_absent(tree):
        yield path


def unfilled(mapping: CompiledMapping) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Required fields of the target that have no rule, and rules for fields that the target does not know.

    Only for targets with a schema of ours; empty for all others.
    """
    name, _, version = mapping.target_type.partition("@")
    schema = schemas().get((name, int(version))) if version.isdigit() else None
    if schema is None:
        return (), ()
    by_id = {str(one["$id"]): one for one in schemas().values() if "$id" in one}
    by_file = {one.rsplit("/", 1)[-1]: schema for one, schema in by_id.items()}
    report = coverage(mapping, {}, schema, {**by_file, **by_id})
    return report.missing, report.unknown
