"""Dead letters: what could not pass, with all its errors, and what became of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from canonical.ids import uuid7
from hub.store.database import Connection, columns, rows

_INDEX = re.compile(r"\[\d+\]")
_NAMES = (
    "id",
    "kind",
    "message_id",
    "effect_id",
    "document_id",
    "return_id",
    "flow",
    "target",
    "run_id",
    "class",
    "step",
    "code",
    "path",
    "fingerprint",
    "summary",
    "errors",
    "tree_sha256",
    "mapping",
    "state",
    "replays",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """What failed where.

    Attributes:
        step: decode, key, map, validate, drift, match, encode or deliver.
        error_class: A class of `connectors.errors` (Contract, Refused, Unavailable, Unknown), or Drift: the
            source changed its shape.
        errors: All of them, each with path, message and, where known, source, found and position.
        tree_sha256: The decoded tree's payload, when decoding came that far.
        replays: How often it was replayed before; a letter that fails again is parked.
    """

    flow: str
    step: str
    error_class: str
    code: str
    errors: Sequence[Mapping[str, Any]]
    summary: str
    message_id: UUID | None = None
    effect_id: UUID | None = None
    document_id: UUID | None = None
    return_id: UUID | None = None
    target: str = ""
    run_id: str = ""
    tree_sha256: str | None = None
    mapping: str = ""
    replays: int = 0
    id: UUID = field(default_factory=uuid7)

    @property
    def path(self) -> str:
        """Where the first error is, without list positions, so that alike failures group."""
        return _INDEX.sub("[]", str(self.errors[0].get("path", ""))) if self.errors else ""

    @property
    def fingerprint(self) -> str:
        """Groups letters of one cause: class, step, code and path."""
        cause = f"{self.flow}\x1f{self.error_class}\x1f{self.step}\x1f{self.code}\x1f{self.path}"
        return hashlib.sha256(cause.encode()).hexdigest()[:16]


def write(tx: Connection, letters: Sequence[DeadLetter]) -> None:
    """Store letters, in the transaction that moves their message or effect into its dead state."""
    if letters:
        rows(tx, "write_dead_letters", columns([_row(letter) for letter in letters], _NAMES))


def replayed_before(tx: Connection, ids: Sequence[UUID]) -> dict[UUID, int]:
    """How often each of these messages or effects was replayed."""
    if not ids:
        return {}
    return {row["subject"]: row["replays"] for row in rows(tx, "replayed_before", {"ids": list(ids)})}


def _row(letter: DeadLetter) -> tuple[Any, ...]:
    return (
        letter.id,
        "effect" if letter.effect_id else "message",
        letter.message_id,
        letter.effect_id,
        letter.document_id,
        letter.return_id,
        letter.flow,
        letter.target,
        letter.run_id,
        letter.error_class,
        letter.step,
        letter.code,
        letter.path,
        letter.fingerprint,
        letter.summary,
        _errors(letter.errors),
        letter.tree_sha256,
        letter.mapping,
        "parked" if letter.replays else "open",
        letter.replays,
    )


def _errors(errors: Sequence[Mapping[str, Any]]) -> str:
    # jsonb takes no NUL character, which a partner's document may well hold
    return orjson.dumps([dict(error) for error in errors], default=str).decode().replace("\\u0000", "\\ufffd")
