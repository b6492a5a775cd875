"""decide: record facts, fold them, let policies react, and enqueue what follows, all in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from canonical.facts import Fact
from canonical.fold import fold
from canonical.ids import uuid7
from hub import audit
from hub.flows.models import DeliveryFlow
from hub.flows.subscription import KeyMissing, business_key, matching
from hub.pipeline.context import Hub
from hub.pipeline.keys import fact_keys, return_keys
from hub.policy.authorization import decide_authorization
from hub.policy.disposition import decide_disposition
from hub.store.database import Connection, columns, pipelined, rows, send

POLICY_SOURCE = "hub/policy"

PART = 100
"""Facts are folded and stored by so many at a time: the database stores one part while we fold the next."""

NO_KEY = "missing:"
"""Begins the key of an effect whose fact does not hold what its business key is made of."""

_FACT_COLUMNS = (
    "id",
    "return_id",
    "type",
    "version",
    "source",
    "occurred_at",
    "recorded_at",
    "entity",
    "site",
    "actor",
    "actor_kind",
    "correlation_id",
    "causation_id",
    "mapping",
    "raw_sha256",
    "corrects",
)
_EFFECT_COLUMNS = (
    "id",
    "flow",
    "target",
    "operation",
    "business_key",
    "return_id",
    "fact_id",
    "document_id",
    "commutes",
)


@dataclass(frozen=True, slots=True)
class Stated:
    """A fact to record, the message it came in, and what enrichment found for it."""

    fact: Fact
    message_id: UUID | None = None
    order: Mapping[str, Any] | None = None


@dataclass(slots=True)
class Recorded:
    """What a transaction of `record` did."""

    facts: int = 0
    targets: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Case:
    """One return while facts are added to it."""

    facts: list[Fact]
    state: dict[str, Any] = field(default_factory=dict)

    def add(self, fact: Fact) -> None:
        self.facts.append(fact)
        self.state = fold(self.facts)


def record(tx: Connection, hub: Hub, stated: Sequence[Stated]) -> Recorded:
    """Record facts with everything they cause; exactly once per call, so callers deduplicate before.

    The returns concerned are locked in order, so that concurrent batches queue and never deadlock.
    """
    if not stated:
        return Recorded()
    cases = _open(tx, {item.fact.return_id for item in stated})
    recorded: list[Stated] = []
    effects: list[tuple[Any, ...]] = []
    with pipelined(tx):
        for start in range(0, len(stated), PART):
            part = stated[start : start + PART]
            new = [one for item in part for one in _add(hub, cases, item, effects)]
            _store(tx, new, cases)
            recorded += new
        _store_keys(tx, cases, recorded)
        enqueued = send(tx, "enqueue_effects", columns(effects, _EFFECT_COLUMNS))
    audit.append(tx, [_entry(item.fact) for item in recorded])
    return Recorded(facts=len(recorded), targets={row["target"] for row in enqueued.fetchall()})


def _add(hub: Hub, cases: Mapping[UUID, _Case], item: Stated, effects: list[tuple[Any, ...]]) -> list[Stated]:
    """Add a fact and what policies answer to it; what follows from them goes to `effects`."""
    case = cases[item.fact.return_id]
    case.add(item.fact)
    new = [item]
    for fact in _react(hub, case.state, item):
        case.add(fact)
        new.append(Stated(fact))
    for one in new:
        effects.extend(_effects(hub, one.fact, case.state))
    return new


def load_facts(tx: Connection, return_ids: Iterable[UUID]) -> dict[UUID, list[Fact]]:
    """Facts of some returns, in the order they were recorded."""
    found: dict[UUID, list[Fact]] = {}
    for row in rows(tx, "facts_of", {"ids": list(return_ids)}):
        found.setdefault(row["return_id"], []).append(Fact(**row))
    return found


def load_by_id(tx: Connection, ids: Iterable[UUID]) -> dict[UUID, Fact]:
    """Facts by their ids."""
    return {row["id"]: Fact(**row) for row in rows(tx, "facts_by_id", {"ids": list(ids)})}


def _open(tx: Connection, return_ids: set[UUID]) -> dict[UUID, _Case]:
    ids = sorted(return_ids)
    begun = {row["return_id"] for row in rows(tx, "begin_returns", {"ids": ids})}
    existing = [return_id for return_id in ids if return_id not in begun]
    facts: dict[UUID, list[Fact]] = {}
    if existing:
        rows(tx, "lock_returns", {"ids": existing})
        facts = load_facts(tx, existing)
    return {return_id: _Case(facts.get(return_id, [])) for return_id in ids}


def _react(hub: Hub, state: Mapping[str, Any], item: Stated) -> list[Fact]:
    """The facts that our policies state in answer to one."""
    cause = item.fact
    if cause.type == "return.requested":
        # a decision that was acted upon stands: a later revision opens a case instead (see the fold)
        if (state.get("decision") or {}).get("outcome") in ("approved", "rejected"):
            return []
        table = hub.catalog.tables["authorization"]
        return [_policy_fact(cause, "authorization.decided", decide_authorization(state, item.order, table))]
    if cause.type == "inspection.recorded":
        table = hub.catalog.tables["disposition"]
        return [_policy_fact(cause, "disposition.decided", decide_disposition(state, cause.data, table))]
    return []


def _policy_fact(cause: Fact, kind: str, data: Mapping[str, Any]) -> Fact:
    now = datetime.now(UTC)
    policy = data.get("policy") or {}
    return Fact(
        id=uuid7(),
        type=kind,
        return_id=cause.return_id,
        source=POLICY_SOURCE,
        # a decision never precedes what it decides on, even when the partner's clock is ahead
        occurred_at=max(now, cause.occurred_at),
        recorded_at=now,
        data=data,
        entity=cause.entity,
        site=cause.site,
        actor=f"policy:{policy.get('name', '')}@{policy.get('version', '')}",
        correlation_id=cause.correlation_id,
        causation_id=str(cause.id),
    )


def _effects(hub: Hub, fact: Fact, state: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    subscribed = matching(hub.catalog, fact.type, fact.data, state)
    if not subscribed:
        return []
    scope = {"fact": fact_tree(fact), "return": state}
    return [
        (
            uuid7(),
            flow.flow,
            flow.to.system,
            flow.to.operation,
            _key(hub, flow, scope, fact),
            fact.return_id,
            fact.id,
            None,
            flow.commutes,
        )
        for flow in subscribed
    ]


def _key(hub: Hub, flow: DeliveryFlow, scope: Mapping[str, Any], fact: Fact) -> str:
    try:
        return business_key(hub.catalog, flow, scope)
    except KeyMissing:
        # one odd fact must not take its batch down: the effect is kept, and composing it refuses it by name
        return f"{NO_KEY}{fact.id}"


def fact_tree(fact: Fact) -> dict[str, Any]:
    """A fact as delivery mappings and keys see it: its data, and around it who, when and which."""
    return {
        "id": str(fact.id),
        "type": fact.type,
        "return_id": str(fact.return_id),
        "occurred_at": fact.occurred_at.isoformat(),
        "entity": fact.entity,
        "site": fact.site,
        "data": fact.data,
    }


def _store(tx: Connection, new: Sequence[Stated], cases: Mapping[UUID, _Case]) -> None:
    facts = [
        (
            *(getattr(item.fact, name) for name in _FACT_COLUMNS),
            item.message_id,
            orjson.dumps(item.fact.data).decode(),
        )
        for item in new
    ]
    send(tx, "record_facts", columns(facts, (*_FACT_COLUMNS, "message_id", "data")))
    project(tx, {item.fact.return_id: cases[item.fact.return_id].state for item in new})


def project(tx: Connection, states: Mapping[UUID, Mapping[str, Any]]) -> None:
    """Write folded returns."""
    projected = [
        (
            return_id,
            orjson.dumps(state).decode(),
            state.get("status") or "",
            state.get("rma_number") or "",
            state.get("entity") or "",
        )
        for return_id, state in states.items()
    ]
    send(tx, "project_returns", columns(projected, ("id", "state", "status", "rma_number", "entity")))


def _store_keys(tx: Connection, cases: Mapping[UUID, _Case], recorded: Sequence[Stated]) -> None:
    keys = {
        (value, kind, return_id)
        for return_id, case in cases.items()
        for kind, value in return_keys(case.state)
    }
    keys |= {(value, kind, item.fact.return_id) for item in recorded for kind, value in fact_keys(item.fact)}
    # all at once and in order, so that two batches that share a number never wait for each other crosswise
    send(tx, "store_keys", columns(sorted(keys), ("value", "kind", "return_id")))


def _entry(fact: Fact) -> audit.Entry:
    return audit.Entry(
        actor=fact.actor or fact.source,
        action=f"fact {fact.type}",
        subject=str(fact.return_id),
        detail={
            "fact": str(fact.id),
            "cause": fact.causation_id,
            "mapping": fact.mapping,
            "raw": fact.raw_sha256,
        },
    )
