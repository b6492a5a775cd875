"""again: settle messages that are held or dead once more, from their stored bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from connectors.codecs.registry import codec
from hub import ledger
from hub.flows.models import IntakeFlow
from hub.pipeline import decide, drift, entrance, letters, partner
from hub.pipeline.context import Hub
from hub.pipeline.decide import Stated
from hub.pipeline.enrich import enrich
from hub.pipeline.interpret import UNNAMED, Interpreted
from hub.pipeline.settle import Origin, facts_of, make_fact, mapping_ref, matches
from hub.store.database import Connection, rows


@dataclass(slots=True)
class Again:
    """What became of the messages."""

    states: Counter[str] = field(default_factory=Counter)
    targets: set[str] = field(default_factory=set)
    failures: dict[UUID, str] = field(default_factory=dict)


def settle_again(
    hub: Hub,
    flow: IntakeFlow,
    messages: Sequence[Mapping[str, Any]],
    *,
    expected: Sequence[str],
    run_id: str,
    replays: int = 0,
    first: Callable[[Connection], None] | None = None,
) -> Again:
    """Interpret messages anew with today's mapping and move those that are still in an `expected` state.

    Args:
        messages: Rows with id, document_id, position, source_key, revises, endpoint, sha256, body and
            retry_at (how long a message stays held if its system is still down), ordered by document and
            position.
        replays: How often these were replayed; what fails again is parked.
        first: Done in the same transaction before anything else; raising undoes everything.
    """
    hub.references.refresh(hub.database.rows)
    items = dict(_interpret(hub, flow, messages))
    drift.note(hub, flow, drift.judge(hub, flow, list(items.values())))
    enrich(hub, flow, list(items.values()))

    def attempt() -> Again:
        again = Again()
        with hub.database.transaction() as tx:
            if first is not None:
                first(tx)
            found = rows(tx, "lock_messages", {"ids": sorted(items)})
            still = {row["id"] for row in found if row["state"] in expected}
            rest = [row for row in messages if row["id"] in still]
            _settle(tx, hub, flow, [(row, items[row["id"]]) for row in rest], again, replays)
            for document_id, group in groupby(rest, key=lambda row: row["document_id"]):
                letters.write(
                    tx,
                    [(row["id"], items[row["id"]]) for row in group if items[row["id"]].failure is not None],
                    flow=flow.flow,
                    document_id=document_id,
                    run_id=run_id,
                    mapping=mapping_ref(hub, flow),
                    replays=replays,
                )
        return again

    return decide.unraced(attempt)


def _interpret(
    hub: Hub, flow: IntakeFlow, messages: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[UUID, Interpreted]]:
    options = hub.decoding(flow.read.system, flow.read.resource)
    for _, group in groupby(messages, key=lambda row: row["document_id"]):
        wanted = {row["position"]: row for row in group}
        body = next(iter(wanted.values()))["body"]
        decoded = codec(str(options.get("format", "json"))).decode(body, options)
        for record in decoded.records:
            row = wanted.get(record.index)
            if row is not None:
                key, attributes = row["source_key"], row["attributes"]
                if key.startswith(UNNAMED):
                    key = partner.name_of(hub, flow, record, attributes)
                yield row["id"], partner.read(hub, flow, record, key, attributes)


def _settle(
    tx: Connection,
    hub: Hub,
    flow: IntakeFlow,
    messages: Sequence[tuple[Mapping[str, Any], Interpreted]],
    again: Again,
    replays: int,
) -> None:
    matched = matches(tx, [item for _, item in messages])
    revised = facts_of(tx, [row["revises"] for row, _ in messages if row["revises"]])
    settled: list[tuple[UUID, str, UUID | None, str, datetime | None]] = []
    stated: list[Stated] = []
    for row, item in messages:
        state, return_id = _outcome(item, row, replays), None
        if item.noted:
            entrance.note_again(tx, hub, flow, row["document_id"], row["body"])
        elif item.failure is None:
            return_id = item.return_id(flow, flow.read.system, matched)
            if item.source_key != row["source_key"]:
                rows(tx, "name_message", {"id": row["id"], "source_key": item.source_key})
        settled.append(
            (row["id"], state, return_id, mapping_ref(hub, flow), row["retry_at"] if item.held else None)
        )
        again.states[state] += 1
        if item.failure is not None:
            again.failures[row["id"]] = item.failure.summary
        if return_id is not None and state in ("admitted", "revision"):
            origin = Origin(row["endpoint"], row["sha256"], row["id"], return_id)
            fact = make_fact(hub, flow, item, origin, corrects=revised.get(row["revises"]))
            stated.append(Stated(fact, message_id=row["id"], order=item.order))
    ledger.settle_messages(tx, settled)
    again.targets |= decide.record(tx, hub, stated).targets


def _outcome(item: Interpreted, row: Mapping[str, Any], replays: int) -> str:
    if item.failure is not None:
        return "parked" if replays else "dead"
    if item.noted:
        return "noted"
    if item.held:
        return "held"
    return "revision" if row["revises"] else "admitted"
