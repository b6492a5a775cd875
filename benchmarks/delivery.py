"""Delivery: announcements to a warehouse behind HTTP in another process, with the whole journal."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count as numbers
from pathlib import Path
from typing import Any
from uuid import UUID

from benchmarks.cases import Case, Run
from benchmarks.material import request
from benchmarks.partner import Warehouse, warehouse
from benchmarks.world import ATTRIBUTES, World, count, world
from canonical.facts import Fact
from canonical.ids import return_id, uuid7
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
            assert totals.get("confirmed") == EFFECTS, totals
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
    asked = [_requested(hub, request(number)) for number in range(EFFECTS)]
    given = [_authorized(one.fact, f"{prefix}-{n:05d}") for n, one in enumerate(asked)]
    with hub.database.transaction() as tx:
        record(tx, hub, [*asked, *given])
    return [one.fact.data["rma_number"] for one in given]


def _requested(hub: Hub, tree: dict[str, Any]) -> Stated:
    data = hub.catalog.mappings["portal.return_request@1"].apply({**tree, "document": ATTRIBUTES}).value
    lines = [
        {"line": str(line["line_no"]), "sku": line["item"]["sku"], "quantity": line["requested"], "uom": "EA"}
        for line in data["lines"]
    ]
    order = {"number": tree["order_number"], "sold_to": "17100014", "date": "2026-10-20", "lines": lines}
    name = return_id("us", "portal", data["origin"]["id"])
    return Stated(_fact("return.requested", name, data), order=order)


def _authorized(cause: Fact, rma_number: str) -> Stated:
    data = {"rma_number": rma_number, "system": "sap_s4", "authorized_at": cause.occurred_at.isoformat()}
    return Stated(_fact("return.authorized", cause.return_id, data))


def _fact(kind: str, name: UUID, data: Mapping[str, Any]) -> Fact:
    now = datetime.now(UTC)
    return Fact(
        id=uuid7(),
        type=kind,
        return_id=name,
        source="bench",
        occurred_at=now,
        recorded_at=now,
        data=data,
        entity="us",
        site="dc01",
        actor="bench",
    )


CASES = {"delivery": Case(units={"delivery": "effects/s"}, prepare=_prepare, stored=True)}
