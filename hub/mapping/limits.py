"""How much one record may hold and how much work it may make: counted the same on every machine.

Work is counted in bytes. A text costs its bytes in UTF-8 for each function that reads it, a value at
least `VALUE`, a function what it says it costs; at the pace of the generated code `WORK` stays below
100 ms. Records and results of more than `RECORD` bytes are refused. Because neither count depends on
the machine, a record that maps once maps always. The clock only stops what the count misjudges, and
is far enough away not to meet honest records.
"""

from __future__ import annotations

from collections.abc import Iterable
from time import thread_time
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson

if TYPE_CHECKING:
    from hub.mapping.faults import Faults

RECORD = 10_000_000
"""The most bytes of a record, and of its result, as JSON without blanks."""

WORK = 10_000_000
"""What one record may cost."""

EXPLAINED = WORK // 2
"""What it may cost to explain what is in error in a record, beyond that."""

VALUE = 50
"""What a value costs at least; longer texts cost their bytes."""

VISIT = 10
"""What it costs to look at an element of a list."""

FAULT = 700
"""What it costs to notice a field in error: an exception is made, raised and caught."""

EVALUATED = 2_000
"""What the interpreter costs for one expression, when a record in error is explained."""

REACHED = 150
"""What it costs the interpreter then to reach an element and remember its place."""

CLOCK = 2.0
"""Seconds of this thread's processor time after which a record is given up whatever was counted."""

_TICK = WORK // 100
"""Work between two looks at the clock; most records never look."""

PATIENCE = 5 * CLOCK
"""The same for the interpreter, which is that much slower."""

_ODD = 250_000
"""So many values take 30 ms to be measured where JSON has no words for them."""

LIGHT = WORK // 50
"""Whatever costs less than this makes less than `RECORD` bytes: what costs `VALUE` are at most eight texts
of 50 characters, each of which JSON writes in at most 6 bytes."""

Meter: TypeAlias = list[Any]
"""Work left, the mark below which to look at the clock, when the time is over (0 before the first look),
how many seconds there are, and the `Faults` noticed so far or None."""


class TooMuch(Exception):  # noqa: N818 - an answer to the document, not a fault
    """The record holds or costs more than one may; the message says what.

    Attributes:
        faults: What was noticed before.
    """

    def __init__(self, message: str, faults: Faults | None = None) -> None:
        super().__init__(message)
        self.faults = faults


def new_meter(spent: int = 0, seconds: float = CLOCK) -> Meter:
    """A meter for one record."""
    return [WORK - spent, WORK - _TICK, 0.0, seconds, None]


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
        said = f"makes more work than one record may ({WORK} bytes, a value counts {VALUE})"
        raise TooMuch(said, meter[4])
    now = thread_time()
    if not meter[2]:
        meter[2] = now + meter[3]
    elif now > meter[2]:
        raise TooMuch(f"took longer than {meter[3]:g} seconds", meter[4])
    meter[1] = meter[0] - _TICK


def size_of(text: str) -> int:
    """Bytes of a text in UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def cost_of_text(text: str, weight: int = 1) -> int:
    """What a text costs beyond the value that it is."""
    return size_of(text) * weight if len(text) > VALUE else 0


def cost_of_list(values: Iterable[Any], weight: int = 1) -> int:
    """What the values of a list cost."""
    return sum([VALUE + size_of(value) * weight if isinstance(value, str) else VALUE for value in values])


def cost_of_tree(value: Any) -> int:
    """What a whole group or list costs that is taken over as it is."""
    cost, waiting = 0, [value]
    while waiting:
        item = waiting.pop()
        cost += VALUE
        if isinstance(item, dict):
            waiting.extend(item.values())
            cost += sum(map(size_of, map(str, item)))
        elif isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, str):
            cost += size_of(item)
    return cost


def measured(tree: Any) -> int:
    """Bytes of a record or a result, as JSON without blanks.

    Raises:
        TooMuch: More than `RECORD`.
    """
    odd = _Odd()
    try:
        size = len(orjson.dumps(tree, default=odd))
    except TypeError as error:  # deep, or with whole numbers or names that JSON does not know
        if isinstance(error.__cause__, TooMuch):
            raise error.__cause__ from None
        size = _walked(tree)
    if size > RECORD:
        raise TooMuch(f"expected at most {RECORD} bytes in one record, found {size}")
    return size


class _Odd:
    """Writes decimal numbers for the measure, up to a number of them."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, value: Any) -> str:
        self.count += 1
        if self.count > _ODD:
            raise TooMuch(f"expected at most {_ODD} decimal numbers in one record, found more")
        return str(value)


def _walked(tree: Any) -> int:
    """The same for trees that are no JSON; looks at little more than is allowed."""
    size, waiting, count = 0, [tree], 0
    while waiting and size <= RECORD:
        item = waiting.pop()
        count += 1
        if count > _ODD:
            said = "values in a record with whole numbers of more than 64 bits, or with more than 250 levels"
            raise TooMuch(f"expected at most {_ODD} {said}, found more")
        size += 2
        if isinstance(item, dict):
            waiting.extend(item.values())
            size += sum(map(size_of, map(str, item)))
        elif isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, str):
            size += size_of(item)
    return size
