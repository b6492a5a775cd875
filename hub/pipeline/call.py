"""One effect, one call: what to do first, and what each answer means. Knows the partner, not the database."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.base import Document, Receipt, Repeat
from connectors.errors import Config, ConnectorError, Contract, Refused, Unavailable, Unknown
from hub.effects import KILLS, Effect, Outcome, receipt_json

NextDelay = Callable[[int, float], timedelta | None]
"""A retry schedule: (attempt number, random in [0, 1)) to the wait before the next, None when exhausted."""


def perform(connector: Any, effect: Effect, next_delay: NextDelay) -> Outcome:
    """Make an effect happen once at the partner and say what came of it.

    Before any repeat the partner is asked by business key, where the operation can be looked up; an operation
    that nobody can ask about is parked after an unknown outcome, never repeated.
    """
    operation = connector.operations[effect.operation]
    if effect.kills >= KILLS:
        return Outcome(
            effect=effect,
            state="parked",
            error_class="Unknown",
            code="killer_record",
            message=f"{effect.kills} workers died while delivering this effect",
            unburnt=True,
        )
    if effect.repeated and operation.repeat is Repeat.NONE and effect.was in ("claimed", "in_doubt"):
        return _parked(effect, "an earlier attempt may have succeeded and nobody can ask the partner")
    try:
        receipt = _once(connector, effect, look_first=effect.repeated and operation.repeat is Repeat.LOOKUP)
    except ConnectorError as error:
        return _failed(effect, operation.repeat, operation.settle, error, next_delay)
    stored = receipt_json(receipt)
    return Outcome(
        effect=effect, state="confirmed", receipt=receipt, stored=stored, exchange=receipt.exchange
    )


def _once(connector: Any, effect: Effect, *, look_first: bool) -> Receipt:
    if look_first:
        found: Receipt | None = connector.find(effect.operation, effect.business_key)
        if found is not None:
            return found
    document = Document(
        source_key=effect.business_key, body=effect.request or b"", media_type=effect.request_type
    )
    receipt: Receipt = connector.write(effect.operation, document, effect.business_key)
    return receipt


def _failed(
    effect: Effect, repeat: Repeat, settle: float, error: ConnectorError, next_delay: NextDelay
) -> Outcome:
    common: dict[str, Any] = {
        "effect": effect,
        "error_class": type(error).__name__,
        "code": error.code,
        "message": error.message,
        "exchange": error.exchange,
    }
    if isinstance(error, Config):
        # nothing is burnt: the effect waits as it was until the target is resumed
        was = "in_doubt" if effect.was == "claimed" else effect.was
        return Outcome(**common, state=was, pause=f"{error.code}: {error.message}", unburnt=True)
    if isinstance(error, Refused | Contract):
        return Outcome(**common, state="refused")
    wait = next_delay(effect.attempts, random.random())  # noqa: S311  # jitter, not a secret
    if wait is None:
        return Outcome(**common, state="parked")
    if isinstance(error, Unavailable):
        asked = timedelta(seconds=error.retry_after) if error.retry_after else None
        delay = max(wait, asked) if asked else wait
        # an earlier unknown outcome stays unknown although this call never happened
        state = "in_doubt" if effect.was in ("claimed", "in_doubt") else "retry_at"
        return Outcome(**common, state=state, delay=delay, retry_after=asked)
    return _unknown(common, effect, repeat, max(wait, timedelta(seconds=settle)))


def _unknown(common: dict[str, Any], effect: Effect, repeat: Repeat, delay: timedelta) -> Outcome:
    if repeat is Repeat.NONE:
        return _parked(effect, str(common["message"]))
    return Outcome(**common, state="in_doubt", delay=delay)


def _parked(effect: Effect, message: str) -> Outcome:
    return Outcome(
        effect=effect, state="parked", error_class=Unknown.__name__, code="outcome_unknown", message=message
    )


def released(effect: Effect, until: datetime) -> Outcome:
    """Give an effect back without a call: the target asked everybody to wait, or the lease is nearly over."""
    was = "in_doubt" if effect.was == "claimed" else effect.was
    wait = max(until - datetime.now(UTC), timedelta(0))
    return Outcome(effect=effect, state=was, delay=wait, unburnt=True)
