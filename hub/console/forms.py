"""Signed forms: a POST counts only when it comes from a page that this console gave to this user.

Two independent gates: the browser's `Origin` must be ours, and the form must carry a token that is bound to
user, form and time. Messages after a redirect are signed the same way: nobody else puts words on a page.
"""

from __future__ import annotations

import base64
import hmac
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import orjson
from fastapi import HTTPException, Request

FORM_LIFETIME: Final = 12 * 3600.0
"""Seconds a page may stand open before its buttons need a reload."""

MESSAGE_LIFETIME: Final = 300.0
_LIMIT: Final = 16_384


class Signer:
    """Signs small values for one user and one purpose; the secret is asked for at first use."""

    def __init__(self, secret: Callable[[], str]) -> None:
        self._secret = secret

    def sign(self, user: str, purpose: str, value: Any, lifetime: float) -> str:
        """A text for URLs and forms; `read` turns it back into the value until `lifetime` (s) is over."""
        payload = orjson.dumps({"value": value, "until": time.time() + lifetime})
        return f"{_encode(payload)}.{_encode(self._seal(user, purpose, payload))}"

    def read(self, user: str, purpose: str, text: str) -> Any:
        """The value that was signed; None when it was not, for another user or purpose, or too long ago."""
        try:
            payload, seal = (_decode(part) for part in text.split("."))
        except ValueError:
            return None
        if not hmac.compare_digest(seal, self._seal(user, purpose, payload)):
            return None
        signed = orjson.loads(payload)
        return signed["value"] if signed["until"] > time.time() else None

    def _seal(self, user: str, purpose: str, payload: bytes) -> bytes:
        scope = orjson.dumps([user, purpose])
        return hmac.new(self._secret().encode(), scope + payload, sha256).digest()


def require_same_origin(request: Request, console_url: str) -> None:
    """Let only our own pages post.

    Raises:
        HTTPException: 403 when the browser names another origin, or none.
    """
    origin = urlsplit(request.headers.get("origin", "")).netloc
    ours = {request.headers.get("host", ""), urlsplit(console_url).netloc} - {""}
    if origin not in ours:
        raise HTTPException(403, "This form was not sent by a page of this console.")


async def fields(request: Request) -> Mapping[str, str]:
    """The fields of a posted form, the first value of each.

    Raises:
        HTTPException: 413 for more than a note's worth, 400 for what is no form.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LIMIT:
            raise HTTPException(413, f"A form may hold {_LIMIT} bytes.")
    try:
        return {name: values[0] for name, values in parse_qs(body.decode("utf-8"), max_num_fields=20).items()}
    except ValueError:
        raise HTTPException(400, "This is no form.") from None


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
