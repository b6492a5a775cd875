"""Quantities and money as whole millionths: exact, fast, and independent of any decimal context."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

UNIT: Final = 1_000_000
_PLACES: Final = 6


@lru_cache(maxsize=4096)  # a return repeats a handful of small numbers many times
def millionths(text: str) -> int:
    """A plain decimal string of at most six places as whole millionths, `"1.5"` to `1500000`.

    Raises:
        ValueError: It is not such a string.
    """
    whole, point, fraction = text.partition(".")
    if not point:
        return int(whole) * UNIT
    if len(fraction) > _PLACES:
        raise ValueError(f"expected at most {_PLACES} decimal places, found {text!r}")
    return int(whole) * UNIT + int(fraction.ljust(_PLACES, "0"))


def plain(amount: int) -> str:
    """Millionths as the shortest plain decimal string, `1500000` to `"1.5"`."""
    if amount < 0:
        return "-" + plain(-amount)
    whole, rest = divmod(amount, UNIT)
    if not rest:
        return str(whole)
    return f"{whole}.{rest:06d}".rstrip("0")
