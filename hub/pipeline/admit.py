"""admit: turn what lies in the inbox into facts. One transaction per batch, isolation per message."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import Any
from uuid import UUID

from canonical.ids import uuid7
from connectors.base import Document
from connectors.codecs.base import Record
from connectors.errors import Config
from hub import audit, ledger
from hub.collector import fewer_collections
from hub.flows.models import IntakeFlow
from hub.ids import digest
from hub.pipeline import decide, drift, entrance, interchanges, letters, partner, reject
from hub.pipeline.again import settle_again
from hub.pipeline.context import Hub
from hub.pipeline.decide import Stated
from hub.pipeline.enrich import enrich
from hub.pipeline.interpret import Interpreted
from hub.pipeline.partner import Fate
from hub.pipeline.read import endpoint
from hub.pipeline.settle import HOLD, HOLD_MAX, Origin, Totals, facts_of, make_fact, mapping_ref, matches
from hub.store.database import Connection, rows

BATCH = 500
"""Records per transaction: large enough for speed, small enough to redo after a kill."""

BREAKER_SHARE, BREAKER_MINIMUM = 0.5, 20
"""More than this share bad in a batch of at least so many means a systemic fault, not bad records."""


class Systemic(Exception):  # noqa: N818  # reads as what happened
    """Most of a batch is bad: a changed schema or a wrong mapping. Nothing was burnt."""


def admit(hub: Hub, flow: str, run_id: str, budget: float = 60.0) -> dict[str, Any]:
    """Settle held messages that are due, then the open documents of a flow, oldest first.

    Safe to run any number of times at once. Ends when nothing is open or after `budget` seconds; what is
    left waits for the next call.

    Returns:
        Messages by state (`admitted`, `repeat`, `revision`, `held`, `dead`), `documents`, `facts`, `targets`.
    """
    totals = Totals()
    ends = time.monotonic() + budget
    intake = hub.catalog.intake[flow]
    with fewer_collections():
        while time.monotonic() < ends and _retry_held(hub, intake, run_id, totals):
            pass
        while time.monotonic() < ends:
            with hub.database.transaction() as tx:
                claim = ledger.claim_document(tx, flow)
            if claim is None:
                break
            _settle_document(hub, intake, claim, totals)
    return totals.result()


def receive(hub: Hub, flow: str, document: Document, run_id: str) -> dict[str, Any]:
    """Store one document and settle it at once: the way of the intake API.

    Returns:
        `document_id`, `messages` [{message_id, state, return_id, dead_letter_id}], `targets`.
    """
    intake = hub.catalog.intake[flow]
    where = endpoint(intake.read.system, intake.read.resource)
    totals = Totals()
    with hub.database.transaction() as tx:
        ledger.store_documents(tx, flow, where, [document], run_id)
    found = hub.database.rows(
        "document_by_key",
        {"endpoint": where, "source_key": document.source_key, "sha256": digest(document.body)},
    )
    document_id = found[0]["id"]
    with hub.database.transaction() as tx:
        claim = ledger.claim_document(tx, flow, document_id)
    if claim is not None:
        _settle_document(hub, intake, claim, totals)
    messages = hub.database.rows("messages_of_document", {"document_id": document_id, "endpoint": where})
    return {"document_id": document_id, "messages": messages, "targets": sorted(totals.targets)}


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A batch as far as it can be brought without knowing what became of the one before it."""

    size: int
    items: Sequence[Interpreted]
    repeats: Sequence[tuple[str, str]]
    keys: frozenset[str]
    known: dict[str, list[dict[str, Any]]]
    drift: drift.Drift | None


def _settle_document(hub: Hub, flow: IntakeFlow, claim: ledger.Claim, totals: Totals) -> None:
    """Bring one claimed document from raw bytes to settled messages, batch by batch.

    While the database takes one batch, the next is decoded, mapped and enriched.
    """
    records = entrance.enter(hub, flow, claim, totals.targets)
    prepare = partial(_prepare, hub, flow, claim, islice(records, claim.progress, None))
    progress, state = claim.progress, "done"
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="prepare") as ahead:
        try:
            batch = prepare()
            while batch.size:
                following = ahead.submit(prepare)
                drift.note(hub, flow, batch.drift)
                drift.stop(flow, claim.source_key, batch.drift)
                decide.unraced(partial(_settle_batch, hub, flow, claim, batch, progress, totals))
                progress += batch.size
                batch = _up_to_date(hub, claim, following.result(), batch.keys)
        except Systemic as error:
            state = "halted"
            _alert(hub, f"breaker {flow.flow}", f"{error}. Mend it, then: returns-hub resume {flow.flow}")
        except drift.Drifted as error:
            state = "halted"
            _alert(hub, f"drift {flow.flow}", str(error))
        except Config as error:
            # nothing is burnt: the document goes back as far as it came, for when the connection is mended
            with hub.database.transaction() as tx:
                rows(tx, "release_document", {"id": claim.id, "fence": claim.fence})
            _alert(hub, f"config {flow.flow}", f"{flow.flow} cannot go on: {error.message}")
            raise
    with hub.database.transaction() as tx:
        ledger.finish(tx, claim, state)
    totals.counts["documents"] += 1


def resume(hub: Hub, flow: str, actor: str) -> int:
    """Put the documents that the breaker halted back into a flow's inbox; how many there were."""
    with hub.database.transaction() as tx:
        halted = rows(tx, "resume_documents", {"flow": flow})
        if halted:
            rows(tx, "close_alert", {"cause": f"breaker {flow}"})
            audit.append(tx, [audit.Entry(actor, "flow resumed", flow, {"documents": len(halted)})])
    return len(halted)


def _alert(hub: Hub, cause: str, message: str) -> None:
    with hub.database.transaction() as tx:
        rows(tx, "raise_alert", {"cause": cause, "message": message})


def _prepare(
    hub: Hub, flow: IntakeFlow, claim: ledger.Claim, records: Iterator[tuple[Record, Fate]]
) -> _Prepared:
    """Decode, map, validate and enrich the next batch; empty when there are no more records."""
    hub.references.refresh(hub.database.rows)
    batch = list(islice(records, BATCH))
    fates = {record.index: fate for record, fate in batch}
    keyed = [(partner.name_of(hub, flow, record, claim.attributes, fate), record) for record, fate in batch]
    keys = frozenset(key for key, _ in keyed)
    with hub.database.transaction() as tx:
        known = ledger.known(tx, claim.endpoint, sorted(keys))
        again = interchanges.repeated(tx, batch)
    fresh, repeats = _sort_out(keyed, known, again)
    items = [
        partner.read(hub, flow, record, key, claim.attributes, fates[record.index]) for key, record in fresh
    ]
    drifted = drift.judge(hub, flow, items)
    enrich(hub, flow, items)
    return _Prepared(len(batch), items, repeats, keys, known, drifted)


def _up_to_date(hub: Hub, claim: ledger.Claim, batch: _Prepared, settled: frozenset[str]) -> _Prepared:
    """What a batch knows of the ledger, asked again when the batch before it had some of its keys."""
    if batch.keys.isdisjoint(settled):
        return batch
    with hub.database.transaction() as tx:
        return replace(batch, known=ledger.known(tx, claim.endpoint, sorted(batch.keys)))


def _settle_batch(
    hub: Hub, flow: IntakeFlow, claim: ledger.Claim, batch: _Prepared, progress: int, totals: Totals
) -> None:
    """Settle one batch in one transaction: messages, facts, effects, dead letters, and how far we are."""
    items, repeats = batch.items, list(batch.repeats)
    _break_if_systemic(flow, claim, items)
    with hub.database.transaction() as tx:
        matched = matches(tx, items)
        admissions = [_admission(hub, flow, item, batch.known, matched) for item in items]
        new = ledger.admit(tx, claim, admissions)
        settled = [(a, i) for a, i in zip(admissions, items, strict=True) if a.id in new]
        # admitted before, or by somebody else between our look and our insert
        repeats += [(a.source_key, a.digest) for a in admissions if a.id not in new]
        # takes control numbers, whose takers queue: before the audit log, for which everybody queues
        answered = reject.answer(tx, hub, flow, claim, settled)
        recorded = decide.record(tx, hub, list(_stated(tx, hub, flow, claim, settled)))
        _write_letters(tx, claim, settled)
        ledger.count_repeats(tx, claim.endpoint, repeats)
        ledger.advance(tx, claim, progress, batch.size, len(repeats))
    totals.counts.update(a.state for a, _ in settled)
    totals.counts["repeat"] += len(repeats)
    totals.counts["facts"] += recorded.facts
    totals.targets |= recorded.targets | answered


def _sort_out(
    keyed: Sequence[tuple[str, Record]], known: dict[str, list[dict[str, Any]]], again: Collection[int]
) -> tuple[list[tuple[str, Record]], list[tuple[str, str]]]:
    """Split records into fresh ones and repeats of (key, digest) pairs, known or earlier in the batch.

    `again` has the indices of those that are repeats whatever they are called.
    """
    seen = {(key, row["digest"]) for key, found in known.items() for row in found}
    fresh: list[tuple[str, Record]] = []
    repeats: list[tuple[str, str]] = []
    for key, record in keyed:
        if (key, record.digest) in seen or record.index in again:
            repeats.append((key, record.digest))
        else:
            seen.add((key, record.digest))
            fresh.append((key, record))
    return fresh, repeats


def _break_if_systemic(flow: IntakeFlow, claim: ledger.Claim, items: Sequence[Interpreted]) -> None:
    # what an envelope was refused for says nothing about mappings
    bad = [item for item in items if item.failure is not None and item.failure.step != partner.ENVELOPE]
    if len(items) >= BREAKER_MINIMUM and len(bad) > BREAKER_SHARE * len(items):
        first = bad[0].failure
        raise Systemic(
            f"{flow.flow}: {len(bad)} of {len(items)} records of {claim.source_key} are bad, so the fault is "
            f"systemic; the document stays in the inbox. First: {first.summary if first else ''}"
        )


def _admission(
    hub: Hub,
    flow: IntakeFlow,
    item: Interpreted,
    known: dict[str, list[dict[str, Any]]],
    matched: dict[tuple[str, str], UUID],
) -> ledger.Admission:
    earlier = known.get(item.source_key, [])
    revises = earlier[-1]["id"] if earlier else None
    state = "revision" if revises else "admitted"
    if item.failure is not None:
        state = "dead"
    elif item.noted:
        state, revises = "noted", None
    elif item.held:
        state = "held"
    return ledger.Admission(
        id=uuid7(),
        position=item.record.index,
        source_key=item.source_key,
        digest=item.record.digest,
        state=state,
        return_id=(
            item.return_id(flow, flow.read.system, matched)
            if item.failure is None and not item.noted
            else None
        ),
        revises=revises,
        mapping=mapping_ref(hub, flow),
        retry_at=datetime.now(UTC) + HOLD if state == "held" else None,
    )


def _stated(
    tx: Connection,
    hub: Hub,
    flow: IntakeFlow,
    claim: ledger.Claim,
    settled: Sequence[tuple[ledger.Admission, Interpreted]],
) -> Iterator[Stated]:
    """The facts of admitted messages; a revision names the fact it corrects."""
    revised = facts_of(tx, [admission.revises for admission, _ in settled if admission.revises])
    for admission, item in settled:
        if admission.state in ("admitted", "revision") and admission.return_id is not None:
            fact = make_fact(
                hub,
                flow,
                item,
                Origin(claim.endpoint, claim.sha256, admission.id, admission.return_id),
                corrects=revised.get(admission.revises) if admission.revises else None,
            )
            yield Stated(fact, message_id=admission.id, order=item.order)


def _write_letters(
    tx: Connection, claim: ledger.Claim, settled: Sequence[tuple[ledger.Admission, Interpreted]]
) -> None:
    dead = [(admission.id, item) for admission, item in settled if admission.state == "dead"]
    mapping = next((admission.mapping for admission, _ in settled), "")
    letters.write(tx, dead, flow=claim.flow, document_id=claim.id, run_id=claim.run_id, mapping=mapping)


def _retry_held(hub: Hub, flow: IntakeFlow, run_id: str, totals: Totals) -> bool:
    """Try held messages again whose time has come; True when there may be more at once."""
    with hub.database.transaction() as tx:
        # claiming moves retry_at, so that a killed worker's share comes back by itself
        claimed = rows(
            tx, "claim_held", {"flow": flow.flow, "limit": BATCH, "first": HOLD, "longest": HOLD_MAX}
        )
    if not claimed:
        return False
    again = settle_again(hub, flow, claimed, expected=("held",), run_id=run_id)
    totals.counts.update(again.states)
    totals.targets |= again.targets
    return "held" not in again.states
