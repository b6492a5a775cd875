"""Durations as people write them in YAML: `15 seconds`, `5 minutes`, `24 hours`, `4 days`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator

_WRITTEN = re.compile(r"([1-9][0-9]{0,5}) (second|minute|hour|day)s?")


def duration(text: object) -> timedelta:
    """Read a duration.

    Raises:
        ValueError: The text is none.
    """
    if isinstance(text, timedelta):
        return text
    found = _WRITTEN.fullmatch(str(text))
    if not found:
        raise ValueError(f"expected a duration such as 15 seconds or 2 hours, found {str(text)!r}")
    return timedelta(**{found.group(2) + "s": int(found.group(1))})


Duration = Annotated[timedelta, BeforeValidator(duration)]
"""A pydantic field that reads durations."""
