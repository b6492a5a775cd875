"""Advisory file locks: they vanish with the process that held them, so nothing ever stays locked."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class BusyError(RuntimeError):
    """Somebody else holds the lock."""


@contextmanager
def locked(path: Path, *, shared: bool = False, wait: bool = True) -> Iterator[int]:
    """Hold a lock on `path` (made when absent) and yield its file descriptor.

    Raises:
        BusyError: `wait` is false and another process holds a lock that excludes this one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _take(descriptor, path, shared=shared, wait=wait)
        yield descriptor
    finally:
        os.close(descriptor)


def _take(descriptor: int, path: Path, *, shared: bool, wait: bool) -> None:
    operation = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB)
    try:
        fcntl.flock(descriptor, operation)
    except BlockingIOError:
        raise BusyError(f"{path}: locked by another process") from None
