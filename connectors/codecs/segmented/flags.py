"""Yes or no in an envelope: partner profiles hold texts."""

from __future__ import annotations

from typing import Any, Final

_YES: Final = frozenset({"true", "yes", "1"})


def yes(value: Any) -> bool:
    """Whether a value says yes: true, or one of the texts true, yes and 1."""
    return value is True or str(value).lower() in _YES
