"""OData: filters, plain records, CSRF, and a partner that answers as gateways do."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.base import Document
from connectors.errors import Config, ConnectorError, Contract, Refused, Unavailable, Unknown
from connectors.odata import documents, filters
from connectors.odata.client import ODataConnector, connect
from connectors.registry import capabilities

Partner = Any  # of conftest.py

SYSTEM: dict[str, Any] = {
    "system": "erp",
    "connector": "odata",
    "retry": {"attempts": 1},
    "http": {"read": 1.0},
    "odata": {"root": "/odata", "params": {"sap-client": "100"}, "transient_codes": ["V1/042"]},
    "resources": {"order": {"service": "S", "entity": "Orders", "key": "Po", "expand": "to_Item"}},
    "operations": {
        "create": {
            "service": "S",
            "entity": "Returns",
            "key": "Po",
            "number": "Number",
            "repeat": "lookup",
            "key_length": 35,
        }
    },
}


def odata(partner: Partner, **changes: Any) -> ODataConnector:
    return connect({**SYSTEM, **changes}, partner.connection(login="hub", password="canary-1"))


def doc(key: str = "RH-1") -> Document:
    return Document(source_key="k", body=json.dumps({"Po": key}).encode(), media_type="application/json")


def gateway(answer: Callable[..., Any], post: Any) -> Callable[[Any], Any]:
    """Hands out one token, and answers posts with `post`."""

    def handle(asked: Any) -> Any:
        if asked.method == "POST":
            return post(asked) if callable(post) else post
        headers = {"x-csrf-token": "T1"} if asked.headers.get("x-csrf-token") == "Fetch" else {}
        return answer(body=b'{"d": {"results": []}}', headers=headers)

    return handle


# Filters


@pytest.mark.parametrize(
    ("value", "version", "expected"),
    [
        ("O'Neil's", 2, "'O''Neil''s'"),
        ("", 2, "''"),
        (True, 2, "true"),
        (17, 2, "17"),
        (Decimal("1E+3"), 2, "1000M"),
        (Decimal("1.10"), 4, "1.10"),
        (datetime(2026, 11, 20, 12, tzinfo=UTC), 2, "datetimeoffset'2026-11-20T12:00:00Z'"),
        (datetime(2026, 11, 20, 12, tzinfo=UTC), 4, "2026-11-20T12:00:00Z"),
    ],
)
def test_literals_are_quoted_by_version(value: Any, version: Any, expected: str) -> None:
    assert filters.literal(value, version) == expected


def test_an_injected_quote_stays_inside_its_literal() -> None:
    assert filters.eq("Po", "x' or '1' eq '1") == "Po eq 'x'' or ''1'' eq ''1'"


@pytest.mark.parametrize("name", ["", "a b", "a'b", "1a", "a/", "a eq 1 or b"])
def test_what_is_no_property_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="property name"):
        filters.eq(name, "x")


def test_an_empty_choice_is_refused_since_it_would_match_everything() -> None:
    with pytest.raises(ValueError, match="at least one"):
        filters.any_of("Po", [])


def test_terms_are_joined_in_parentheses() -> None:
    assert filters.all_of("a eq 1 or a eq 2", None, "b eq 3") == "(a eq 1 or a eq 2) and (b eq 3)"
    assert filters.all_of(None, "a eq 1") == "a eq 1"
    assert filters.all_of(None, None) == ""


def test_keys_are_asked_for_in_groups_that_fit_an_address() -> None:
    assert [len(group) for group in filters.chunks([f"K{n}" for n in range(60)], 25)] == [25, 25, 10]
    long = ["ü" * 35 for _ in range(30)]
    assert all(len(group) <= 14 for group in filters.chunks(long, 25))
    assert sum(len(group) for group in filters.chunks(long, 25)) == 30


# Documents


def test_plain_records_read_the_same_in_both_versions() -> None:
    v2 = {
        "__metadata": {"uri": "x"},
        "Number": "1",
        "to_Item": {"results": [{"__metadata": {}, "Qty": "1.000"}]},
        "to_Partner": {"__deferred": {"uri": "y"}},
    }
    v4 = {"@odata.etag": "e", "Number": "1", "to_Item": [{"@odata.id": "i", "Qty": "1.000"}]}
    expected = {"Number": "1", "to_Item": [{"Qty": "1.000"}]}
    assert documents.plain(v2, lambda _: []) == documents.plain(v4, lambda _: []) == expected


def test_lists_that_the_server_cut_are_completed() -> None:
    asked: list[str] = []

    def follow(link: str) -> list[Any]:
        asked.append(link)
        return [{"N": "2"}]

    v2 = {"to_Item": {"results": [{"N": "1"}], "__next": "L2"}}
    v4 = {"to_Item": [{"N": "1"}], "to_Item@odata.nextLink": "L4"}
    assert documents.plain(v2, follow) == documents.plain(v4, follow) == {"to_Item": [{"N": "1"}, {"N": "2"}]}
    assert asked == ["L2", "L4"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"error":{"code":"SD/1","message":{"lang":"en","value":"No"}}}', ("No", "SD/1")),
        (
            (
                b'{"error":{"code":"SD/1","message":{"value":"No"},"innererror":{"errordetails":'
                b'[{"message":"No"},{"message":"Line 10"}]}}}'
            ),
            ("No; Line 10", "SD/1"),
        ),
        (b'{"error":{"code":"c","message":"No","details":[{"message":"Line 20"}]}}', ("No; Line 20", "c")),
        (b"<html>Logon failed</html>", ("", "")),
        (b'{"error":"plain"}', ("", "")),
        (b"[]", ("", "")),
        (b"", ("", "")),
    ],
)
def test_the_partners_words_are_found_in_either_version(body: bytes, expected: tuple[str, str]) -> None:
    assert documents.problem(body) == expected


@pytest.mark.parametrize(
    "body", [b"{}", b'{"Po": "other"}', b'{"Po": 1}', b"[]", b"no json", b'{"Po": null}']
)
def test_a_document_without_its_key_is_a_contract_error_before_anything_is_sent(
    partner: Partner, body: bytes
) -> None:
    with odata(partner) as connector, pytest.raises(Contract):
        connector.write("create", Document(source_key="k", body=body, media_type="application/json"), "RH-1")
    assert partner.asked == []


# Writing


def test_a_token_is_fetched_once_and_sent_with_its_cookies(partner: Partner, answer: Any) -> None:
    created = answer(status=201, body=b'{"d": {"Number": "60000001", "Total": "1.10"}}')

    def handle(asked: Any) -> Any:
        if asked.method == "POST":
            return created
        return answer(headers={"x-csrf-token": "T1", "set-cookie": "sap-XSRF_ANY_1=c1; path=/"})

    partner.handler = handle
    with odata(partner) as connector, ThreadPoolExecutor(8) as pool:
        receipts = list(pool.map(lambda n: connector.write("create", doc(f"RH-{n}"), f"RH-{n}"), range(24)))
    fetches = [asked for asked in partner.asked if asked.method == "GET"]
    posts = [asked for asked in partner.asked if asked.method == "POST"]
    assert [asked.path for asked in fetches] == ["/odata/S/?sap-client=100"]
    assert {asked.path for asked in posts} == {"/odata/S/Returns?sap-client=100"}
    assert {asked.headers["x-csrf-token"] for asked in posts} == {"T1"}
    assert {asked.headers["cookie"] for asked in posts} == {"sap-XSRF_ANY_1=c1"}
    assert len(posts) == 24
    assert {(receipt.reference, receipt.body["Total"]) for receipt in receipts} == {("60000001", "1.10")}


def test_an_expired_token_is_renewed_and_the_document_sent_once_more(partner: Partner, answer: Any) -> None:
    tokens = iter(["T1", "T2"])
    required = answer(status=403, body=b"CSRF token validation failed", headers={"x-csrf-token": "Required"})

    def handle(asked: Any) -> Any:
        if asked.method == "GET":
            return answer(headers={"x-csrf-token": next(tokens)})
        good = asked.headers["x-csrf-token"] == "T2"
        return answer(status=201, body=b'{"d": {"Number": "1"}}') if good else required

    partner.handler = handle
    with odata(partner) as connector:
        assert connector.write("create", doc(), "RH-1").reference == "1"
        assert connector.write("create", doc(), "RH-1").reference == "1"
    assert [asked.method for asked in partner.asked] == ["GET", "POST", "GET", "POST", "POST"]


def test_a_token_that_is_never_good_enough_is_a_config_error(partner: Partner, answer: Any) -> None:
    required = answer(status=403, headers={"x-csrf-token": "Required"})
    partner.handler = gateway(answer, required)
    with odata(partner) as connector, pytest.raises(Config):
        connector.write("create", doc(), "RH-1")
    assert [asked.method for asked in partner.asked] == ["GET", "POST", "GET", "POST"]


def test_a_403_of_another_kind_renews_nothing(partner: Partner, answer: Any) -> None:
    body = b'{"error":{"code":"/IWFND/MED/170","message":{"value":"No service found"}}}'
    partner.handler = gateway(answer, answer(status=403, body=body))
    with odata(partner) as connector, pytest.raises(Config, match="No service found") as caught:
        connector.write("create", doc(), "RH-1")
    assert caught.value.code == "http_403:/IWFND/MED/170"
    assert len(partner.asked) == 2


def test_a_failed_fetch_sends_nothing(partner: Partner, answer: Any) -> None:
    partner.answers(answer(hang_up=True))
    with odata(partner) as connector, pytest.raises(Unavailable):
        connector.write("create", doc(), "RH-1")
    assert [asked.method for asked in partner.asked] == ["GET"]


def test_a_system_without_tokens_says_so_in_its_settings(partner: Partner, answer: Any) -> None:
    partner.answers(answer(status=201, body=b'{"Number": "7"}'))
    section = {"root": "/odata", "version": 4, "csrf": False}
    with odata(partner, odata=section) as connector:
        assert connector.write("create", doc(), "RH-1").reference == "7"
    with odata(partner) as connector, pytest.raises(Config, match=r"odata\.csrf"):
        connector.write("create", doc(), "RH-1")


@pytest.mark.parametrize(
    ("post", "kind"),
    [
        ({"status": 500}, Unknown),
        ({"hang_up": True}, Unknown),
        ({"status": 504}, Unknown),
        ({"status": 201, "body": b"<html>"}, Unknown),
        ({"status": 201, "body": b'{"d": {}}'}, Unknown),
        ({"status": 503}, Unavailable),
        ({"status": 400}, Refused),
        ({"status": 404}, Config),
        ({"status": 401, "headers": {"content-type": "text/html"}}, Config),
        ({"status": 400, "body": b'{"error":{"code":"V1/042","message":{"value":"Locked"}}}'}, Unavailable),
    ],
)
def test_a_create_fails_as_the_table_says(
    partner: Partner, answer: Any, post: dict[str, Any], kind: type[ConnectorError]
) -> None:
    partner.handler = gateway(answer, answer(**post))
    with odata(partner) as connector, pytest.raises(ConnectorError) as caught:
        connector.write("create", doc(), "RH-1")
    assert type(caught.value) is kind
    assert sum(asked.method == "POST" for asked in partner.asked) == 1


# Asking


def rows(*keys: str, following: str | None = None) -> bytes:
    results = [{"Po": key, "Number": f"N{place}"} for place, key in enumerate(keys)]
    return json.dumps({"d": {"results": results, **({"__next": following} if following else {})}}).encode()


def test_a_probe_finds_the_first_made_of_duplicates(partner: Partner, answer: Any) -> None:
    body = b'{"d":{"results":[{"Po":"RH-1","Number":"10"},{"Po":"RH-1","Number":"9"}]}}'
    partner.answers(answer(body=body))
    with odata(partner) as connector:
        receipt = connector.find("create", "RH-1")
    assert receipt is not None
    assert (receipt.reference, receipt.found) == ("9", True)
    assert partner.asked[0].path == "/odata/S/Returns?sap-client=100&$filter=Po%20eq%20%27RH-1%27"


def test_a_probe_does_not_believe_a_partner_that_ignores_the_filter(partner: Partner, answer: Any) -> None:
    partner.answers(answer(body=rows("SOMETHING-ELSE")))
    with odata(partner) as connector, pytest.raises(Config) as caught:
        connector.find("create", "RH-1")
    assert caught.value.code == "filter_ignored"


def test_a_probe_that_finds_nothing_says_none(partner: Partner, answer: Any) -> None:
    partner.answers(answer(body=rows()))
    with odata(partner) as connector:
        assert connector.find("create", "RH-1") is None


@pytest.mark.parametrize(
    "body", [b"<html>sign in</html>", b'{"d": {}}', b"[]", b"null", b'{"d": {"results": [']
)
def test_a_probe_never_takes_rubbish_for_nothing(partner: Partner, answer: Any, body: bytes) -> None:
    partner.answers(answer(body=body))
    with odata(partner) as connector, pytest.raises(Unavailable):
        connector.find("create", "RH-1")


def test_a_refused_question_is_no_refused_effect(partner: Partner, answer: Any) -> None:
    partner.answers(answer(status=400, body=b'{"error":{"code":"x","message":{"value":"no filter"}}}'))
    with odata(partner) as connector, pytest.raises(Config, match="no filter"):
        connector.find("create", "RH-1")


def test_lookups_ask_in_chunks_and_follow_next_links(partner: Partner, answer: Any) -> None:
    pages = [
        rows("K0", following=f"http://127.0.0.1:{partner.port}/odata/S/Orders?$skiptoken=1"),
        rows("k1"),
        rows("K26"),
    ]
    partner.answers(*(answer(body=body) for body in pages))
    with odata(partner) as connector:
        found = connector.lookup("order", [f"K{n}" for n in range(30)] + ["", "K0"])
    assert sorted(found) == ["K0", "K1", "K26"]
    assert partner.asked[0].path.count("%20or%20") == 24
    assert partner.asked[1].path == "/odata/S/Orders?$skiptoken=1"
    assert partner.asked[2].path.count("%20or%20") == 4
    assert "$expand=to_Item" in partner.asked[0].path


def test_a_key_of_several_records_gives_the_first_or_all(partner: Partner, answer: Any) -> None:
    partner.answers(answer(body=rows("K", "K")))
    many = {"order": {**SYSTEM["resources"]["order"], "many": True}}
    with odata(partner) as connector:
        assert connector.lookup("order", ["K"])["K"]["Number"] == "N0"
    with odata(partner, resources=many) as connector:
        assert [row["Number"] for row in connector.lookup("order", ["K"])["K"]] == ["N0", "N1"]


def test_no_next_link_leads_to_another_host(partner: Partner, answer: Any) -> None:
    partner.answers(answer(body=rows("K", following="http://evil.example/odata/S/Orders?$skiptoken=1")))
    with odata(partner) as connector, pytest.raises(Config) as caught:
        connector.lookup("order", ["K"])
    assert caught.value.code == "address_elsewhere"
    assert len(partner.asked) == 1


def test_nothing_to_ask_asks_nothing(partner: Partner) -> None:
    with odata(partner) as connector:
        assert connector.lookup("order", ["", " "]) == {}
    assert partner.asked == []


def test_reading_by_change_time_filters_and_moves_the_cursor(partner: Partner, answer: Any) -> None:
    partner.answers(answer(body=b'{"d":{"results":[{"Changed":"/Date(1795168800000)/"}]}}'))
    resource = {"service": "S", "entity": "Orders", "watermark": {"field": "Changed", "overlap": 60}}
    with odata(partner, resources={"order": resource}) as connector:
        batches = list(connector.read("order", {"since": "2026-11-20T09:00:00Z"}))
    assert [batch.cursor for batch in batches] == [{"since": "2026-11-20T10:00:00Z"}]
    assert (
        "$filter=Changed%20ge%20datetimeoffset%272026-11-20T08:59:00Z%27&$orderby=Changed%20asc"
        in partner.asked[0].path
    )


# SAP


def sap(**operation: Any) -> dict[str, Any]:
    known = {
        "service": "API_CUSTOMER_RETURN_SRV",
        "entity": "A_CustomerReturn",
        "key": "PurchaseOrderByCustomer",
        "number": "CustomerReturn",
        "repeat": "lookup",
        "key_length": 35,
    }
    return {"system": "sap_s4", "connector": "sap_s4", "operations": {"create": {**known, **operation}}}


def test_sap_services_are_declared_as_written() -> None:
    operation = capabilities(sap()).operations["create"]
    assert (operation.repeat, operation.key_length) == ("lookup", 35)
    assert capabilities(sap(service="ZRETURNS_SRV", entity="Things", key_length=99)).operations


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ({"key_length": 36}, "operations.create.key_length: expected at most 35"),
        ({"key": "SoldToParty"}, "operations.create.key: expected a reference field"),
        ({"number": "Number"}, "operations.create.number: expected 'CustomerReturn'"),
        ({"entity": "A_Nothing"}, "operations.create.entity: expected one that"),
        ({"repeat": "replace"}, "expected repeat 'lookup' or 'none'"),
        ({"key": None}, "expected 'key' with repeat 'lookup'"),
    ],
)
def test_what_sap_would_not_store_is_refused_when_settings_load(
    operation: dict[str, Any], expected: str
) -> None:
    with pytest.raises(Config) as caught:
        capabilities(sap(**operation))
    assert expected in caught.value.message
