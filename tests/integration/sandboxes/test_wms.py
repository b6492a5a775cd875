from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandboxes import wms
from sandboxes.wms import Wms
from sandboxes.wms.simulation import Habits

LINE = {"line_no": 1, "sku": "TG11", "quantity": 2, "uom": "EA"}
BODY = {"rma": "60000001", "site": "DC01", "customer": "17100001", "lines": [LINE]}
PATH = "/api/v1/expected-receipts/60000001"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Wms]:
    habits = Habits(arrives=(0.0, 0.0), inspects=(0.0, 0.0), partial=0, repeated=0, early_inspection=0)
    with wms.serve(tmp_path, habits=habits) as one:
        yield one


@pytest.fixture
def client(running: Wms) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=running.url, headers={"authorization": "Bearer sandbox"}) as one:
        yield one


def test_without_the_token_nothing_is_shown(running: Wms) -> None:
    assert httpx.get(running.url + "/api/v1/receipts").status_code == 401


def test_an_announcement_is_created_once_and_replaced_afterwards(running: Wms, client: httpx.Client) -> None:
    first, second = client.put(PATH, json=BODY), client.put(PATH, json=BODY)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"] == "ER-000001"
    assert client.get(PATH).json()["lines"] == [LINE]
    assert running.books()["expected_receipts"]["by_rma"] == {"60000001": 2}


def test_an_unknown_announcement_is_not_found(client: httpx.Client) -> None:
    assert client.get("/api/v1/expected-receipts/nope").status_code == 404


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"rma": "other"}, "rma: expected '60000001'"),
        ({"lines": []}, "lines: expected at least one line"),
        ({"lines": [{**LINE, "quantity": "2"}]}, "lines[0].quantity: expected a number above 0, found '2'"),
        ({"lines": [{**LINE, "sku": ""}]}, "lines[0].sku: expected text"),
        ({"lines": [{**LINE, "line_no": None}]}, "lines[0].line_no: expected a whole number, found None"),
    ],
)
def test_a_bad_announcement_is_refused_with_its_problems(
    client: httpx.Client, change: dict[str, Any], problem: str
) -> None:
    answer = client.put(PATH, json={**BODY, **change})
    assert answer.status_code == 422
    assert any(one.startswith(problem) for one in answer.json()["problems"])


def test_announced_goods_are_received_and_inspected(client: httpx.Client) -> None:
    client.put(PATH, json=BODY)
    time.sleep(0.01)
    receipt = client.get("/api/v1/receipts").json()["items"][0]
    inspection = client.get("/api/v1/inspections").json()["items"][0]
    assert (receipt["rma"], receipt["lines"][0]["quantity"]) == ("60000001", 2)
    assert inspection["receipt_id"] == receipt["receipt_id"]
    assert inspection["lines"][0]["condition"] in "ABCDE"
    assert receipt["updated_at"].endswith("Z")


def test_pages_end_with_a_null_cursor_and_hold_everything_once(client: httpx.Client) -> None:
    for number in range(10):
        client.put(f"/api/v1/expected-receipts/R{number}", json={**BODY, "rma": f"R{number}"})
    time.sleep(0.01)
    query: dict[str, Any] = {"updated_since": "2020-01-01T00:00:00Z", "limit": 3}
    seen = []
    while True:
        page = client.get("/api/v1/receipts", params=query).json()
        seen += [item["rma"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert sorted(seen) == [f"R{number}" for number in range(10)]


def test_nothing_is_listed_from_before_the_watermark(client: httpx.Client) -> None:
    client.put(PATH, json=BODY)
    assert (
        client.get("/api/v1/receipts", params={"updated_since": "2999-01-01T00:00:00Z"}).json()["items"] == []
    )


@pytest.mark.parametrize(
    "query",
    [
        {"updated_since": "yesterday"},
        {"updated_since": "2026-01-01T00:00:00"},
        {"limit": "0"},
        {"cursor": "x"},
    ],
)
def test_a_bad_question_is_refused(client: httpx.Client, query: dict[str, str]) -> None:
    assert client.get("/api/v1/receipts", params=query).status_code == 400


def test_an_announcement_that_was_dropped_after_the_commit_is_there(
    running: Wms, client: httpx.Client
) -> None:
    running.faults.load([{"match": "PUT /api", "nth": 1, "action": "commit_then_drop"}])
    with pytest.raises(httpx.RemoteProtocolError):
        client.put(PATH, json=BODY)
    assert client.get(PATH).status_code == 200
