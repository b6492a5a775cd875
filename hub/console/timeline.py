"""A return's way through the hub, in time order: what came, what was stated, what left, who acted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from canonical.lines import BUCKETS, CHILDREN
from hub.console.rendering import stamp
from hub.pipeline import trace
from hub.pipeline.context import Hub

_ALWAYS: Final = ("requested", "authorized", "received", "inspected", "dispositioned", "credited")
# when several things happen in one transaction, their cause is listed first
_ORDER: Final = {"message": 0, "fact": 1, "effect": 2, "dead letter": 3, "action": 4}


@dataclass(frozen=True, slots=True)
class Note:
    """One labelled value of an entry; `path` leads to another page of the console."""

    label: str
    text: str
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened.

    Attributes:
        at: When the hub recorded it.
        kind: message, fact, effect, dead letter or action.
        happened: When it happened out there, where that differs.
        tree: What it says, for unfolding.
        attempts: Calls made for an effect.
    """

    at: datetime
    kind: str
    title: str
    state: str = ""
    summary: str = ""
    happened: datetime | None = None
    notes: Sequence[Note] = ()
    tree: Any = None
    attempts: Sequence[Mapping[str, Any]] = ()
    id: UUID | None = None


@dataclass(slots=True)
class Way:
    """Everything a return's page shows."""

    return_: Mapping[str, Any]
    entries: list[Entry] = field(default_factory=list)
    letters: list[Mapping[str, Any]] = field(default_factory=list)
    buckets: list[str] = field(default_factory=list)

    @property
    def exists(self) -> bool:
        """Whether the hub knows anything about it."""
        return bool(self.return_ or self.entries)

    @property
    def customer(self) -> Mapping[str, Any]:
        """The party that sends the goods back, as far as it is known."""
        return customer(self.return_.get("parties"))


def way(hub: Hub, return_id: UUID) -> Way:
    """Read a return with everything that happened to it."""
    found = trace.trace_return(hub, return_id)
    subjects = [str(row["id"]) for row in (*found["messages"], *found["effects"])]
    history = hub.database.rows("audit_of", {"subjects": subjects}) if subjects else []
    entries = [
        *_messages(found["messages"]),
        *_facts(found["facts"]),
        *_effects(found["effects"]),
        *_letters(found["dead_letters"]),
        *_actions(history),
    ]
    entries.sort(key=lambda entry: (entry.at, _ORDER[entry.kind]))
    return Way(found["return"], entries, _unsettled(found["dead_letters"]), used_buckets(found["return"]))


def customer(parties: Sequence[Mapping[str, Any]] | None) -> Mapping[str, Any]:
    """The party that matters most to a reader: the customer or buyer, else the first."""
    known = list(parties or ())
    for role in ("customer", "buyer", "returner", "sold_to"):
        for party in known:
            if party.get("role") == role:
                return party
    return known[0] if known else {}


def used_buckets(return_: Mapping[str, Any]) -> list[str]:
    """The quantity columns worth showing: the usual ones, and others that hold something."""
    lines = return_.get("lines") or ()
    return [name for name in BUCKETS if name in _ALWAYS or any(line.get(name, "0") != "0" for line in lines)]


def happenings(line: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What happened to a line, as (kind, text) pairs in plain words."""
    return [
        (child.removesuffix("s"), _said(item))
        for child in CHILDREN
        for item in line.get(child) or ()
    ]  # fmt: skip


def _said(item: Mapping[str, Any]) -> str:
    hidden = ("line_no", "fact_id")
    texts = [f"{name.replace('_', ' ')} {_flat(value)}" for name, value in item.items() if name not in hidden]
    return ", ".join(texts)


def _flat(value: Any) -> str:
    if isinstance(value, Mapping):
        return "/".join(_flat(part) for part in value.values())
    return ", ".join(_flat(part) for part in value) if isinstance(value, list) else str(value)


def _unsettled(letters: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [letter for letter in letters if letter["state"] in ("open", "parked")]


def _messages(messages: Sequence[Mapping[str, Any]]) -> Iterator[Entry]:
    for message in messages:
        seen = message["seen"]
        notes = [
            Note("raw document", message["document_key"], f"/payloads/{message['sha256']}"),
            Note("record", str(message["position"] + 1)),
            Note("source key", message["source_key"]),
            Note("flow", message["flow"]),
            Note("mapping", message["mapping"]),
            Note("run", message["run_id"], f"/runs/{message['run_id']}" if message["run_id"] else ""),
            Note("arrived", f"{seen} times, last {stamp(message['last_seen_at'])}" if seen > 1 else ""),
        ]
        yield Entry(
            at=message["received_at"],
            kind="message",
            id=message["id"],
            title=f"Message from {message['endpoint']}",
            state=message["state"],
            notes=_filled(notes),
        )


def _facts(facts: Sequence[Mapping[str, Any]]) -> Iterator[Entry]:
    for fact in facts:
        data = fact["data"]
        policy = data.get("policy") or {}
        decided_by = " ".join(str(policy[name]) for name in ("name", "version") if policy.get(name))
        notes = [
            Note("source", fact["source"]),
            Note("actor", fact["actor"] if fact["actor"] != fact["source"] else ""),
            Note("policy", decided_by),
            Note("rule", str(policy.get("rule") or "")),
            Note("mapping", fact["mapping"]),
            _payload_note("raw", fact["raw_sha256"]),
            Note("corrects", str(fact["corrects"] or "")),
        ]
        differs = abs((fact["recorded_at"] - fact["occurred_at"]).total_seconds()) >= 1
        yield Entry(
            at=fact["recorded_at"],
            kind="fact",
            id=fact["id"],
            title=fact["type"],
            state=str(data.get("outcome") or ""),
            summary=_summary(data),
            happened=fact["occurred_at"] if differs else None,
            notes=_filled(notes),
            tree=data,
        )


def _summary(data: Mapping[str, Any]) -> str:
    """What a fact says, in one line."""
    if data.get("rma_number") and data.get("system"):
        return f"RMA {data['rma_number']} at {data['system']}"
    if data.get("reasons"):
        return "; ".join(str(reason) for reason in data["reasons"])
    if data.get("document"):
        amount = f", {data['amount']} {data.get('currency', '')}" if data.get("amount") else ""
        return f"document {data['document']} at {data.get('system', '')}{amount}".rstrip()
    lines = data.get("lines") or ()
    parts = [_line_summary(line) for line in lines[:3]]
    more = [f"and {len(lines) - 3} more lines"] if len(lines) > 3 else []  # noqa: PLR2004  # what fits into a line
    return "; ".join([part for part in parts if part] + more)


def _line_summary(line: Mapping[str, Any]) -> str:
    quantity = line.get("quantity") or line.get("requested") or line.get("authorized") or ""
    item = line.get("sku") or (line.get("item") or {}).get("sku") or f"line {line.get('line_no', '')}"
    verdict = line.get("disposition") or line.get("condition") or ""
    return " ".join(str(part) for part in (quantity, line.get("uom", ""), item, verdict) if part)


def _effects(effects: Sequence[Mapping[str, Any]]) -> Iterator[Entry]:
    for effect in effects:
        sha256 = effect["request_sha256"]
        due = effect["state"] in ("waiting", "retry_at", "in_doubt") and effect["attempts_made"]
        notes = [
            Note("reference", effect["reference"]),
            Note("our key", effect["business_key"]),
            Note("flow", effect["flow"]),
            Note("mapping", effect["mapping"]),
            _payload_note("request", sha256, effect["request_type"]),
            Note("next try", stamp(effect["not_before"]) if due else ""),
            Note("settled", stamp(effect["settled_at"]) if effect["settled_at"] else ""),
            *(Note("interchange", _interchange(one)) for one in effect.get("interchanges", ())),
        ]
        yield Entry(
            at=effect["created_at"],
            kind="effect",
            id=effect["id"],
            title=f"{effect['target']} · {effect['operation']}",
            state=effect["state"],
            notes=_filled(notes),
            tree=effect["receipt"],
            attempts=effect["attempts_made"],
        )


def _interchange(one: Mapping[str, Any]) -> str:
    """Number and state of an interchange of ours, and when its acknowledgement came or is due."""
    when = one["ack_at"] or one["ack_due"]
    word = "acknowledged" if one["ack_at"] else "due"
    return f"{one['control']} {one['state'].replace('_', ' ')}" + (f", {word} {stamp(when)}" if when else "")


def _letters(letters: Sequence[Mapping[str, Any]]) -> Iterator[Entry]:
    for letter in letters:
        yield Entry(
            at=letter["created_at"],
            kind="dead letter",
            id=letter["id"],
            title=f"{letter['class']} at {letter['step']}",
            state=letter["state"],
            summary=letter["summary"],
            notes=[Note("dead letter", str(letter["id"]), f"/deadletters/{letter['id']}")],
        )


def _actions(history: Sequence[Mapping[str, Any]]) -> Iterator[Entry]:
    """What people did; the hub's own entries say nothing that is not on the page already."""
    for entry in history:
        if entry["actor"] != "hub":
            yield Entry(
                at=entry["at"],
                kind="action",
                title=entry["action"],
                summary=note_of(entry),
                notes=[Note("by", entry["actor"])],
            )


def note_of(entry: Mapping[str, Any]) -> str:
    """The note somebody left with an audited action."""
    detail = orjson.loads(entry["detail"])
    return str(detail.get("note") or "") if isinstance(detail, Mapping) else ""


def _payload_note(label: str, sha256: str | None, media_type: str = "") -> Note:
    if not sha256:
        return Note(label, "")
    return Note(label, f"{sha256[:12]}… {media_type}".rstrip(), f"/payloads/{sha256}")


def _filled(notes: Sequence[Note]) -> list[Note]:
    return [note for note in notes if note.text]
