"""A value that is made at first use, by one thread, for all."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Once(Generic[T]):
    """Calls `make` at the first call and gives its value ever after; a failed attempt is tried again."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: list[T] = []
        self._lock = Lock()

    def __call__(self) -> T:
        """Return the value."""
        with self._lock:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]


def once(given: T | Callable[[], T] | None, default: Callable[[], T]) -> Callable[[], T]:
    """What gives the value: `given` itself, what `given` makes at first use, or what `default` makes then."""
    if given is None:
        return Once(default)
    if callable(given):
        return Once(given)
    return lambda: given
