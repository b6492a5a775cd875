"""What the partners of the crash tests hold and send: orders in the ERP, returns from the portal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from connectors.base import Document
from hub.pipeline.read import accept
from hub.settings import Settings
from tests.integration.conftest import World, connections
from tests.integration.pipeline.crash_child import Work

PORTAL = "portal_returns_in"
ERP = "sap_s4"


def order(number: int) -> dict[str, Any]:
    """A sales order of three brackets at 10.00."""
    return {
        "SalesOrder": str(500000 + number),
        "SalesOrderType": "OR",
        "SoldToParty": "17100010",
        "PurchaseOrderByCustomer": f"PO-{number}",
        "SalesOrderDate": "/Date(1792800000000)/",
        "TransactionCurrency": "EUR",
        "TotalNetAmount": "30.00",
        "to_Item": [
            {
                "SalesOrderItem": "10",
                "Material": "BRK-100",
                "RequestedQuantity": "3",
                "RequestedQuantityUnit": "EA",
                "NetPriceAmount": "10.00",
                "NetAmount": "30.00",
                "TransactionCurrency": "EUR",
            }
        ],
    }


def posted(number: int, *, reason: str = "DEFECTIVE", arrival: int = 1) -> Document:
    """A return of one bracket as the portal posts it; `arrival` tells one sending from another."""
    body = {
        "reference": f"WEB-{number}",
        "customer": {"number": "17100010"},
        "order_number": str(500000 + number),
        "po_number": f"PO-{number}",
        "requested_at": "2026-11-01T10:00:00+00:00",
        "lines": [{"sku": "BRK-100", "quantity": "1", "uom": "EA", "reason": reason}],
    }
    key = f"post-{number}-{arrival}"
    came_with = {"client": "portal"}
    return Document(
        source_key=key, body=orjson.dumps(body), media_type="application/json", attributes=came_with
    )


def receive_all(world: World, documents: Sequence[Document], flow: str = PORTAL) -> None:
    """Put documents into a flow's inbox."""
    for document in documents:
        accept(world.hub, flow, document, "test")


def work(world: World, settings: Settings, verb: str, of: str) -> Work:
    """That verb for another process, with the same hub and partners."""
    known = connections(world.partners.endpoints)
    return Work(verb, of, settings.database_url, settings.home, known)


def ask(world: World, query: str) -> list[tuple[Any, ...]]:
    """Rows of the hub's database as tuples."""
    with world.hub.database.transaction() as tx:
        return [tuple(row.values()) for row in tx.execute(query.encode()).fetchall()]


def change(world: World, statement: str) -> None:
    """Change the hub's database behind its back: the only way to make time pass."""
    with world.hub.database.transaction() as tx:
        tx.execute(statement.encode())


def let_time_pass(world: World) -> None:
    """A minute later: leases have run out, waits are over."""
    change(world, "UPDATE documents SET lease_until = now() - interval '1 s' WHERE state = 'claimed'")
    change(world, "UPDATE effects SET lease_until = now() - interval '1 s' WHERE state = 'claimed'")
    change(world, "UPDATE effects SET not_before = now() WHERE state IN ('retry_at', 'in_doubt')")
    change(world, "UPDATE messages SET retry_at = now() WHERE state = 'held'")
    change(world, "UPDATE targets SET not_before = '-infinity'")
