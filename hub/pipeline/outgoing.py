"""outgoing: envelopes of what we send, their numbers, and the books of what was sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self
from uuid import UUID

from connectors.codecs.registry import grammar
from hub.pipeline.context import Hub
from hub.pipeline.interchanges import RECEIVED, Interchange, keep_groups
from hub.store.database import Connection, rows


class Identity(NamedTuple):
    """Who sends to whom; control numbers are counted per pair, whatever system they go through."""

    sender: str
    receiver: str
    sender_qualifier: str = ""
    receiver_qualifier: str = ""

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Self:
        """The identities of an envelope as codecs write it."""
        return cls(*(str(fields.get(name) or "") for name in cls._fields))

    @classmethod
    def answering(cls, received: Interchange) -> Self:
        """Ours and theirs, changed about, for what answers an interchange."""
        return cls(received.receiver, received.sender, received.receiver_qualifier, received.sender_qualifier)

    @property
    def scope(self) -> str:
        """The name of the pair's numbers. No system's name holds such signs."""
        return f"{self.sender_qualifier}/{self.sender}>{self.receiver_qualifier}/{self.receiver}"


class Sent(NamedTuple):
    """An interchange of ours."""

    system: str
    identity: Identity
    control: str
    version: str
    sets: str
    effect_id: UUID


def fresh_envelope(tx: Connection, hub: Hub, system: str) -> dict[str, Any]:
    """Profile, date, time and newly issued numbers for one document.

    The numbers are taken in the transaction that stores the document, so that a rollback gives them back.
    """
    fields = profile(hub, system)
    us = Identity.of(fields)
    date, time = moment()
    return {
        **fields,
        "control": take(tx, hub, us, system, "interchange"),
        "group": take(tx, hub, us, system, "group"),
        "date": date,
        "time": time,
    }


def profile(hub: Hub, system: str) -> dict[str, Any]:
    """A partner's `edi:` section as codecs write by it."""
    edi = hub.catalog.systems[system].edi
    if edi is None:
        raise LookupError(f"mappings/{system}/system.yaml: expected an edi: section, found none")
    return edi.writing()


def take(tx: Connection, hub: Hub, us: Identity, system: str, kind: str, count: int = 1) -> int:
    """The first of `count` fresh control numbers of a kind: no gap, no reuse, takers queue."""
    legacy = {system}
    legacy |= {
        name
        for name, other in hub.catalog.systems.items()
        if other.edi and (other.edi.sender, other.edi.receiver) == (us.sender, us.receiver)
    }
    params = {"scope": us.scope, "legacy": sorted(legacy), "kind": kind, "count": count}
    return int(rows(tx, "take_control_numbers", params)[0]["first"])


def sent(
    system: str, effect_id: UUID, form: str, envelope: Mapping[str, Any]
) -> tuple[Sent, list[tuple[int, str]]]:
    """What the books say of a document of one format with its envelope: for `record`."""
    guide = grammar(form)
    named = form.partition("/")[2].partition("-")[0].upper()
    set_, version, functional = (guide.set, guide.version, guide.functional) if guide else (named, "", "")
    x12 = form.startswith("x12/")
    control = f"{envelope['control']:09d}" if x12 else str(envelope["control"])
    version = str(envelope.get("version") or version)
    told = Sent(system, Identity.of(envelope), control, version, set_, effect_id)
    return told, [(envelope["group"], functional if x12 else set_)]


def record(tx: Connection, sent: Sent, groups: Sequence[tuple[int, str]]) -> None:
    """Enter an interchange of ours into the books: groups are (control number, functional identifier)."""
    params = {
        "direction": "out",
        "system": sent.system,
        "sender": sent.identity.sender,
        "receiver": sent.identity.receiver,
        "control": sent.control,
        "version": sent.version,
        "sets": sent.sets,
        "document_id": None,
        "effect_id": sent.effect_id,
        "position": 0,
        "digest": "",
        "state": "composed",
        "repeats": None,
    }
    rows(tx, "forget_composed", {"effect_id": sent.effect_id})
    interchange_id = rows(tx, "record_interchange", params)[0]["id"]
    kept = [
        (at, functional, str(control), sent.version, 0, RECEIVED)
        for at, (control, functional) in enumerate(groups)
    ]
    keep_groups(tx, interchange_id, kept)


def moment() -> tuple[str, str]:
    """Date (CCYYMMDD) and time (HHMM) as envelopes write them, in UTC."""
    now = datetime.now(UTC)
    return f"{now:%Y%m%d}", f"{now:%H%M}"
