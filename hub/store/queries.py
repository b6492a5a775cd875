"""Named SQL: every statement the hub sends stands in queries.sql under its name."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import LiteralString

_NAME = re.compile(r"^-- ([a-z_]+) --$", re.MULTILINE)


@cache
def _statements() -> dict[str, str]:
    text = (Path(__file__).parent / "queries.sql").read_text(encoding="utf-8")
    parts = _NAME.split(text)[1:]
    names, bodies = parts[::2], parts[1::2]
    if len(set(names)) != len(names):
        raise ValueError(f"queries.sql names a statement twice: {sorted(names)}")
    return dict(zip(names, (body.strip() for body in bodies), strict=True))


def sql(name: str) -> LiteralString:
    """Return the statement of that name; KeyError when there is none."""
    # psycopg asks for literals to keep user text out of SQL: this text is from our own file
    return _statements()[name]


def names() -> list[str]:
    """All statement names, for tests."""
    return sorted(_statements())
