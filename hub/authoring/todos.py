"""Questions that `new` has left in a file and nobody has answered."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

_OPEN = re.compile(r"(^|\s)#\s*TODO\b")


def todos(file: Path) -> tuple[int, ...]:
    """The lines, from 1, on which a comment says TODO; none when the file cannot be read."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ()
    return tuple(number for number, line in enumerate(lines, 1) if _OPEN.search(line))


def told(file: str, lines: Sequence[int]) -> str:
    """`2 TODO are open in mappings/a/b.yaml, lines 4 and 9`."""
    if len(lines) == 1:
        return f"1 TODO is open in {file}, line {lines[0]}"
    *most, last = map(str, lines)
    return f"{len(lines)} TODO are open in {file}, lines {', '.join(most)} and {last}"
