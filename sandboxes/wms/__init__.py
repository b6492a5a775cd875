"""A warehouse behind REST: takes announcements, receives and inspects the goods, reports what it saw."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandboxes.control import Control
from sandboxes.faults import FaultPlan
from sandboxes.serving import HttpServer
from sandboxes.wms.app import Api, build
from sandboxes.wms.books import books
from sandboxes.wms.simulation import Habits
from sandboxes.wms.store import WmsStore

DATABASE = "wms.sqlite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wms:
    """A running warehouse."""

    server: HttpServer
    store: WmsStore
    faults: FaultPlan
    token: str

    @property
    def url(self) -> str:
        """The base address; the API is under `/api/v1/`."""
        return self.server.url

    @property
    def port(self) -> int:
        """The loopback port, kept over restarts of the listener."""
        return self.server.port

    def books(self) -> dict[str, Any]:
        """What was announced and reported, see `sandboxes.wms.books`."""
        return books(self.store)

    def down(self, seconds: float) -> None:
        """Refuse connections for a while."""
        self.server.down(seconds)

    def stop(self) -> None:
        """Stop listening and close the file."""
        self.server.stop()
        self.store.close()


def _nothing(_: object) -> dict[str, int]:
    """A warehouse starts empty: there is nothing to seed."""
    return {}


def start(
    directory: Path,
    *,
    port: int = 0,
    token: str = "sandbox",  # noqa: S107 -- a partner made for tests
    habits: Habits | None = None,
) -> Wms:
    """Start a warehouse that keeps its books in `directory`."""
    store, plan = WmsStore(directory / DATABASE, habits or Habits()), FaultPlan()
    server = HttpServer(plan, port, "wms")
    control = Control(
        books=lambda: {**books(store), "faults": plan.report()["fired"]},
        seed=_nothing,
        down=server.down,
        plan=plan,
    )
    server.start(build(Api(store, token), control))
    return Wms(server=server, store=store, faults=plan, token=token)


@contextmanager
def serve(directory: Path, **options: Any) -> Iterator[Wms]:
    """Run a warehouse for the length of a `with` block; options as in `start`."""
    wms = start(directory, **options)
    try:
        yield wms
    finally:
        wms.stop()
