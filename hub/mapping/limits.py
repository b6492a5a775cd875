"""How much work one record may make: counted the same on every machine, with a clock behind it.

Work is counted in characters. A text costs its characters for each function that reads it, a value
at least `VALUE`, a function what it says it costs. Everything that leaves a mapping was counted, so
the result has at most `WORK` characters; and at the pace of the generated code `WORK` stays below
100 ms. Because the count does not depend on the machine, a record that maps once maps always. The
clock only stops what the count misjudges, and is far enough away not to meet honest records.
"""

from __future__ import annotations

from collections.abc import Iterable
from time import thread_time
from typing import Any, TypeAlias

WORK = 10_000_000
"""What one record may cost, and the most characters its result may have."""

VALUE = 50
"""What a value costs at least; longer texts cost their characters."""

VISIT = 10
"""What it costs to look at an element of a list."""

CLOCK = 2.0
"""Seconds of this thread's processor time after which a record is given up whatever was counted."""

_TICK = WORK // 100
"""Work between two looks at the clock; most records never look."""

PATIENCE = 5 * CLOCK
"""The same for the interpreter, which is that much slower."""

LARGE = 8_000
"""Values of a record beyond which the interpreter explains one field only: it needs 7 µs for each value."""

Meter: TypeAlias = list[Any]
"""Work left, the mark below which to look at the clock, when the time is over (0 before the first look), and
how many seconds there are."""


class TooMuch(Exception):  # noqa: N818 - an answer to the document, not a fault
    """The record costs more than one may; the message says what."""


def new_meter(spent: int = 0, seconds: float = CLOCK) -> Meter:
    """A meter for one record."""
    return [WORK - spent, WORK - _TICK, 0.0, seconds]


def spend(meter: Meter, cost: int) -> None:
    """Count work.

    Raises:
        TooMuch: There is none left, or the time is over.
    """
    meter[0] -= cost
    if meter[0] < meter[1]:
        tick(meter)


def tick(meter: Meter) -> None:
    """Look at the clock, and whether work is left.

    Raises:
        TooMuch: The time is over, or no work is left.
    """
    if meter[0] < 0:
        raise TooMuch(f"makes more work than one record may ({WORK} characters, a value counts {VALUE})")
    now = thread_time()
    if not meter[2]:
        meter[2] = now + meter[3]
    elif now > meter[2]:
        raise TooMuch(f"took longer than {meter[3]:g} seconds")
    meter[1] = meter[0] - _TICK


def cost_of_text(text: str, weight: int = 1) -> int:
    """What a text costs beyond the value that it is."""
    return len(text) * weight if len(text) > VALUE else 0


def cost_of_list(values: Iterable[Any], weight: int = 1) -> int:
    """What the values of a list cost."""
    return sum([VALUE + len(value) * weight if isinstance(value, str) else VALUE for value in values])


def is_large(value: Any) -> bool:
    """Whether a document has more than `LARGE` values; never looks at many more."""
    count, waiting = 0, [value]
    while waiting and count <= LARGE:
        item = waiting.pop()
        children = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
        count += len(children)
        waiting.extend(child for child in children if isinstance(child, dict | list))
    return count > LARGE


def cost_of_tree(value: Any) -> int:
    """What a whole group or list costs that is taken over as it is."""
    cost, waiting = 0, [value]
    while waiting:
        item = waiting.pop()
        cost += VALUE
        if isinstance(item, dict):
            waiting.extend(item.values())
            cost += sum(map(len, map(str, item)))
        elif isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, str):
            cost += len(item)
    return cost
