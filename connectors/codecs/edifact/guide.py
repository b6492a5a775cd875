"""Grammars of messages: how the guides of EDIFACT are written, and where they are."""

from __future__ import annotations

import re
from typing import Final

from connectors.codecs.edifact import findings as codes
from connectors.codecs.segmented import guide as segmented
from connectors.codecs.segmented.guide import Family, Faults, Guide

_FORM: Final = re.compile(r"(an|a|n)(\.\.)?([0-9]{1,4})")
_DIRECTORY: Final = re.compile(r"[A-Z0-9]:([0-9]{2})([A-Z0-9])")
_CENTURY: Final = "60"  # directories begin in the nineties; nobody will read one of 2060


def _form(text: str) -> tuple[str, int, int] | None:
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    most = int(match[3])
    return match[1], 1 if match[2] else most, most


def _release(version: str) -> str:
    return ":".join(version.split(":")[:2])


def _age(release: str) -> str:
    """The year and letter of a directory (`D:96A`); service messages (`D:3`, `4:1`) go by version."""
    found = _DIRECTORY.fullmatch(release)
    if found is None:
        return f"0{release}" if release[:1].isdigit() and release >= "4" else ""
    return ("19" if found[1] >= _CENTURY else "20") + found[1] + found[2]


EDIFACT: Final = Family(
    prefix="edifact",
    kind="message",
    whole="message",
    forms="a form as in 'an..35' or 'n3'",
    form=_form,
    requirements="MC",
    segment_id=re.compile(r"[A-Z][A-Z0-9]{2}"),
    release=_release,
    age=_age,
    faults=Faults(
        missing=codes.SEGMENT_MISSING,
        unrecognized=codes.SEGMENT_UNRECOGNIZED,
        unexpected=codes.SEGMENT_UNEXPECTED,
        not_in_set=codes.SEGMENT_UNEXPECTED,
        out_of_order=codes.SEGMENT_UNEXPECTED,
        too_often=codes.SEGMENT_TOO_OFTEN,
        loop_too_often=codes.LOOP_TOO_OFTEN,
    ),
)


def names() -> tuple[str, ...]:
    """All guides there are, as format names: `edifact/retann-d96a`."""
    return segmented.names(EDIFACT)


def load(name: str) -> Guide:
    """Load a guide by its format name (`edifact/retann-d96a`).

    Raises:
        KeyError: There is no such guide.
        GuideError: Its files are wrong.
    """
    return segmented.load(EDIFACT, name)


_UNGUIDED: Final = re.compile(r"edifact/([a-z][a-z0-9]{5})")


def unguided(name: str) -> Guide | None:
    """What stands for the guide of a format without a version (`edifact/orders`): nothing is known of it."""
    match = _UNGUIDED.fullmatch(name)
    return None if match is None else segmented.empty(EDIFACT, name, match[1].upper())


def find(message: str, version: str) -> Guide | None:
    """Return the guide for a message type (`RETANN`) in a version (`D:96A:EN:EAN001`), or None."""
    return segmented.find(EDIFACT, message, version)


def nearest(message: str, version: str) -> Guide | None:
    """Return the guide for a message type that comes closest to a version; None when there is none.

    That is the newest one not later than the directory, else the oldest.
    """
    return segmented.nearest(EDIFACT, message, version)
