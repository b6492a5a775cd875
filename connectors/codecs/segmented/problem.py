"""What is wrong with one element of a segment."""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    """What is wrong with one element: its position, its component (0: the whole), and why."""

    code: str
    element: int
    component: int
    reference: str
    message: str
    expected: str
    found: str


def characters(size: int) -> str:
    """A length in words."""
    return "1 character" if size == 1 else f"{size} characters"
