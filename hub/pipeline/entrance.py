"""entrance: what happens to an EDI document before its records: books, answers, acknowledgements for us."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from connectors.codecs.base import Record
from connectors.codecs.edifact import EdifactDecoded
from connectors.codecs.registry import codec
from connectors.codecs.x12 import X12Decoded
from hub import ledger
from hub.flows.models import IntakeFlow
from hub.pipeline import acknowledge, answers, decide, interchanges
from hub.pipeline.context import Hub
from hub.pipeline.interchanges import RECEIVED, Contents, Interchange, Seen
from hub.pipeline.partner import TAKEN, Fate
from hub.store.database import Connection

HELD_WHOLE = 4_000_000
"""Bytes up to which a document's records are held at once instead of being read twice."""


def enter(
    hub: Hub, flow: IntakeFlow, claim: ledger.Claim, targets: set[str]
) -> Iterator[tuple[Record, Fate]]:
    """The document's records with what their envelopes mean for them.

    The first time its interchanges are entered into the books, those that are due are answered, and what
    acknowledges interchanges of ours is noted: all in one transaction, whatever becomes of the records.

    Args:
        targets: Grows by the systems that got effects.
    """
    options = hub.decoding(flow.read.system, flow.read.resource)
    reader = codec(str(options.get("format", "json")))
    decoded = reader.decode(claim.body, options)
    if not isinstance(decoded, X12Decoded | EdifactDecoded) or not _in_books(hub, flow):
        return ((record, TAKEN) for record in decoded.records)
    records = decoded.records
    if not claim.progress:
        contents = Contents()
        if len(claim.body) <= HELD_WHOLE:
            # one reading serves both, answer and records
            records = iter(list(contents.noting(records)))
        else:
            for _ in contents.noting(records):
                pass
            records = reader.decode(claim.body, options).records

        def book() -> set[str]:
            with hub.database.transaction() as tx:
                seen = interchanges.register(tx, hub, flow, claim, decoded.interchanges, contents)
                answered = acknowledge.acknowledge(tx, hub, flow, claim, seen)
                answers.enter(tx, hub, flow.read.system, claim.id, claim.body, seen)
            return answered

        # a partner may acknowledge what is being settled as delivered at the same moment
        targets |= decide.unraced(book)
    with hub.database.transaction() as tx:
        runs = interchanges.fates(tx, claim.id)
    return interchanges.with_fates(records, runs)


def note_again(tx: Connection, hub: Hub, flow: IntakeFlow, document_id: UUID, body: bytes) -> None:
    """Note the acknowledgements of a document that were not noted yet: a person replays one of them."""
    options = hub.decoding(flow.read.system, flow.read.resource)
    decoded = codec(str(options.get("format", "json"))).decode(body, options)
    if isinstance(decoded, X12Decoded | EdifactDecoded):
        for _ in decoded.records:
            pass
        found: Sequence[Interchange] = decoded.interchanges
        seen = [Seen(one, at, RECEIVED) for at, one in enumerate(found)]
        answers.enter(tx, hub, flow.read.system, document_id, body, seen)


def _in_books(hub: Hub, flow: IntakeFlow) -> bool:
    return bool(flow.acknowledgements or flow.acknowledgement or hub.catalog.systems[flow.read.system].edi)
