"""acknowledge: answer a partner's file as soon as it is stored, whatever becomes of its transactions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from canonical.ids import uuid7
from connectors.codecs import edifact, x12
from connectors.codecs.base import Finding
from hub import effects, ledger
from hub.flows.models import IntakeFlow, Target
from hub.flows.partner_profile import TA1_OPERATION, AcksSent
from hub.flows.subscription import readable_key
from hub.pipeline import outgoing
from hub.pipeline.context import Hub
from hub.pipeline.interchanges import REUSED, Seen
from hub.pipeline.outgoing import Identity
from hub.store.database import Connection, columns, rows

DUPLICATE_NOTE = "025"
"""TA105: duplicate interchange control number."""

DUPLICATE_CODE = "26"
"""Data element 0085 of EDIFACT: duplicate detected."""

_GROUP_REUSED = "AK905.6"
_GROUP_REUSED_SINCE_5010 = "AK905.19"
_5010 = "005010"

EFFECT = (
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
"""Columns of a new effect."""


def acknowledge(
    tx: Connection, hub: Hub, flow: IntakeFlow, claim: ledger.Claim, seen: Sequence[Seen]
) -> set[str]:
    """Enqueue what the interchanges of a document are answered with.

    A duplicate is answered like the first: its sender has to learn that it arrived. One whose number had
    other content is rejected as a whole; one of somebody else is not answered.

    Done twice it changes nothing: an acknowledgement's business key names interchange and document.

    Returns:
        Targets that got effects.
    """
    edi = hub.catalog.systems[flow.read.system].edi
    policy = edi.acks.send if edi else AcksSent()
    for one in seen:
        if not one.known:
            continue
        answer = _Answer(tx, hub, flow, claim, one)
        if isinstance(one.interchange, x12.Interchange):
            answer.interchange(one.interchange, policy)
            if one.state != REUSED:
                answer.functional(one.interchange)
        else:
            answer.control(one.interchange)
    return answering(flow, policy)


def answering(flow: IntakeFlow, policy: AcksSent) -> set[str]:
    """The system that a flow's files are answered at; empty when they are not."""
    answers = flow.acknowledgement is not None or policy.interchange != "never"
    return {flow.read.system} if answers else set()


@dataclass(frozen=True, slots=True)
class _Answer:
    """The answers to one interchange."""

    tx: Connection
    hub: Hub
    flow: IntakeFlow
    claim: ledger.Claim
    seen: Seen

    def interchange(self, received: x12.Interchange, policy: AcksSent) -> None:
        """A TA1, when the partner wants one now."""
        wrong = bool(received.findings) or self.seen.state == REUSED
        due = policy.ta1_due(wrong=wrong, requested=received.ack_requested)
        note = DUPLICATE_NOTE if self.seen.state == REUSED else ""
        date, time = outgoing.moment()
        operation = Target(system=self.flow.read.system, operation=TA1_OPERATION)
        # asked with any number first: an interchange of TA1s only has no answer, and takes none
        if due and x12.interchange_acknowledgement(received, control=1, note=note, date=date, time=time):
            self._enqueue(
                operation,
                "TA1",
                lambda control, _: x12.interchange_acknowledgement(
                    received, control=control, note=note, date=date, time=time
                ),
            )

    def functional(self, received: x12.Interchange) -> None:
        """A 997 or 999 for each group."""
        kind = self.flow.acknowledge
        if self.flow.acknowledgement is None or kind not in ("997", "999"):
            return
        told = replace(
            received,
            groups=[_told(group, at in self.seen.reused) for at, group in enumerate(received.groups)],
        )
        needed = x12.groups_needed(told, kind)
        date, time = outgoing.moment()
        if needed:
            self._enqueue(
                self.flow.acknowledgement,
                kind,
                lambda control, group: x12.acknowledge(
                    told, control=control, group=group, kind=kind, date=date, time=time
                ),
                groups=needed,
            )

    def control(self, received: edifact.Interchange) -> None:
        """A CONTRL; none for an interchange that holds nothing but CONTRLs."""
        if self.flow.acknowledgement is None or self.flow.acknowledge != "CONTRL":
            return
        error = DUPLICATE_CODE if self.seen.state == REUSED else ""
        date, time = outgoing.moment()
        if edifact.acknowledge(received, control=1, error=error, date=date, time=time):
            self._enqueue(
                self.flow.acknowledgement,
                "CONTRL",
                lambda control, _: edifact.acknowledge(
                    received, control=control, error=error, date=date, time=time
                ),
            )

    def _enqueue(self, to: Target, kind: str, write: Callable[[int, int], bytes], groups: int = 0) -> None:
        hub, tx, received = self.hub, self.tx, self.seen.interchange
        longest = hub.catalog.systems[to.system].operations[to.operation].key_length
        key = readable_key([received.control, self.claim.id.hex.upper(), str(self.seen.position)], longest)
        effect = (uuid7(), self.flow.flow, to.system, to.operation, key, None, None, self.claim.id, True)
        if not rows(tx, "enqueue_effects", columns([effect], EFFECT)):
            return
        # numbers are taken only for what is really new, in its own transaction: no gaps
        us = Identity.answering(received)
        control = outgoing.take(tx, hub, us, to.system, "interchange")
        group = outgoing.take(tx, hub, us, to.system, "group", groups) if groups else 0
        body = write(control, group)
        media_type = "application/edi-x12" if isinstance(received, x12.Interchange) else "application/edifact"
        effects.store_requests(tx, [(effect[0], body, media_type, "")])
        number = f"{control:09d}" if isinstance(received, x12.Interchange) else str(control)
        sent = outgoing.Sent(to.system, us, number, received.version, kind, effect[0])
        outgoing.record(tx, sent, [(group + at, "FA") for at in range(groups)])


def _told(group: x12.Group, reused: bool) -> x12.Group:  # noqa: FBT001 - of the pair that is walked
    """A group as it is answered: one whose number was used before is rejected as a whole."""
    if not reused:
        return group
    code = _GROUP_REUSED_SINCE_5010 if group.version >= _5010 else _GROUP_REUSED
    message = f"Another interchange had a group with the number {group.control}."
    finding = Finding(code=code, message=message, place=f"group {group.control}", found=group.control)
    return replace(group, transactions=[], findings=[*group.findings, finding])
