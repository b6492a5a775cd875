"""The HTTP client against a partner that does what real ones do."""

from __future__ import annotations

import gzip
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from connectors.base import Connection
from connectors.classification import Intent
from connectors.errors import Config, ConnectorError, Refused, Unavailable, Unknown
from connectors.http import HttpSession, HttpSettings, Request
from hub.testing.contract import leaks

Partner = Any  # of conftest.py
READ = Request(method="GET", path="/things", intent=Intent.READ)
WRITE = Request(method="POST", path="/things", intent=Intent.WRITE, body=b'{"a": 1}')
QUICK = HttpSettings(connect=1, read=0.3, write=0.3, pool=0.3, total=1, connections=8, max_answer=2048)


def session(connection: Connection, settings: HttpSettings = QUICK) -> HttpSession:
    return HttpSession(connection, settings, {"accept": "application/json"})


def failure(client: HttpSession, request: Request) -> ConnectorError:
    with client, pytest.raises(ConnectorError) as caught:
        client.call(request)
    return caught.value


def test_an_answer_and_its_exchange_come_back(partner: Partner, answer: Any) -> None:
    partner.answers(
        answer(status=201, body=b'{"id": 7}', headers={"content-type": "application/json; charset=utf-8"})
    )
    with session(partner.connection(login="hub", password="canary-1")) as client:
        response, exchange = client.call(WRITE)
    assert (response.status, response.body, response.media_type) == (201, b'{"id": 7}', "application/json")
    assert (exchange.request, exchange.request_body) == ("POST /things", b'{"a": 1}')
    assert (exchange.response, exchange.response_body) == ("201 Created", b'{"id": 7}')
    assert exchange.elapsed > 0
    assert partner.asked[0].headers["authorization"].startswith("Basic ")
    assert partner.asked[0].body == b'{"a": 1}'


def test_a_token_signs_in_as_bearer_and_own_headers_are_sent(partner: Partner) -> None:
    with session(partner.connection(extra={"token": "t-1", "headers": {"X-Team": "u"}})) as client:
        client.call(READ)
    assert partner.asked[0].headers["authorization"] == "Bearer t-1"
    assert partner.asked[0].headers["x-team"] == "u"


@pytest.mark.parametrize(("request_", "kind"), [(READ, Unavailable), (WRITE, Unknown)], ids=["read", "write"])
@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        ({"hang_up": True}, "answer_broken"),
        ({"wait": 0.8}, "read_timeout"),
        ({"body": b"x" * 100, "cut": 10}, "answer_broken"),
        ({"body": b"no gzip", "headers": {"content-encoding": "gzip"}}, "answer_undecodable"),
        ({"body": b"y" * 40, "drip": 0.05}, "answer_too_slow"),
        ({"status": 500}, "http_500"),
        ({"status": 502}, "http_502"),
    ],
    ids=["hung up", "silent", "cut", "damaged", "dripping", "500", "502"],
)
def test_what_goes_wrong_after_sending_is_unavailable_on_reads_and_unknown_on_writes(
    partner: Partner,
    answer: Any,
    request_: Request,
    kind: type[ConnectorError],
    trouble: dict[str, Any],
    code: str,
) -> None:
    partner.answers(answer(**trouble))
    error = failure(session(partner.connection()), request_)
    assert (type(error), error.code) == (kind, code)
    assert len(partner.asked) == 1
    assert error.exchange is not None


def test_nobody_listening_is_unavailable_for_writes_too(free_port: int) -> None:
    error = failure(session(Connection(id="x", host="127.0.0.1", port=free_port, schema="http")), WRITE)
    assert (type(error), error.code) == (Unavailable, "connect_failed")


def test_no_such_host_is_unavailable() -> None:
    error = failure(session(Connection(id="x", host="no-such-host.invalid", schema="http")), WRITE)
    assert (type(error), error.code) == (Unavailable, "connect_failed")


def test_a_busy_pool_is_unavailable_since_nothing_was_sent(partner: Partner, answer: Any) -> None:
    partner.answers(answer(wait=0.6))
    settings = QUICK.model_copy(update={"connections": 1, "read": 5.0, "pool": 0.1})
    with session(partner.connection(), settings) as client, ThreadPoolExecutor(1) as pool:
        first = pool.submit(client.call, READ)
        time.sleep(0.2)
        with pytest.raises(Unavailable) as caught:
            client.call(WRITE)
        first.result()
    assert caught.value.code == "pool_timeout"
    assert [asked.method for asked in partner.asked] == ["GET"]


def test_an_answer_above_the_cap_is_ours_to_configure_but_unknown_after_a_write(
    partner: Partner, answer: Any
) -> None:
    partner.answers(answer(body=b"z" * 4096))
    assert type(failure(session(partner.connection()), READ)) is Config
    assert type(failure(session(partner.connection()), WRITE)) is Unknown


def test_a_compressed_bomb_is_stopped_at_the_cap(partner: Partner, answer: Any) -> None:
    partner.answers(answer(body=gzip.compress(b"0" * 10_000_000), headers={"content-encoding": "gzip"}))
    settings = QUICK.model_copy(update={"max_answer": 100_000})
    error = failure(session(partner.connection(), settings), READ)
    assert error.code == "answer_too_large"


def test_a_refusal_stays_a_refusal_however_its_body_ends(partner: Partner, answer: Any) -> None:
    partner.answers(answer(status=409, body=b"z" * 4096))
    error = failure(session(partner.connection()), WRITE)
    assert (type(error), error.code) == (Refused, "http_409")


def test_the_partners_words_and_waiting_time_travel_with_the_error(partner: Partner, answer: Any) -> None:
    partner.answers(answer(status=429, body=b"slow down", headers={"retry-after": "17"}))
    error = failure(session(partner.connection()), WRITE)
    assert isinstance(error, Unavailable)
    assert error.retry_after == 17.0
    assert "expected success, found 429 Too Many Requests: slow down" in error.message


def test_the_words_of_a_page_for_people_are_its_text(partner: Partner, answer: Any) -> None:
    page = b"<html><head><style>b{}</style><title>Down</title></head><body>Back <b>soon</b></body></html>"
    partner.answers(answer(status=503, body=page, headers={"content-type": "text/html"}))
    assert failure(session(partner.connection()), READ).message.endswith(": Down Back soon")


def test_reads_follow_redirects_on_the_same_host(partner: Partner, answer: Any) -> None:
    partner.answers(answer(status=302, headers={"location": "/moved?a=1"}), answer(body=b"[]"))
    with session(partner.connection()) as client:
        response, _ = client.call(Request(method="GET", path="/x", intent=Intent.READ, params={"b": "2"}))
    assert response.body == b"[]"
    assert [asked.path for asked in partner.asked] == ["/x?b=2", "/moved?a=1"]


@pytest.mark.parametrize(
    "elsewhere", ["http://localhost:1/x", "https://127.0.0.1/x", "//evil.example/x", "http://a:b@127.0.0.1/x"]
)
def test_no_redirect_leads_to_another_host(partner: Partner, answer: Any, elsewhere: str) -> None:
    partner.answers(answer(status=302, headers={"location": elsewhere}))
    error = failure(session(partner.connection(login="hub", password="canary-1")), READ)
    assert (type(error), error.code) == (Config, "address_elsewhere")
    assert len(partner.asked) == 1


def test_redirects_in_a_circle_end(partner: Partner, answer: Any) -> None:
    partner.answers(answer(status=302, headers={"location": "/things"}))
    assert type(failure(session(partner.connection()), READ)) is Config
    assert len(partner.asked) == 4


def test_writes_follow_no_redirect(partner: Partner, answer: Any) -> None:
    partner.answers(answer(status=307, headers={"location": "/moved"}))
    assert type(failure(session(partner.connection()), WRITE)) is Config
    assert len(partner.asked) == 1


def test_errors_show_no_credentials(partner: Partner, answer: Any) -> None:
    canaries = ["canary-pass-1", "canary-token-2", "canary-header-3"]
    connection = partner.connection(
        login="hub", password=canaries[0], extra={"token": canaries[1], "headers": {"X-Key": canaries[2]}}
    )
    for trouble in ({"status": 400, "body": " ".join(canaries).encode()}, {"hang_up": True}, {"wait": 0.8}):
        partner.answers(answer(**trouble))
        assert leaks(failure(session(connection), WRITE), canaries) == []


def test_a_closed_session_is_a_config_error(partner: Partner) -> None:
    client = session(partner.connection())
    client.close()
    client.close()
    assert failure(client, WRITE).code == "closed"
    assert partner.asked == []


@pytest.mark.parametrize(
    "fields",
    [
        {"host": ""},
        {"host": "ftp://x"},
        {"host": "https://user:canary-1@x"},
        {"host": "x?y=1"},
        {"extra": {"verify": False}},
        {"extra": {"ca_file": "/no/such/file"}, "schema": "https"},
    ],
)
def test_a_connection_that_cannot_work_is_a_config_error_before_any_call(
    partner: Partner, fields: dict[str, Any]
) -> None:
    with pytest.raises(Config) as caught:
        session(partner.connection(**fields))
    assert leaks(caught.value, ["canary-1"]) == []


def test_a_base_path_in_the_host_is_kept(partner: Partner) -> None:
    with session(partner.connection(host=f"http://127.0.0.1:{partner.port}/base/", port=None)) as client:
        client.call(READ)
    assert partner.asked[0].path == "/base/things"


def test_blanks_and_reserved_characters_in_parameters_are_quoted(partner: Partner) -> None:
    with session(partner.connection()) as client:
        client.call(Request(method="GET", path="/x", intent=Intent.READ, params={"$filter": "a eq 'b&c+d'"}))
    assert partner.asked[0].path == "/x?$filter=a%20eq%20%27b%26c%2Bd%27"
