"""Identities: time-ordered for facts, derived from content for returns and their lines."""

from __future__ import annotations

import hashlib
import os
import struct
import threading
import time
from typing import Final
from uuid import UUID, uuid5

_RETURNS: Final = UUID("6f0c7c35-2a0e-5f53-9d63-6a6b6a1b7d10")
_VARIANT: Final = "89ab"
_SUB_MILLISECOND: Final = 4096
_NANOSECONDS: Final = 1_000_000

_DRAWN_AT_ONCE: Final = 256
"""Random numbers per system call, which costs as much as all else in `uuid7` together."""

_lock = threading.Lock()
_last = 0
_drawn: list[int] = []
# a forked child must not draw the numbers that its parent will
os.register_at_fork(after_in_child=_drawn.clear)


def uuid7() -> UUID:
    """A new UUIDv7 (RFC 9562, method 3): strictly ascending within a process, also across threads.

    48 bits of milliseconds, 12 bits of the fraction below, 62 random bits. When the clock stands still or
    steps back, the time part counts on from the last one given out.
    """
    global _last  # noqa: PLW0603 -- one clock per process is the point
    milliseconds, rest = divmod(time.time_ns(), _NANOSECONDS)
    tick = milliseconds * _SUB_MILLISECOND + rest * _SUB_MILLISECOND // _NANOSECONDS
    with _lock:
        _last = tick = max(tick, _last + 1)
        if not _drawn:
            _drawn.extend(
                number >> 2 for (number,) in struct.iter_unpack(">Q", os.urandom(8 * _DRAWN_AT_ONCE))
            )
        random = _drawn.pop()
    milliseconds, fraction = divmod(tick, _SUB_MILLISECOND)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | random)


def return_id(entity: str, system: str, origin_id: str) -> UUID:
    """The return's UUIDv5: the same request of the same system to the same entity, always the same id.

    Each part carries its length, so that no two different triples can read the same.
    """
    return uuid5(_RETURNS, "".join(f"{len(part)}:{part}" for part in (entity, system, origin_id)))


def line_id(return_id: UUID, line_no: int) -> str:
    """The line's UUIDv5 below its return, as text; equal to `str(uuid5(return_id, str(line_no)))`.

    Spelled out because the fold makes one for each line of each return.
    """
    name = return_id.bytes + str(line_no).encode()
    digest = hashlib.sha1(name, usedforsecurity=False).hexdigest()
    variant = _VARIANT[int(digest[16], 16) & 3]
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"
