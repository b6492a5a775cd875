"""JSON as people keep it in files: indented, numbers exactly as they are."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson


def pretty(tree: Any) -> str:
    """Indented JSON with a newline at the end; `Decimal("2.50")` is written `2.50`."""
    return orjson.dumps(tree, default=_exact, option=orjson.OPT_INDENT_2).decode() + "\n"


def _exact(value: Any) -> orjson.Fragment:
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(str(value))
    raise TypeError(f"{value!r} ({type(value).__name__}) is no value of a document")
