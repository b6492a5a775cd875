"""Does an intake mapping make what its flow asks other systems by?"""

from __future__ import annotations

from collections.abc import Iterator

from hub.flows.draft import Draft
from hub.flows.forms import nearest
from hub.flows.problems import Problem, at
from hub.mapping.nodes import Constant, Group, Leaf, Listing, Repeat, Target

_REFERENCES = "references"


def enrichments(found: Draft) -> Iterator[Problem]:
    """Yield `by` paths that the flow's mapping never fills: the question would never be asked."""
    for flow in found.intake.values():
        mapping = found.mappings.get(flow.map)
        for number, enrichment in enumerate(flow.enrich if mapping else ()):
            if mapping is None:
                continue
            made = _made(mapping.plan.document.target, enrichment.by)
            if made is None or enrichment.by in made:
                continue
            near = nearest(enrichment.by, made)
            yield at(
                found.nodes[flow.flow],
                "enrich",
                number,
                "by",
                message=f"by: {flow.map} makes no {enrichment.by}",
                code="unknown-enrich-path",
                hint=f"did you mean {near!r}?" if near else f"it makes {', '.join(sorted(made))}",
            )


def _made(target: Target, by: str) -> set[str] | None:
    """Paths beside `by` that a mapping fills, None when it cannot be told."""
    if by.partition(".")[0] != _REFERENCES:
        return set(_paths(target, ""))
    fields = dict(target.fields) if isinstance(target, Group) else {}
    types = list(_types(fields.get(_REFERENCES)))
    return None if None in types else {f"{_REFERENCES}.{type_}" for type_ in types}


def _types(references: Target | None) -> Iterator[str | None]:
    """The types of the references that are made; None for one that only documents tell."""
    if isinstance(references, Listing):
        for item in references.items:
            yield from _types(item)
    elif isinstance(references, Repeat):
        yield from _types(references.body)
    elif isinstance(references, Group):
        type_ = dict(references.fields).get("type")
        source = type_.expression.sources[0] if isinstance(type_, Leaf) else None
        yield source.value if isinstance(source, Constant) else None


def _paths(target: Target, path: str) -> Iterator[str]:
    if isinstance(target, Leaf):
        yield path
    elif isinstance(target, Group):
        for name, child in target.fields:
            yield from _paths(child, f"{path}.{name}" if path else name)
