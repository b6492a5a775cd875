"""How far each line is, in whole millionths; read from its projection, so that anybody can prove it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from canonical.amounts import millionths
from canonical.vocabulary import Disposition

_STAYS_PUT: Final = frozenset(  # dispositions that move no stock of ours
    {
        Disposition.MISSING,
        Disposition.KEEP_WITH_ALLOWANCE,
        Disposition.DISPUTE_REVIEW,
        Disposition.RETURN_TO_CUSTOMER,
    }
)


class Progress(NamedTuple):
    """One line in numbers.

    Attributes:
        expected: May come back: authorized once approved, requested before.
        received: Has arrived.
        inspected: Was looked at.
        dispositioned: Has a decision.
        due: Is to be credited or replaced.
        settled: Was credited or replaced.
        to_move: Dispositioned so that stock must move.
        moved: Stock that was moved.
        disputed: Awaits a dispute review.
    """

    expected: int
    received: int
    inspected: int
    dispositioned: int
    due: int
    settled: int
    to_move: int
    moved: int
    disputed: int


def progress(line: Mapping[str, Any], expected: str, *, return_required: bool) -> Progress:
    """Read a line of the projection.

    Args:
        line: The line.
        expected: Name of the bucket that says how much may come.
        return_required: False makes all that was authorized due without a disposition.
    """
    dispositions = line["dispositions"]
    due = total([each for each in dispositions if each["credit"]])
    if not return_required:
        due = max(due, millionths(line["authorized"]))
    return Progress(
        expected=millionths(line[expected]),
        received=millionths(line["received"]),
        inspected=millionths(line["inspected"]),
        dispositioned=millionths(line["dispositioned"]),
        due=due,
        settled=millionths(line["credited"]) + millionths(line["replaced"]),
        to_move=total([each for each in dispositions if each["disposition"] not in _STAYS_PUT]),
        moved=total(line["postings"]),
        disputed=total([each for each in dispositions if each["disposition"] == Disposition.DISPUTE_REVIEW]),
    )


def total(children: Sequence[Mapping[str, Any]]) -> int:
    """Sum of the quantities of children that count, in millionths."""
    if not children:
        return 0
    return sum(millionths(child["quantity"]) for child in children if child.get("counted", True))
