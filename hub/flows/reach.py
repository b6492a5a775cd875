"""Can a delivery flow ever start? What the project's own mappings and policies can state about a fact."""

from __future__ import annotations

from collections.abc import Iterator

from canonical.vocabulary import FACT_TYPES, REQUESTED
from hub.flows import shapes
from hub.flows.documents import Documents
from hub.flows.draft import Draft
from hub.flows.models import DeliveryFlow
from hub.flows.outcomes import Scope, outcome
from hub.flows.problems import Problem, at
from hub.mapping.compile import CompiledMapping
from hub.mapping.nodes import Group, Leaf, Target

_PEOPLE = frozenset({"human", "approver", "policy"})
"""Facts that they state hold whatever they decide."""

Stated = frozenset[str] | None
"""The texts that a field can hold; None when it may hold anything, empty when it is never there."""


def reach(found: Draft, documents: Documents) -> Iterator[Problem]:
    """Yield conditions of delivery flows that nothing in the project can ever satisfy."""
    producers = _Producers(found, documents)
    for flow in found.delivery.values():
        for name, accepted in flow.when.items():
            shape = shapes.of_fact(flow.fact, name) or shapes.of_return(name)
            if shape is None or (shape.values is not None and not set(accepted) & set(shape.values)):
                continue  # told by `deliveries`
            stated = producers.values(flow, name)
            if stated is None or stated & set(accepted):
                continue
            said = f"is always {' or '.join(sorted(stated))}" if stated else "is never there"
            message = (
                f"when: nothing in this project makes a {flow.fact} whose {name} is "
                f"{' or '.join(accepted)}: it {said}"
            )
            yield at(found.nodes[flow.flow], "when", name, message=message, code="unreachable-when")


class _Producers:
    """What the project's flows make, by type of fact."""

    def __init__(self, found: Draft, documents: Documents) -> None:
        self._found = found
        self._documents = documents

    def values(self, flow: DeliveryFlow, name: str) -> Stated:
        """The texts that a name of `when` can have for one flow."""
        if flow.fact in FACT_TYPES and shapes.of_fact(flow.fact, name) is not None:
            # what a later fact leaves out is looked for in the return
            elsewhere = flow.fact != REQUESTED and shapes.of_return(name) is not None
            return None if elsewhere else self._stated(flow.fact, name)
        if name == "entity":
            return frozenset(one.entity for one in self._found.intake.values() if one.entity) or None
        header = shapes.of_fact(REQUESTED, name)
        # what a request says stays in the return; only its status fields change later
        return self._stated(REQUESTED, name) if header is not None else None

    def _stated(self, fact: str, name: str) -> Stated:
        if fact not in FACT_TYPES or _PEOPLE & set(FACT_TYPES[fact].stated_by):
            return None
        refs = {intake.map for intake in self._found.intake.values()}
        refs |= {flow.states.map for flow in self._found.delivery.values() if flow.states}
        if refs & self._found.broken:
            return None
        makers = [self._found.mappings[ref] for ref in sorted(refs) if ref in self._found.mappings]
        makers = [maker for maker in makers if maker.target_type.partition("@")[0] == fact]
        if not makers:
            return None
        texts: set[str] = set()
        for maker in makers:
            one = self._made(maker, name)
            if one is None:
                return None
            texts |= one
        return frozenset(texts)

    def _made(self, mapping: CompiledMapping, name: str) -> Stated:
        target: Target = mapping.plan.document.target
        for step in name.split("."):
            if not isinstance(target, Group):
                return None
            below = dict(target.fields).get(step)
            if below is None:
                return frozenset()
            target = below
        bound = mapping.plan.fields.get(target.expression) if isinstance(target, Leaf) else None
        if bound is None:
            return None
        scope: Scope = {None: self._documents.source(mapping)}
        made = outcome(bound, scope, mapping.plan.lookups)
        return made.values if made.sure else None
