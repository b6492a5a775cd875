"""Intake: bytes in the inbox to durable facts, decisions and effects, in one process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.cases import Case, Run
from benchmarks.material import notices, requests
from benchmarks.world import World, count, put, world
from hub import audit
from hub.pipeline.admit import admit

RETURNS, PER_DOCUMENT = 4_000, 2_000
"""A run admits this many returns of four lines, in documents of so many."""

FACTS = 2
"""Per return: the request, and the decision about it."""


@contextmanager
def _prepare(name: str, flow: str, make: Callable[[int, int], bytes], folder: Path) -> Iterator[Run]:
    documents = [make(PER_DOCUMENT, 1 + place) for place in range(0, RETURNS, PER_DOCUMENT)]
    with world(folder) as here:
        yield partial(_run, name, flow, documents, here)


def _run(name: str, flow: str, documents: list[bytes], here: World) -> Mapping[str, float]:
    with here.hub() as hub:
        for number, body in enumerate(documents):
            put(hub, flow, f"document {number}", body)
        began = time.perf_counter()
        totals = admit(hub, flow, "bench", budget=600)
        seconds = time.perf_counter() - began
        assert totals["admitted"] == RETURNS, totals
        stored = {table: count(hub, table) for table in ("messages", "returns", "facts", "dead_letters")}
        assert stored == {
            "messages": RETURNS, "returns": RETURNS, "facts": FACTS * RETURNS, "dead_letters": 0
        }, stored  # fmt: skip
        assert count(hub, "effects") >= RETURNS
        assert audit.verify(hub.database) == []
        return {name: RETURNS / seconds}


CASES = {
    "intake_json": Case(
        units={"intake_json": "returns/s"},
        prepare=partial(_prepare, "intake_json", "portal_returns_in", requests),
        stored=True,
    ),
    "intake_x12": Case(
        units={"intake_x12": "returns/s"},
        prepare=partial(_prepare, "intake_x12", "acme_returns_in", notices),
        stored=True,
    ),
}
