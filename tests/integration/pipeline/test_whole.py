"""The whole way without Airflow: files and posts in, effects out, proved by the partners' own books."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

from hub import audit
from hub.api import clients
from hub.api.app import PREFIX, create_app
from hub.pipeline.rebuild import rebuild
from sandboxes.audit import audit as partners_audit
from sandboxes.play import Options, play


@pytest.fixture
def intake(world: Any) -> Iterator[str]:
    """Address of the intake API, served for real."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        app = FastAPI()
        app.mount(PREFIX, create_app(world.hub))
        config = uvicorn.Config(app, log_level="warning")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


def test_nothing_is_lost_or_doubled_at_any_partner(world: Any, intake: str, tmp_path: Path) -> None:
    key = clients.add(world.hub.database, "portal")
    options = Options(
        directory=tmp_path / "partners", returns=60, outage=3, pace=0.1, hub=intake, api_key=key
    )
    player = threading.Thread(target=play, args=(options, lambda _: None))
    player.start()
    while player.is_alive():
        world.round()
    world.settle()
    now = world.summary()
    found = partners_audit(tmp_path / "partners")
    assert (list(found.missing), list(found.doubled), list(found.unexpected)) == ([], [], []), now
    assert now["problems"] == []
    received = sum(flow["received"] for flow in now["flows"].values())
    assert received > 60
    assert sum(x["letters"] for x in now["dead_letters"]) == 2, now["dead_letters"]
    assert audit.verify(world.hub.database) == []
    assert rebuild(world.hub)["changed"] == 0
