"""The fields of a mapping and of its documents, lists counted as one: `lines[].uom`, `BLI.03`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hub.flows.forms import ANY, Form
from hub.mapping.errors import FieldTrace
from hub.mapping.nodes import Group, Leaf, Listing, Repeat, Target
from hub.mapping.paths import SEGMENT
from hub.mapping.values import is_absent

_DEEPEST = 8
"""A schema may require itself; nobody reads further than that."""

_POSITION = re.compile(r"\[\d+\]")


def rules(target: Target, path: str = "") -> Iterator[tuple[str, str]]:
    """Each target field with the right side that fills it, in the order of the file."""
    if isinstance(target, Leaf):
        yield path, target.expression.text
    elif isinstance(target, Group):
        for name, child in target.fields:
            yield from rules(child, _joined(path, name))
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
                yield from source_fields(child, _joined(path, str(name)))
    elif isinstance(tree, list):
        for child in tree:
            yield from source_fields(child, path)
    elif not is_absent(tree):
        yield path


def unfilled(target: Target, form: Form | None) -> Iterator[str]:
    """Required fields of a document that no rule fills; none where its form is not known.

    A field counts where its group is begun, or must itself be there: then what such a group requires is
    listed in its place.
    """
    for path, group, known in _groups(target, form, ""):
        filled = {name for name, _ in group.fields}
        for name in known.names:
            if name in known.required and name not in filled:
                yield from _needed(known.child(name), _joined(path, name), _DEEPEST)


def unknown(target: Target, form: Form | None) -> Iterator[str]:
    """Fields that a mapping fills and that its target does not have; none where its form is not known."""
    for path, group, known in _groups(target, form, ""):
        if known.closed:
            yield from (_joined(path, name) for name, _ in group.fields if name not in known.names)


def _groups(target: Target, form: Form | None, path: str) -> Iterator[tuple[str, Group, Form]]:
    """Each group of target fields with its path and what is known of it, lists counted as one."""
    known = form.element if form else ANY
    if isinstance(target, Group):
        yield path, target, known
        for name, child in target.fields:
            yield from _groups(child, known.child(name), _joined(path, name))
    elif isinstance(target, Repeat):
        yield from _groups(target.body, known, f"{path}[]")
    elif isinstance(target, Listing):
        for item in target.items:
            yield from _groups(item.body if isinstance(item, Repeat) else item, known, f"{path}[]")


def _needed(form: Form, path: str, depth: int) -> Iterator[str]:
    """What must stand in a required field: it, or the required fields of its group."""
    element = form.element
    path = path if element is form else f"{path}[]"
    names = [name for name in element.names if name in element.required] if depth else []
    for name in names:
        yield from _needed(element.child(name), _joined(path, name), depth - 1)
    if not names:
        yield path


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
