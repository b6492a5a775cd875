"""What some systems put before each terminator."""

from __future__ import annotations

from collections.abc import Sequence


def unpadded(segments: Sequence[str]) -> list[str]:
    """The segments without the blank that stands before the terminator, when it stands before every one.

    A blank at the end of a single element is that element's.
    """
    solid = [one for one in segments if one]
    if solid and all(one.endswith(" ") for one in solid):
        return [one.rstrip(" ") for one in segments]
    return list(segments)
