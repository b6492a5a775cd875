"""answers: what partners say about interchanges of ours, what follows, and who says nothing in time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from connectors.codecs.edi.acknowledgement import Acknowledgement, Verdict, read_acknowledgements
from connectors.codecs.edi.verdicts import AckError
from hub import audit, deadletters
from hub.deadletters import DeadLetter
from hub.flows.partner_profile import AcksExpected
from hub.pipeline.context import Hub
from hub.pipeline.interchanges import DUPLICATE, RECEIVED, Seen, members
from hub.pipeline.partner import ACKNOWLEDGEMENTS
from hub.store.database import Connection, rows

STEP = "acknowledgement"
"""Where an effect failed that was delivered and then sent back."""

_OPEN = ("composed", "sent", "awaiting", "missing")
_BAD = (Verdict.PARTIALLY_ACCEPTED, Verdict.REJECTED)
_SHOWN = 20


def enter(
    tx: Connection,
    hub: Hub,
    system: str,
    document_id: UUID,
    body: bytes,
    seen: Sequence[Seen],
) -> None:
    """Note every acknowledgement of a document, and move what it is about.

    Each has one of these outcomes: accepted, accepted_with_errors, partially_accepted, rejected, late
    (accepted after its time), received (the interchange arrived, the rest is still to come), duplicate (said
    before), contradicted (something else was said before; nothing changes), orphan (we know no such
    interchange), unreadable. Done twice it changes nothing.
    """
    told = [one for one in seen if _tells(one) and one.state in (RECEIVED, DUPLICATE)]
    if not told:
        return
    by = {(one.interchange.sender, one.interchange.receiver, one.interchange.control) for one in told}
    position, entries = -1, []
    for position, one in enumerate(read_acknowledgements(body)):
        if (one.sender, one.receiver, one.control) in by:
            entries += _Entry(tx, hub, system, document_id, position, one).enter()
    readable = position + 1
    expected = sum(_count(one) for one in seen if _tells(one))
    for at in range(readable, expected):
        _unreadable(tx, system, document_id, at, told[0])
    audit.append(tx, entries)


def _tells(one: Seen) -> bool:
    return _count(one) > 0


def _count(one: Seen) -> int:
    """How many acknowledgements an interchange holds: TA1s, 997s, 999s and CONTRLs."""
    sets = [member.set for group in one.interchange.groups for member in members(group)]
    return len(getattr(one.interchange, "acknowledgements", ())) + sum(
        name in ACKNOWLEDGEMENTS for name in sets
    )


def _unreadable(tx: Connection, system: str, document_id: UUID, position: int, seen: Seen) -> None:
    one = seen.interchange
    params = {
        "system": system,
        "kind": "",
        "sender": one.sender,
        "receiver": one.receiver,
        "about": "",
        "interchange_id": None,
        "verdict": "",
        "outcome": "unreadable",
        "document_id": document_id,
        "position": position,
        "detail": "{}",
    }
    if rows(tx, "record_acknowledgement", params):
        message = (
            f"{system}: interchange {one.control} of {one.sender} holds an acknowledgement nobody can read"
        )
        rows(tx, "raise_alert", {"cause": f"ack unreadable {system} {one.control}", "message": message})


class _Entry:
    """One acknowledgement on its way into the books."""

    def __init__(
        self, tx: Connection, hub: Hub, system: str, document_id: UUID, position: int, ack: Acknowledgement
    ) -> None:
        self._tx = tx
        self._hub = hub
        self._system = system
        self._document_id = document_id
        self._position = position
        self._ack = ack

    def enter(self) -> list[audit.Entry]:
        """Note it and do what follows; entries for the audit log, which is written when all is done."""
        ours = self._ours()
        outcome = self._outcome(ours) if ours else "orphan"
        if not self._recorded(ours, outcome):
            return []
        if ours is None:
            self._alert("orphan", f"acknowledges {self._about()}, which we do not know")
            return []
        state = str(outcome)
        if state in ("received", "duplicate"):
            return []
        if state == "contradicted":
            self._alert(
                state, f"says {self._ack.verdict} of {self._about()}, which was {ours['state']} before"
            )
            return []
        rows(self._tx, "move_interchange", {"id": ours["id"], "state": state})
        if ours["state"] == "missing":
            rows(self._tx, "close_alert", {"cause": _missing(ours)})
        if state == Verdict.ACCEPTED_WITH_ERRORS:
            self._alert(state, f"accepted {self._about()} with errors: {self._words()}")
        subjects = [f"{self._system} {ours['control']}"]
        if state in _BAD:
            subjects += self._send_back(ours, state)
        detail = {"kind": self._ack.kind, "control": ours["control"]}
        return [audit.Entry(self._system, f"interchange {state}", subject, detail) for subject in subjects]

    def _ours(self) -> dict[str, Any] | None:
        """The interchange of ours that is acknowledged."""
        about = self._ack.about
        params: dict[str, Any] = {
            "systems": sorted(self._systems()),
            # what acknowledges goes the other way
            "sender": self._ack.receiver,
            "receiver": self._ack.sender,
        }
        if about.interchange:
            name, params["control"] = "acknowledged_by_interchange", about.interchange
        elif about.group:
            name, params["control"] = "acknowledged_by_group", about.group
            params["functional"] = about.functional
        else:
            return None
        found = rows(self._tx, name, params)
        return found[0] if found else None

    def _systems(self) -> set[str]:
        """Systems with the same two sides: what went through one may be acknowledged through another."""
        sides = (self._ack.receiver, self._ack.sender)
        systems = self._hub.catalog.systems.items()
        return {self._system} | {
            name for name, one in systems if one.edi and (one.edi.sender, one.edi.receiver) == sides
        }

    def _outcome(self, ours: Mapping[str, Any]) -> str:
        verdict, state = self._ack.verdict, ours["state"]
        if verdict == Verdict.RECEIVED or (self._ack.kind == "TA1" and verdict not in _BAD):
            if _expected(self._hub, ours["system"]).functional or state not in _OPEN:
                return "duplicate" if self._said_before(ours) else "received"
            verdict = Verdict.ACCEPTED if verdict == Verdict.RECEIVED else verdict
        if state not in _OPEN:
            said = "accepted" if state == "late" else state
            if said == verdict:
                return "duplicate"
            # the worse word counts: what is sent back must be looked at
            return str(verdict) if verdict in _BAD and said not in _BAD else "contradicted"
        due = ours["ack_due"]
        if verdict == Verdict.ACCEPTED and due is not None and due < datetime.now(UTC):
            return "late"
        return str(verdict)

    def _said_before(self, ours: Mapping[str, Any]) -> bool:
        params = {"interchange_id": ours["id"], "kind": self._ack.kind, "verdict": str(self._ack.verdict)}
        return bool(rows(self._tx, "same_acknowledgements", params))

    def _recorded(self, ours: Mapping[str, Any] | None, outcome: str) -> bool:
        params = {
            "system": self._system,
            "kind": self._ack.kind,
            "sender": self._ack.sender,
            "receiver": self._ack.receiver,
            "about": self._about(),
            "interchange_id": ours["id"] if ours else None,
            "verdict": str(self._ack.verdict),
            "outcome": outcome,
            "document_id": self._document_id,
            "position": self._position,
            "detail": _json({"errors": list(self._errors()), "notes": [n.message for n in self._ack.notes]}),
        }
        return bool(rows(self._tx, "record_acknowledgement", params))

    def _about(self) -> str:
        about = self._ack.about
        group = f"group {about.group}" if about.group else ""
        return " ".join(
            filter(None, [f"interchange {about.interchange}" if about.interchange else "", group])
        )

    def _errors(self) -> Iterator[dict[str, Any]]:
        yield from (_error(one, "") for one in self._ack.errors)
        for member in self._ack.transactions:
            name = f"{member.set} {member.control}".strip()
            yield from (_error(one, name) for one in member.errors)

    def _words(self) -> str:
        """What the partner says is wrong, for people."""
        errors = list(self._errors())
        said = "; ".join(str(error["message"]) for error in errors[:_SHOWN])
        return said or f"{self._ack.kind} without a reason"

    def _alert(self, kind: str, message: str) -> None:
        cause = f"ack {kind.replace('_', ' ')} {self._system} {self._about()}"
        text = f"{self._system}: {self._ack.sender} {message}"
        rows(self._tx, "raise_alert", {"cause": cause, "message": text})

    def _send_back(self, ours: Mapping[str, Any], state: str) -> list[str]:
        """What the partner does not take becomes a dead letter of its effect, to be mended and sent again."""
        said = state.replace("_", " ")
        self._alert(state, f"{said} {self._about()}: {self._words()}")
        effects = rows(self._tx, "refuse_delivered_effect", {"id": ours["effect_id"]})
        for effect in effects:
            errors = list(self._errors())[:_SHOWN] or [{"path": "", "code": state, "message": self._words()}]
            first = next((str(one["code"]) for one in errors if one.get("code")), state)
            letter = DeadLetter(
                flow=effect["flow"],
                target=effect["target"],
                step=STEP,
                error_class="Refused",
                code=first,
                errors=errors,
                summary=f"{self._ack.sender} {said} interchange {ours['control']}: {self._words()}",
                effect_id=effect["id"],
                return_id=effect["return_id"],
                mapping=effect["mapping"],
                replays=deadletters.replayed_before(self._tx, [effect["id"]]).get(effect["id"], 0),
            )
            deadletters.write(self._tx, [letter])
        return [str(effect["id"]) for effect in effects]


def _error(one: AckError, transaction: str) -> dict[str, Any]:
    path = f"{one.segment}.{one.element:02d}" if one.segment and one.element else one.segment
    return {
        "path": f"{path}.{one.component:02d}" if path and one.component else path,
        "code": one.code,
        "message": one.message,
        "found": one.found,
        "position": f"segment {one.number}" if one.number else "",
        "transaction": transaction,
    }


def _json(value: Mapping[str, Any]) -> str:
    # jsonb takes no NUL character
    return orjson.dumps(value).decode().replace("\\u0000", "\\ufffd")


def _expected(hub: Hub, system: str) -> AcksExpected:
    known = hub.catalog.systems.get(system)
    return known.edi.acks.expect if known and known.edi else AcksExpected()


def _missing(ours: Mapping[str, Any]) -> str:
    return f"ack missing {ours['system']} {ours['control']}"


def start_clocks(tx: Connection, hub: Hub, target: str, effect_ids: Sequence[UUID]) -> None:
    """Interchanges of ours have arrived: from now on they wait to be acknowledged, where that is expected."""
    system = hub.catalog.systems.get(target)
    if not effect_ids or system is None:
        return
    formats = {operation.format.partition("/")[0] for operation in system.operations.values()}
    if system.edi is not None or formats & {"x12", "edifact"}:
        within = _expected(hub, target).within
        rows(tx, "start_ack_clocks", {"effects": list(effect_ids), "within": within})


def run_out(hub: Hub) -> list[dict[str, Any]]:
    """Find interchanges whose acknowledgement did not come in time; each is told once.

    Any number of workers may look at once. An acknowledgement that comes later is still entered.

    Returns:
        Rows of the interchanges: system, sender, receiver, control, sets, effect_id, ack_due.
    """
    with hub.database.transaction() as tx:
        late = rows(tx, "ack_clocks_out")
        for one in late:
            message = (
                f"{one['system']}: {one['receiver']} has not acknowledged interchange {one['control']} "
                f"({one['sets']}), due {one['ack_due']:%Y-%m-%d %H:%M} UTC. Ask whether it arrived"
            )
            rows(tx, "raise_alert", {"cause": _missing(one), "message": message})
        entries = [
            audit.Entry("hub", "interchange missing", f"{one['system']} {one['control']}", {}) for one in late
        ]
        audit.append(tx, entries)
    return late
