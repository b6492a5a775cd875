"""Decoding: bytes of an X12 180 to trees."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.cases import Case, Run
from benchmarks.material import notices
from connectors.codecs.registry import codec

TRANSACTIONS = 5_000
_MEGABYTE = 1_000_000


@contextmanager
def _prepare(folder: Path) -> Iterator[Run]:
    del folder
    body = notices(TRANSACTIONS)
    reader = codec("x12/180-004010")

    def run() -> Mapping[str, float]:
        began = time.perf_counter()
        decoded = reader.decode(body)
        read = sum(1 for record in decoded.records if record.tree is not None and not record.findings)
        seconds = time.perf_counter() - began
        assert (read, decoded.findings) == (TRANSACTIONS, [])
        return {
            "edi_decode": len(body) / _MEGABYTE / seconds,
            "edi_decode_transactions": TRANSACTIONS / seconds,
        }

    yield run


CASES = {
    "edi_decode": Case(units={"edi_decode": "MB/s", "edi_decode_transactions": "180s/s"}, prepare=_prepare)
}
