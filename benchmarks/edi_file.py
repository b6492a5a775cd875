"""Memory: a large 180 read from disk in chunks, checked and mapped; how far the process grows."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.cases import Case, Run
from benchmarks.edi_mapped import NOTICES, mapped, mapping, returns
from benchmarks.edi_material import read, write
from hub.collector import fewer_collections, keep_what_is_loaded

RETURNS: Final = 20_000
_MEGABYTE: Final = 1_000_000
_KILOBYTES: Final = 1_024
_STATUS: Final = Path("/proc/self/status")
_CLEAR: Final = Path("/proc/self/clear_refs")
_PEAK: Final = "5"
"""Written to `clear_refs` it makes the peak begin anew."""


@contextmanager
def _prepare(folder: Path) -> Iterator[Run]:
    path, count = folder / "returns.edi", returns(RETURNS)
    size = write(path, NOTICES.made, count) / _MEGABYTE
    compiled = mapping(NOTICES)
    keep_what_is_loaded()

    def run() -> Mapping[str, float]:
        _CLEAR.write_text(_PEAK)
        before = _resident("VmRSS")
        began = time.process_time()
        with fewer_collections():
            assert mapped(NOTICES, read(path), compiled) == count
        rate = size / (time.process_time() - began)
        return {"edi_file": rate, "edi_file_size": size, "edi_file_growth": _resident("VmHWM") - before}

    yield run


def _resident(name: str) -> float:
    found = re.search(rf"^{name}:\s+(\d+) kB", _STATUS.read_text(), re.MULTILINE)
    if found is None:
        raise RuntimeError(f"{_STATUS}: expected a line {name}, found none")
    return int(found[1]) / _KILOBYTES


CASES = {
    "edi_file": Case(
        units={"edi_file": "MB/s", "edi_file_size": "MB", "edi_file_growth": "MB"}, prepare=_prepare
    )
}
