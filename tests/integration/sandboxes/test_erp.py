from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandboxes import erp
from sandboxes.erp import Erp

ODATA = "/sap/opu/odata/sap"
ORDERS = f"{ODATA}/API_SALES_ORDER_SRV/A_SalesOrder"
RETURNS = f"{ODATA}/API_CUSTOMER_RETURN_SRV/A_CustomerReturn"
MOVEMENTS = f"{ODATA}/API_MATERIAL_DOCUMENT_SRV/A_MaterialDocumentHeader"
CREDITS = f"{ODATA}/API_CREDIT_MEMO_REQUEST_SRV/A_CreditMemoRequest"


def order(number: int) -> dict[str, Any]:
    return {
        "SalesOrder": str(number),
        "SoldToParty": "17100001",
        "PurchaseOrderByCustomer": f"PO-{number}",
        "SalesOrderDate": "/Date(1760000000000)/",
        "TransactionCurrency": "EUR",
        "to_Item": [
            {
                "SalesOrderItem": "10",
                "Material": "TG11",
                "RequestedQuantity": "5",
                "RequestedQuantityUnit": "EA",
                "NetPriceAmount": "12.50",
            }
        ],
    }


def customer_return(reference: str, **fields: Any) -> dict[str, Any]:
    item = {"Material": "TG11", "RequestedQuantity": "2", "RequestedQuantityUnit": "EA"}
    header = {"CustomerReturnType": "CBAR", "SoldToParty": "17100001", "ReferenceSDDocument": "500001"}
    return {**header, "PurchaseOrderByCustomer": reference, "to_Item": [item], **fields}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Erp]:
    with erp.serve(tmp_path, page=3) as one:
        one.store.seed({"orders": [order(number) for number in range(500001, 500009)]})
        yield one


@pytest.fixture
def client(running: Erp) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=running.url, auth=("hub", "sandbox")) as one:
        fetch(one)
        yield one


def fetch(client: httpx.Client) -> None:
    answer = client.get(f"{ODATA}/API_CUSTOMER_RETURN_SRV/", headers={"x-csrf-token": "Fetch"})
    client.headers["x-csrf-token"] = answer.headers["x-csrf-token"]


def test_without_a_good_password_nothing_is_shown(running: Erp) -> None:
    for auth in (None, ("hub", "wrong")):
        answer = httpx.get(running.url + ORDERS, auth=auth)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic")
        assert answer.headers["content-type"].startswith("text/html")


def test_a_create_without_a_token_is_refused_and_says_that_one_is_required(running: Erp) -> None:
    answer = httpx.post(running.url + RETURNS, auth=("hub", "sandbox"), json=customer_return("a"))
    assert answer.status_code == 403
    assert answer.headers["x-csrf-token"] == "Required"


def test_a_token_without_the_cookies_of_its_session_is_refused(client: httpx.Client) -> None:
    client.cookies.clear()
    assert client.post(RETURNS, json=customer_return("a")).headers["x-csrf-token"] == "Required"


def test_a_token_expires_and_a_new_one_can_be_fetched(tmp_path: Path) -> None:
    with (
        erp.serve(tmp_path, csrf_seconds=0.2) as one,
        httpx.Client(base_url=one.url, auth=("hub", "sandbox")) as client,
    ):
        one.store.seed({"orders": [order(500001)]})
        fetch(client)
        assert client.post(RETURNS, json=customer_return("a")).status_code == 201
        time.sleep(0.25)
        assert client.post(RETURNS, json=customer_return("b")).status_code == 403
        fetch(client)
        assert client.post(RETURNS, json=customer_return("b")).status_code == 201


def test_a_deep_insert_answers_with_number_location_and_items(client: httpx.Client) -> None:
    answer = client.post(RETURNS, json=customer_return("RH-1"))
    body = answer.json()["d"]
    assert answer.status_code == 201
    assert answer.headers["location"].endswith("A_CustomerReturn('60000001')")
    assert body["CustomerReturn"] == "60000001"
    assert body["to_Item"]["results"][0]["CustomerReturnItem"] == "10"
    assert client.get(answer.headers["location"]).json()["d"]["PurchaseOrderByCustomer"] == "RH-1"


def test_items_may_come_as_results_too(client: httpx.Client) -> None:
    body = customer_return("RH-1")
    body["to_Item"] = {"results": body["to_Item"]}
    assert client.post(RETURNS, json=body).status_code == 201


def test_orders_are_found_by_customer_reference_with_their_items(client: httpx.Client) -> None:
    condition = "PurchaseOrderByCustomer eq 'PO-500002' or (PurchaseOrderByCustomer eq 'PO-500004')"
    found = client.get(ORDERS, params={"$filter": condition, "$expand": "to_Item"}).json()["d"]["results"]
    assert [one["SalesOrder"] for one in found] == ["500002", "500004"]
    assert found[0]["to_Item"]["results"][0]["NetPriceAmount"] == "12.50"
    assert found[0]["SalesOrderDate"] == "/Date(1760000000000)/"


def test_items_that_are_not_expanded_are_deferred_and_can_be_followed(client: httpx.Client) -> None:
    one = client.get(f"{ORDERS}('500001')").json()["d"]
    items = client.get(one["to_Item"]["__deferred"]["uri"]).json()["d"]["results"]
    assert items[0]["Material"] == "TG11"


def test_pages_follow_absolute_links_and_hold_everything_once(client: httpx.Client) -> None:
    page = client.get(ORDERS, params={"$inlinecount": "allpages", "$expand": "to_Item"}).json()["d"]
    numbers = [one["SalesOrder"] for one in page["results"]]
    assert page["__count"] == "8"
    while "__next" in page:
        assert page["__next"].startswith("http://")
        page = client.get(page["__next"]).json()["d"]
        numbers += [one["SalesOrder"] for one in page["results"]]
    assert numbers == [str(number) for number in range(500001, 500009)]


def test_top_limits_the_whole_listing_over_pages(client: httpx.Client) -> None:
    page = client.get(ORDERS, params={"$top": "4"}).json()["d"]
    rest = client.get(page["__next"]).json()["d"]
    assert (len(page["results"]), len(rest["results"]), "__next" in rest) == (3, 1, False)


def test_material_documents_have_a_key_of_two_parts(client: httpx.Client) -> None:
    item = {
        "Material": "TG11",
        "Plant": "1710",
        "GoodsMovementType": "653",
        "QuantityInEntryUnit": "1",
        "EntryUnit": "EA",
    }
    body = {"PostingDate": "/Date(1760000000000)/", "GoodsMovementCode": "05", "ReferenceDocument": "RH1"}
    answer = client.post(MOVEMENTS, json={**body, "to_MaterialDocumentItem": [item]})
    assert answer.status_code == 201
    assert "MaterialDocumentYear='" in answer.headers["location"]
    assert client.get(answer.headers["location"]).status_code == 200
    wrong = answer.headers["location"].replace("MaterialDocumentYear='2", "MaterialDocumentYear='1")
    assert client.get(wrong).status_code == 404


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Nonsense": "1"}, "Property 'Nonsense' is invalid"),
        ({"PurchaseOrderByCustomer": "x" * 36}, "expected at most 35 characters, found 36"),
        ({"TotalNetAmount": 12.5}, "expected a decimal as text, found 12.5"),
        ({"CustomerReturnDate": "2026-11-20"}, "expected /Date(milliseconds)/"),
        ({"to_Item": []}, "expected at least one item, found none"),
        ({"CustomerReturnType": ""}, "expected a value, found none"),
        ({"ReferenceSDDocument": "999"}, "Sales document 999 does not exist"),
    ],
)
def test_a_bad_document_is_refused_with_the_v2_error_body(
    client: httpx.Client, change: dict[str, Any], message: str
) -> None:
    answer = client.post(RETURNS, json=customer_return("a", **change))
    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]["value"]
    assert answer.json()["error"]["innererror"]["errordetails"][0]["severity"] == "error"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{ODATA}/NO_SUCH_SRV/X", 403),
        (f"{ODATA}/API_SALES_ORDER_SRV/A_Nothing", 404),
        (f"{ORDERS}('1')", 404),
        (f"{ORDERS}?$filter=Nonsense eq 1", 400),
        (f"{ORDERS}?$apply=x", 400),
        (f"{ORDERS}?$expand=to_Nothing", 400),
    ],
)
def test_a_bad_address_is_refused(client: httpx.Client, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]["lang"] == "en"


def test_the_same_reference_twice_makes_two_documents_and_the_books_show_it(
    running: Erp, client: httpx.Client
) -> None:
    for _ in range(2):
        assert client.post(RETURNS, json=customer_return("RH-1")).status_code == 201
    books = httpx.get(running.url + "/_sandbox/books").json()["customer_returns"]
    assert books["by_key"] == {"RH-1": ["60000001", "60000002"]}
    assert books["by_order"] == {"500001": ["60000001", "60000002"]}
    assert books["duplicates"] == ["RH-1"]


def test_credits_are_counted_by_order_even_when_they_name_the_return(
    running: Erp, client: httpx.Client
) -> None:
    client.post(RETURNS, json=customer_return("RH-1"))
    item = {"Material": "TG11", "RequestedQuantity": "1", "RequestedQuantityUnit": "EA", "NetAmount": "12.50"}
    for reference, key in (("500001", "A"), ("", "B")):
        body = {
            "CreditMemoRequestType": "CR",
            "SoldToParty": "1",
            "PurchaseOrderByCustomer": key,
            "to_Item": [item],
        }
        links = {"ReferenceSDDocument": reference} if reference else {}
        body["to_Item"] = [{**item, "ReferenceSDDocument": "60000001"}] if not reference else [item]
        assert client.post(CREDITS, json={**body, **links}).status_code == 201
    assert running.books()["credit_memos"]["by_order"] == {"500001": {"count": 2, "amount": "25.00"}}


def test_a_restart_keeps_books_numbers_and_port_but_no_sessions(tmp_path: Path) -> None:
    with erp.serve(tmp_path) as one, httpx.Client(base_url=one.url, auth=("hub", "sandbox")) as client:
        one.store.seed({"orders": [order(500001)]})
        fetch(client)
        client.post(RETURNS, json=customer_return("RH-1"))
        port = one.port
    with (
        erp.serve(tmp_path, port=port) as one,
        httpx.Client(base_url=one.url, auth=("hub", "sandbox")) as again,
    ):
        again.headers, again.cookies = client.headers, client.cookies
        assert again.post(RETURNS, json=customer_return("RH-2")).status_code == 403
        fetch(again)
        assert again.post(RETURNS, json=customer_return("RH-2")).json()["d"]["CustomerReturn"] == "60000002"
        assert one.books()["customer_returns"]["count"] == 2


def plan(running: Erp, *rules: dict[str, Any]) -> None:
    answer = httpx.post(running.url + "/_sandbox/faults", json={"rules": rules})
    assert answer.status_code == 200


def test_commit_then_drop_executes_and_closes_without_an_answer(running: Erp, client: httpx.Client) -> None:
    plan(running, {"match": f"POST {RETURNS}", "nth": 1, "action": "commit_then_drop"})
    with pytest.raises(httpx.RemoteProtocolError, match="disconnected without sending a response"):
        client.post(RETURNS, json=customer_return("RH-1"))
    assert running.books()["customer_returns"]["by_key"] == {"RH-1": ["60000001"]}
    assert client.post(RETURNS, json=customer_return("RH-2")).status_code == 201


def test_drop_closes_without_executing(running: Erp, client: httpx.Client) -> None:
    plan(running, {"match": f"POST {RETURNS}", "nth": 1, "action": "drop"})
    with pytest.raises(httpx.RemoteProtocolError):
        client.post(RETURNS, json=customer_return("RH-1"))
    assert running.books()["customer_returns"]["count"] == 0


def test_a_busy_answer_names_the_time_to_wait_and_executes_nothing(
    running: Erp, client: httpx.Client
) -> None:
    plan(running, {"match": f"POST {RETURNS}", "nth": 1, "action": "status", "status": 429, "retry_after": 7})
    answer = client.post(RETURNS, json=customer_return("RH-1"))
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert running.books()["customer_returns"]["count"] == 0


def test_500_after_commit_lies(running: Erp, client: httpx.Client) -> None:
    plan(running, {"match": f"POST {RETURNS}", "nth": 1, "action": "500_after_commit"})
    assert client.post(RETURNS, json=customer_return("RH-1")).status_code == 500
    assert running.books()["customer_returns"]["count"] == 1


def test_a_delay_delays(running: Erp, client: httpx.Client) -> None:
    plan(running, {"match": f"GET {ORDERS}", "nth": 1, "action": "delay", "seconds": 0.3})
    began = time.monotonic()
    assert client.get(ORDERS).status_code == 200
    assert time.monotonic() - began >= 0.3


def test_a_bad_rule_is_refused_by_name(running: Erp) -> None:
    answer = httpx.post(
        running.url + "/_sandbox/faults", json={"rules": [{"match": "POST /", "action": "x"}]}
    )
    assert answer.status_code == 400
    assert "rules[0].action" in answer.json()["error"]


def test_down_refuses_connections_and_comes_back_on_the_same_port(running: Erp, client: httpx.Client) -> None:
    assert httpx.post(running.url + "/_sandbox/faults", json={"down": 0.8}).status_code == 200
    refused = False
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            if httpx.get(running.url + "/_sandbox/books").status_code == 200 and refused:
                break
        except httpx.ConnectError:
            refused = True
        except httpx.TransportError:  # the connection that was open while the listener closed
            pass
        time.sleep(0.05)
    assert refused
    assert client.get(ORDERS).status_code == 200
