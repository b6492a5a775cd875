"""The warehouse's announcements and reports in its own SQLite file."""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sandboxes.storage import Row, Storage
from sandboxes.wms.simulation import Habits, Report, plan

SCHEMA = """
CREATE TABLE IF NOT EXISTS expected (
    ordinal    INTEGER PRIMARY KEY,
    rma        TEXT NOT NULL UNIQUE,
    body       TEXT NOT NULL,       -- JSON, as last announced
    puts       INTEGER NOT NULL,    -- how often it was announced
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL
);
-- one row for each time something is said; what is said later about the same id replaces it
CREATE TABLE IF NOT EXISTS reports (
    seq        INTEGER PRIMARY KEY,
    kind       TEXT NOT NULL,       -- receipt | inspection
    id         TEXT NOT NULL,
    happened   REAL NOT NULL,       -- received_at, inspected_at
    visible_at REAL NOT NULL,
    updated_at INTEGER NOT NULL,    -- visible_at in whole seconds, as the API prints it
    body       TEXT NOT NULL        -- JSON
);
CREATE INDEX IF NOT EXISTS reports_updated ON reports (kind, updated_at, id);
CREATE INDEX IF NOT EXISTS reports_id ON reports (id, visible_at);
"""
_PAGE = """
SELECT r.id, r.happened, r.updated_at, r.body FROM reports r
WHERE r.kind = ? AND r.visible_at <= ? AND r.updated_at >= ? AND (r.updated_at, r.id) > (?, ?)
  AND NOT EXISTS (SELECT 1 FROM reports n WHERE n.id = r.id AND n.seq > r.seq AND n.visible_at <= ?)
ORDER BY r.updated_at, r.id LIMIT ?
"""
_LATEST = """
SELECT r.id, r.happened, r.updated_at, r.body, count(*) AS said, max(r.seq) FROM reports r
WHERE r.kind = ? AND r.visible_at <= ? GROUP BY r.id ORDER BY r.id
"""


class CursorError(ValueError):
    """A cursor that this warehouse did not hand out."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in one listing: all its pages show the warehouse as it was `as_of` the first one."""

    as_of: float
    since: int
    updated_at: int = -1
    id: str = ""

    def text(self) -> str:
        """The opaque form that callers send back."""
        parts = [self.as_of, self.since, self.updated_at, self.id]
        return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()

    @classmethod
    def read(cls, text: str) -> Cursor:
        """The place a text stands for. Raises CursorError."""
        try:
            as_of, since, updated_at, name = json.loads(base64.urlsafe_b64decode(text.encode()))
            return cls(float(as_of), int(since), int(updated_at), str(name))
        except (ValueError, TypeError, binascii.Error) as error:
            raise CursorError(f"cursor: expected one from an earlier page, found {text!r}") from error


class WmsStore:
    """Takes announcements, and tells what has happened up to now. Thread-safe."""

    def __init__(self, path: Path, habits: Habits, clock: Callable[[], float] = time.time) -> None:
        self._storage = Storage(path, SCHEMA)
        self._habits = habits
        self._clock = clock

    def announce(self, rma: str, body: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
        """Store an expected receipt; True when it is the first under this RMA.

        What will arrive is planned with the first announcement: goods do not change on their way.
        """
        now = self._clock()
        with self._storage.transaction():
            known = self._storage.row("SELECT ordinal FROM expected WHERE rma = ?", [rma])
            if known:
                self._storage.rows(
                    "UPDATE expected SET body = ?, puts = puts + 1, updated_at = ? WHERE rma = ?",
                    [dumps(body), now, rma],
                )
            else:
                self._storage.rows(
                    "INSERT INTO expected (rma, body, puts, created_at, updated_at) VALUES (?, ?, 1, ?, ?)",
                    [rma, dumps(body), now, now],
                )
                self._plan(rma, body, now)
        found = self.expected(rma)
        if found is None:
            raise RuntimeError(f"expected receipt {rma}: stored, but not found")
        return found, not known

    def _plan(self, rma: str, body: Mapping[str, Any], now: float) -> None:
        row = self._storage.row("SELECT ordinal FROM expected WHERE rma = ?", [rma])
        ordinal = int(row["ordinal"]) if row else 0
        rows: list[Sequence[Any]] = []
        for report in plan(self._habits, ordinal, rma, body["lines"]):
            rows.extend(_rows(report, ordinal, now))
        self._storage.many(
            "INSERT INTO reports (kind, id, happened, visible_at, updated_at, body)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            rows,
        )

    def expected(self, rma: str) -> dict[str, Any] | None:
        """The announcement under this RMA, or None."""
        row = self._storage.row("SELECT * FROM expected WHERE rma = ?", [rma])
        if row is None:
            return None
        times = {"created_at": instant(row["created_at"]), "updated_at": instant(row["updated_at"])}
        return {"id": f"ER-{row['ordinal']:06d}", **loads(row["body"]), **times}

    def first_page(self, since: int) -> Cursor:
        """A listing of what was updated at or after `since` (epoch seconds), as of now."""
        return Cursor(self._clock(), since)

    def page(self, kind: str, place: Cursor, limit: int) -> tuple[list[dict[str, Any]], Cursor | None]:
        """The next `limit` reports by (updated_at, id), and the place behind them if more follow."""
        values = [kind, place.as_of, place.since, place.updated_at, place.id, place.as_of, limit + 1]
        rows = self._storage.rows(_PAGE, values)
        items = [_item(kind, row) for row in rows[:limit]]
        if len(rows) <= limit:
            return items, None
        last = rows[limit - 1]
        return items, Cursor(place.as_of, place.since, last["updated_at"], last["id"])

    def reports(self, kind: str) -> list[dict[str, Any]]:
        """Everything visible now, each with `said`: how often it was reported."""
        rows = self._storage.rows(_LATEST, [kind, self._clock()])
        return [{**_item(kind, row), "said": row["said"]} for row in rows]

    def announcements(self) -> list[dict[str, Any]]:
        """All expected receipts with `puts`: how often each was announced."""
        rows = self._storage.rows("SELECT rma, puts, body FROM expected ORDER BY ordinal")
        return [{**loads(row["body"]), "puts": row["puts"]} for row in rows]

    def unsaid(self) -> int:
        """How many reports are planned but not visible yet."""
        row = self._storage.row("SELECT count(*) FROM reports WHERE visible_at > ?", [self._clock()])
        return int(row[0]) if row else 0

    def close(self) -> None:
        """Close the file."""
        self._storage.close()


def _rows(report: Report, ordinal: int, now: float) -> list[Sequence[Any]]:
    prefix = "RC" if report.kind == "receipt" else "IN"
    name = f"{prefix}-{ordinal:06d}-{report.suffix}"
    happened = now + report.after
    moments = [happened] if report.again is None else [happened, happened + report.again]
    body = dumps(report.body)
    return [(report.kind, name, happened, moment, int(moment), body) for moment in moments]


def _item(kind: str, row: Row) -> dict[str, Any]:
    body = loads(row["body"])
    happened, updated = instant(row["happened"]), instant(row["updated_at"])
    if kind == "receipt":
        head = {"receipt_id": row["id"], "rma": body["rma"], "received_at": happened, "updated_at": updated}
        return {**head, "dock": body["dock"], "lines": body["lines"]}
    receipt = "RC" + row["id"][2:]
    head = {"inspection_id": row["id"], "receipt_id": receipt, "rma": body["rma"]}
    return {**head, "inspected_at": happened, "updated_at": updated, "lines": body["lines"]}


def instant(seconds: float) -> str:
    """Epoch seconds as UTC with whole seconds: 2026-11-20T09:30:00Z."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def loads(text: str | bytes) -> Any:
    """JSON with exact numbers."""
    return json.loads(text, parse_float=Decimal)


def dumps(value: Any) -> str:
    """JSON; a Decimal becomes a number."""
    return json.dumps(value, default=_number)


def _number(value: Any) -> int | float:
    if not isinstance(value, Decimal):
        raise TypeError(f"expected a value of JSON, found {type(value).__name__}")
    return int(value) if value == value.to_integral_value() else float(value)
