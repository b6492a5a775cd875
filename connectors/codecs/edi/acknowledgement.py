"""Acknowledgements that come in: TA1, 997, 999 and CONTRL, whatever partners make of them.

Nothing is refused for not being as a guide has it: what is there is read, and what cannot be read is told in
notes. What was cut says nothing: it never makes a rejected document look accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from connectors.codecs.base import NOTHING, Body, Finding, whole
from connectors.codecs.edi.sniff import Standard, standard_of
from connectors.codecs.edi.verdicts import (
    About,
    AckError,
    Acknowledgement,
    Counts,
    GroupVerdict,
    TransactionVerdict,
    Verdict,
)
from connectors.codecs.edi.verdicts_edifact import read as read_edifact
from connectors.codecs.edi.verdicts_x12 import read as read_x12

__all__ = [
    "About",
    "AckError",
    "Acknowledgement",
    "Counts",
    "GroupVerdict",
    "Reading",
    "TransactionVerdict",
    "Verdict",
    "read",
    "read_acknowledgements",
]


class Reading(NamedTuple):
    """The acknowledgements of a document, and what is wrong with the document around them."""

    acknowledgements: list[Acknowledgement]
    notes: list[Finding]


def read(body: Body, options: Mapping[str, Any] = NOTHING) -> Reading:
    """Read all acknowledgements of a document; anything else in it is passed over.

    Args:
        body: X12 or EDIFACT, one or more interchanges.
        options: `charset` of the text, as for the codecs.

    Returns:
        The acknowledgements in the order of the document, a TA1 in front of the groups of its interchange.
        Never raises for what the document holds.
    """
    data = whole(body)
    charset = str(options.get("charset") or "")
    family = read_edifact if standard_of(data) is Standard.EDIFACT else read_x12
    return Reading(*family(data, charset))


def read_acknowledgements(body: Body, options: Mapping[str, Any] = NOTHING) -> list[Acknowledgement]:
    """The acknowledgements that `read` finds, without what it says about the document around them."""
    return read(body, options).acknowledgements
