"""A mapping's target, the YAML it was written in and the schema of what it makes, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from hub.flows.documents import Documents
from hub.flows.forms import ANY, Form
from hub.flows.outcomes import Scope, outcome
from hub.mapping.compile import CompiledMapping
from hub.mapping.nodes import Condition, Expression, Group, Leaf, Listing, Repeat, Target
from hub.mapping.plan import is_constant
from hub.mapping.yaml_strict import Node

_GUARDS = ("optional", "default")


@dataclass(frozen=True, slots=True)
class Field:
    """An expression, where it was written, what it can see and what it should give."""

    leaf: Leaf
    scope: Scope
    target: Form | None
    items: bool
    path: str


@dataclass(frozen=True, slots=True)
class Fields:
    """A group of target fields: `certain` when it is there for every document."""

    group: Group
    node: Node
    target: Form | None
    path: str
    certain: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """A condition of `where`, and what it can see."""

    condition: Condition
    node: Node
    scope: Scope


Met: TypeAlias = Field | Fields | Kept


class Walk:
    """Everything that stands in one mapping file, in its order."""

    def __init__(self, mapping: CompiledMapping, root: Node, documents: Documents) -> None:
        self._mapping = mapping
        self._root = root
        self._source = documents.source(mapping)
        self._target = documents.target(mapping)

    def __iter__(self) -> Iterator[Met]:
        document = self._mapping.plan.document
        scope: Scope = {None: self._source}
        for leaf in (document.key, *(leaf for _, leaf in document.match)):
            if leaf is not None:
                yield Field(leaf, scope, None, items=False, path="")
        body = self._root.fields()["map"]
        yield from self._met(document.target, body, self._target, scope, "", certain=True)

    def _met(
        self, target: Target, node: Node, form: Form | None, scope: Scope, path: str, *, certain: bool
    ) -> Iterator[Met]:
        if isinstance(target, Leaf):
            yield Field(target, scope, form, items=False, path=path)
        elif isinstance(target, Group):
            yield Fields(target, node, form, path, certain)
            for name, child in target.fields:
                known = form.element.child(name) if form and name in form.element.names else None
                below = f"{path}.{name}" if path else name
                yield from self._met(child, node.fields()[name], known, scope, below, certain=False)
        elif isinstance(target, Listing):
            for item, written in zip(target.items, node.items(), strict=True):
                yield from self._met(item, written, form and form.element, scope, path, certain=False)
        else:
            yield from self._repeat(target, node, form, scope, path)

    def _repeat(
        self, repeat: Repeat, node: Node, form: Form | None, scope: Scope, path: str
    ) -> Iterator[Met]:
        yield Field(repeat.source, scope, None, items=True, path=path)
        inner = {**scope, repeat.name: self._element(repeat.source.expression, scope)}
        fields = node.fields()
        written = fields.get("where")
        conditions = (
            [] if written is None else written.value if isinstance(written.value, list) else [written]
        )
        for condition, place in zip(repeat.where, conditions, strict=True):
            yield Kept(condition, place if isinstance(place, Node) else node, inner)
        yield from self._met(repeat.body, fields["map"], form and form.element, inner, path, certain=False)

    def _element(self, expression: Expression, scope: Scope) -> Form:
        plan = self._mapping.plan
        bound = plan.sources.get(expression)
        return ANY if bound is None else outcome(bound, scope, plan.lookups).element


def may_vanish(target: Target) -> bool:
    """Whether a target can be left out because nothing is present."""
    if isinstance(target, Leaf):
        return _optional(target.expression)
    if isinstance(target, Repeat):
        return _optional(target.source.expression)
    if isinstance(target, Listing) and any(is_constant(item) for item in target.items):
        return False  # such an item of a list stays
    children = [child for _, child in target.fields] if isinstance(target, Group) else list(target.items)
    from_source = [child for child in children if not is_constant(child)]
    return bool(from_source) and all(may_vanish(child) for child in from_source)


def _optional(expression: Expression) -> bool:
    guards = [call.name for call in expression.calls if call.name in _GUARDS]
    return "optional" in guards and "default" not in guards
