"""What was measured: samples, their medians, and how they are shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

_DIGITS = 100
"""From here on decimals say nothing."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One named number of a benchmark, its unit, and what was found in each run."""

    name: str
    unit: str
    samples: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.samples:
            raise ValueError(f"{self.name}: expected at least one sample, found none")

    @property
    def median(self) -> float:
        """The middle one of the runs."""
        return median(self.samples)

    def as_json(self) -> dict[str, Any]:
        """Median, min, max and unit."""
        return {
            "median": _rounded(self.median),
            "min": _rounded(min(self.samples)),
            "max": _rounded(max(self.samples)),
            "unit": self.unit,
        }


def as_json(measures: Iterable[Measure]) -> dict[str, dict[str, Any]]:
    """Name → median, min, max, unit."""
    return {measure.name: measure.as_json() for measure in measures}


def as_table(measures: Sequence[Measure], surroundings: Mapping[str, str]) -> str:
    """A table for people, and below it what it was measured with."""
    rows = [("", "median", "min", "max", "")]
    for measure in measures:
        low, high = min(measure.samples), max(measure.samples)
        rows.append((measure.name, _shown(measure.median), _shown(low), _shown(high), measure.unit))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = [_line(row, widths) for row in rows]
    lines.insert(1, "-" * max(map(len, lines)))
    with_what = " · ".join(f"{name} {version}" for name, version in surroundings.items())
    return "\n".join([*lines, "", with_what])


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    name, *numbers, unit = row
    cells = [f"{number:>{width}}" for number, width in zip(numbers, widths[1:-1], strict=True)]
    return "  ".join([f"{name:<{widths[0]}}", *cells, unit]).rstrip()


def _rounded(value: float) -> float:
    return round(value) if value >= _DIGITS else round(value, 2)


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= _DIGITS else f"{value:.2f}"
