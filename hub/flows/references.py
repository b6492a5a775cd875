"""Does everything that flows name exist, and do the types of mappings fit where they are used?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from canonical.vocabulary import FACT_TYPES
from hub.flows.draft import Draft
from hub.flows.forms import nearest
from hub.flows.models import DeliveryFlow, Enrichment, IntakeFlow, Target
from hub.flows.problems import Problem, at
from hub.flows.systems import System
from hub.mapping.yaml_strict import Node
from hub.policy import authorization, disposition
from hub.policy.tables import OTHERWISE

ORDER_TYPE = "order@1"
"""What a mapping of an `order` enrichment gives: `{number, sold_to, date, currency, lines[]}`."""

_PLAIN_FORMATS = ("json", "json/items", "csv", "xlsx", "xml")
_SAFE: Mapping[str, Mapping[str, Any]] = {
    "authorization": authorization.SAFE,
    "disposition": disposition.SAFE,
}


def references(found: Draft) -> Iterator[Problem]:
    """Yield every reference that leads nowhere and every mapping used where its types do not fit."""
    for intake in found.intake.values():
        yield from _Check(found, found.nodes[intake.flow]).intake(intake)
    for delivery in found.delivery.values():
        yield from _Check(found, found.nodes[delivery.flow]).delivery(delivery)
    yield from _tables(found)


def document_type(system: System, resource: str) -> str:
    """The type of a resource's records: its format when that says it all, else `json/<system>.<resource>`."""
    return _type(str(system.resources[resource].get("format", "json")), f"{system.system}.{resource}")


def operation_type(system: System, operation: str) -> str:
    """The type of the documents that an operation takes: its format, or `json/<system>.<operation>`."""
    return _type(system.operations[operation].format, f"{system.system}.{operation}")


def receipt_type(system: str, operation: str) -> str:
    """The type of what confirms an operation."""
    return f"json/{system}.{operation}.receipt"


def _type(form: str, name: str) -> str:
    return f"{form.partition('/')[0]}/{name}" if form in _PLAIN_FORMATS else form


class _Check:
    """The checks of one flow."""

    def __init__(self, found: Draft, node: Node) -> None:
        self._found = found
        self._node = node

    def intake(self, flow: IntakeFlow) -> Iterator[Problem]:
        yield from self._resource(
            flow.read.system, flow.read.resource, ("read", "from"), ("read", "resource")
        )
        if flow.map:
            taken = self._record_type(flow.read.system, flow.read.resource)
            yield from self._mapping(flow.map, ("map",), taken, _facts())
            yield from self._keyed(flow)
        for number, enrichment in enumerate(flow.enrich):
            yield from self._enrichment(enrichment, ("enrich", number))
        if flow.acknowledgement and flow.read.system in self._found.systems:
            yield from self._operation(flow.acknowledgement, ("acknowledge",), ("acknowledge",))
        if flow.rejection and flow.read.system in self._found.systems:
            yield from self._operation(flow.rejection, ("reject",), ("reject", "answer"))

    def delivery(self, flow: DeliveryFlow) -> Iterator[Problem]:
        yield from self._fact(flow.fact, ("fact",))
        yield from self._operation(flow.to, ("to", "system"), ("to", "operation"))
        known = flow.fact in FACT_TYPES
        takes = self._operation_type(flow.to)
        yield from self._mapping(
            flow.map, ("map",), _version(flow.fact) if known else None, takes and [takes]
        )
        if flow.states:
            yield from self._fact(flow.states.fact, ("states", "fact"))
            receipt = receipt_type(flow.to.system, flow.to.operation)
            yield from self._mapping(
                flow.states.map, ("states", "map"), receipt, [_version(flow.states.fact)]
            )
        if flow.undo:
            undo = Target(system=flow.to.system, operation=flow.undo)
            yield from self._operation(undo, ("to", "system"), ("undo",))
        if flow.retry not in self._found.retry:
            yield self._unknown("schedule of policies/retry.yaml", flow.retry, self._found.retry, ("retry",))

    def _keyed(self, flow: IntakeFlow) -> Iterator[Problem]:
        mapping = self._found.mappings.get(flow.map)
        if mapping is not None and not mapping.has_key:
            message = (
                f"{flow.map}: expected a mapping with key:, since intake recognises repeats by it; found none"
            )
            yield at(self._node, "map", message=message, code="no-key")

    def _enrichment(self, enrichment: Enrichment, where: tuple[str | int, ...]) -> Iterator[Problem]:
        yield from self._resource(enrichment.system, enrichment.resource, where, where)
        source = self._record_type(enrichment.system, enrichment.resource)
        yield from self._mapping(enrichment.map, (*where, "map"), source, [ORDER_TYPE])

    def _resource(
        self, system: str, resource: str, at_system: tuple[str | int, ...], at_resource: tuple[str | int, ...]
    ) -> Iterator[Problem]:
        known = self._found.systems.get(system)
        if known is None:
            if system not in self._found.broken:
                yield self._unknown("system", system, self._found.systems, at_system)
        elif resource not in known.resources:
            yield self._unknown(f"resource of {system}", resource, known.resources, at_resource)

    def _operation(
        self, to: Target, at_system: tuple[str | int, ...], at_operation: tuple[str | int, ...]
    ) -> Iterator[Problem]:
        known = self._found.systems.get(to.system)
        if known is None:
            if to.system not in self._found.broken:
                yield self._unknown("system", to.system, self._found.systems, at_system)
        elif to.operation not in known.operations:
            yield self._unknown(f"operation of {to.system}", to.operation, known.operations, at_operation)

    def _fact(self, fact: str, where: tuple[str | int, ...]) -> Iterator[Problem]:
        if fact not in FACT_TYPES:
            yield self._unknown("fact type", fact, FACT_TYPES, where)

    def _mapping(
        self, ref: str, where: tuple[str | int, ...], source: str | None, targets: Collection[str] | None
    ) -> Iterator[Problem]:
        """`source` and `targets` are None when they cannot be known, because of another problem."""
        mapping = self._found.mappings.get(ref)
        if mapping is None:
            if ref not in self._found.broken:
                yield self._unknown("mapping", ref, self._found.mappings, where)
            return
        if source is not None and mapping.source_type != source:
            message = f"{ref}: expected a mapping from {source}, found from {mapping.source_type}"
            yield at(self._node, *where, message=message, code="wrong-mapping-type")
        if targets is not None and mapping.target_type not in targets:
            message = (
                f"{ref}: expected a mapping to {' or '.join(sorted(targets))}, found to {mapping.target_type}"
            )
            yield at(self._node, *where, message=message, code="wrong-mapping-type")

    def _record_type(self, system: str, resource: str) -> str | None:
        known = self._found.systems.get(system)
        return document_type(known, resource) if known and resource in known.resources else None

    def _operation_type(self, to: Target) -> str | None:
        known = self._found.systems.get(to.system)
        return operation_type(known, to.operation) if known and to.operation in known.operations else None

    def _unknown(self, kind: str, name: str, known: Iterable[str], where: tuple[str | int, ...]) -> Problem:
        known = sorted(known)
        near = nearest(name, known)
        return at(
            self._node,
            *where,
            message=f"expected a known {kind} ({', '.join(known) or 'none'}), found {name!r}",
            code="unknown-name",
            hint=f"did you mean {near!r}?" if near else "",
        )


def _version(fact: str) -> str:
    return f"{fact}@{FACT_TYPES[fact].version}" if fact in FACT_TYPES else f"{fact}@1"


def _facts() -> list[str]:
    return [_version(fact) for fact in FACT_TYPES]


def _tables(found: Draft) -> Iterator[Problem]:
    """The tables that the pipeline asks for are there, and their last answer is the safe one."""
    for name, safe in _SAFE.items():
        table = found.tables.get(name)
        file = f"policies/{name}.csv"
        if table is None:
            if not any(problem.file == file for problem in found.problems):
                yield Problem(file, 1, 1, "expected this decision table, found no such file", "missing-table")
            continue
        last = table.rules[-1]
        for output, value in safe.items():
            if last.outputs.get(output) != value:
                message = (
                    f"{OTHERWISE}: expected {output} to be {value!r}, found {last.outputs.get(output)!r}"
                )
                yield Problem(file, last.line, 1, message, "unsafe-default")
