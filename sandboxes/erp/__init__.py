"""An ERP in the manner of SAP S/4HANA: OData V2, CSRF tokens, deep insert, and no deduplication."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandboxes.control import Control
from sandboxes.erp.app import Gateway, build
from sandboxes.erp.books import books
from sandboxes.erp.sessions import DEFAULT_SECONDS, Sessions
from sandboxes.erp.store import ErpStore
from sandboxes.faults import FaultPlan
from sandboxes.serving import HttpServer

DATABASE = "erp.sqlite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erp:
    """A running ERP."""

    server: HttpServer
    store: ErpStore
    sessions: Sessions
    faults: FaultPlan
    login: str
    password: str

    @property
    def url(self) -> str:
        """The base address; services are under `/sap/opu/odata/sap/`."""
        return self.server.url

    @property
    def port(self) -> int:
        """The loopback port, kept over restarts of the listener."""
        return self.server.port

    def books(self) -> dict[str, Any]:
        """What was posted, see `sandboxes.erp.books`."""
        return books(self.store)

    def down(self, seconds: float) -> None:
        """Refuse connections for a while; sessions are forgotten, as in a restart."""
        self.sessions.forget()
        self.server.down(seconds)

    def stop(self) -> None:
        """Stop listening and close the file."""
        self.server.stop()
        self.store.close()


def start(
    directory: Path,
    *,
    port: int = 0,
    login: str = "hub",
    password: str = "sandbox",  # noqa: S107 -- a partner made for tests
    csrf_seconds: float = DEFAULT_SECONDS,
    page: int = 100,
) -> Erp:
    """Start an ERP that keeps its books in `directory`; `page` is the most documents in one answer."""
    store, sessions, plan = ErpStore(directory / DATABASE), Sessions(csrf_seconds), FaultPlan()
    server = HttpServer(plan, port, "erp")
    erp = Erp(server=server, store=store, sessions=sessions, faults=plan, login=login, password=password)
    control = Control(
        books=lambda: {**books(store), "faults": plan.report()["fired"]},
        seed=store.seed,
        down=erp.down,
        plan=plan,
    )
    server.start(build(Gateway(store, sessions, login, password, page), control))
    return erp


@contextmanager
def serve(directory: Path, **options: Any) -> Iterator[Erp]:
    """Run an ERP for the length of a `with` block; options as in `start`."""
    erp = start(directory, **options)
    try:
        yield erp
    finally:
        erp.stop()
