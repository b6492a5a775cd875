"""No credential survives in what is kept."""

from __future__ import annotations

import html
import json
from base64 import b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Connection
from connectors.redaction import MASK, Redactor, is_sensitive

CANARY = 'c4nary"/+ &ü<secret>'
PLAIN = Redactor()
KNOWING = Redactor.of(
    Connection(
        id="x",
        login="hub",
        password=CANARY,
        extra={
            "token": "t0ken-canary",
            "headers": {"X-Team": "team-canary"},
            "host_key": "ssh-ed25519 AAAAhost",
            "proxy": "http://user:proxy-canary@proxy:3128",
            "nested": {"client_secret": "nested-canary"},
        },
    )
)


@pytest.mark.parametrize(
    "name",
    ["Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "X-CSRF-Token", "X-Api-Key", "apikey",
     "access_token", "refreshToken", "client_secret", "Password", "passwd", "X-Amz-Security-Token",
     "sap-XSRF_NPL_100", "SAP_SESSIONID_NPL_100", "private_key", "passphrase", "X-Hmac-Signature"],
)  # fmt: skip
def test_names_of_credentials_are_known(name: str) -> None:
    assert is_sensitive(name)
    assert PLAIN.headers({name: "abc"}) == {name: MASK}


@pytest.mark.parametrize(
    "name",
    [
        "Content-Type",
        "Retry-After",
        "$skiptoken",
        "nextToken",
        "Location",
        "host_key",
        "PurchaseOrderByCustomer",
    ],
)
def test_other_names_stay_readable(name: str) -> None:
    assert not is_sensitive(name)
    assert PLAIN.headers({name: "abc"}) == {name: "abc"}


def test_fields_of_json_are_masked_and_all_other_bytes_stay() -> None:
    body = b'{"user": "hub", "client_secret" : "a\\"b c", "n": 1.50, "auth": {"Token":"x","pin_token": 12}}'
    assert PLAIN.body(body) == (
        b'{"user": "hub", "client_secret" : "***", "n": 1.50, "auth": {"Token":"***","pin_token": ***}}'
    )


def test_parameters_and_user_info_of_addresses_are_masked() -> None:
    url = "https://hub:pw@host/x?access_token=abc&$skiptoken=50&sap-client=100"
    assert PLAIN.url(url) == "https://***@host/x?access_token=***&$skiptoken=50&sap-client=100"


def test_forms_and_xml_are_masked() -> None:
    assert PLAIN.body(b"grant_type=password&password=abc&client_secret=d") == (
        b"grant_type=password&password=***&client_secret=***"
    )
    assert PLAIN.body(b'<w:Password Type="T">abc</w:Password><b>1</b>') == (
        b'<w:Password Type="T">***</w:Password><b>1</b>'
    )


@pytest.mark.parametrize(
    "echo",
    [
        CANARY,
        quote(CANARY, safe=""),
        json.dumps(CANARY)[1:-1],
        html.escape(CANARY),
        b64encode(CANARY.encode()).decode(),
        b64encode(f"hub:{CANARY}".encode()).decode(),
        "t0ken-canary",
        "team-canary",
        "proxy-canary",
        "nested-canary",
    ],
)
def test_the_connections_own_secrets_are_masked_wherever_a_partner_echoes_them(echo: str) -> None:
    text = f"Login failed for hub with >{echo}< here"
    assert echo not in KNOWING.text(text)
    assert echo.encode() not in KNOWING.body(text.encode())
    assert KNOWING.text(text).startswith("Login failed for hub with >")
    assert echo not in str(KNOWING.headers({"X-Echo": text}))


def test_own_headers_are_masked_by_name_too() -> None:
    assert KNOWING.headers({"x-team": "anything"}) == {"x-team": MASK}


def test_public_parts_of_a_connection_stay_readable() -> None:
    assert (
        KNOWING.text("expected ssh-ed25519 AAAAhost, found none")
        == "expected ssh-ed25519 AAAAhost, found none"
    )


def test_a_cut_leaves_no_part_of_a_secret() -> None:
    body = b"x" * 90 + b"t0ken-canary" + b"y" * 900
    kept = KNOWING.body(body, limit=95)
    assert b"t0ken" not in kept
    assert kept.endswith(b"[cut, 1002 bytes in all]")


def test_a_field_that_is_cut_open_is_still_masked() -> None:
    assert b"abc" not in PLAIN.body(b'{"password": "abc' + b"c" * 20_000, limit=100)


@given(st.binary(max_size=400))
def test_any_bytes_can_be_redacted(body: bytes) -> None:
    assert isinstance(KNOWING.body(body), bytes)


@given(st.text(max_size=60).filter(lambda text: len(text) >= 4 and text.isprintable()))
def test_any_password_is_masked_in_any_json(password: str) -> None:
    redactor = Redactor([password])
    body = json.dumps({"note": f"<{password}>"}).encode()
    assert json.dumps(password)[1:-1].encode() not in redactor.body(body).replace(MASK.encode(), b"")


def test_a_long_body_of_quotes_is_redacted_in_linear_time() -> None:
    body = b'{"token_' + b'"' * 200_000
    assert len(PLAIN.body(body, limit=1_000_000)) > 0
