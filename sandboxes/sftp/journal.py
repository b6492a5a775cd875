"""What happened in the folders, in SQLite: who wrote, renamed and removed which file."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from sandboxes.storage import Storage

SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
    seq    INTEGER PRIMARY KEY,
    at     REAL NOT NULL,
    actor  TEXT NOT NULL,
    event  TEXT NOT NULL,     -- WRITTEN | RENAMED | REMOVED
    path   TEXT NOT NULL,     -- the name afterwards
    was    TEXT,              -- the name before, of RENAMED
    size   INTEGER,
    sha256 TEXT
);
"""


def finished(name: str) -> bool:
    """Whether a file has its final name: uploads in progress end in .tmp or .part, or begin with a dot."""
    return not name.startswith(".") and not name.endswith((".tmp", ".part"))


class Journal:
    """The events of one server. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._storage = Storage(path, SCHEMA)

    def note(
        self, actor: str, event: str, path: str, *, was: str = "", size: int | None = None, sha256: str = ""
    ) -> None:
        """Enter an event."""
        self._storage.rows(
            "INSERT INTO events (at, actor, event, path, was, size, sha256) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [time.time(), actor, event, path, was or None, size, sha256 or None],
        )

    def arrivals(self, folder: str) -> dict[str, int]:
        """Final file names in `folder` → how often something was put under that name."""
        rows = self._storage.rows(
            "SELECT path, count(*) AS times FROM events WHERE event IN ('WRITTEN', 'RENAMED')"
            " AND path LIKE ? GROUP BY path ORDER BY min(seq)",
            [f"{folder}/%"],
        )
        names = {row["path"].rpartition("/")[2]: int(row["times"]) for row in rows}
        return {name: times for name, times in names.items() if finished(name)}

    def events(self) -> list[dict[str, Any]]:
        """All events, oldest first."""
        return [dict(row) for row in self._storage.rows("SELECT * FROM events ORDER BY seq")]

    def close(self) -> None:
        """Close the file."""
        self._storage.close()
