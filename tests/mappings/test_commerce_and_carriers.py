"""What samples of shops, warehouses and carriers cannot say: all codes, all hours, the way there and back."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from canonical.vocabulary import ShipmentStatus
from hub.mapping.compile import CompiledMapping, compile_file
from hub.mapping.lookups import CANONICAL, read_table

MAPPINGS = Path(__file__).resolve().parents[2] / "mappings"

CARRIERS = {
    "ups": ("ups/track_alert", "in_transit", "activityStatus.type"),
    "dhl": ("dhl/tracking", "delivered", "status.statusCode"),
    "easypost": ("easypost/tracker_updated", "in_transit", "result.status"),
    "shippo": ("shippo/track_updated", "transit", "data.tracking_status.status"),
    "amazon": ("amazon/return_shipment", "in_transit", "status"),
}
"""Column of the code table: mapping, one of its samples, where the sample has the status."""


def mapping(name: str) -> CompiledMapping:
    return compile_file(MAPPINGS / f"{name}.yaml", MAPPINGS)


def sample(name: str) -> Any:
    system, _, file = name.partition("/")
    return json.loads((MAPPINGS / system / "samples" / f"{file}.json").read_text("utf-8"))


def having(document: Any, place: str, value: str) -> Any:
    """A copy of a document with another value at a place."""
    changed = copy.deepcopy(document)
    *groups, last = place.split(".")
    group = changed
    for name in groups:
        group = group[name]
    group[last] = value
    return changed


def tracked(column: str, code: str) -> tuple[CompiledMapping, Any]:
    """A carrier's mapping and its sample with another status."""
    name, file, place = CARRIERS[column]
    return mapping(name), having(sample(f"{name.partition('/')[0]}/{file}"), place, code)


def carrier_codes() -> Iterator[tuple[str, str, str]]:
    table = read_table(MAPPINGS / "codes" / "carrier_status.csv", "codes/carrier_status.csv")
    for column in CARRIERS:
        for code, status in table.lookup("status", column, CANONICAL).entries.items():
            yield column, code, status


@pytest.mark.parametrize(("column", "code", "status"), list(carrier_codes()))
def test_every_code_of_a_carrier_becomes_its_status(column: str, code: str, status: str) -> None:
    compiled, document = tracked(column, code)
    mapped = compiled.apply(document)
    assert mapped.errors == ()
    assert mapped.value["status"] == status == ShipmentStatus(status).value


@pytest.mark.parametrize(
    ("column", "code"),
    [
        ("ups", "ZZ"),
        ("dhl", "unknown"),
        ("easypost", "unknown"),
        ("shippo", "UNKNOWN"),
        ("amazon", "PROCESSED"),
    ],
)
def test_a_status_that_says_nothing_about_the_parcel_is_refused_and_not_guessed(
    column: str, code: str
) -> None:
    compiled, document = tracked(column, code)
    (error,) = compiled.apply(document).errors
    assert error.target_path == "status"
    assert code in str(error)


@pytest.mark.parametrize(
    ("day", "time", "expected"),
    [
        ("20260714", "160500", "2026-07-14T16:05:00-05:00"),
        ("20261224", "160500", "2026-12-24T16:05:00-06:00"),
        ("20261101", "005959", "2026-11-01T00:59:59-05:00"),
        ("20261101", "020000", "2026-11-01T02:00:00-06:00"),
        ("20260308", "010000", "2026-03-08T01:00:00-06:00"),
        ("20260308", "030000", "2026-03-08T03:00:00-05:00"),
    ],
)
def test_local_times_of_ups_are_those_of_the_stated_zone_in_summer_and_winter(
    day: str, time: str, expected: str
) -> None:
    alert = sample("ups/in_transit") | {"localActivityDate": day, "localActivityTime": time}
    assert mapping("ups/track_alert").apply(alert).value["updated_at"] == expected


def test_dhl_times_with_and_without_an_offset_are_the_same_instant_when_they_mean_the_same() -> None:
    tracking, shipment = mapping("dhl/tracking"), sample("dhl/delivered")
    said = ["2026-07-06T10:42:00", "2026-07-06T10:42:00+02:00", "2026-07-06T08:42:00Z"]
    times = {tracking.apply(having(shipment, "status.timestamp", each)).value["updated_at"] for each in said}
    assert times == {"2026-07-06T10:42:00+02:00"}


@pytest.mark.parametrize(
    ("name", "file", "place", "value"),
    [
        ("ups/track_alert", "ups/in_transit", "localActivityTime", "042511"),
        ("ups/track_alert", "ups/in_transit", "activityStatus.code", "AR"),
        ("dhl/tracking", "dhl/delivered", "status.timestamp", "2026-11-06T10:43:00"),
        ("easypost/tracker_updated", "easypost/in_transit", "id", "evt_2"),
        ("shippo/track_updated", "shippo/transit", "data.tracking_status.status", "DELIVERED"),
        ("amazon/return_shipment", "amazon/in_transit", "status", "OUT_FOR_DELIVERY"),
    ],
)
def test_the_next_news_of_a_parcel_has_another_key_and_the_same_news_the_same(
    name: str, file: str, place: str, value: str
) -> None:
    compiled, news = mapping(name), sample(file)
    assert compiled.key(copy.deepcopy(news)) == compiled.key(news)
    assert compiled.key(having(news, place, value)) != compiled.key(news)


@pytest.mark.parametrize("status", ["CREATED", "DELIVERED", "PARTIALLY_PROCESSED", "REJECTED", "CANCELLED"])
def test_amazon_has_received_only_what_is_fully_processed(status: str) -> None:
    returned = sample("amazon/processed") | {"status": status}
    (error,) = mapping("amazon/return_received").apply(returned).errors
    assert error.target_path == "ext.amazon.status"


def test_returns_of_one_amazon_rma_have_no_identity_in_common() -> None:
    request, first = mapping("amazon/return_request"), sample("amazon/replacement")
    second = first | {"id": "7d0b54c2-91b4-4f35-8c1e-5f1e0a6b2299"}
    identities = [
        {each["value"] for each in request.apply(document).value["external_ids"]}
        for document in (first, second)
    ]
    assert not identities[0] & identities[1]


def test_what_extensiv_receives_finds_the_return_and_the_lines_that_the_receiver_was_made_for() -> None:
    made = mapping("extensiv/receiver_create").apply(sample("extensiv/two_lines")).value
    received = sample("extensiv/ours") | {"referenceNum": made["referenceNum"]}
    items = received["_embedded"]["http://api.3plCentral.com/rels/inventory/receiveritem"]
    for item, expected in zip(items, made["receiveItems"], strict=True):
        item["externalId"] = expected["externalId"]

    receipt = mapping("extensiv/receipt")
    scope = sample("extensiv/two_lines")
    assert receipt.match(received) == [("rma_number", scope["fact"]["data"]["rma_number"])]
    assert [line["line_no"] for line in receipt.apply(received).value["lines"]] == [
        line["line_no"] for line in scope["return"]["lines"]
    ]


def test_a_jtl_return_whose_lines_are_only_announced_is_no_receipt() -> None:
    announced = sample("jtl/received")
    for line in announced["lineItems"]:
        line["stateId"] = "c0de0000-0000-4000-f000-000000000001"
    mapped = mapping("jtl/receipt").apply(announced)
    assert "lines" not in mapped.value


def test_a_shiphero_return_of_which_nothing_arrived_has_no_time_of_receipt() -> None:
    pending = sample("shiphero/received")
    for line in pending["line_items"]:
        line["quantity_received"] = 0
    assert [error.target_path for error in mapping("shiphero/receipt").apply(pending).errors] == [
        "received_at"
    ]
