"""Grammars of transaction sets: how the guides of X12 are written, and where they are."""

from __future__ import annotations

import re
from typing import Any, Final

from connectors.codecs.segmented import guide as segmented
from connectors.codecs.segmented.guide import Element, Family, Faults, Guide, Node
from connectors.codecs.x12 import findings as codes

__all__ = ["X12", "Element", "Guide", "Node", "find", "load", "names", "nearest", "parse"]

_KINDS: Final = frozenset({"AN", "ID", "DT", "TM", "R", "N0", "N1", "N2", "N3", "N4", "B"})


def _form(text: str) -> tuple[str, int, int] | None:
    kind, _, lengths = text.partition(" ")
    low, _, high = lengths.partition("/")
    if kind not in _KINDS or not low.isdigit() or not high.isdigit() or int(low) > int(high):
        return None
    return kind, int(low), int(high)


X12: Final = Family(
    prefix="x12",
    kind="set",
    whole="transaction",
    forms="'type min/max' as in 'AN 1/30'",
    form=_form,
    requirements="MXO",
    segment_id=re.compile(r"[A-Z][A-Z0-9]{1,2}"),
    release=lambda version: version[:6],
    age=lambda release: release if release.isdigit() else "",
    faults=Faults(
        missing=codes.SEGMENT_MISSING,
        unrecognized=codes.SEGMENT_UNRECOGNIZED,
        unexpected=codes.SEGMENT_UNEXPECTED,
        not_in_set=codes.SEGMENT_NOT_IN_SET,
        out_of_order=codes.SEGMENT_OUT_OF_ORDER,
        too_often=codes.SEGMENT_TOO_OFTEN,
        loop_too_often=codes.LOOP_TOO_OFTEN,
    ),
)


def names() -> tuple[str, ...]:
    """All guides there are, as format names: `x12/180-004010`."""
    return segmented.names(X12)


def load(name: str) -> Guide:
    """Load a guide by its format name (`x12/180-004010`).

    Raises:
        KeyError: There is no such guide.
        GuideError: Its files are wrong.
    """
    return segmented.load(X12, name)


_UNGUIDED: Final = re.compile(r"x12/([0-9]{3})")


def unguided(name: str) -> Guide | None:
    """What stands for the guide of a format without a release (`x12/850`): nothing is known of its inside."""
    match = _UNGUIDED.fullmatch(name)
    return None if match is None else segmented.empty(X12, name, match[1])


def find(set_id: str, version: str) -> Guide | None:
    """Return the guide for a set in a release (`004010VICS`), or None."""
    return segmented.find(X12, set_id, version)


def nearest(set_id: str, version: str) -> Guide | None:
    """Return the guide for a set that comes closest to a release; None when there is none for the set.

    That is the newest one not later than the release, else the oldest: 003030 is read by 004010.
    """
    return segmented.nearest(X12, set_id, version)


def parse(data: dict[str, Any], dictionary: dict[str, Any], place: str) -> Guide:
    """Build a guide from the content of its two files; `place` is named in errors."""
    return segmented.parse(X12, data, dictionary, place)
