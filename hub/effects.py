"""Effects: everything that leaves. Claim with a fence, call, settle under the same fence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from connectors.base import Exchange, Receipt
from hub import ledger
from hub.store.database import Connection, columns, rows

LEASE = timedelta(seconds=45)
"""How long a claim stands without an outcome before another worker may probe."""

KILLS = 3
"""An attempt that took its worker down this often is parked for a person."""

NOW = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One claimed effect; `was` is its state before the claim, `fence` this claim's number."""

    id: UUID
    seq: int
    flow: str
    target: str
    operation: str
    business_key: str
    return_id: UUID | None
    fact_id: UUID | None
    document_id: UUID | None
    was: str
    fence: int
    attempts: int
    kills: int
    created_at: datetime
    lease_until: datetime
    mapping: str
    request_type: str
    request: bytes | None

    @property
    def repeated(self) -> bool:
        """Whether anybody claimed it before, so that it may have happened already."""
        return self.fence > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one attempt came to.

    Attributes:
        state: The effect's next state: confirmed, refused, retry_at, in_doubt, parked or waiting.
        error_class: Class of `connectors.errors`, empty on success.
        stored: The receipt as it is stored, see `receipt_json`.
        delay: How long until the effect may be claimed again.
        unburnt: True when no call was made, so that no attempt is counted.
        step: Where it failed, for the dead letter: encode, deliver or receipt.
        pause: Reason to pause the whole target, when the fault is in our configuration.
        retry_after: The partner asked everybody to wait this long.
    """

    effect: Effect
    state: str
    error_class: str = ""
    code: str = ""
    message: str = ""
    errors: Sequence[dict[str, Any]] = ()
    receipt: Receipt | None = None
    stored: str = ""
    exchange: Exchange | None = None
    delay: timedelta = NOW
    unburnt: bool = False
    step: str = "deliver"
    pause: str = ""
    retry_after: timedelta | None = None

    @property
    def label(self) -> str:
        """What the attempt row says: the next state, or how a confirmation was found."""
        if self.state == "confirmed" and self.receipt is not None and self.receipt.found:
            return "found"
        return self.state


def claim(tx: Connection, target: str, limit: int, worker: str) -> list[Effect]:
    """Take what is due at a target, in order, with lease, fence and attempt row.

    What was in the hands of a worker that died is taken one at a time, after all else: so the one that kills
    workers takes no others with it.
    """
    params = {"target": target, "lease": LEASE, "worker": worker}
    claimed = _claim(tx, {**params, "limit": limit, "suspect": False})
    return claimed or _claim(tx, {**params, "limit": 1, "suspect": True})


def _claim(tx: Connection, params: Mapping[str, Any]) -> list[Effect]:
    names = Effect.__dataclass_fields__
    return [Effect(**{name: row[name] for name in names}) for row in rows(tx, "claim_effects", params)]


def store_requests(tx: Connection, composed: Sequence[tuple[UUID, bytes, str, str]]) -> None:
    """Keep (effect id, bytes, media type, mapping) before they are sent; a repeat sends the same bytes."""
    if not composed:
        return
    digests = ledger.store_payloads(tx, [(body, media_type) for _, body, media_type, _ in composed])
    stored = [
        (effect_id, sha, media_type, mapping)
        for (effect_id, _, media_type, mapping), sha in zip(composed, digests, strict=True)
    ]
    rows(tx, "store_requests", columns(stored, ("id", "sha256", "media_type", "mapping")))


def settle(tx: Connection, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Write outcomes and end their attempts; return those that were still ours to write."""
    if not outcomes:
        return []
    names = ("id", "fence", "state", "reference", "receipt", "delay", "unburnt")
    settled = {
        row["id"] for row in rows(tx, "settle_effects", columns([_effect_row(o) for o in outcomes], names))
    }
    ours = [outcome for outcome in outcomes if outcome.effect.id in settled]
    if ours:
        _end_attempts(tx, ours)
    confirmed = [outcome.effect.id for outcome in ours if outcome.state == "confirmed"]
    if confirmed:
        rows(tx, "resolve_dead_letters", {"effect_ids": confirmed})
    return ours


def _effect_row(outcome: Outcome) -> tuple[Any, ...]:
    effect, receipt = outcome.effect, outcome.receipt
    return (
        effect.id,
        effect.fence,
        outcome.state,
        receipt.reference if receipt else "",
        outcome.stored or None,
        outcome.delay,
        int(outcome.unburnt),
    )


def receipt_json(receipt: Receipt) -> str:
    """A receipt as it is stored and as receipt mappings read it; decimals as text."""
    # receipt mappings that need a time read this one, so that reading it again gives the same fact
    at = datetime.now(UTC).isoformat(timespec="seconds")
    body = {"reference": receipt.reference, "body": receipt.body, "found": receipt.found, "at": at}
    return orjson.dumps(body, default=str).decode().replace("\\u0000", "\\ufffd")


def _end_attempts(tx: Connection, outcomes: Sequence[Outcome]) -> None:
    answers = [(outcome, outcome.exchange.response_body if outcome.exchange else b"") for outcome in outcomes]
    kept = ledger.store_payloads(tx, [(body, _media_type(outcome)) for outcome, body in answers if body])
    digests = iter(kept)
    ended = [_attempt_row(outcome, next(digests) if body else None) for outcome, body in answers]
    names = ("id", "fence", "outcome", "class", "code", "message", "request", "response", "response_sha256")
    rows(tx, "end_attempts", columns(ended, names))


def _attempt_row(outcome: Outcome, response_sha256: str | None) -> tuple[Any, ...]:
    exchange = outcome.exchange
    return (
        outcome.effect.id,
        outcome.effect.fence,
        outcome.label,
        outcome.error_class,
        outcome.code,
        outcome.message.replace("\x00", "�"),
        exchange.request if exchange else "",
        exchange.response if exchange else "",
        response_sha256,
    )


def _media_type(outcome: Outcome) -> str:
    headers = outcome.exchange.response_headers if outcome.exchange else {}
    lowered = {name.lower(): value for name, value in headers.items()}
    return lowered.get("content-type", "application/octet-stream").partition(";")[0].strip()
