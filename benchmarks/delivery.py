"""Delivery: announcements to a warehouse behind HTTP in another process, with the whole journal."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count as numbers
from pathlib import Path
from uuid import UUID

from benchmarks.cases import Case, Run
from benchmarks.material import requests
from benchmarks.partner import Warehouse, warehouse
from benchmarks.world import World, count, put, world
from canonical.facts import Fact
from canonical.ids import uuid7
from hub.pipeline.admit import admit
from hub.pipeline.context import Hub
from hub.pipeline.decide import Stated, record
from hub.pipeline.deliver import deliver

EFFECTS = 1_000


@dataclass(frozen=True, slots=True)
class _Delivery:
    here: World
    partner: Warehouse
    runs: Iterator[int] = field(default_factory=numbers)

    def run(self) -> Mapping[str, float]:
        with self.here.hub({"wms": self.partner.connection}) as hub:
            expected = _authorize(hub, prefix=f"RMA-{next(self.runs)}")
            began = time.perf_counter()
            totals = deliver(hub, "wms", "bench", budget=600)
            seconds = time.perf_counter() - began
            assert totals["confirmed"] == EFFECTS, totals
            assert count(hub, "attempts") == EFFECTS
            announced = self.partner.announced()
            assert {rma: announced.get(rma) for rma in expected} == dict.fromkeys(expected, 1)
            return {"delivery": EFFECTS / seconds}


@contextmanager
def _prepare(folder: Path) -> Iterator[Run]:
    (folder / "partners").mkdir()
    with world(folder) as here, warehouse(folder / "partners") as partner:
        yield _Delivery(here, partner).run


def _authorize(hub: Hub, prefix: str) -> list[str]:
    """Returns whose RMA numbers the ERP has just given; each owes the warehouse an announcement."""
    put(hub, "portal_returns_in", "requests", requests(EFFECTS))
    admit(hub, "portal_returns_in", "bench", budget=600)
    with hub.database.transaction() as tx:
        found = tx.execute("SELECT return_id FROM returns ORDER BY return_id").fetchall()
        facts = [_authorized(row["return_id"], f"{prefix}-{n:05d}") for n, row in enumerate(found)]
        record(tx, hub, [Stated(fact) for fact in facts])
    return [fact.data["rma_number"] for fact in facts]


def _authorized(return_id: UUID, rma_number: str) -> Fact:
    now = datetime.now(UTC)
    return Fact(
        id=uuid7(),
        type="return.authorized",
        return_id=return_id,
        source="bench",
        occurred_at=now,
        recorded_at=now,
        data={"rma_number": rma_number, "system": "sap_s4", "authorized_at": now.isoformat()},
        entity="us",
        site="dc01",
        actor="bench",
    )


CASES = {"delivery": Case(units={"delivery": "effects/s"}, prepare=_prepare, stored=True)}
