"""A partner's own storage: one SQLite file per sandbox, so that a restart keeps its books."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Row = sqlite3.Row


class Storage:
    """One connection behind one lock, shared by the threads of a sandbox.

    Write-ahead log and no fsync: a killed process loses nothing, a lost machine may, which is
    good enough for a partner that exists to be tested against.
    """

    def __init__(self, path: Path, schema: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30)
        self._connection.row_factory = Row
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=OFF")
        self._connection.executescript(schema)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Run one statement and return all its rows."""
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, values: Sequence[Any] = ()) -> Row | None:
        """Run one statement and return its first row, or None."""
        with self._lock:
            found: Row | None = self._connection.execute(sql, values).fetchone()
            return found

    def many(self, sql: str, values: Sequence[Sequence[Any]]) -> None:
        """Run one statement for each tuple of values."""
        with self.transaction():
            self._connection.executemany(sql, values)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside happens, or nothing does; nests by joining the outer one."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file; the storage cannot be used afterwards."""
        with self._lock:
            self._connection.close()
