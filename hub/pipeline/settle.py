"""What settling messages has in common, the first time and again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from canonical.facts import Fact
from canonical.history import remember_valid
from canonical.ids import uuid7
from hub.flows.models import IntakeFlow
from hub.pipeline.context import Hub
from hub.pipeline.interpret import Interpreted, fact_type
from hub.store.database import Connection, rows

HOLD = timedelta(seconds=5)
"""First wait of a message whose enrichment system is down; doubles up to `HOLD_MAX`."""

HOLD_MAX = timedelta(minutes=5)


@dataclass(slots=True)
class Totals:
    """What a call counted: messages by state, documents, facts, and the targets that got effects."""

    counts: Counter[str] = field(default_factory=Counter)
    targets: set[str] = field(default_factory=set)

    def result(self) -> dict[str, Any]:
        """Plain values for XCom and JSON."""
        return {**self.counts, "targets": sorted(self.targets)}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a fact comes from: endpoint, digest of the raw document, message; and whose return it is."""

    source: str
    raw_sha256: str
    message_id: UUID
    return_id: UUID


def make_fact(
    hub: Hub, flow: IntakeFlow, item: Interpreted, origin: Origin, corrects: UUID | None = None
) -> Fact:
    """The fact that an interpreted record states."""
    fact = Fact(
        id=uuid7(),
        type=fact_type(hub.catalog, flow),
        return_id=origin.return_id,
        source=origin.source,
        occurred_at=item.occurred_at,
        recorded_at=datetime.now(UTC),
        data=item.data,
        entity=flow.entity,
        site=str(item.data.get("site") or flow.site),
        actor=flow.read.system,
        correlation_id=str(origin.message_id),
        causation_id=str(origin.message_id),
        mapping=mapping_ref(hub, flow),
        raw_sha256=origin.raw_sha256,
        corrects=corrects,
    )
    remember_valid(fact)  # as `interpret` found it
    return fact


def mapping_ref(hub: Hub, flow: IntakeFlow) -> str:
    """`name@major+digest` of a flow's mapping as it is now; empty for a flow without one."""
    if not flow.map:
        return ""
    mapping = hub.catalog.mappings[flow.map]
    return f"{mapping.ref}+{mapping.digest[:12]}"


def matches(tx: Connection, items: Sequence[Interpreted]) -> dict[tuple[str, str], UUID]:
    """Which return each (kind, value) of the items' `match:` names, where the hub knows it."""
    wanted = {key for item in items for key in item.match}
    if not wanted:
        return {}
    found = rows(tx, "returns_by_key", {"values": sorted({value for _, value in wanted})})
    return {
        (row["kind"], row["value"]): row["return_id"]
        for row in found
        if (row["kind"], row["value"]) in wanted
    }


def facts_of(tx: Connection, message_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """The first fact of each message that has one."""
    if not message_ids:
        return {}
    found = rows(tx, "facts_of_messages", {"message_ids": list(message_ids)})
    return {row["message_id"]: row["id"] for row in reversed(found)}
