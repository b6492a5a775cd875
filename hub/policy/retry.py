"""How often and how long a thing that did not happen is tried again: the long horizon.

Only pure arithmetic: the caller brings the attempt's number, a random number and how long it has
been trying, and stores the answer with the effect.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A named schedule of `policies/retry.yaml`.

    Attributes:
        name: What flows call it.
        first: Delay after the first attempt.
        factor: What the delay grows by with each further attempt, at least 1.
        max: Longest delay, before jitter.
        jitter: Part of the delay by which it is spread to both sides, from 0 to less than 1.
        attempts: How many attempts there are in all.
        deadline: How long after the first attempt the last one may begin.
    """

    name: str
    first: timedelta
    factor: float
    max: timedelta
    jitter: float
    attempts: int
    deadline: timedelta

    def next_delay(self, attempt: int, rnd: float, elapsed: timedelta = timedelta()) -> timedelta | None:
        """Time to wait before the next attempt; None when the schedule is exhausted.

        Args:
            attempt: Number of the attempt that just failed, from 1.
            rnd: A random number in [0, 1) that spreads the delays of many effects.
            elapsed: Time since the first attempt; the last delay is cut to end at the deadline.
        """
        left = self.deadline - elapsed
        if attempt >= self.attempts or left <= timedelta():
            return None
        delay = self._grown(max(attempt, 1)) * (1 + self.jitter * (2 * rnd - 1))
        return min(delay, left)

    def _grown(self, attempt: int) -> timedelta:
        """`first x factor^(attempt-1)`, at most `max`, without overflowing on a late attempt."""
        delay = self.first
        for _ in range(attempt - 1):
            if delay >= self.max:
                break
            delay *= self.factor
        return min(delay, self.max)
