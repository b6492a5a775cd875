"""Parts of an expression that can never matter: the same path twice, what follows a sure value."""

from __future__ import annotations

from collections.abc import Iterator

from hub.flows.forms import ANY
from hub.flows.outcomes import Scope
from hub.flows.problems import Code, Problem
from hub.mapping.nodes import Call, Leaf, Path, Position, Source

_GUARDS = ("optional", "default")
_NEVER_EMPTY = frozenset({"integer", "number", "boolean"})


def fallbacks(leaf: Leaf, scope: Scope) -> Iterator[Problem]:
    """Yield paths and defaults of one expression that are never used."""
    yield from _paths(leaf, scope)
    yield from _guards(leaf)


def _paths(leaf: Leaf, scope: Scope) -> Iterator[Problem]:
    seen: list[Source] = []
    sure = ""
    at = 0
    for source in leaf.expression.sources:
        at = max(leaf.expression.text.find(source.text, at), at)
        if source in seen:
            yield _problem(leaf, at, f"{source.text} stands here twice", "repeated-path")
        elif sure:
            yield _problem(
                leaf, at, f"{source.text} is never read: {sure} always has a value", "unreachable-fallback"
            )
        seen.append(source)
        at += len(source.text)
        if not sure and _always(source, scope):
            sure = source.text


def _always(source: Source, scope: Scope) -> bool:
    """Whether a source has a value in every document; samples do not prove that."""
    if isinstance(source, Position):
        return True
    if not isinstance(source, Path) or source.selectors:
        return False
    form = scope.get(source.variable, ANY)
    for step in source.steps:
        if step.selectors or not form.sure or step.name not in form.required:
            return False
        form = form.child(step.name)
    # any other text, and any list, can be empty where a schema merely asks for it
    return form.values is not None or bool(form.meaning) or bool(form.kinds and form.kinds <= _NEVER_EMPTY)


def _guards(leaf: Leaf) -> Iterator[Problem]:
    """After a default there is always a value: a second one, or `optional`, does nothing."""
    first: Call | None = None
    for call in leaf.expression.calls:
        if call.name not in _GUARDS:
            continue
        if first is not None:
            message = f"{call.text} does nothing: {first.text} before it always gives a value"
            yield _problem(leaf, call.at, message, "unreachable-fallback")
        elif call.name == "default":
            first = call


def _problem(leaf: Leaf, at: int, message: str, code: Code) -> Problem:
    error = leaf.node.error("", at)
    return Problem(error.file, error.line, error.column, message, code)
