"""Who did what: an append-only log whose entries are sealed by a hash chain.

Each entry's hash covers the entry and the hash before it, so a changed, removed or reordered entry breaks the
chain from there on. `verify` walks it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from hub.store.database import Connection, Database, columns, rows

GENESIS = "0" * 64
_FIELDS = ("seq", "at", "actor", "action", "subject", "detail", "previous", "hash")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing somebody did: `action` to `subject` (an id), with JSON-compatible detail."""

    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any] = field(default_factory=dict)


def append(tx: Connection, entries: Sequence[Entry]) -> None:
    """Seal entries onto the chain. Call it last in a transaction: appenders queue until commit."""
    if not entries:
        return
    rows(tx, "lock_audit")
    last = rows(tx, "last_audit")
    seq, previous = (last[0]["seq"], last[0]["hash"]) if last else (0, GENESIS)
    at = datetime.now(UTC)
    sealed = []
    for entry in entries:
        seq += 1
        detail = orjson.dumps(entry.detail, option=orjson.OPT_SORT_KEYS).decode()
        seal = _seal(seq, at, entry.actor, entry.action, entry.subject, detail, previous)
        sealed.append((seq, at, entry.actor, entry.action, entry.subject, detail, previous, seal))
        previous = seal
    rows(tx, "append_audit", columns(sealed, _FIELDS))


def verify(database: Database, *, page: int = 5_000) -> list[str]:
    """Walk the chain and return what is wrong, empty when it is whole."""
    problems: list[str] = []
    seq, previous = 0, GENESIS
    while entries := database.rows("audit_entries", {"after": seq, "limit": page}):
        for entry in entries:
            if entry["seq"] != seq + 1:
                problems.append(f"entries {seq + 1} to {entry['seq'] - 1} are missing")
            if entry["previous"] != previous or entry["hash"] != _seal(
                *(entry[name] for name in _FIELDS[:-1])
            ):
                problems.append(f"entry {entry['seq']} does not match its seal")
            seq, previous = entry["seq"], entry["hash"]
    return problems


def _seal(seq: int, at: datetime, *texts: str) -> str:
    content = "\x1f".join((str(seq), at.isoformat(), *texts))
    return hashlib.sha256(content.encode()).hexdigest()
