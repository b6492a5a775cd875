"""What the pages read: totals, dead letters, and whatever a number names. No page writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from canonical.vocabulary import Status
from hub.flows.partner_profile import TA1_OPERATION
from hub.pipeline import trace
from hub.pipeline.context import Hub
from hub.store.database import Database

PAGE: Final = 50
"""Rows of a list before it is continued on the next page."""

UNSETTLED: Final = ("open", "parked")
LETTER_STATES: Final = (*UNSETTLED, "replayed", "resolved", "discarded")
MESSAGE_STATES: Final = ("admitted", "revision", "held", "noted", "dead", "parked", "discarded")
EFFECT_STATES: Final = (
    "waiting", "claimed", "retry_at", "in_doubt", "confirmed", "refused", "parked", "cancelled",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LetterFilter:
    """Which dead letters are wanted; empty means all."""

    state: str = ""
    flow: str = ""
    run: str = ""
    fingerprint: str = ""

    @property
    def states(self) -> list[str]:
        """The states behind the choice: without one, those that still need somebody."""
        if self.state == "all":
            return list(LETTER_STATES)
        return [self.state] if self.state in LETTER_STATES else list(UNSETTLED)

    def query(self) -> dict[str, str]:
        """As parameters of the list's address."""
        return {"state": self.state, "flow": self.flow, "run": self.run, "fingerprint": self.fingerprint}


@dataclass(slots=True)
class Hits:
    """What a number names."""

    returns: Sequence[Mapping[str, Any]] = field(default_factory=list)
    messages: Sequence[Mapping[str, Any]] = field(default_factory=list)
    effects: Sequence[Mapping[str, Any]] = field(default_factory=list)
    letter: UUID | None = None
    payload: str = ""


def overview(hub: Hub) -> dict[str, Any]:
    """Totals of everything, and what needs attention."""
    database = hub.database
    letters = database.rows("console_letter_groups", {**_letters(LetterFilter()), "limit": 10_000})
    statuses = ["", *Status]
    return {
        "flows": _flows(database, hub.catalog.intake),
        "targets": _targets(database, hub.catalog.targets()),
        "groups": letters[:5],
        "open_letters": sum(group["letters"] for group in letters),
        "alerts": database.rows("console_alerts"),
        "recent": database.rows("console_recent_returns", {"statuses": statuses, "limit": 10}),
        "returns": sorted(database.rows("summary_returns"), key=lambda row: -row["returns"]),
    }


def _flows(database: Database, declared: Iterable[str]) -> list[dict[str, Any]]:
    """One row per intake flow: documents, records, repeats, and messages by state."""
    flows: dict[str, dict[str, Any]] = {}

    def row(flow: str) -> dict[str, Any]:
        counts = dict.fromkeys(("documents", "waiting", "received", "repeats", *MESSAGE_STATES), 0)
        return flows.setdefault(flow, {"flow": flow, **counts})

    for flow in declared:
        row(flow)
    for found in database.rows("summary_documents"):
        row(found["flow"]).update(found)
    for found in database.rows("summary_messages"):
        row(found["flow"])[found["state"]] = found["messages"]
    return [flows[flow] for flow in sorted(flows)]


def _targets(database: Database, declared: Iterable[str]) -> list[dict[str, Any]]:
    """One row per target: effects by state, and the target's condition."""
    targets: dict[str, dict[str, Any]] = {}

    def row(target: str) -> dict[str, Any]:
        counts = dict.fromkeys(EFFECT_STATES, 0)
        condition = {"paused": "", "failures": 0, "not_before": None}
        return targets.setdefault(target, {"target": target, **counts, **condition})

    for target in declared:
        row(target)
    for found in database.rows("summary_effects"):
        row(found["target"])[found["state"]] += found["effects"]
    # -infinity, the rest state of not_before, has no Python value: the statement gives null
    for found in database.rows("console_targets"):
        row(found["target"]).update(found)
    return [targets[target] for target in sorted(targets)]


def interchanges(hub: Hub, system: str, *, waiting: bool) -> dict[str, Any]:
    """The newest interchanges both ways, and the newest acknowledgements.

    Args:
        system: Only those of this system; empty for all.
        waiting: Only what waits for an acknowledgement or for a person.
    """
    params = {"system": system, "limit": PAGE}
    return {
        "interchanges": hub.database.rows("list_interchanges", {**params, "open": waiting}),
        "acknowledgements": hub.database.rows("list_acknowledgements", params),
        "systems": sorted(name for name, one in hub.catalog.systems.items() if one.edi),
    }


def letter_list(hub: Hub, wanted: LetterFilter, before: UUID | None) -> dict[str, Any]:
    """A page of dead letters, their groups, and what can be filtered by."""
    params = _letters(wanted)
    groups = hub.database.rows("console_letter_groups", {**params, "limit": 200})
    letters = hub.database.rows("console_letters", {**params, "before": before, "limit": PAGE + 1})
    flows = {*hub.catalog.intake, *hub.catalog.targets()}
    return {
        "groups": groups,
        "total": sum(group["letters"] for group in groups),
        "letters": letters[:PAGE],
        "older": letters[PAGE - 1]["id"] if len(letters) > PAGE else None,
        "flows": sorted(flows | ({wanted.flow} - {""})),
        "states": LETTER_STATES,
    }


def letter(hub: Hub, letter_id: UUID) -> dict[str, Any] | None:
    """A dead letter with its bytes, tree, attempts, siblings and history; None when there is none."""
    rows = hub.database.rows
    found = rows("dead_letter", {"id": letter_id})
    if not found:
        return None
    it = found[0]
    message = _first(rows("message", {"id": it["message_id"]})) if it["message_id"] else None
    effect = _first(rows("effect", {"id": it["effect_id"]})) if it["effect_id"] else None
    subject = it["message_id"] or it["effect_id"]
    raw = message["sha256"] if message else effect["request_sha256"] if effect else None
    return {
        "letter": it,
        "message": message,
        "effect": effect,
        "raw": _first(rows("payload", {"sha256": raw})) if raw else None,
        "tree": _first(rows("payload", {"sha256": it["tree_sha256"]})) if it["tree_sha256"] else None,
        "attempts": rows("console_attempts", {"effect_id": it["effect_id"]}) if effect else [],
        "siblings": [row for row in rows("console_letters_of", {"ids": [subject]}) if row["id"] != letter_id],
        "history": rows("audit_of", {"subjects": [str(subject), str(letter_id)]}),
    }


def payload(hub: Hub, sha256: str) -> Mapping[str, Any] | None:
    """Stored bytes by their digest."""
    return _first(hub.database.rows("payload", {"sha256": sha256}))


def search(hub: Hub, text: str) -> Hits:
    """Find what a number names; white space around and within it does not matter.

    Besides the numbers of `hub.pipeline.trace.find`: our keys at partners, control numbers of outgoing
    interchanges, ids of ours, and digests.
    """
    hits = Hits()
    spellings = list(
        dict.fromkeys(spelling for spelling in (text.strip(), "".join(text.split())) if spelling)
    )
    named = [trace.find(hub, spelling) for spelling in spellings]
    return_ids = dict.fromkeys(return_id for found in named for return_id in found["return_ids"])
    _by_id(hub, spellings[-1] if spellings else "", hits, return_ids)
    effects = hub.database.rows("console_effects_by_number", _operations(hub, spellings)) if spellings else []
    return_ids |= dict.fromkeys(effect["return_id"] for effect in effects if effect["return_id"])
    hits.effects = [effect for effect in effects if not effect["return_id"]]
    hits.returns = hub.database.rows("console_returns", {"ids": list(return_ids), "limit": 200})
    messages = {message["id"]: message for found in named for message in found["messages"]}
    letters = hub.database.rows("console_letters_of", {"ids": list(messages)})
    newest = {row["message_id"]: row["id"] for row in letters}
    hits.messages = [{**message, "letter": newest.get(key)} for key, message in messages.items()]
    return hits


def _by_id(hub: Hub, text: str, hits: Hits, return_ids: dict[UUID, None]) -> None:
    if len(text) == 64 and hub.database.rows("payload_exists", {"sha256": text.lower()}):  # noqa: PLR2004  # SHA-256
        hits.payload = text.lower()
    try:
        wanted = UUID(text)
    except ValueError:
        return
    for owner in hub.database.rows("console_owner", {"id": wanted}):
        if owner["kind"] == "letter":
            hits.letter = owner["id"]
        else:
            return_ids[owner["id"]] = None


def _operations(hub: Hub, values: Sequence[str]) -> dict[str, Any]:
    written = {flow.to.operation for flow in hub.catalog.delivery.values()}
    answers = [
        to for flow in hub.catalog.intake.values() for to in (flow.acknowledgement, flow.rejection) if to
    ]
    answered = {to.operation for to in answers} | {TA1_OPERATION}
    return {
        "targets": list(hub.catalog.targets()),
        "operations": sorted(written | answered),
        "values": list(values),
        "limit": 200,
    }


def _letters(wanted: LetterFilter) -> dict[str, Any]:
    return {
        "states": wanted.states, "flow": wanted.flow, "run": wanted.run, "fingerprint": wanted.fingerprint,
    }  # fmt: skip


def _first(found: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return found[0] if found else None
