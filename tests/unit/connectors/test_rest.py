"""REST systems: paging, watermarks, receipts, probes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from connectors.base import Document
from connectors.errors import Config, ConnectorError, Contract, Refused, Unavailable, Unknown
from connectors.registry import capabilities
from connectors.rest.client import RestConnector, connect

Partner = Any  # of conftest.py

OPERATION = {"method": "PUT", "path": "/r/{key}", "find": "/r/{key}", "repeat": "replace", "number": "id"}
RESOURCE = {
    "path": "/items",
    "items": "data.items",
    "next": "next",
    "page_param": "cursor",
    "watermark": {"field": "updated_at", "param": "since", "overlap": 60},
    "limit": {"param": "limit", "value": 50},
}


def system(
    resource: Mapping[str, Any] | None = None, operation: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    return {
        "system": "wms",
        "connector": "rest",
        "retry": {"attempts": 1},
        "http": {"read": 1.0},
        "limits": {"concurrency": 4},
        "resources": {"items": {**RESOURCE, **(resource or {})}},
        "operations": {"put": {**OPERATION, **(operation or {})}},
    }


def rest(partner: Partner, **parts: Any) -> RestConnector:
    return connect(system(**parts), partner.connection(extra={"token": "canary-1"}))


def page(*times: str, following: str | None = None) -> bytes:
    items = [{"updated_at": time} for time in times]
    return json.dumps({"data": {"items": items}, "next": following}).encode()


def doc(body: bytes = b"{}") -> Document:
    return Document(source_key="k", body=body, media_type="application/json")


def test_pages_are_followed_and_the_cursor_moves_with_the_last_one(partner: Partner, answer: Any) -> None:
    partner.answers(
        answer(body=page("2026-11-20T10:00:00Z", following="p2")),
        answer(body=page(following="p3")),
        answer(body=page("2026-11-20T09:00:00Z")),
    )
    with rest(partner) as connector:
        batches = list(connector.read("items", {"since": "2026-11-20T08:00:00Z"}))
    assert [batch.cursor for batch in batches] == [
        {"since": "2026-11-20T08:00:00Z"},
        {"since": "2026-11-20T10:00:00Z"},
    ]
    assert [len(batch.documents) for batch in batches] == [1, 1]
    assert [asked.path for asked in partner.asked] == [
        "/items?limit=50&since=2026-11-20T07:59:00Z",
        "/items?limit=50&since=2026-11-20T07:59:00Z&cursor=p2",
        "/items?limit=50&since=2026-11-20T07:59:00Z&cursor=p3",
    ]


def test_an_empty_last_page_still_moves_the_cursor(partner: Partner, answer: Any) -> None:
    partner.answers(answer(body=page("2026-11-20T10:00:00Z", following="p2")), answer(body=page()))
    with rest(partner) as connector:
        batches = list(connector.read("items", None))
    assert [(len(batch.documents), batch.cursor) for batch in batches] == [
        (1, {}),
        (0, {"since": "2026-11-20T10:00:00Z"}),
    ]


def test_nothing_new_gives_no_batch(partner: Partner, answer: Any) -> None:
    partner.answers(answer(body=page()))
    with rest(partner) as connector:
        assert list(connector.read("items", {"since": "2026-11-20T08:00:00Z"})) == []


def test_an_ordered_collection_moves_the_cursor_page_by_page(partner: Partner, answer: Any) -> None:
    partner.answers(
        answer(body=page("2026-11-20T09:00:00Z", following="p2")), answer(body=page("2026-11-20T10:00:00Z"))
    )
    ordered = {"watermark": {**RESOURCE["watermark"], "ordered": True}}  # type: ignore[dict-item]  # a mapping
    with rest(partner, resource=ordered) as connector:
        cursors = [batch.cursor for batch in connector.read("items", None)]
    assert cursors == [{"since": "2026-11-20T09:00:00Z"}, {"since": "2026-11-20T10:00:00Z"}]


def test_the_same_page_is_the_same_document(partner: Partner, answer: Any) -> None:
    partner.answers(answer(body=page("2026-11-20T10:00:00Z")))
    with rest(partner) as connector:
        first, again = (next(connector.read("items", None)).documents[0] for _ in range(2))
    assert first == again
    assert len(first.source_key) == 64


def test_paging_that_never_ends_is_a_config_error(partner: Partner, answer: Any) -> None:
    partner.answers(answer(body=page("2026-11-20T10:00:00Z", following="p2")))
    with rest(partner) as connector, pytest.raises(Config, match="'p2' again"):
        list(connector.read("items", None))


def test_a_next_address_is_followed_on_the_same_host_only(partner: Partner, answer: Any) -> None:
    partner.answers(
        answer(body=page("2026-11-20T10:00:00Z", following="/items?page=2")),
        answer(body=page(following="http://evil.example/items?page=3")),
    )
    with rest(partner, resource={"page_param": None}) as connector, pytest.raises(Config) as caught:
        list(connector.read("items", None))
    assert caught.value.code == "address_elsewhere"
    assert partner.asked[1].path == "/items?page=2"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"data": {', Unavailable),
        (b"<html>", Unavailable),
        (b'{"data": {}}', Config),
        (b"NaN", Unavailable),
    ],
)
def test_a_page_that_cannot_be_read_stops_the_reading(
    partner: Partner, answer: Any, body: bytes, kind: type[ConnectorError]
) -> None:
    partner.answers(answer(body=body))
    with rest(partner) as connector, pytest.raises(kind):
        list(connector.read("items", None))


def test_a_write_gives_the_partners_number_and_exact_decimals(partner: Partner, answer: Any) -> None:
    partner.answers(answer(status=201, body=b'{"id": 17, "fee": 1.10}'))
    with rest(partner) as connector:
        receipt = connector.write("put", doc(b'{"a":1}'), "RH 1/2")
    assert receipt.reference == "17"
    assert receipt.body["fee"] == Decimal("1.10")
    assert partner.asked[0].path == "/r/RH%201%2F2"
    assert partner.asked[0].headers["content-type"] == "application/json"


@pytest.mark.parametrize("body", [b"", b"{}", b'{"id": null}', b"<html>ok</html>", b'{"id": true}'])
def test_a_success_without_a_readable_number_is_unknown(partner: Partner, answer: Any, body: bytes) -> None:
    partner.answers(answer(status=201, body=body))
    with rest(partner) as connector, pytest.raises(Unknown) as caught:
        connector.write("put", doc(), "RH-1")
    assert caught.value.code == "answer_unreadable"


def test_a_failure_inside_a_success_is_refused(partner: Partner, answer: Any) -> None:
    partner.answers(answer(body=b'{"id": 1, "ok": false, "why": "closed period", "c": "E7"}'))
    rule = {"failed_when": {"path": "ok", "equals": False, "message": "why", "code": "c"}}
    with rest(partner, operation=rule) as connector, pytest.raises(Refused, match="closed period") as caught:
        connector.write("put", doc(), "RH-1")
    assert caught.value.code == "E7"


def test_a_key_header_goes_with_a_native_operation(partner: Partner, answer: Any) -> None:
    partner.answers(answer(status=201, body=b'{"id": 1}'))
    native = {
        "method": "POST",
        "path": "/r",
        "find": None,
        "repeat": "native",
        "key_header": "Idempotency-Key",
    }
    with rest(partner, operation=native) as connector:
        connector.write("put", doc(), "RH-1")
        assert connector.find("put", "RH-1") is None
    assert partner.asked[0].headers["idempotency-key"] == "RH-1"


def test_a_probe_tells_absent_from_misconfigured(partner: Partner, answer: Any) -> None:
    with rest(partner) as connector:
        partner.answers(answer(status=404, body=b'{"error": "no such"}'))
        assert connector.find("put", "RH-1") is None
        partner.answers(answer(status=404, body=b"<html>", headers={"content-type": "text/html"}))
        with pytest.raises(Config):
            connector.find("put", "RH-1")
        partner.answers(answer(status=503))
        with pytest.raises(Unavailable):
            connector.find("put", "RH-1")
        partner.answers(answer(body=b'{"id": 9}'))
        receipt = connector.find("put", "RH-1")
    assert receipt is not None
    assert (receipt.reference, receipt.found) == ("9", True)


def test_a_refused_question_is_no_refused_effect(partner: Partner, answer: Any) -> None:
    partner.answers(answer(status=400))
    with rest(partner) as connector, pytest.raises(Config):
        connector.find("put", "RH-1")


@pytest.mark.parametrize("key", ["", " ", "..", "a\nb", " a", "x" * 65])
def test_a_key_that_cannot_be_used_is_never_sent(partner: Partner, key: str) -> None:
    with rest(partner) as connector, pytest.raises(Contract):
        connector.write("put", doc(), key)
    assert partner.asked == []


def test_unavailable_is_repeated_for_a_moment_and_unknown_never(partner: Partner, answer: Any) -> None:
    parts = {**system(), "retry": {"attempts": 3}}
    with connect(parts, partner.connection()) as connector:
        partner.answers(answer(status=503), answer(status=201, body=b'{"id": 1}'))
        assert connector.write("put", doc(), "RH-1").reference == "1"
        assert len(partner.asked) == 2
        partner.answers(answer(hang_up=True), answer(status=201, body=b'{"id": 1}'))
        with pytest.raises(Unknown):
            connector.write("put", doc(), "RH-1")
    assert len(partner.asked) == 3


def test_lookups_ask_for_each_record_and_leave_out_what_is_not_there(partner: Partner, answer: Any) -> None:
    partner.handler = lambda asked: answer(
        status=200 if asked.path.endswith("A") else 404, body=b'{"n": 1.5}'
    )
    with rest(partner, resource={"record": "/orders/{key}"}) as connector:
        assert connector.lookup("items", ["A", "B", "", "A"]) == {"A": {"n": Decimal("1.5")}}
    assert [asked.path for asked in partner.asked] == ["/orders/A", "/orders/B"]


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ({"repeat": "lookup", "find": None}, "expected 'find'"),
        ({"path": "/r"}, "expected {key} in 'path'"),
        ({"path": "/r/{id}"}, "expected only {key}"),
        ({"repeat": "twice"}, "operations.put.repeat"),
        ({"numbr": "id"}, "operations.put.numbr: expected a known key"),
        ({"key_length": 0}, "operations.put.key_length"),
    ],
)
def test_wrong_settings_are_named_at_their_place(operation: dict[str, Any], expected: str) -> None:
    with pytest.raises(Config) as caught:
        capabilities(system(operation=operation))
    assert expected in caught.value.message
    assert "'wms'" in caught.value.message


def test_all_wrong_settings_are_told_at_once() -> None:
    with pytest.raises(Config) as caught:
        capabilities(system(operation={"repeat": "twice", "numbr": 1}, resource={"limitt": 3}))
    assert all(place in caught.value.message for place in ("put.repeat", "put.numbr", "items.limitt"))
