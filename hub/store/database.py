"""Connections to the hub database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import ConnectionPool

from hub.store.queries import sql

Connection = psycopg.Connection[DictRow]
Cursor = psycopg.Cursor[DictRow]

set_json_dumps(orjson.dumps)
set_json_loads(orjson.loads)


class Database:
    """A small pool of connections; transactions are `with database.transaction() as tx`."""

    def __init__(self, url: str, *, size: int = 8) -> None:
        self.url = url
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            url,
            min_size=0,
            max_size=size,
            open=True,
            timeout=15,
            kwargs={"row_factory": dict_row, "autocommit": True, "options": "-c timezone=UTC"},
            connection_class=psycopg.Connection[DictRow],
        )

    def close(self) -> None:
        """Give all connections back."""
        self._pool.close()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction: committed at the end of the block, rolled back by an exception."""
        with self._pool.connection() as connection, connection.transaction():
            yield connection

    def rows(self, name: str, params: Mapping[str, Any] | None = None) -> list[DictRow]:
        """Run a named statement by itself and return its rows."""
        with self._pool.connection() as connection:
            return rows(connection, name, params)


def rows(connection: Connection, name: str, params: Mapping[str, Any] | None = None) -> list[DictRow]:
    """Run a named statement on a connection; statements without result give no rows."""
    cursor = send(connection, name, params)
    return cursor.fetchall() if cursor.description else []


def send(connection: Connection, name: str, params: Mapping[str, Any] | None = None) -> Cursor:
    """Run a named statement whose rows, if any, are fetched later; see `pipelined`."""
    return connection.execute(sql(name), params or {}, binary=True)


@contextmanager
def pipelined(connection: Connection) -> Iterator[None]:
    """Let what is sent in this block run while we go on; the end of the block waits for all of it.

    Only for `send`: `rows` would not find its rows yet. A statement's error comes with a later one or at the
    end of the block.
    """
    with connection.pipeline():
        yield


def columns(records: Sequence[Sequence[Any]], names: Sequence[str]) -> dict[str, list[Any]]:
    """Turn rows into named columns, the form `unnest` takes."""
    if not records:
        return {name: [] for name in names}
    return {name: list(column) for name, column in zip(names, zip(*records, strict=True), strict=True)}
