"""The CSRF token of one session: fetched once, shared by threads, renewed when it has expired.

The token is bound to the session's cookies, which the session's own jar keeps whatever their names.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from connectors.http import Response

HEADER = "x-csrf-token"
_FORBIDDEN = 403


class CsrfToken:
    """Hands out the current token; `fetch(service)` gets a new one."""

    def __init__(self, fetch: Callable[[str], str]) -> None:
        self._fetch = fetch
        self._lock = threading.Lock()
        self._token: str | None = None

    def current(self, service: str) -> str:
        """The token, fetched from `service` when there is none yet."""
        token = self._token
        return token if token is not None else self.renewed(None, service)

    def renewed(self, stale: str | None, service: str) -> str:
        """A token other than `stale`; of several threads that ask, one fetches."""
        with self._lock:
            if self._token is None or self._token == stale:
                self._token = None  # should the fetch fail, nobody goes on with the stale one
                self._token = self._fetch(service)
            return self._token


def is_required(response: Response) -> bool:
    """Whether a refusal only says that the token is missing or has expired; nothing was done then."""
    if response.status != _FORBIDDEN:
        return False
    said = response.headers.get(HEADER, "").lower() == "required"
    return said or b"csrf token validation failed" in response.body[:2048].lower()
