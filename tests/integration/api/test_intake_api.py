"""The intake API keeps its word: durable first, all errors at once, one answer per key."""

import threading
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from hub.api import clients, idempotency
from hub.ids import digest

Body = Callable[..., dict[str, Any]]


def test_a_posted_return_is_answered_with_id_and_decision(api: Any, body: Body) -> None:
    answer = api.post(body())
    assert answer.status_code == 201
    found = answer.json()
    assert found["status"] == "authorized"
    assert found["decision"] == {
        "outcome": "approved",
        "reasons": ["within 30 days"],
        "policy": {"name": "authorization", "version": "7"},
        "rule": "row 3",
    }
    assert answer.headers["Location"] == found["links"]["self"] == f"/hub/api/v1/returns/{found['return_id']}"
    assert api.announced == ["sap_s4"]
    assert api.get(f"/returns/{found['return_id']}").json() == found


def test_the_inbox_holds_the_bytes_as_they_came(api: Any, body: Body) -> None:
    raw = b"  " + orjson.dumps(body()) + b"\n"
    assert api.post(raw, key="k1").status_code == 201
    stored = api.database.rows("payload", {"sha256": digest(raw)})
    assert bytes(stored[0]["body"]) == raw


def test_bytes_survive_a_crash_of_the_pipeline_and_the_key_works_again(api: Any, body: Body) -> None:
    api.pipeline.mode = "crash"
    failed = api.post(body(), key="k1")
    assert failed.status_code == 500
    assert failed.headers["content-type"] == "application/problem+json"
    assert "fell over" not in failed.text
    assert api.database.rows("payload", {"sha256": digest(orjson.dumps(body()))})
    api.pipeline.mode = "admit"
    assert api.post(body(), key="k1").status_code == 201


def test_the_same_key_gets_the_same_bytes_again_without_work(api: Any, body: Body) -> None:
    first, second = api.post(body(), key="k1"), api.post(body(), key="k1")
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert api.pipeline.calls == 1


def test_the_same_key_with_another_body_conflicts(api: Any, body: Body) -> None:
    api.post(body(), key="k1")
    other = api.post(body(reference="WEB-2"), key="k1")
    assert other.status_code == 409
    assert other.json()["type"] == "urn:returns-hub:problem:idempotency-key-reused"
    assert api.pipeline.calls == 1


def test_keys_of_two_clients_have_nothing_to_do_with_each_other(api: Any, body: Body) -> None:
    other = clients.add(api.database, "shop2")
    assert api.post(body(), key="k1").status_code == 201
    assert api.post(body(reference="S2-1"), key="k1", api_key=other).status_code == 201


def test_of_requests_at_once_with_one_key_one_is_processed_and_all_get_its_answer(
    api: Any, body: Body
) -> None:
    many = api.together([("POST", "/returns", api.posting(body(), "k1"))] * 6)
    assert {answer.status_code for answer in many} == {201}
    assert len({answer.content for answer in many}) == 1
    assert api.pipeline.calls == 1


def test_who_waits_too_long_for_the_same_key_is_told_to_come_back(
    api: Any, body: Body, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.api.app.WAIT", 0.1)
    gate = threading.Event()
    api.pipeline.before = lambda: gate.wait(10)
    threading.Timer(1.5, gate.set).start()
    answers = api.together([("POST", "/returns", api.posting(body(), "k1"))] * 2)
    late = next(answer for answer in answers if answer.status_code == 409)
    assert late.json()["type"] == "urn:returns-hub:problem:in-progress"
    assert int(late.headers["Retry-After"]) >= 1
    assert [answer.status_code for answer in answers if answer is not late] == [201]


def test_a_claim_whose_process_died_blocks_the_key_no_longer_than_its_lease(api: Any, body: Body) -> None:
    raw = orjson.dumps(body())
    claim = idempotency.claim(api.database, "webshop", "k1", digest(raw))
    assert isinstance(claim, idempotency.Claim)
    with api.database.transaction() as tx:
        tx.execute("UPDATE api_requests SET created_at = now() - interval '61 seconds'")
    assert api.post(raw, key="k1").status_code == 201
    late = idempotency.answer(api.database, claim, 500, "{}")
    assert late.status == 201


def test_a_held_return_is_answered_202_without_decision_and_can_be_looked_at(api: Any, body: Body) -> None:
    api.pipeline.mode = "hold"
    answer = api.post(body())
    assert answer.status_code == 202
    assert (answer.json()["status"], answer.json()["decision"]) == ("held", None)
    assert api.get(f"/returns/{answer.json()['return_id']}").json() == answer.json()


def test_the_same_return_again_without_a_key_is_known(api: Any, body: Body) -> None:
    first = api.post(body())
    again = api.post(body())
    assert again.status_code == 200
    assert again.json() == first.json()


def test_a_dead_letter_is_named_with_its_errors(api: Any, body: Body) -> None:
    api.pipeline.mode = "refuse"
    answer = api.post(body(), key="k1")
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["type"] == "urn:returns-hub:problem:dead-letter"
    assert api.database.rows("dead_letter", {"id": problem["dead_letter_id"]})
    assert problem["errors"] == [
        {"pointer": "/lines/0/reason", "detail": "unknown code", "expected": "", "found": "X"}
    ]
    again = api.post(body(), key="k1")
    assert (again.status_code, again.json()) == (422, problem)


def test_a_client_sees_only_returns_of_its_own(api: Any, body: Body) -> None:
    path = f"/returns/{api.post(body()).json()['return_id']}"
    other = clients.add(api.database, "shop2")
    assert api.request("GET", path, headers={"X-API-Key": other}).status_code == 404


def test_two_clients_may_use_the_same_reference_for_returns_of_their_own(api: Any, body: Body) -> None:
    first = api.post(body())
    other = clients.add(api.database, "shop2")
    second = api.post(body(po_number="other"), api_key=other)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["reference"] == second.json()["reference"]
    assert first.json()["return_id"] != second.json()["return_id"]


def test_every_schema_error_is_reported_at_once(api: Any, body: Body) -> None:
    wrong = body(
        colour="red",
        currency="eur",
        resolution="money",
        return_type="CUSTOMER",
        requested_at="2026-11-02T09:30:00",
        reference="a\x00b",
    )
    wrong["customer"] = {"name": 5}
    wrong["lines"] = [
        {"sku": "A B", "quantity": "-1", "uom": "EA", "reason": "D", "a/b~c": 1},
        {"quantity": True, "serials": ["x", 7], "reason": ""},
    ]
    answer = api.post(wrong)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert {error["pointer"] for error in problem["errors"]} == {
        "/colour", "/currency", "/resolution", "/return_type",
        "/requested_at", "/reference", "/customer/number", "/customer/name",
        "/lines/0/sku", "/lines/0/quantity", "/lines/0/a~1b~0c",
        "/lines/1/sku", "/lines/1/quantity", "/lines/1/serials/1", "/lines/1/reason",
    }  # fmt: skip
    assert len(problem["errors"]) == 15
    assert all(error["detail"] and error["expected"] and error["found"] for error in problem["errors"])
    assert api.pipeline.calls == 0


@pytest.mark.parametrize("quantity", [b"0.1", b"1", b'"0.100"', b"3.0", b"1E+2"])
def test_quantities_may_be_numbers_or_strings(api: Any, body: Body, quantity: bytes) -> None:
    raw = orjson.dumps(body()).replace(b'"quantity":"2"', b'"quantity":' + quantity)
    assert api.post(raw).status_code == 201


@pytest.mark.parametrize(
    "quantity",
    [b"0", b"-1", b"1e999999999", b"1e-9", b'"1e3"', b'" 1"', b'"\xd9\xa3"', b"true", b"null", b"[]"],
)
def test_what_is_no_quantity_is_an_error_at_its_place(api: Any, body: Body, quantity: bytes) -> None:
    raw = orjson.dumps(body()).replace(b'"quantity":"2"', b'"quantity":' + quantity)
    answer = api.post(raw)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/lines/0/quantity"]


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"\xff{}", b'{"a":NaN}', b'{"a":1,"a":2}', b"[" * 100_000, b'{"a":' + b"9" * 5000 + b"}"],
    ids=["empty", "cut", "latin", "nan", "twice", "deep", "digits"],
)
def test_a_body_that_is_not_json_is_refused_with_the_place(api: Any, raw: bytes) -> None:
    answer = api.post(raw)
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("the body")


@pytest.mark.parametrize("raw", [b"[]", b"null", b'"x"', b'{"reference":"\\ud800"}'])
def test_json_that_is_no_return_is_answered_with_errors(api: Any, raw: bytes) -> None:
    assert api.post(raw).status_code == 422


def test_other_media_types_are_refused(api: Any) -> None:
    headers = {"X-API-Key": api.key, "Content-Type": "text/xml"}
    assert api.request("POST", "/returns", content=b"<a/>", headers=headers).status_code == 415


def test_bodies_over_the_limit_are_refused_whether_announced_or_not(api: Any) -> None:
    async def chunks() -> Any:
        for _ in range(40):
            yield b" " * 50_000

    headers = {"X-API-Key": api.key, "Content-Type": "application/json"}
    announced = api.request("POST", "/returns", content=b" " * 1_000_001, headers=headers)
    streamed = api.request("POST", "/returns", content=chunks(), headers=headers)
    assert (announced.status_code, streamed.status_code) == (413, 413)


def test_an_idempotency_key_has_a_longest_length(api: Any, body: Body) -> None:
    assert api.post(body(), key="k" * 201).status_code == 400
    assert api.post(body(), key="k" * 200).status_code == 201


@pytest.mark.parametrize("key", ["", "rh_wrong"])
def test_nobody_gets_in_without_a_known_key(api: Any, body: Body, key: str) -> None:
    for answer in (
        api.post(body(), api_key=key),
        api.request("GET", "/returns/00000000-0000-0000-0000-000000000000", headers={"X-API-Key": key}),
    ):
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "ApiKey"
        assert answer.json()["title"] == "A valid API key is needed"


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("PUT", "/returns", 405)])
def test_refusals_of_the_framework_are_problems_too(api: Any, method: str, path: str, status: int) -> None:
    answer = api.request(method, path, headers={"X-API-Key": api.key})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["instance"] == f"/hub/api/v1{path}"


def test_a_return_id_that_is_none_is_not_found(api: Any) -> None:
    assert api.get("/returns/abc").status_code == 404


def test_keys_are_stored_as_digests_only(api: Any) -> None:
    with api.database.transaction() as tx:
        stored = tx.execute("SELECT client, key_sha256 FROM api_clients").fetchall()
    assert stored == [{"client": "webshop", "key_sha256": digest(api.key.encode())}]
    assert clients.add(api.database, "webshop") != api.key
    assert clients.authenticate(api.database, api.key) is None


@pytest.mark.parametrize(("name", "key"), [("Web Shop", ""), ("", ""), ("a" * 61, ""), ("shop", "short")])
def test_unusable_client_names_and_keys_are_refused(api: Any, name: str, key: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        clients.add(api.database, name, key=key)


def test_the_description_is_published_with_the_request_schema(api: Any) -> None:
    document = api.request("GET", "/openapi.json").json()
    schemas = document["components"]["schemas"]
    assert set(schemas["ReturnRequest"]["required"]) == {
        "reference",
        "customer",
        "po_number",
        "requested_at",
        "lines",
    }
    assert {"Problem", "ReturnAnswer", "Line", "Customer"} <= set(schemas)
    assert {"201", "202", "409", "413", "415", "422"} <= set(
        document["paths"]["/returns"]["post"]["responses"]
    )
    text = orjson.dumps(document).decode()
    for reference in {part.partition('"')[0] for part in text.split('"$ref":"#/components/schemas/')[1:]}:
        assert reference in schemas
    example = document["paths"]["/returns"]["post"]["requestBody"]["content"]["application/json"]["example"]
    assert api.post(example).status_code == 201


def test_the_docs_page_needs_nothing_from_outside(api: Any) -> None:
    page = api.request("GET", "/docs")
    assert page.status_code == 200
    assert "http" not in page.text.replace("openapi.json", "")
    assert "Idempotency-Key" in page.text


def test_a_database_that_is_down_is_answered_503(api: Any, body: Body) -> None:
    api.database.close()
    answer = api.post(body())
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
