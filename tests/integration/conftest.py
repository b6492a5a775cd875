"""A whole hub without Airflow, against all sandboxes in this process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from connectors.base import Connection
from hub.bootstrap import bootstrap
from hub.pipeline import account, admit, deliver, read
from hub.pipeline.context import Hub
from hub.settings import PROJECT_DIR, Settings
from sandboxes import fleet
from sandboxes.fleet import Fleet


def connections(endpoints: dict[str, Any]) -> dict[str, Connection]:
    erp, wms = endpoints["erp"], endpoints["wms"]
    servers = {"acme_edi": "sftp", "retail_edifact": "retail", "carrier_edi": "carrier"}
    return {
        **{name: _files(name, endpoints[partner]) for name, partner in servers.items()},
        "sap_s4": Connection(
            id="sap_s4",
            host=erp["host"],
            port=erp["port"],
            schema="http",
            login=erp["login"],
            password=erp["password"],
        ),
        "wms": Connection(
            id="wms", host=wms["host"], port=wms["port"], schema="http", extra={"token": wms["token"]}
        ),
    }


def _files(name: str, partner: dict[str, Any]) -> Connection:
    return Connection(
        id=name,
        host=partner["host"],
        port=partner["port"],
        login=partner["login"],
        password=partner["password"],
        extra={"host_key": partner["host_key"]},
    )


@dataclass(frozen=True)
class World:
    """The hub, and the partners it talks to."""

    hub: Hub
    partners: Fleet

    def round(self) -> int:
        """Run every flow and target once; the number of things that happened."""
        run_id = f"test:{uuid4()}"
        happened = 0
        for flow in self.hub.catalog.intake:
            happened += read.read(self.hub, flow, run_id)["new"]
            happened += _counted(admit.admit(self.hub, flow, run_id))
        for target in self.hub.catalog.targets():
            happened += _counted(deliver.deliver(self.hub, target, run_id, budget=20))
        return happened

    def settle(self, *, quiet: float = 4.0, limit: float = 120.0) -> None:
        """Run rounds until nothing has happened for `quiet` seconds."""
        deadline, last = time.monotonic() + limit, time.monotonic()
        while time.monotonic() - last < quiet:
            assert time.monotonic() < deadline, account.summary(self.hub)
            if self.round():
                last = time.monotonic()
            else:
                time.sleep(0.2)

    def summary(self) -> dict[str, Any]:
        return account.summary(self.hub)


def _counted(totals: dict[str, Any]) -> int:
    return sum(value for value in totals.values() if isinstance(value, int))


@pytest.fixture
def settings(hub_database: str, tmp_path: Path) -> Settings:
    return Settings(project_dir=PROJECT_DIR, home=tmp_path / "home", database_url=hub_database)


@pytest.fixture
def partners(tmp_path: Path) -> Iterator[Fleet]:
    with fleet.serve(tmp_path / "partners", seed=7, arrives=(0.05, 0.3), inspects=(0.05, 0.2)) as running:
        yield running


@pytest.fixture
def world(settings: Settings, partners: Fleet) -> Iterator[World]:
    known = connections(partners.endpoints)
    with bootstrap(settings, connections=known.__getitem__) as hub:
        yield World(hub, partners)
