"""The short horizon of repetition: seconds, inside one call of a connector.

Only `Unavailable` is repeated, since by definition nothing happened there. The long horizon,
minutes to days, belongs to the hub; there is no third.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    stop_before_delay,
    wait_random_exponential,
)

from connectors.errors import Unavailable

Result = TypeVar("Result")


class RetrySettings(BaseModel):
    """How long one call may go on trying.

    `horizon` is the whole time in seconds, `patience` the longest `Retry-After` waited for here:
    a partner that asks for more gets it from the hub, at once and without blocking a worker.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    attempts: int = Field(default=3, ge=1, le=10)
    horizon: float = Field(default=4.0, ge=0, le=60)
    patience: float = Field(default=2.0, ge=0, le=30)


class ShortRetry:
    """Repeats a call while it is `Unavailable`, within the horizon. Safe for threads."""

    def __init__(self, settings: RetrySettings, sleep: Callable[[float], None] = time.sleep) -> None:
        self._patience = settings.patience
        self._backoff = wait_random_exponential(multiplier=0.2, max=1.0)
        self._retrying = Retrying(
            sleep=sleep,
            stop=stop_after_attempt(settings.attempts) | stop_before_delay(settings.horizon),
            wait=self._wait,
            retry=retry_if_exception(self._worth_waiting),
            reraise=True,
        )

    def __call__(self, call: Callable[[], Result]) -> Result:
        """Give the call's result, or its last error."""
        return self._retrying(call)

    def _worth_waiting(self, error: BaseException) -> bool:
        return isinstance(error, Unavailable) and (error.retry_after or 0.0) <= self._patience

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, Unavailable) else None
        return max(asked or 0.0, self._backoff(state))
