"""What the partner profile says about one record: whose it is, and what business fields it lacks. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from connectors.codecs import edifact, x12
from connectors.codecs.base import Record
from hub.flows.models import IntakeFlow
from hub.flows.partner_profile import Edi
from hub.pipeline.context import Hub
from hub.pipeline.interpret import UNNAMED, Failure, Interpreted, interpret, key_of

ACKNOWLEDGEMENTS = frozenset({"997", "999", "CONTRL"})
"""Sets and messages that say what became of something we sent; a TA1 is no record."""

ENVELOPE = "envelope"
"""Step of what an interchange as a whole was refused for: never a sign of a wrong mapping."""

_USAGE = {"T": "test", "P": "production"}


class Fate(NamedTuple):
    """What the books of interchanges say about a record.

    Attributes:
        refused: Code of why its interchange or group is not processed; empty when it is.
        message: The same in a sentence.
        repeated: The document that brought the same interchange before.
    """

    refused: str = ""
    message: str = ""
    repeated: UUID | None = None


TAKEN = Fate()


def name_of(
    hub: Hub, flow: IntakeFlow, record: Record, attributes: Mapping[str, str], fate: Fate = TAKEN
) -> str:
    """The name a record goes by in the ledger; what is no record of the flow's gets one of its envelope."""
    edi = hub.catalog.systems[flow.read.system].edi
    foreign = fate.refused or (edi and stranger(edi, record.envelope)) or not flow.map or noted(record)
    if record.envelope and foreign:
        place = [record.envelope.get(name, "") for name in ("sender", "control", "group", "transaction")]
        text = "\x1f".join([*place, record.digest])
        return f"{UNNAMED}{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"
    return key_of(hub.catalog, flow, record, attributes)


def read(
    hub: Hub, flow: IntakeFlow, record: Record, key: str, attributes: Mapping[str, str], fate: Fate = TAKEN
) -> Interpreted:
    """Interpret a record as `hub.pipeline.interpret` does, when envelope and profile let it pass."""
    edi = hub.catalog.systems[flow.read.system].edi
    failure = _refused(fate, record) or (stranger(edi, record.envelope) if edi else None)
    if failure is not None:
        return Interpreted(record=record, source_key=key, failure=failure)
    if noted(record):
        return Interpreted(record=record, source_key=key, noted=True)
    if not flow.map:
        errors = [_fault(finding.place, finding.message) for finding in record.findings]
        found = record.envelope.get("set", "")
        wanted = f"expected acknowledgements ({', '.join(sorted(ACKNOWLEDGEMENTS))}), found {found or 'none'}"
        failure = Failure(step="decode", code="no_acknowledgement", errors=[_fault("", wanted), *errors])
        return Interpreted(record=record, source_key=key, failure=failure)
    if edi and record.tree is not None and (lacks := missing(edi, record)):
        failure = Failure(step="profile", code="required", errors=lacks)
        return Interpreted(record=record, source_key=key, failure=failure)
    return interpret(hub.catalog, flow, record, key, attributes)


def noted(record: Record) -> bool:
    """Whether a record acknowledges something of ours."""
    return record.envelope.get("set", "") in ACKNOWLEDGEMENTS


def stranger(edi: Edi, envelope: Mapping[str, str]) -> Failure | None:
    """Why an interchange is not the profile's partner's; None when it is, or has no envelope."""
    if not envelope:
        return None
    pairs = (("sender", edi.receiver, edi.receiver_qualifier), ("receiver", edi.sender, edi.sender_qualifier))
    errors = []
    for name, ours, qualifier in pairs:
        found, expected = envelope.get(name, ""), ours
        if qualifier is not None:
            found, expected = f"{envelope.get(f'{name}_qualifier', '')}/{found}", f"{qualifier}/{ours}"
        if found != expected:
            message = f"{name} {found!r} of interchange {envelope.get('control', '')} is not {expected!r}"
            errors.append({**_fault(name, message), "expected": expected, "found": found, **_shown(envelope)})
    if errors:
        return Failure(step=ENVELOPE, code="unknown_partner", errors=errors)
    usage = envelope.get("test", "")
    if edi.usage and usage in _USAGE and usage != edi.usage:
        message = (
            f"interchange {envelope.get('control', '')} is {_USAGE[usage]} data, "
            f"but this partner's profile says usage {edi.usage} ({_USAGE[edi.usage]})"
        )
        fault = {**_fault("usage", message), "expected": edi.usage, "found": usage, **_shown(envelope)}
        return Failure(step=ENVELOPE, code="wrong_usage", errors=[fault])
    return None


def labels(one: x12.Interchange | edifact.Interchange) -> Mapping[str, str]:
    """An interchange's own part of a record's envelope."""
    usage = one.usage if isinstance(one, x12.Interchange) else ("T" if one.test else "P")
    return {
        "sender": one.sender,
        "sender_qualifier": one.sender_qualifier,
        "receiver": one.receiver,
        "receiver_qualifier": one.receiver_qualifier,
        "control": one.control,
        "test": usage,
    }


def missing(edi: Edi, record: Record) -> list[dict[str, Any]]:
    """The business fields of the profile that a record lacks, each with its place."""
    paths = edi.required.get(record.envelope.get("set", ""), ())
    return [
        {
            "path": path,
            "message": f"{path} is required by the partner profile, found nothing"
            + (f" ({position})" if position else ""),
            "found": None,
            "position": position,
        }
        for path in paths
        for position in _holes(record.tree, path.split("."))
    ]


def _holes(node: Any, steps: Sequence[str], segment: str = "", number: int = 0) -> Iterator[str]:
    """Where a path ends before its value, as mapping errors tell places; empty for the whole record."""
    if isinstance(node, dict) and "@" in node:
        number = node["@"]
    below = node.get(steps[0]) if isinstance(node, dict) else None
    if not below:
        names = zip(("element", "component"), steps if steps[0].isdigit() else (), strict=False)
        inside = "".join(f", {what} {int(step)}" for what, step in names)
        yield f"{segment} segment {number}{inside}" if segment else ""
    elif len(steps) > 1:
        name = segment if steps[0].isdigit() else steps[0]
        for child in below if isinstance(below, list) else [below]:
            yield from _holes(child, steps[1:], name, number)


def _refused(fate: Fate, record: Record) -> Failure | None:
    if not fate.refused:
        return None
    fault = {**_fault("control", fate.message), **_shown(record.envelope)}
    return Failure(step=ENVELOPE, code=fate.refused, errors=[fault])


def _fault(path: str, message: str) -> dict[str, Any]:
    return {"path": path, "message": message}


def _shown(envelope: Mapping[str, str]) -> dict[str, Any]:
    """The envelope as people are shown it."""
    return {"envelope": {name: value for name, value in envelope.items() if value}}
