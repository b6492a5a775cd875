"""read: bring a source's documents into the inbox. Raw bytes and cursor are durable before anything else."""

from __future__ import annotations

import orjson

from connectors.base import Batch, Document
from connectors.errors import Contract
from hub import ledger
from hub.pipeline.context import Hub
from hub.store.database import rows


def read(hub: Hub, flow: str, run_id: str) -> dict[str, int]:
    """Read what is new at a flow's source.

    Each batch and the cursor behind it commit together; only then is the partner told that we have it.
    Killed anywhere, the next call reads the batch again and the inbox recognises it.

    What can never be taken (a damaged archive, a file above its limit) stays at the source and is an alert
    until a reading meets no such thing; it holds up neither the others nor their admission.

    Returns:
        `documents` read and how many of them were `new`; `alerts`, when something cannot be taken.

    Raises:
        connectors.errors.ConnectorError: The source could not be read on.
    """
    intake = hub.catalog.intake[flow]
    system, resource = intake.read.system, intake.read.resource
    connector = hub.connector(system)
    found = hub.database.rows("cursor", {"flow": flow})
    cursor = found[0]["position"] if found else None
    totals = {"documents": 0, "new": 0}
    cause = f"read {flow}"
    try:
        for batch in connector.read(resource, cursor):
            _store(hub, flow, batch, run_id, totals)
            connector.release(resource, batch.documents)
    except Contract as error:
        with hub.database.transaction() as tx:
            rows(tx, "raise_alert", {"cause": cause, "message": f"{flow} cannot take {error.message}"})
        return {**totals, "alerts": 1}
    with hub.database.transaction() as tx:
        rows(tx, "close_alert", {"cause": cause})
    return totals


def _store(hub: Hub, flow: str, batch: Batch, run_id: str, totals: dict[str, int]) -> None:
    read = hub.catalog.intake[flow].read
    with hub.database.transaction() as tx:
        where = endpoint(read.system, read.resource)
        stored = ledger.store_documents(tx, flow, where, batch.documents, run_id)
        rows(tx, "move_cursor", {"flow": flow, "position": orjson.dumps(dict(batch.cursor)).decode()})
    totals["documents"] += len(batch.documents)
    totals["new"] += len(stored)


def accept(hub: Hub, flow: str, document: Document, run_id: str) -> None:
    """Put one document that came to us (API, webhook) into a flow's inbox."""
    intake = hub.catalog.intake[flow]
    where = endpoint(intake.read.system, intake.read.resource)
    with hub.database.transaction() as tx:
        ledger.store_documents(tx, flow, where, [document], run_id)


def endpoint(system: str, resource: str) -> str:
    """The ledger's name for where a document came from: `wms/receipts`."""
    return f"{system}/{resource}"
