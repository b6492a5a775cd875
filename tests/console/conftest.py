"""A console on a real database that holds one of everything people look at."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio
import httpx
import pytest
import uvicorn
from fastapi import FastAPI, HTTPException, Request
from starlette.applications import Starlette
from starlette.routing import Mount

from hub import audit
from hub.console.app import create_app
from hub.console.users import ConsoleUser
from hub.settings import Settings
from hub.store.database import Database, rows
from tests.console.seeding import Acknowledged, Catalog, Hub, Seeded, seed

PREFIX = "/hub/console"


@dataclass
class Settler:
    """Stands for `hub.pipeline.replay`: settles the letter as that does, and is told what comes of it."""

    state: str
    result: dict[str, Any]
    calls: list[tuple[UUID, str, str]] = field(default_factory=list)

    def __call__(self, hub: Any, dead_letter_id: UUID, actor: str, note: str) -> Mapping[str, Any]:
        params = {"id": dead_letter_id, "state": self.state, "actor": actor, "note": note}
        with hub.database.transaction() as tx:
            if not rows(tx, "settle_dead_letter", params):
                raise LookupError(f"dead letter {dead_letter_id} is settled already")
            letter = rows(tx, "dead_letter", {"id": dead_letter_id})[0]
            subject = str(letter["message_id"] or letter["effect_id"])
            audit.append(tx, [audit.Entry(actor, f"dead letter {self.state}", subject, {"note": note})])
        self.calls.append((dead_letter_id, actor, note))
        return self.result


@dataclass
class Console:
    """The app, mounted as in production, with the user that each request's header names."""

    app: FastAPI
    seeded: Seeded
    replay: Settler
    discard: Settler
    announced: list[str]

    @property
    def mounted(self) -> Starlette:
        return Starlette(routes=[Mount(PREFIX, self.app)])

    def get(self, path: str, user: str = "ops", **headers: str) -> httpx.Response:
        return self.request("GET", path, user, headers=headers)

    def request(self, method: str, path: str, user: str = "ops", **more: Any) -> httpx.Response:
        headers = {**({"X-User": user} if user else {}), **(more.pop("headers", None) or {})}
        url = path if path.startswith(PREFIX) else PREFIX + path
        return request(self.mounted, method, url, headers=headers, **more)


def request(app: Any, method: str, url: str, **more: Any) -> httpx.Response:
    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://hub.example") as client:
            return await client.request(method, url, **more)

    return anyio.run(send)


def by_header(request: Request) -> ConsoleUser:
    name = request.headers.get("x-user", "")
    if not name:
        raise HTTPException(401, "Sign in to Airflow to see the console.")
    return ConsoleUser(name, can_replay=name != "viewer")


@pytest.fixture
def seeded(database: Database, tmp_path: Path) -> Seeded:
    hub = Hub(
        database,
        Settings(project_dir=tmp_path, home=tmp_path, database_url=database.url),
        Catalog(intake={name: Acknowledged() for name in ("acme_returns_in", "portal_returns_in")}),
    )
    with database.transaction() as tx:
        return seed(tx, hub)


@pytest.fixture
def empty(database: Database, tmp_path: Path) -> Hub:
    return Hub(database, Settings(project_dir=tmp_path, home=tmp_path, database_url=database.url), Catalog())


@pytest.fixture
def console(seeded: Seeded) -> Console:
    return make(seeded, by_header)


def make(seeded: Seeded, user: Callable[..., Any] | None) -> Console:
    replay = Settler("replayed", {"state": "admitted", "targets": ["sap_s4"]})
    discard = Settler("discarded", {"state": "discarded", "targets": []})
    announced: list[str] = []

    def announce(targets: Sequence[str]) -> None:
        announced.extend(targets)
        if "broken" in targets:
            raise RuntimeError("nobody listens")

    app = create_app(
        lambda: seeded.hub,  # type: ignore[arg-type, return-value]  # as much of a hub as is needed
        user,
        announce=announce,
        replay=replay,
        discard=discard,
    )
    return Console(app, seeded, replay, discard, announced)


@pytest.fixture
def make_console(seeded: Seeded) -> Callable[[Callable[..., Any] | None], Console]:
    return lambda user: make(seeded, user)


@pytest.fixture
def served(seeded: Seeded) -> Iterator[tuple[str, Console]]:
    """The console behind a real server; everybody is `ops`."""
    console = make(seeded, lambda: ConsoleUser("ops", can_replay=True))
    server = uvicorn.Server(uvicorn.Config(console.mounted, host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}{PREFIX}", console
    server.should_exit = True
    thread.join(10)
