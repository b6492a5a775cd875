"""The shape of a benchmark, and all there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

Run = Callable[[], Mapping[str, float]]
"""One run: measures something, asserts that what it measured was right, gives each measure's value."""


@dataclass(frozen=True, slots=True)
class Case:
    """A benchmark.

    Attributes:
        units: Unit of each measure, by its name.
        prepare: Given an empty folder, makes ready what all runs share and gives what does one run.
        stored: Whether it needs the database.
    """

    units: Mapping[str, str]
    prepare: Callable[[Path], AbstractContextManager[Run]]
    stored: bool = False


FULL_VARIABLE = "RETURNS_HUB_BENCHMARKS_FULL"
"""Set when cases are to use documents of full size (`--full`)."""

NAMES = (
    "mapping",
    "edi_decode",
    "edi_180",
    "edi_retann",
    "edi_file",
    "intake_json",
    "intake_x12",
    "delivery",
)
"""In the order they are run."""

_MODULES = {
    "edi_180": "edi_mapped",
    "edi_retann": "edi_mapped",
    "intake_json": "intake",
    "intake_x12": "intake",
}


def load(name: str) -> Case:
    """A benchmark by its name; each is loaded in a process of its own, so that memory is its own."""
    module = import_module(f"benchmarks.{_MODULES.get(name, name)}")
    case: Case = module.CASES[name]
    return case
