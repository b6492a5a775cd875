"""reject: tell a partner that the business cannot take a record, with segment and element."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from canonical.ids import uuid7
from connectors.codecs.base import EncodeError, Tree
from connectors.codecs.edi.advice import AdviceError, aperak, application_advice_824
from connectors.codecs.registry import codec, grammar
from hub import effects, ledger
from hub.flows.models import IntakeFlow, Target
from hub.flows.subscription import readable_key
from hub.pipeline import outgoing
from hub.pipeline.acknowledge import EFFECT
from hub.pipeline.context import Hub
from hub.pipeline.interpret import Interpreted
from hub.store.database import Connection, columns, rows

STEPS = ("profile", "key", "map", "validate")
"""What the business could not take; what could not be read is told by the functional acknowledgement."""

_PLACE = re.compile(r"(\w+) segment (\d+)(?:, element (\d+))?(?:, component (\d+))?")
_ERRORS = 100


def answer(
    tx: Connection,
    hub: Hub,
    flow: IntakeFlow,
    claim: ledger.Claim,
    settled: Sequence[tuple[ledger.Admission, Interpreted]],
) -> set[str]:
    """Enqueue an application advice for each record that died, once: a replay that fails again tells nobody.

    Returns:
        Targets that got effects.
    """
    to = flow.rejection
    dead = [
        item
        for admission, item in settled
        if admission.state == "dead" and item.failure and item.failure.step in STEPS and item.record.envelope
    ]
    if to is None or not dead:
        return set()
    for item in dead:
        try:
            with tx.transaction():
                _enqueue(tx, hub, flow, to, claim, item)
        except EncodeError as error:
            message = f"{claim.source_key}, record {item.record.index + 1}, cannot be answered: {error}"
            rows(tx, "raise_alert", {"cause": f"advice {flow.flow}", "message": message})
    return {to.system}


def _enqueue(
    tx: Connection, hub: Hub, flow: IntakeFlow, to: Target, claim: ledger.Claim, item: Interpreted
) -> None:
    operation = hub.catalog.systems[to.system].operations[to.operation]
    record = item.record
    parts = [record.envelope.get("control", ""), claim.id.hex.upper(), str(record.index)]
    key = readable_key(parts, operation.key_length)
    effect = (uuid7(), flow.flow, to.system, to.operation, key, None, None, claim.id, True)
    if not rows(tx, "enqueue_effects", columns([effect], EFFECT)):
        return
    envelope = outgoing.fresh_envelope(tx, hub, to.system)
    # what is quoted may hold our delimiters
    envelope["delimiters"] = {"replacement": " ", **(envelope.get("delimiters") or {})}
    writer = codec(operation.format)
    body = writer.encode(_tree(flow, item, envelope, operation.format), envelope)
    effects.store_requests(tx, [(effect[0], body, writer.media_type, "")])
    outgoing.record(tx, *outgoing.sent(to.system, effect[0], operation.format, envelope))


def _tree(flow: IntakeFlow, item: Interpreted, envelope: Mapping[str, Any], form: str) -> Tree:
    record = item.record
    failed = item.failure.errors if item.failure else ()
    errors = [_advised(error) for error in failed[:_ERRORS]]
    common: dict[str, Any] = {
        "reference": f"{envelope['control']}",
        "date": envelope["date"],
        "time": envelope["time"],
        "document": _number(record.tree),
    }
    if flow.reject and flow.reject.answer == "APERAK":
        return aperak(record.envelope, errors, **common)
    guide = grammar(form)
    release = guide.version if guide else "004010"
    return application_advice_824(record.envelope, errors, **common, release=release)


def _advised(error: Mapping[str, Any]) -> AdviceError:
    place = _PLACE.match(str(error.get("position") or ""))
    segment, number, element, component = place.groups() if place else ("", 0, 0, 0)
    found = error.get("found")
    return AdviceError(
        message=str(error["message"]),
        problem="missing" if found in (None, "") else "invalid",
        segment=segment,
        number=int(number),
        element=int(element or 0),
        component=int(component or 0),
        found="" if found is None else str(found),
    )


def _number(tree: Tree) -> str:
    """The sender's own number of a document: the second element of BGN or BGM."""
    for name in ("BGN", "BGM"):
        begin = tree.get(name) if isinstance(tree, dict) else None
        if isinstance(begin, dict):
            value = begin.get("02", "")
            return str(value.get("01", "") if isinstance(value, dict) else value)
    return ""
