"""EDI documents read, checked in full and mapped to return requests, beside other readers and bare splitting.

Processor time of one process; the document comes from memory in chunks.
"""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from pydifact.parser import Parser
from pyx12.x12file import X12Reader  # type: ignore[import-untyped]  # ships no types

from benchmarks.cases import FULL_VARIABLE, Case, Run
from benchmarks.edi_material import announcements, notices
from connectors.codecs.registry import codec
from hub.collector import fewer_collections, keep_what_is_loaded
from hub.mapping.compile import CompiledMapping, compile_file
from hub.settings import PROJECT_DIR

RETURNS: Final = 5_000
FULL: Final = 100_000
_RETURNS_OF_OTHERS: Final = 500
"""Other readers are given fewer."""
_TOGETHER: Final = 50
"""Records read before they are mapped: reading and mapping in turns cost the processor's caches a tenth."""
_MEGABYTE: Final = 1_000_000
_MAPPINGS: Final = PROJECT_DIR / "mappings"


class Kind(NamedTuple):
    """A format, its mapping, and how others read it.

    Attributes:
        made: Makes a document of so many returns.
        format: Of the codec.
        mapping: File of the mapping.
        other: Name of the other library.
        count: How many segments it finds, each taken apart.
        split: How many segments are there when nothing is checked at all.
    """

    made: Callable[[int], Iterable[bytes]]
    format: str
    mapping: str
    other: str
    count: Callable[[str], int]
    split: Callable[[str], int]


def returns(default: int = RETURNS) -> int:
    """How many returns a document has."""
    return FULL if os.environ.get(FULL_VARIABLE) else default


def mapped(kind: Kind, chunks: Iterable[bytes], compiled: CompiledMapping) -> int:
    """Read and map a document; gives the number of returns, all of them without a finding."""
    decoded = codec(kind.format).decode(chunks)
    count = 0
    while records := list(islice(decoded.records, _TOGETHER)):
        for record in records:
            assert record.tree is not None
            assert not record.findings
            assert not compiled.apply(record.tree).errors
        count += len(records)
    assert decoded.findings == []
    return count


def mapping(kind: Kind) -> CompiledMapping:
    """The mapping of a kind, compiled."""
    return compile_file(_MAPPINGS / kind.mapping, _MAPPINGS)


def _pyx12(text: str) -> int:
    return sum(1 for _ in X12Reader(io.StringIO(text)))


def _pydifact(text: str) -> int:
    return sum(1 for segment in Parser().parse(text) if segment.tag != "UNA")


def _split_x12(text: str) -> int:
    return len([segment.split("*") for segment in text.split("~") if segment])


def _split_edifact(text: str) -> int:
    rows = [[one.split(":") for one in row.split("+")] for row in text.split("'") if row]
    return len(rows) - 1  # UNA, which is none


NOTICES: Final = Kind(notices, "x12/180-004010", "acme_edi/return_notice.yaml", "pyx12", _pyx12, _split_x12)
ANNOUNCEMENTS: Final = Kind(
    announcements,
    "edifact/retann-d96a",
    "retail_edifact/return_announcement.yaml",
    "pydifact",
    _pydifact,
    _split_edifact,
)


def _case(name: str, kind: Kind) -> Case:
    @contextmanager
    def prepare(folder: Path) -> Iterator[Run]:
        del folder
        count = returns()
        chunks = list(kind.made(count))
        size = sum(map(len, chunks)) / _MEGABYTE
        text = b"".join(kind.made(_RETURNS_OF_OTHERS)).decode("ascii")
        compiled = mapping(kind)
        keep_what_is_loaded()

        def run() -> Mapping[str, float]:
            with fewer_collections():
                rate = size / _seconds(lambda: mapped(kind, iter(chunks), compiled), count)
                segments = kind.split(text)
                return {
                    name: rate,
                    f"{name}_split": len(text) / _MEGABYTE / _seconds(lambda: kind.split(text), segments),
                    f"{name}_{kind.other}": len(text)
                    / _MEGABYTE
                    / _seconds(lambda: kind.count(text), segments),
                }

        yield run

    units = {name: "MB/s", f"{name}_split": "MB/s", f"{name}_{kind.other}": "MB/s"}
    return Case(units=units, prepare=prepare)


def _seconds(work: Callable[[], int], expected: int) -> float:
    """Processor time of something that has to find so many."""
    began = time.process_time()
    found = work()
    spent = time.process_time() - began
    assert found == expected, (found, expected)
    return spent


CASES = {"edi_180": _case("edi_180", NOTICES), "edi_retann": _case("edi_retann", ANNOUNCEMENTS)}
