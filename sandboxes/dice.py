"""Chance that repeats: draws derived from a seed and names, never from the order of the calls."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


class Dice:
    """Deterministic draws: the same seed and names give the same answer in every process and version.

    >>> Dice(7).number("order", 12, low=1, high=6) == Dice(7).number("order", 12, low=1, high=6)
    True
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def _draw(self, names: tuple[object, ...]) -> int:
        text = "\x1f".join(str(part) for part in (self.seed, *names))
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")

    def number(self, *names: object, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + self._draw(names) % (high - low + 1)

    def chance(self, *names: object, percent: int) -> bool:
        """True in `percent` of 100 draws."""
        return self._draw(names) % 100 < percent

    def pick(self, *names: object, of: Sequence[Item]) -> Item:
        """One element of `of`."""
        return of[self._draw(names) % len(of)]

    def milliseconds(self, *names: object, low: float, high: float) -> float:
        """Seconds from `low` to `high` with millisecond steps."""
        return self.number(*names, low=round(low * 1000), high=round(high * 1000)) / 1000

    def shuffled(self, *names: object, of: Sequence[Item]) -> list[Item]:
        """All elements of `of` in a drawn order."""
        order = sorted(range(len(of)), key=lambda position: self._draw((*names, position)))
        return [of[position] for position in order]
