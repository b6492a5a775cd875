"""interchanges: what a document's envelopes are to us, decided once, kept, and told record by record."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from connectors.codecs import edifact, x12
from connectors.codecs.base import Record
from hub import ledger
from hub.flows.models import IntakeFlow
from hub.flows.partner_profile import Edi
from hub.pipeline.context import Hub
from hub.pipeline.interpret import Failure
from hub.pipeline.partner import TAKEN, Fate, labels, stranger
from hub.store.database import Connection, columns, rows

Interchange: TypeAlias = x12.Interchange | edifact.Interchange
AnyGroup: TypeAlias = x12.Group | edifact.Group

RECEIVED, DUPLICATE, REUSED = "received", "duplicate", "control_reused"

_DIGEST_BYTES = 32


@dataclass(slots=True)
class Contents:
    """Digests of a document's enveloped records in order, to be filled while they are read."""

    digests: bytearray = field(default_factory=bytearray)

    def noting(self, records: Iterable[Record]) -> Iterator[Record]:
        """The records, each noted on its way."""
        for record in records:
            if record.envelope:
                self.digests += bytes.fromhex(record.digest)
            yield record


class Seen(NamedTuple):
    """One interchange of a document and what it is to us.

    Attributes:
        interchange: As it was read.
        position: In the document, from 0.
        state: received, duplicate, control_reused, unknown_partner or wrong_usage.
        reused: Positions of groups whose number another interchange had.
    """

    interchange: Interchange
    position: int
    state: str
    reused: frozenset[int] = frozenset()

    @property
    def known(self) -> bool:
        """Whether it is from the partner of the profile."""
        return self.state in (RECEIVED, DUPLICATE, REUSED)


def groups_of(interchange: Interchange) -> Sequence[AnyGroup]:
    """The functional groups of an interchange."""
    return interchange.groups


def members(group: AnyGroup) -> Sequence[x12.Transaction | edifact.Message]:
    """The transactions or messages of a group."""
    return group.transactions if isinstance(group, x12.Group) else group.messages


def register(
    tx: Connection,
    hub: Hub,
    flow: IntakeFlow,
    claim: ledger.Claim,
    received: Sequence[Interchange],
    contents: Contents,
) -> list[Seen]:
    """Compare the interchanges of a document with those before it, and keep what was found.

    Same number and same content is a duplicate; same number and other content is refused, like a group whose
    number another interchange had. What is refused raises one alert. Done again it finds the same.
    """
    system = flow.read.system
    edi = hub.catalog.systems[system].edi
    rows(tx, "lock_partner", {"partner": system})
    seen: list[Seen] = []
    at = 0
    for position, one in enumerate(received):
        counts = [len(members(group)) for group in one.groups]
        size = sum(counts) * _DIGEST_BYTES
        whole = _digest(one, bytes(contents.digests[at : at + size]))
        at += size
        books = _Books(tx, system, claim.id, position, one, whole)
        verdict, first = books.judge(edi)
        reused = books.reused_groups(edi) if edi and verdict == RECEIVED else frozenset()
        found = Seen(one, position, verdict, reused)
        seen.append(found)
        if books.keep(found, first, counts):
            _tell(tx, flow, edi, found)
            if edi and verdict == RECEIVED and edi.control.sequence == "warn":
                books.sequence(edi)
    return seen


@dataclass(frozen=True, slots=True)
class _Books:
    """One interchange before the books of its partner."""

    tx: Connection
    system: str
    document_id: UUID
    position: int
    interchange: Interchange
    digest: str

    def _ask(self, name: str, edi: Edi, **more: Any) -> list[dict[str, Any]]:
        one = self.interchange
        params = {
            "system": self.system,
            "sender": one.sender,
            "receiver": one.receiver,
            "window": edi.control.window,
            "document_id": self.document_id,
            "position": self.position,
        }
        return rows(self.tx, name, {**params, **more})

    def judge(self, edi: Edi | None) -> tuple[str, int | None]:
        if edi is None:
            return RECEIVED, None
        if failure := stranger(edi, labels(self.interchange)):
            return failure.code, None
        if not self.interchange.control:
            return RECEIVED, None
        before = self._ask("interchanges_before", edi, control=self.interchange.control)
        if not before:
            return RECEIVED, None
        same = before[0]["digest"] == self.digest
        return (DUPLICATE if same else REUSED), before[0]["id"]

    def reused_groups(self, edi: Edi) -> frozenset[int]:
        if edi.control.groups == "ignore":
            return frozenset()
        controls = sorted({group.control for group in self.interchange.groups if group.control})
        found = self._ask("groups_before", edi, controls=controls) if controls else []
        taken = {(row["functional"], row["control"]) for row in found}
        reused = set()
        for position, group in enumerate(groups_of(self.interchange)):
            name = (group.functional, group.control)
            if group.control and name in taken:
                reused.add(position)
            taken.add(name)
        return frozenset(reused)

    def keep(self, seen: Seen, first: int | None, counts: Sequence[int]) -> bool:
        """Store what was found; false when it was stored before."""
        one = self.interchange
        sets = sorted({member.set for group in one.groups for member in members(group)})
        params = {
            "direction": "in",
            "system": self.system,
            "sender": one.sender,
            "receiver": one.receiver,
            "control": one.control,
            "version": one.version,
            "sets": ",".join(sets),
            "document_id": self.document_id,
            "effect_id": None,
            "position": self.position,
            "digest": self.digest,
            "state": seen.state,
            "repeats": first,
        }
        inserted = rows(self.tx, "record_interchange", params)
        if inserted:
            groups = [
                (at, group.functional, group.control, getattr(group, "version", ""), count, state)
                for at, (group, count) in enumerate(zip(groups_of(one), counts, strict=True))
                for state in (REUSED if at in seen.reused else RECEIVED,)
            ]
            keep_groups(self.tx, inserted[0]["id"], groups)
        return bool(inserted)

    def sequence(self, edi: Edi) -> None:
        """A gap and a step back are noticed and never block: transport changes the order of files."""
        last = self._ask("last_interchange", edi)
        old, new = (last[0]["control"] if last else ""), self.interchange.control
        if not (old.isdigit() and new.isdigit()) or int(new) == int(old) + 1:
            return
        what = "is older than" if int(new) < int(old) else "leaves a gap after"
        message = f"{self.system}: interchange {new} of {self.interchange.sender} {what} {old}"
        cause = f"sequence {self.system} {self.interchange.sender}"
        rows(self.tx, "raise_alert", {"cause": cause, "message": message})


def keep_groups(
    tx: Connection, interchange_id: int, groups: Sequence[tuple[int, str, str, str, int, str]]
) -> None:
    """Store the groups of an interchange: (position, functional, control, version, records, state)."""
    names = ("position", "functional", "control", "version", "records", "state")
    rows(tx, "record_groups", {**columns(groups, names), "interchange_id": interchange_id})


def _digest(one: Interchange, records: bytes) -> str:
    """Content without numbers, delimiters and line ends: the records, and TA1s, which are none."""
    told = one.acknowledgements if isinstance(one, x12.Interchange) else []
    text = "\x1e".join("\x1f".join(elements) for elements in told)
    return hashlib.sha256(records + text.encode("utf-8", "surrogatepass")).hexdigest()


def _tell(tx: Connection, flow: IntakeFlow, edi: Edi | None, seen: Seen) -> None:
    """One alert for what is not processed."""
    one, system = seen.interchange, flow.read.system
    shown = f"interchange {one.control} from {_name(one, 'sender')} to {_name(one, 'receiver')}"
    where = "its records wait as dead letters"
    if seen.state == REUSED:
        cause = f"control reused {system} {one.control}"
        rows(tx, "raise_alert", {"cause": cause, "message": f"{system}: {reused_text(one)}; {where}"})
    elif not seen.known and edi is not None:
        failure: Failure | None = stranger(edi, labels(one))
        said = failure.summary if failure else ""
        cause = f"{seen.state.replace('_', ' ')} {system} {one.sender}"
        message = (
            f"{system}: {shown} is not processed, {where}: {said}. Mend edi: in its system.yaml, then replay"
        )
        rows(tx, "raise_alert", {"cause": cause, "message": message})
    if seen.reused:
        numbers = ", ".join(one.groups[at].control for at in sorted(seen.reused))
        cause = f"group reused {system} {numbers}"
        message = f"{system}: {shown} has groups whose numbers were used before ({numbers}); {where}"
        rows(tx, "raise_alert", {"cause": cause, "message": message})


def reused_text(one: Interchange) -> str:
    """Why an interchange is refused whose number had other content before."""
    return (
        f"interchange {one.control} of {one.sender} came before with other content; "
        "the partner has to send it under a new number"
    )


def _name(one: Interchange, side: str) -> str:
    qualifier = getattr(one, f"{side}_qualifier")
    return f"{qualifier}/{getattr(one, side)}" if qualifier else str(getattr(one, side))


def fates(tx: Connection, document_id: UUID) -> list[tuple[int, Fate]]:
    """What becomes of the enveloped records of a document, in order: (how many, their fate).

    Empty when the document has no interchanges in the books.
    """
    found: list[tuple[int, Fate]] = []
    for row in rows(tx, "interchanges_of", {"document_id": document_id}):
        if row["records"] is None:
            continue
        named = f"interchange {row['control']} of {row['sender']}"
        fate = TAKEN
        if row["state"] == REUSED:
            message = f"{named} came before with other content; the partner has to send it under a new number"
            fate = Fate(REUSED, message)
        elif row["state"] == DUPLICATE:
            fate = Fate(repeated=row["repeated"])
        elif row["group_state"] == REUSED:
            fate = Fate("group_reused", f"another interchange had the number of this group ({named})")
        found.append((row["records"], fate))
    return found


def with_fates(records: Iterable[Record], runs: Sequence[tuple[int, Fate]]) -> Iterator[tuple[Record, Fate]]:
    """Each record with its fate; what is outside of interchanges is nobody's."""
    coming = (fate for count, fate in runs for _ in range(count))
    for record in records:
        yield record, (next(coming, TAKEN) if record.envelope else TAKEN)


def repeated(tx: Connection, items: Sequence[tuple[Record, Fate]]) -> set[int]:
    """Indices of records of duplicates that the first interchange brought, and that are still there.

    A record that somebody discarded is not: a partner that sends it again is right to do so.
    """
    found: set[int] = set()
    for document_id in {fate.repeated for _, fate in items if fate.repeated}:
        of_it = [record for record, fate in items if fate.repeated == document_id]
        params = {"document_id": document_id, "digests": sorted({record.digest for record in of_it})}
        live = {row["digest"] for row in rows(tx, "live_digests", params)}
        found |= {record.index for record in of_it if record.digest in live}
    return found
