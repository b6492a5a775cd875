"""Takes credentials out of everything that is kept: headers, URLs, bodies, messages.

Two nets, because either alone has holes: by *name* (an `Authorization` header, a `client_secret`
field, a `?token=` parameter) and by *value* (the connection's own secrets wherever they turn up,
also quoted, escaped or base64-encoded, for instance echoed in a partner's error text).
"""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from connectors.base import Connection

MASK = "***"

_NAMES = (
    "authorization",
    "cookie",
    "passw",
    "pwd",
    "secret",
    "csrf",
    "xsrf",
    "token",
    "api-key",
    "api_key",
    "apikey",
    "private_key",
    "privatekey",
    "private-key",
    "passphrase",
    "credential",
    "signature",
    "session",
)
_INNOCENT = ("skiptoken", "nexttoken", "next_token", "pagetoken", "page_token")
_NAMES_BYTES = tuple(name.encode() for name in _NAMES)
_NAME = rf"(?:{'|'.join(_NAMES)})"
_FIELD = rf"[^\"\\<>&=\s]{{0,80}}?{_NAME}[^\"\\<>&=\s]{{0,80}}"

_PAIRS = (
    # "client_secret": "…" and "pin_token": 1234
    rf"""(?P<head>"(?P<name>{_FIELD})"\s*:\s*)(?P<value>"(?:[^"\\]|\\.)*"?|[^\s,\]}}{{\[]+)""",
    # client_secret=… in a form or a query
    rf"(?P<head>(?:^|(?<=[?&;\s]))(?P<name>{_FIELD})=)(?P<value>[^&\s\"<>;]+)",
    # <wsse:Password Type="…">…</wsse:Password>
    rf"(?P<head><(?P<name>{_FIELD})(?:\s[^<>]*)?>)(?P<value>[^<>]+)",
)
_TEXT_PAIRS = tuple(re.compile(pair, re.IGNORECASE) for pair in _PAIRS)
_BYTES_PAIRS = tuple(re.compile(pair.encode(), re.IGNORECASE) for pair in _PAIRS)
_USERINFO = re.compile(r"(?<=://)[^/@\s?#]+@")

_SHORTEST = 4  # a shorter secret would mask half of every text
_MARGIN = 8192  # bytes looked at beyond a cut, so that no secret survives by being cut in two


def is_sensitive(name: str) -> bool:
    """Whether a header, field or parameter of this name carries a credential."""
    lowered = name.lower()
    if any(word in lowered for word in _INNOCENT):
        return False
    return any(word in lowered for word in _NAMES)


class Redactor:
    """Masks credentials by name and by value. Immutable, safe for threads.

    Args:
        secrets: Values that must never be kept, as the connection holds them.
        headers: Names of further headers whose values are credentials.
    """

    def __init__(self, secrets: Iterable[str] = (), headers: Iterable[str] = ()) -> None:
        shapes = {shape for secret in secrets for shape in _shapes(secret)}
        ordered = sorted(shapes, key=len, reverse=True)  # the longest first, or its tail would stay
        self._secrets = tuple(ordered)
        self._secrets_bytes = tuple(shape.encode() for shape in ordered)
        self._headers = frozenset(name.lower() for name in headers)

    @classmethod
    def of(cls, connection: Connection) -> Redactor:
        """Know every secret of this connection, and the names of its own headers."""
        extra = connection.extra
        own_headers = extra.get("headers") or {}
        secrets = {connection.password, *_secrets_in(extra)}
        if isinstance(own_headers, Mapping):
            secrets |= {str(value) for value in own_headers.values()}
        if connection.login and connection.password:
            pair = f"{connection.login}:{connection.password}"
            secrets.add(b64encode(pair.encode()).decode())
        return cls(secrets, own_headers if isinstance(own_headers, Mapping) else ())

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Copy headers with the values of sensitive ones masked."""
        return {
            name: MASK if name.lower() in self._headers or is_sensitive(name) else self._by_value(value)
            for name, value in headers.items()
        }

    def text(self, text: str) -> str:
        """Mask user info of URLs, `name=value` and `"name": "value"` pairs, and known secrets."""
        if "@" in text:
            text = _USERINFO.sub(f"{MASK}@", text)
        lowered = text.lower()
        if any(name in lowered for name in _NAMES):
            for pair in _TEXT_PAIRS:
                text = pair.sub(_mask_text, text)
        return self._by_value(text)

    url = text

    def body(self, body: bytes, limit: int = 65_536) -> bytes:
        """Mask a body and cut it after `limit` bytes, saying so; its other bytes stay as they were."""
        kept = body if len(body) <= limit else body[: limit + _MARGIN]
        lowered = kept.lower()
        if any(name in lowered for name in _NAMES_BYTES):
            for pair in _BYTES_PAIRS:
                kept = pair.sub(_mask_bytes, kept)
        for secret in self._secrets_bytes:
            if secret in kept:
                kept = kept.replace(secret, MASK.encode())
        if len(body) <= limit:
            return kept
        return kept[:limit] + f"... [cut, {len(body)} bytes in all]".encode()

    def _by_value(self, text: str) -> str:
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, MASK)
        return text


def _mask_text(found: re.Match[str]) -> str:
    if not is_sensitive(found["name"]):
        return found[0]
    return found["head"] + (f'"{MASK}"' if found["value"].startswith('"') else MASK)


def _mask_bytes(found: re.Match[bytes]) -> bytes:
    if not is_sensitive(found["name"].decode("utf-8", "replace")):
        return found[0]
    mask = MASK.encode()
    return found["head"] + (b'"' + mask + b'"' if found["value"].startswith(b'"') else mask)


def _secrets_in(extra: Mapping[str, Any]) -> set[str]:
    """Every text below a sensitive name; `host_key` and `public_key` are no secrets."""
    found: set[str] = set()
    for name, value in extra.items():
        if isinstance(value, Mapping):
            found |= _secrets_in(value)
        elif isinstance(value, str):
            found |= {value} if is_sensitive(name) else _password_in(value)
    return found


def _password_in(value: str) -> set[str]:
    """The password of an address such as a proxy's."""
    userinfo = _USERINFO.search(value)
    return {userinfo[0][:-1].partition(":")[2]} if userinfo else set()


def _shapes(secret: str) -> set[str]:
    """How one secret can look when it comes back."""
    if len(secret) < _SHORTEST:
        return set()
    return {
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        html.escape(secret),
        b64encode(secret.encode()).decode(),
    }
