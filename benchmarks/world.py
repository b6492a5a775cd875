"""A hub to measure: a copy of the project without look-ups, on databases of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql

from connectors.base import Connection, Document
from connectors.errors import Config
from hub import ledger
from hub.bootstrap import bootstrap
from hub.pipeline.context import Hub
from hub.pipeline.read import endpoint
from hub.settings import PROJECT_DIR, Settings, embedded_url

HOME_VARIABLE = "RETURNS_HUB_BENCH_HOME"
"""Tells a child where the embedded server is that its parent started."""

TEMPLATE = "hub"
"""The migrated, empty database that every run gets a copy of."""

ATTRIBUTES = {"client": "bench"}
"""What the intake API notes about a document: who posted it."""

_APPROVE_ALL = "measured,,,,,,,,,approved,Measured,\n"


@dataclass(frozen=True, slots=True)
class World:
    """Where things are for one benchmark: the embedded server's home, and a project to measure."""

    home: Path
    project: Path

    @contextmanager
    def hub(self, connections: Mapping[str, Connection] | None = None) -> Iterator[Hub]:
        """A hub on a fresh database, dropped afterwards."""
        name = f"bench_{uuid4().hex}"
        self._administer(sql.SQL("CREATE DATABASE {} TEMPLATE {}"), name, TEMPLATE)
        try:
            url = embedded_url(self.home, name)
            settings = Settings(project_dir=self.project, home=self.home, database_url=url)
            with bootstrap(settings, _Resolver(connections or {})) as hub:
                yield hub
        finally:
            self._administer(sql.SQL("DROP DATABASE {} WITH (FORCE)"), name)

    def _administer(self, statement: sql.SQL, *names: str) -> None:
        with psycopg.connect(embedded_url(self.home, "postgres"), autocommit=True) as connection:
            connection.execute(statement.format(*map(sql.Identifier, names)))


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """The server the parent started, and a project made in `folder`."""
    project = folder / "project"
    make_project(project)
    yield World(Path(os.environ[HOME_VARIABLE]), project)


def make_project(project: Path) -> None:
    """Copy what the real project declares, with three changes.

    No flow looks anything up, so that no partner is measured; every return is approved, so that each causes
    an effect; the portal sends many returns in one document.
    """
    for part in ("mappings", "policies", "dags/flows"):
        shutil.copytree(PROJECT_DIR / part, project / part)
    for flow in ("acme_returns_in", "portal_returns_in", "retail_returns_in"):
        path = project / "dags" / "flows" / f"{flow}.yaml"
        lines = path.read_text().splitlines(keepends=True)
        _write(path, "".join(line for line in lines if not line.startswith("enrich:")))
    policy = project / "policies" / "authorization.csv"
    first_rule = "order_not_found,"
    _write(policy, policy.read_text().replace(f"\n{first_rule}", f"\n{_APPROVE_ALL}{first_rule}"))
    portal = project / "mappings" / "portal" / "system.yaml"
    _write(portal, portal.read_text().replace("{format: json}", "{format: json/items, items: returns}"))


def _write(path: Path, text: str) -> None:
    if text == path.read_text():
        raise ValueError(f"{path}: expected something to change for the measurement, found nothing")
    path.write_text(text)


def put(hub: Hub, flow: str, name: str, body: bytes) -> None:
    """Place a document in a flow's inbox, as reading would."""
    read = hub.catalog.intake[flow].read
    with hub.database.transaction() as tx:
        document = Document(
            source_key=name, body=body, media_type="application/octet-stream", attributes=ATTRIBUTES
        )
        ledger.store_documents(tx, flow, endpoint(read.system, read.resource), [document], "bench")


def count(hub: Hub, table: str) -> int:
    """How many rows a table has."""
    with hub.database.transaction() as tx:
        found = tx.execute(sql.SQL("SELECT count(*) AS n FROM {}").format(sql.Identifier(table))).fetchone()
    return int(found["n"]) if found else 0


class _Resolver:
    """Connections by id; asking for another one is a mistake in the benchmark."""

    def __init__(self, connections: Mapping[str, Connection]) -> None:
        self._connections = connections

    def __call__(self, name: str) -> Connection:
        if name not in self._connections:
            raise Config(f"connection {name}: a benchmark reaches no partner", code="connection_missing")
        return self._connections[name]
