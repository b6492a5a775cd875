"""decide: record facts, fold them, let policies react, and enqueue what follows, all in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, TypeVar
from uuid import UUID

import orjson
from psycopg.errors import DeadlockDetected

from canonical.facts import Fact
from canonical.fold import fold
from canonical.ids import uuid7
from canonical.vocabulary import INSPECTED, REQUESTED
from hub import audit
from hub.flows.models import DeliveryFlow
from hub.flows.subscription import KeyMissing, business_key, matching
from hub.pipeline.context import Hub
from hub.pipeline.keys import fact_keys, return_keys
from hub.policy.authorization import decide_authorization
from hub.policy.disposition import decide_disposition
from hub.store.database import Connection, Cursor, columns, pipelined, rows, send

POLICY_SOURCE = "hub/policy"

PART = 25
"""Facts are folded and stored by so many at a time: the database stores one part while we fold the next."""

T = TypeVar("T")

_RACES = 5

NO_KEY = "missing:"
"""Begins the key of an effect whose fact does not hold what its business key is made of."""

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


class Raced(Exception):  # noqa: N818  # reads as what happened
    """Two transactions began the same return; the one that is told so starts over."""


def unraced(work: Callable[[], T]) -> T:
    """Do a piece of work that is one transaction, over again when it was raced; others settle meanwhile."""
    for _ in range(_RACES):
        try:
            return work()
        except (Raced, DeadlockDetected):
            continue
    return work()


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
    stored: bool
    state: dict[str, Any] = field(default_factory=dict)

    def with_fact(self, fact: Fact) -> Mapping[str, Any]:
        """The return as policies see it when this fact is added.

        A request that is the first fact of its return already has all they read, so the most frequent case
        needs no fold of its own; a test proves that the answer is the same.
        """
        if not self.facts and fact.type == REQUESTED:
            return preview(fact)
        return fold([*self.facts, fact])

    def add(self, facts: Sequence[Fact]) -> None:
        self.facts.extend(facts)
        self.state = fold(self.facts)


def preview(request: Fact) -> dict[str, Any]:
    """What policies read of a return that is nothing but its request."""
    lines = sorted(request.data["lines"], key=itemgetter("line_no"))
    return {**request.data, "return_id": str(request.return_id), "lines": lines}


def record(tx: Connection, hub: Hub, stated: Sequence[Stated]) -> Recorded:
    """Record facts with everything they cause; exactly once per call, so callers deduplicate before.

    Returns that exist are locked in order, so that concurrent batches queue.

    Raises:
        Raced: Somebody else has just begun one of the new returns; undo the transaction and do it again.
    """
    if not stated:
        return Recorded()
    cases = _open(tx, {item.fact.return_id for item in stated})
    facts = 0
    keys: set[tuple[str, str, UUID]] = set()
    effects: list[tuple[Any, ...]] = []
    begun: list[tuple[int, Cursor]] = []
    entries: list[audit.Entry] = []
    with pipelined(tx):
        for start in range(0, len(stated), PART):
            part = stated[start : start + PART]
            chains = [_add(hub, cases, item, effects) for item in part]
            new = [one for chain in chains for one in chain]
            touched = {item.fact.return_id: cases[item.fact.return_id] for item in new}
            _store(tx, new, touched, begun)
            facts += len(new)
            keys |= _keys(new, touched)
            entries += map(_entry, chains)
            for case in touched.values():
                case.state = {}  # a later fact folds anew; memory given back is memory in the cache
        # all at once and in order: two batches that share a number must not wait for each other crosswise
        send(tx, "store_keys", columns(sorted(keys), ("value", "kind", "return_id")))
        enqueued = send(tx, "enqueue_effects", columns(effects, _EFFECT_COLUMNS))
    if any(cursor.rowcount != expected for expected, cursor in begun):
        raise Raced("a return was begun by somebody else meanwhile")
    audit.append(tx, entries)
    return Recorded(facts=facts, targets={row["target"] for row in enqueued.fetchall()})


def _add(hub: Hub, cases: Mapping[UUID, _Case], item: Stated, effects: list[tuple[Any, ...]]) -> list[Stated]:
    """Add a fact and what policies answer to it; what follows from them goes to `effects`."""
    case = cases[item.fact.return_id]
    new = [item, *(Stated(fact) for fact in _react(hub, case.with_fact(item.fact), item))]
    case.add([one.fact for one in new])
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
    existing = {row["return_id"] for row in rows(tx, "lock_returns", {"ids": ids})}
    facts = load_facts(tx, existing) if existing else {}
    return {return_id: _Case(facts.get(return_id, []), return_id in existing) for return_id in ids}


def _react(hub: Hub, state: Mapping[str, Any], item: Stated) -> list[Fact]:
    """The facts that our policies state in answer to one."""
    cause = item.fact
    if cause.type == REQUESTED:
        # a decision that was acted upon stands: a later revision opens a case instead (see the fold)
        if (state.get("decision") or {}).get("outcome") in ("approved", "rejected"):
            return []
        table = hub.catalog.tables["authorization"]
        return [_policy_fact(cause, "authorization.decided", decide_authorization(state, item.order, table))]
    if cause.type == INSPECTED:
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


def _store(
    tx: Connection, new: Sequence[Stated], touched: Mapping[UUID, _Case], begun: list[tuple[int, Cursor]]
) -> None:
    append_facts(tx, new)
    fresh = {return_id: case.state for return_id, case in touched.items() if not case.stored}
    if fresh:
        begun.append((len(fresh), begin(tx, fresh)))
    known = {return_id: case.state for return_id, case in touched.items() if case.stored}
    if known:
        project(tx, known)
    for return_id in fresh:
        touched[return_id].stored = True


def append_facts(tx: Connection, stated: Sequence[Stated]) -> None:
    """Write facts, in their order."""
    facts = orjson.dumps([item.fact for item in stated]).decode()
    send(tx, "record_facts", {"facts": facts, "message_id": [item.message_id for item in stated]})


def begin(tx: Connection, states: Mapping[UUID, Mapping[str, Any]]) -> Cursor:
    """Write folded returns that are new; the cursor's `rowcount` is short of those that are not."""
    return _send_states(tx, "begin_returns", states)


def project(tx: Connection, states: Mapping[UUID, Mapping[str, Any]]) -> None:
    """Write folded returns that exist."""
    _send_states(tx, "project_returns", states)


def _send_states(tx: Connection, statement: str, states: Mapping[UUID, Mapping[str, Any]]) -> Cursor:
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
    return send(tx, statement, columns(projected, ("id", "state", "status", "rma_number", "entity")))


def _keys(new: Sequence[Stated], touched: Mapping[UUID, _Case]) -> set[tuple[str, str, UUID]]:
    """(value, kind, return) of the numbers that returns and new facts can be found by."""
    keys = {
        (value, kind, return_id)
        for return_id, case in touched.items()
        for kind, value in return_keys(case.state)
    }
    keys |= {(value, kind, item.fact.return_id) for item in new for kind, value in fact_keys(item.fact)}
    return keys


def _entry(facts: Sequence[Stated]) -> audit.Entry:
    """One entry for what was stated and what policies answered to it."""
    first = facts[0].fact
    return audit.Entry(
        actor=first.actor or first.source,
        action=f"fact {first.type}",
        subject=str(first.return_id),
        detail={
            "facts": [[item.fact.type, str(item.fact.id), item.fact.actor] for item in facts],
            "cause": first.causation_id,
            "mapping": first.mapping,
            "raw": first.raw_sha256,
        },
    )
