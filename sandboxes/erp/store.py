"""The ERP's documents in its own SQLite file: numbered, found by any property, never deduplicated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from sandboxes.erp.entities import ENTITY_SETS, SALES_ORDER, EntitySet, PayloadError, checked
from sandboxes.erp.filters import Compiled, compile_filter
from sandboxes.storage import Row, Storage

SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    number    INTEGER NOT NULL,
    entity    TEXT NOT NULL,
    reference TEXT,               -- the caller's own key: PurchaseOrderByCustomer, ReferenceDocument
    order_no  TEXT,               -- the sales order it refers to
    header    TEXT NOT NULL,      -- JSON
    items     TEXT NOT NULL,      -- JSON
    PRIMARY KEY (entity, number)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS documents_reference ON documents (entity, reference);
CREATE INDEX IF NOT EXISTS documents_order ON documents (entity, order_no);
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """One document: its number, header and items as plain JSON values."""

    number: int
    header: dict[str, Any]
    items: list[dict[str, Any]]


class ErpStore:
    """Creates and finds documents. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._storage = Storage(path, SCHEMA)
        self._last = {name: self._highest(entity) for name, entity in ENTITY_SETS.items()}

    def _highest(self, entity: EntitySet) -> int:
        row = self._storage.row("SELECT max(number) FROM documents WHERE entity = ?", [entity.path])
        return int(row[0]) if row and row[0] is not None else entity.first_number - 1

    def create(self, entity: EntitySet, body: Mapping[str, Any]) -> Stored:
        """Post a document; a repeated customer reference is a second document. Raises PayloadError."""
        header, items = checked(entity, body)
        self._check_order(entity, header)
        with self._storage.transaction():
            self._last[entity.path] += 1
            number = self._last[entity.path]
            stored = _numbered(entity, number, header, items)
            self._insert(entity, stored)
        return stored

    def seed_order(self, body: Mapping[str, Any]) -> str:
        """Enter a sales order under its own number, or the next one; an existing number is kept as it is."""
        header, items = checked(SALES_ORDER, body)
        number = int(header.get(SALES_ORDER.number) or self._last[SALES_ORDER.path] + 1)
        with self._storage.transaction():
            if self.get(SALES_ORDER, number) is None:
                self._last[SALES_ORDER.path] = max(number, self._last[SALES_ORDER.path])
                self._insert(SALES_ORDER, _numbered(SALES_ORDER, number, header, items))
        return str(number)

    def seed(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """`{"orders": [A_SalesOrder with to_Item]}`: enter orders. Raises PayloadError."""
        orders = body.get("orders", [])
        with self._storage.transaction():
            numbers = [self.seed_order(order) for order in orders]
        return {"orders": len(numbers)}

    def _check_order(self, entity: EntitySet, header: Mapping[str, Any]) -> None:
        number = header.get(entity.order_reference or "") or ""
        if number and not (number.isdigit() and self.get(SALES_ORDER, int(number))):
            message = f"Sales document {number} does not exist"
            raise PayloadError(message, entity.order_reference)

    def _insert(self, entity: EntitySet, stored: Stored) -> None:
        self._storage.rows(
            "INSERT INTO documents (number, entity, reference, order_no, header, items)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [
                stored.number,
                entity.path,
                stored.header.get(entity.customer_reference),
                stored.header.get(entity.order_reference) if entity.order_reference else None,
                orjson.dumps(stored.header).decode(),
                orjson.dumps(stored.items).decode(),
            ],
        )

    def get(self, entity: EntitySet, number: int) -> Stored | None:
        """Return the document with this number, or None."""
        row = self._storage.row(
            "SELECT * FROM documents WHERE entity = ? AND number = ?", [entity.path, number]
        )
        return _stored(row) if row else None

    def find(
        self, entity: EntitySet, condition: str = "", after: int = 0, limit: int = 100, skip: int = 0
    ) -> Sequence[Stored]:
        """Documents that a `$filter` holds for, behind number `after`. Raises FilterError."""
        where, values = _where(entity, condition)
        sql = (
            f"SELECT * FROM documents WHERE entity = ? AND number > ? AND {where}"  # noqa: S608 -- a closed grammar
            " ORDER BY number LIMIT ? OFFSET ?"
        )
        return [_stored(row) for row in self._storage.rows(sql, [entity.path, after, *values, limit, skip])]

    def count(self, entity: EntitySet, condition: str = "") -> int:
        """How many documents a `$filter` holds for. Raises FilterError."""
        where, values = _where(entity, condition)
        sql = f"SELECT count(*) FROM documents WHERE entity = ? AND {where}"  # noqa: S608 -- compiled from a closed grammar
        row = self._storage.row(sql, [entity.path, *values])
        return int(row[0]) if row else 0

    def close(self) -> None:
        """Close the file."""
        self._storage.close()


def _where(entity: EntitySet, condition: str) -> Compiled:
    if not condition:
        return "1", []
    columns = {name: f"json_extract(header, '$.{name}')" for name in entity.properties}
    # the indexed columns, and the number as it is printed
    columns[entity.number] = "CAST(number AS TEXT)"
    columns[entity.customer_reference] = "reference"
    if entity.order_reference:
        columns[entity.order_reference] = "order_no"
    return compile_filter(condition, columns)


def _stored(row: Row) -> Stored:
    return Stored(row["number"], orjson.loads(row["header"]), orjson.loads(row["items"]))


def _numbered(
    entity: EntitySet, number: int, header: Mapping[str, Any], items: Sequence[Mapping[str, Any]]
) -> Stored:
    head = {**header, **entity.fixed, entity.number: str(number)}
    if entity.year:
        head[entity.year] = str(datetime.now(UTC).year)
    lines = []
    for position, item in enumerate(items, start=1):
        line = str(item.get(entity.item_number) or position * 10)
        lines.append({**item, entity.item_number: line, entity.number: str(number)})
    return Stored(number, head, lines)
