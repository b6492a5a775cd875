"""read: bring a source's documents into the inbox. Raw bytes and cursor are durable before anything else."""

from __future__ import annotations

import orjson

from connectors.base import Document
from hub import ledger
from hub.pipeline.context import Hub
from hub.store.database import rows


def read(hub: Hub, flow: str, run_id: str) -> dict[str, int]:
    """Read what is new at a flow's source.

    Each batch and the cursor behind it commit together; only then is the partner told that we have it.
    Killed anywhere, the next call reads the batch again and the inbox recognises it.

    Returns:
        `documents` read and how many of them were `new`.

    Raises:
        connectors.errors.ConnectorError: The source could not be read on.
    """
    intake = hub.catalog.intake[flow]
    system, resource = intake.read.system, intake.read.resource
    connector = hub.connector(system)
    found = hub.database.rows("cursor", {"flow": flow})
    cursor = found[0]["position"] if found else None
    totals = {"documents": 0, "new": 0}
    for batch in connector.read(resource, cursor):
        with hub.database.transaction() as tx:
            stored = ledger.store_documents(tx, flow, endpoint(system, resource), batch.documents, run_id)
            rows(tx, "move_cursor", {"flow": flow, "position": orjson.dumps(dict(batch.cursor)).decode()})
        connector.release(resource, batch.documents)
        totals["documents"] += len(batch.documents)
        totals["new"] += len(stored)
    return totals


def accept(hub: Hub, flow: str, document: Document, run_id: str) -> None:
    """Put one document that came to us (API, webhook) into a flow's inbox."""
    intake = hub.catalog.intake[flow]
    where = endpoint(intake.read.system, intake.read.resource)
    with hub.database.transaction() as tx:
        ledger.store_documents(tx, flow, where, [document], run_id)


def endpoint(system: str, resource: str) -> str:
    """The ledger's name for where a document came from: `wms/receipts`."""
    return f"{system}/{resource}"
