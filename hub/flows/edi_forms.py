"""EDI guides as forms: segments, loops, elements, components and their code lists."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, partial

from connectors.codecs.registry import grammar
from connectors.codecs.segmented.guide import Element, Node
from hub.flows.forms import Form, anything, group

_NUMERIC = frozenset({"R", "N0", "n"})
"""Kinds of elements that hold a number as we write it; N2 implies its decimals."""

_TEXTS = frozenset({"AN", "ID", "an", "a"})
"""Kinds whose characters are counted; of a number, sign and point are not."""

_UNKNOWN = Form(kinds=frozenset({"group"}))
"""A segment that the dictionary does not define: carried unchecked."""


@cache
def of_guide(name: str) -> Form | None:
    """The form of a message by its format name (`x12/180-004010`); None for formats without guides."""
    found = grammar(name)
    return None if found is None else _group({}, [], found.structure)


def _group(elements: dict[str, Form], needed: Iterable[str], children: Iterable[Node]) -> Form:
    by_id: dict[str, list[Node]] = {}
    for node in children:
        by_id.setdefault(node.id, []).append(node)
    segments = {id_: _segment(nodes) for id_, nodes in by_id.items()}
    mandatory = [id_ for id_, nodes in by_id.items() if any(node.mandatory for node in nodes)]
    return group({**elements, **segments}, required=[*needed, *mandatory])


def _segment(nodes: list[Node]) -> Form:
    """A segment, or a loop by its first segment; what may stand in two places has what both have."""
    segment = nodes[0].segment
    if not segment.known:
        return _UNKNOWN
    fields, needed = _elements(segment.elements)
    form = _group(fields, needed, [child for node in nodes for child in node.children])
    if len(nodes) == 1:
        return form
    # what one of its places demands, the others need not have
    return group({name: form.child(name) for name in form.names}, required=needed)


def _elements(elements: Iterable[Element]) -> tuple[dict[str, Form], list[str]]:
    placed = [(f"{at:02d}", element) for at, element in enumerate(elements, 1)]
    fields = {name: _element(element) for name, element in placed}
    return fields, [name for name, element in placed if element.mandatory]


def _element(element: Element) -> Form:
    if element.components:
        fields, needed = _elements(element.components)
        return group(fields, required=needed)
    return Form(
        kinds=frozenset({"text"}),
        values=element.codes or None,
        meaning="decimal" if element.kind in _NUMERIC else "",
        refuses=partial(_length, element.low, element.high) if element.kind in _TEXTS else anything,
    )


def _length(low: int, high: int, text: str) -> str:
    if low <= len(text) <= high:
        return ""
    return f"{low} to {high} characters" if low != high else f"{low} characters"
