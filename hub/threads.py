"""Threads of an app's own, for work that blocks.

The apps are mounted into servers that share one pool among everything they do: a slow partner behind one of
our pages must not take that pool from the others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio
from anyio.to_thread import run_sync

from hub.once import Once

T = TypeVar("T")


class Threads:
    """Runs blocking calls beside the event loop, at most `size` at once; the others queue."""

    def __init__(self, size: int = 8) -> None:
        self._limiter = Once(lambda: anyio.CapacityLimiter(size))

    async def run(self, call: Callable[[], T]) -> T:
        """Run a call and return what it returns."""
        return await run_sync(call, limiter=self._limiter())
