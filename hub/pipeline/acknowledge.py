"""acknowledge: answer a partner's file as soon as it is stored, whatever becomes of its transactions."""

from __future__ import annotations

from collections.abc import Sequence

from canonical.ids import uuid7
from connectors.codecs.x12 import Interchange, envelopes, groups_needed
from connectors.codecs.x12 import acknowledge as write_997
from connectors.codecs.x12.acknowledge import answered
from hub import effects, ledger
from hub.flows.models import IntakeFlow, Target
from hub.flows.subscription import readable_key
from hub.pipeline.context import Hub
from hub.pipeline.envelope import now, take
from hub.store.database import Connection, columns, rows

_INTERCHANGE = ("direction", "sender", "receiver", "control", "version", "sets", "document_id", "effect_id")
_EFFECT = (
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


def acknowledge(
    hub: Hub, flow: IntakeFlow, claim: ledger.Claim, received: Sequence[Interchange] | None = None
) -> set[str]:
    """Record the interchanges of a document and enqueue their functional acknowledgements.

    Done twice it changes nothing: the acknowledgement's business key names interchange and document. The same
    interchange arriving again in another file is another document, and is answered again.

    Args:
        received: The document's interchanges, where they are known; else it is read for them.

    Returns:
        Targets that got effects.
    """
    answer = flow.acknowledgement
    if answer is None:
        return set()
    if received is None:
        received = envelopes(claim.body, hub.decoding(flow.read.system, flow.read.resource))
    with hub.database.transaction() as tx:
        _record(tx, flow, claim, received)
        for number, interchange in enumerate(received):
            if answered(interchange):
                _enqueue(tx, hub, flow, answer, claim, interchange, number)
    return {answer.system}


def _record(tx: Connection, flow: IntakeFlow, claim: ledger.Claim, received: Sequence[Interchange]) -> None:
    known = [
        (
            "in",
            one.sender,
            one.receiver,
            one.control,
            one.version,
            ",".join(sorted({t.set for group in one.groups for t in group.transactions})),
            claim.id,
            None,
        )
        for one in received
    ]
    rows(tx, "record_interchanges", {**columns(known, _INTERCHANGE), "system": flow.read.system})


def _enqueue(  # each says something else about one acknowledgement
    tx: Connection,
    hub: Hub,
    flow: IntakeFlow,
    answer: Target,
    claim: ledger.Claim,
    received: Interchange,
    number: int,
) -> None:
    longest = hub.catalog.systems[answer.system].operations[answer.operation].key_length
    key = readable_key([received.control, claim.id.hex.upper(), str(number)], longest)
    effect = (uuid7(), flow.flow, answer.system, answer.operation, key, None, None, claim.id, True)
    inserted = rows(tx, "enqueue_effects", columns([effect], _EFFECT))
    if not inserted:
        return
    # numbers are taken only for what is really new, in its own transaction: no gaps
    control = take(tx, answer.system, "interchange")
    group = take(tx, answer.system, "group", groups_needed(received))
    moment = now()
    body = write_997(received, control=control, group=group, date=moment["date"], time=moment["time"])
    effects.store_requests(tx, [(effect[0], body, "application/edi-x12", "")])
    sent = ("out", received.receiver, received.sender, f"{control:09d}", received.version, "997")
    rows(
        tx,
        "record_interchanges",
        {**columns([(*sent, None, effect[0])], _INTERCHANGE), "system": answer.system},
    )
