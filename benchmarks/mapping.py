"""Mapping: decoded trees of 30 fields and 4 lines to target documents, beside others who do the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.by_hand import shipment
from benchmarks.cases import Case, Run
from benchmarks.languages import agree, languages, schema
from benchmarks.limits import worst
from benchmarks.material import LINES
from hub.mapping.compile import compile_file
from hub.settings import PROJECT_DIR

DOCUMENTS = 10_000
DOCUMENTS_OF_OTHERS = 500
"""Other languages are given fewer: the slowest of them takes milliseconds for each."""

_FILE = Path(__file__).parent / "thirty_fields" / "shipment.yaml"
_MAPPINGS = PROJECT_DIR / "mappings"


@contextmanager
def _prepare(folder: Path) -> Iterator[Run]:
    del folder
    compiled = compile_file(_FILE, _MAPPINGS)
    others, is_valid = languages(), schema()
    sources = [_source(number) for number in range(DOCUMENTS)]

    def mapped(source: dict[str, Any]) -> dict[str, Any]:
        return compiled.apply(source).value

    def run() -> Mapping[str, float]:
        ours, our_rate = _timed(mapped, sources)
        theirs, their_rate = _timed(shipment, sources)
        assert ours == theirs
        assert [len(one["lines"]) for one in ours] == [LINES] * DOCUMENTS
        valid, schema_rate = _timed(is_valid, ours)
        assert all(valid)
        assert not is_valid({**ours[0], "total": "1,5"})
        return {
            "mapping": our_rate,
            "mapping_by_hand": their_rate,
            "mapping_ratio": our_rate / their_rate,
            **{name: _rate(name, maps, sources, ours) for name, maps in others.items()},
            "schema": schema_rate,
            "mapping_refused": worst(),
        }

    yield run


def _timed(map_: Callable[[Any], Any], sources: list[dict[str, Any]]) -> tuple[list[Any], float]:
    began = time.perf_counter()
    found = [map_(source) for source in sources]
    return found, len(sources) / (time.perf_counter() - began)


def _rate(
    name: str, maps: Callable[[Any], Any], sources: list[dict[str, Any]], ours: list[dict[str, Any]]
) -> float:
    found, rate = _timed(maps, sources[:DOCUMENTS_OF_OTHERS])
    assert all(agree(name, their, our) for their, our in zip(found, ours, strict=False))
    return rate


def _source(number: int) -> dict[str, Any]:
    return {
        "number": f"S{number:08d}",
        "kind": "rma",
        "status": " open ",
        "created": "2026-11-01T09:30:00+01:00",
        "ordered": "20261015",
        "promised": "2026-11-20",
        "currency": "EUR",
        "total": f"{100 + number % 900}.50",
        "tax": "19.10",
        "freight": "4.905",
        "weight": "12.250",
        "express": "true",
        "order_number": f"5{number:07d}",
        "po_number": f"PO-{number:07d}",
        "claim": f"CLM{number:07d}",
        "note": "Ring at the gate",
        "sold_to": {
            "number": "0017100014",
            "name": " Northside Tools ",
            "email": "Returns@Northside.example",
            "phone": "+49 30 1234",
            "street": "Dock Road 7",
            "city": "Hamburg",
            "zip": "20457",
            "country": "de",
        },
        "ship_from": {"site": "dc01", "dock": "D04", "zone": "B2-7"},
        "lines": [
            {
                "sku": f"6141410{line:05d}",
                "quantity": f"{line}.5",
                "uom": "EA",
                "price": "17.95",
                "text": "Cordless drill, 18 V ",
            }
            for line in range(1, LINES + 1)
        ],
    }


CASES = {
    "mapping": Case(
        units={
            "mapping": "docs/s",
            "mapping_by_hand": "docs/s",
            "mapping_ratio": "of by hand",
            "mapping_jsonatapy": "docs/s",
            "mapping_jsonata_python": "docs/s",
            "mapping_jmespath": "docs/s",
            "schema": "docs/s",
            "mapping_refused": "ms",
        },
        prepare=_prepare,
    )
}
