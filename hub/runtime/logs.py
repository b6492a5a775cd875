"""Log files of components: appended to by the component itself, bounded by the supervisor."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

LIMIT_BYTES = 20 * 1024 * 1024


def open_log(path: Path) -> int:
    """A file descriptor to append to `path`, which is readable for this user only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def bound(path: Path, limit: int = LIMIT_BYTES) -> bool:
    """Move what `path` holds to `path.1` when it is over `limit` bytes; tell whether it was.

    Copy and truncate: the component keeps its descriptor and goes on appending at the new end, and
    no thread of ours stands between it and its log. A line written in between may be lost.
    """
    try:
        if path.stat().st_size <= limit:
            return False
        shutil.copyfile(path, path.with_name(f"{path.name}.1"))
        os.truncate(path, 0)
    except FileNotFoundError:
        return False
    return True


def tail(path: Path, lines: int = 20) -> str:
    """The last lines of a log, for error messages."""
    try:
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - 16_384))
            text = stream.read().decode(errors="replace")
    except FileNotFoundError:
        return "(no log)"
    return "\n".join(text.splitlines()[-lines:])
