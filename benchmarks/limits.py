"""The longest that one record may keep the engine: documents made to multiply work, or full of errors."""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hub.mapping.compile import CompiledMapping, compile_file

_HEAD = "mapping: bench.limits@1\nfrom: json/bench.source\nto: json/bench.target\nmap:\n  "
_MANY = 20_000

_BOMBS: Mapping[str, str] = {
    "each in each in each": (
        "l: {each: few as a, map: {m: {each: few as b, map: {n: {each: few as c, map: {v: c.v}}}}}}"
    ),
    "a sum in every line": "l: {each: l as a, map: {t: l.v | sum}}",
    "a search in every line": "l: {each: l as a, map: {t: 'l[k=none].v | optional', v: a.v}}",
    "a deep search in every line": "l: {each: l as a, map: {t: 'l[g.v=none].v | optional', v: a.v}}",
    "where in every line": "l: {each: l as a, map: {t: {each: l as b, where: b.k=none, map: {v: b.v}}}}",
    "a long text in every line": "l: {each: l as a, map: {t: 'long | upper | slice(1, 2)'}}",
    "a copy in every line": "l: {each: l as a, map: {t: few | copy}}",
    "concat in every line": "l: {each: l as a, map: {t: 'h | concat(h, h, h)'}}",
    "join in every line": "l: {each: l as a, map: {t: \"few.v | join('-')\"}}",
    "a refused copy in every line": "l: {each: l as a, map: {t: l | copy}}",
    "a long operand in every line": "l: {each: l as a, map: {t: 'h | concat(long)'}}",
    "errors in every line": "l: {each: l as a, map: {t: a.k | decimal}}",
    "errors in every line and field": "l: {each: some as a, map: {t: a.k | decimal, u: a.u, w: a.k | date}}",
    "errors in lists": "l: {each: few as a, map: {m: {each: few as b, map: {t: b.v | date}}}}",
    "errors that look at many values": "l: {each: few as a, map: {t: some.k | sum}}",
    "an error after many lines": "l: {each: l as a, map: {v: a.v, k: a.k, w: a.v | trim}}\n  z: z",
}


def worst() -> float:
    """Milliseconds of processor time that the worst of these documents takes."""
    document = _document()
    gc.collect()
    gc.freeze()  # a collection while a record is mapped is counted, but not of the benchmark's own documents
    try:
        return _worst(document)
    finally:
        gc.unfreeze()


def _worst(document: dict[str, Any]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        return max(_milliseconds(compiled, document) for compiled in _compiled(Path(folder)))


def _compiled(folder: Path) -> Iterator[CompiledMapping]:
    for body in _BOMBS.values():
        path = folder / "bomb.yaml"
        path.write_text(f"{_HEAD}{body}\n", encoding="utf-8")
        yield compile_file(path, folder)


def _milliseconds(compiled: CompiledMapping, document: dict[str, Any]) -> float:
    began = time.thread_time()
    mapped = compiled.apply(document)
    spent = time.thread_time() - began
    assert mapped.errors
    return spent * 1000


def _document() -> dict[str, Any]:
    return {
        "l": [{"v": "1.5", "k": f"k{number}", "g": {"v": str(number)}} for number in range(_MANY)],
        "some": [{"k": f"k{number}"} for number in range(_MANY // 4)],
        "few": [{"v": str(number)} for number in range(200)],
        "long": "x" * 1_000_000,
        "h": "x" * 1_000,
    }
