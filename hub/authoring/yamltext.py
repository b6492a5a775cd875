"""Writing YAML that people go on editing: block style, quotes only where they must be."""

from __future__ import annotations

import json
import re

_PLAIN = re.compile(r"[A-Za-z0-9_=/.(][^\n]*")


def scalar(text: str, *, flow: bool = False) -> str:
    """A text as a value of a block (or of a flow map); quoted where YAML would read something else."""
    risky = ": " in text or " #" in text or text.endswith(":") or text != text.strip()
    if flow:
        risky = risky or any(mark in text for mark in ",[]{}")
    return text if _PLAIN.fullmatch(text) and not risky else json.dumps(text, ensure_ascii=False)


def comment(text: str) -> str:
    """A text as one comment."""
    return "# " + " ".join(text.split())
