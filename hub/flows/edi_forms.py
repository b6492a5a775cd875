"""EDI guides as forms: segments, loops, elements, components and their code lists."""

from __future__ import annotations

from functools import cache

from connectors.codecs.registry import grammar
from connectors.codecs.segmented.guide import Element, Node
from hub.flows.forms import Form, group

_NUMERIC = frozenset({"R", "N0", "n"})
_SEGMENT = Form(kinds=frozenset({"group"}))
"""A segment that the dictionary does not define: carried unchecked."""


@cache
def of_guide(name: str) -> Form | None:
    """The form of a message by its format name (`x12/180-004010`); None without a guide."""
    guide = grammar(name)
    return None if guide is None else _nodes(guide.structure, {})


def _nodes(nodes: tuple[Node, ...], elements: dict[str, Form]) -> Form:
    fields = dict(elements)
    for node in nodes:
        fields[node.id] = _segment(node)
    required = {node.id for node in nodes if node.mandatory}
    return group(fields, required=required)


def _segment(node: Node) -> Form:
    if not node.segment.known:
        return _SEGMENT
    elements = {f"{at:02d}": _element(element) for at, element in enumerate(node.segment.elements, 1)}
    required = {f"{at:02d}" for at, element in enumerate(node.segment.elements, 1) if element.mandatory}
    made = _nodes(node.children, elements)
    return group({name: made.child(name) for name in made.names}, required=required | set(made.required))


def _element(element: Element) -> Form:
    if element.components:
        parts = {f"{at:02d}": _element(part) for at, part in enumerate(element.components, 1)}
        required = {f"{at:02d}" for at, part in enumerate(element.components, 1) if part.mandatory}
        return group(parts, required=required)
    return Form(
        kinds=frozenset({"text"}),
        values=element.codes or None,
        meaning="decimal" if element.kind in _NUMERIC else "",
    )
