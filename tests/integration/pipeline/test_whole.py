"""The whole way without Airflow: partners' files in, effects at the partners out, proved by their own books."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from hub import audit
from hub.pipeline.rebuild import rebuild
from sandboxes.play import Options, play


def test_acme_returns_travel_to_rma_stock_and_credit(world: Any, tmp_path: Path) -> None:
    steps: list[Any] = []
    options = Options(directory=tmp_path / "partners", returns=40, outage=2, pace=0.1)
    player = threading.Thread(target=play, args=(options, steps.append))
    player.start()
    while player.is_alive():
        world.round()
    world.settle()
    now = world.summary()
    assert not now["problems"]
    assert not audit.verify(world.hub.database)
    assert rebuild(world.hub)["changed"] == 0
    for row in world.hub.database.rows("dead_letters", {"state":"","flow":"wms","run_id":"","limit":1}): print(row["errors"])
    print(world.hub.database.rows("facts_of",{"ids":[world.hub.database.rows("dead_letters", {"state":"","flow":"wms","run_id":"","limit":1})[0]["return_id"]]}))
    assert 0
