"""The REST and OData connectors against the sandbox warehouse and ERP."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from connectors.base import Connection, Document
from connectors.errors import Config, Refused, Unavailable, Unknown
from connectors.odata.client import ODataConnector
from connectors.registry import connect
from connectors.rest.client import RestConnector
from sandboxes import erp, wms
from sandboxes.wms.simulation import Habits

MAPPINGS = Path(__file__).parents[3] / "mappings"


def system(name: str, **changes: Any) -> dict[str, Any]:
    """A system as this project ships it."""
    found = yaml.safe_load((MAPPINGS / name / "system.yaml").read_text(encoding="utf-8"))
    return {**found, "retry": {"attempts": 1}, **changes}


@pytest.fixture
def partner(tmp_path: Path) -> Iterator[erp.Erp]:
    with erp.serve(tmp_path, page=3) as server:
        yield server


@pytest.fixture
def sap(partner: erp.Erp) -> Iterator[ODataConnector]:
    with sap_connector(partner.port) as connector:
        yield connector


def sap_connector(port: int, **changes: Any) -> ODataConnector:
    connection = Connection(
        id="sap_s4", host="127.0.0.1", port=port, schema="http", login="hub", password="sandbox"
    )
    return cast("ODataConnector", connect(system("sap_s4", **changes), connection))


def returned(key: str, **fields: Any) -> Document:
    item = {"Material": "SKU-1", "RequestedQuantity": "2", "RequestedQuantityUnit": "EA"}
    body = {
        "CustomerReturnType": "CBAR",
        "SoldToParty": "C1",
        "PurchaseOrderByCustomer": key,
        "to_Item": [item],
        **fields,
    }
    return Document(source_key=key, body=json.dumps(body).encode(), media_type="application/json")


def order(po: str) -> dict[str, Any]:
    item = {
        "Material": "SKU-1",
        "RequestedQuantity": "5",
        "RequestedQuantityUnit": "EA",
        "NetAmount": "50.00",
    }
    return {
        "SoldToParty": "C1",
        "PurchaseOrderByCustomer": po,
        "SalesOrderDate": "/Date(1795176000000)/",
        "TransactionCurrency": "EUR",
        "to_Item": [item],
    }


def test_a_return_is_created_with_its_items_and_the_receipt_is_plain(sap: ODataConnector) -> None:
    receipt = sap.write("create_customer_return", returned("RH-1"), "RH-1")
    assert receipt.reference == receipt.body["CustomerReturn"]
    assert [item["Material"] for item in receipt.body["to_Item"]] == ["SKU-1"]
    assert not [name for name in receipt.body if name.startswith("__")]


def test_orders_are_looked_up_over_pages_and_chunks(partner: erp.Erp, sap: ODataConnector) -> None:
    numbers = [f"PO-{n}'x" for n in range(40)]
    partner.store.seed({"orders": [order(po) for po in numbers]})
    found = sap.lookup("sales_order", [*numbers, "PO-NONE"])
    assert sorted(found) == sorted(numbers)
    assert {one["to_Item"][0]["NetAmount"] for one in found.values()} == {"50.00"}


def test_an_erp_that_commits_and_hangs_up_is_found_out_by_the_probe(
    partner: erp.Erp, sap: ODataConnector
) -> None:
    partner.faults.load([{"match": "POST /sap", "nth": 1, "action": "commit_then_drop"}])
    with pytest.raises(Unknown):
        sap.write("create_customer_return", returned("RH-1"), "RH-1")
    receipt = sap.find("create_customer_return", "RH-1")
    assert receipt is not None
    assert partner.books()["customer_returns"]["by_key"] == {"RH-1": [receipt.reference]}


def test_an_expired_session_costs_a_new_token_and_no_document(tmp_path: Path) -> None:
    with erp.serve(tmp_path, csrf_seconds=0.2) as partner, sap_connector(partner.port) as sap:
        sap.write("create_customer_return", returned("RH-1"), "RH-1")
        time.sleep(0.3)
        with ThreadPoolExecutor(8) as pool:
            keys = [f"RH-{n}" for n in range(2, 18)]
            list(pool.map(lambda key: sap.write("create_customer_return", returned(key), key), keys))
        assert partner.books()["customer_returns"]["count"] == 17
        assert partner.books()["customer_returns"]["duplicates"] == []


def test_the_erps_own_words_come_with_a_refusal(sap: ODataConnector) -> None:
    with pytest.raises(Refused, match="Sales document 999 does not exist") as caught:
        sap.write("create_customer_return", returned("RH-1", ReferenceSDDocument="999"), "RH-1")
    assert caught.value.code == "http_400:SBX/400"


def test_a_service_that_is_not_active_is_a_config_error(partner: erp.Erp) -> None:
    operation = {"service": "ZNONE_SRV", "entity": "A_X", "key": "K", "number": "N", "repeat": "lookup"}
    document = Document(source_key="k", body=b'{"K": "RH-1"}', media_type="application/json")
    with (
        sap_connector(partner.port, operations={"create": operation}) as sap,
        pytest.raises(Config, match="No service found"),
    ):
        sap.write("create", document, "RH-1")


def test_an_erp_that_comes_back_within_the_short_horizon_is_not_noticed(partner: erp.Erp) -> None:
    partner.faults.load(
        [{"match": "POST /sap", "nth": 1, "action": "status", "status": 503, "retry_after": 1}]
    )
    with sap_connector(partner.port, retry={"attempts": 3}) as sap:
        sap.write("create_customer_return", returned("RH-1"), "RH-1")
    assert partner.books()["customer_returns"]["count"] == 1


def test_an_erp_that_is_down_is_unavailable(partner: erp.Erp, sap: ODataConnector) -> None:
    sap.write("create_customer_return", returned("RH-1"), "RH-1")
    partner.server.stop()
    with pytest.raises(Unavailable):
        sap.write("create_customer_return", returned("RH-2"), "RH-2")
    with pytest.raises(Unavailable):
        sap.find("create_customer_return", "RH-2")


def warehouse(partner: wms.Wms, **changes: Any) -> RestConnector:
    connection = Connection(
        id="wms", host="127.0.0.1", port=partner.port, schema="http", extra={"token": partner.token}
    )
    return cast("RestConnector", connect(system("wms", **changes), connection))


def announced(rma: str) -> Document:
    line = {"line_no": 1, "sku": "SKU-1", "quantity": 2, "uom": "EA"}
    body = {"rma": rma, "site": "DC1", "customer": "C1", "lines": [line]}
    return Document(source_key=rma, body=json.dumps(body).encode(), media_type="application/json")


def test_polling_with_overlap_sees_every_report_of_the_warehouse(tmp_path: Path) -> None:
    habits = Habits(arrives=(0.0, 0.8), inspects=(0.0, 0.5), repeated=50)
    with wms.serve(tmp_path, habits=habits) as partner, warehouse(partner) as connector:
        for number in range(20):
            connector.write("expect_receipt", announced(f"RMA-{number}"), f"RMA-{number}")
        seen: set[str] = set()
        cursor = None
        deadline = time.monotonic() + 20
        while True:
            unsaid = partner.books()["unsaid"]  # before reading: what is visible now must be read now
            for batch in connector.read("receipts", cursor):
                cursor = batch.cursor
                for document in batch.documents:
                    seen |= {item["receipt_id"] for item in json.loads(document.body)["items"]}
            if unsaid == 0 or time.monotonic() > deadline:
                break
            time.sleep(0.3)
        expected = {one["receipt_id"] for one in partner.store.reports("receipt")}
    assert len(expected) >= 20
    assert seen == expected


def test_an_announcement_repeated_after_a_lost_answer_is_one_announcement(tmp_path: Path) -> None:
    with wms.serve(tmp_path) as partner, warehouse(partner) as connector:
        partner.faults.load(
            [{"match": "PUT /api/v1/expected-receipts", "nth": 1, "action": "500_after_commit"}]
        )
        with pytest.raises(Unknown):
            connector.write("expect_receipt", announced("RMA-1"), "RMA-1")
        receipt = connector.write("expect_receipt", announced("RMA-1"), "RMA-1")
        found = connector.find("expect_receipt", "RMA-1")
        assert partner.books()["expected_receipts"]["count"] == 1
    assert found is not None
    assert found.reference == receipt.reference
