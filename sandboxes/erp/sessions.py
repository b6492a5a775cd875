"""CSRF tokens bound to a session cookie, as a SAP gateway hands them out and forgets them."""

from __future__ import annotations

import secrets
import threading
import time

COOKIE = "SAP_SESSIONID_SBX_100"
DEFAULT_SECONDS = 1800.0
_MOST = 10_000


class Sessions:
    """Open sessions in memory: a restart forgets them, and clients must fetch a token again."""

    def __init__(self, seconds: float = DEFAULT_SECONDS) -> None:
        self._seconds = seconds
        self._tokens: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def fetch(self, session: str | None) -> tuple[str, str]:
        """Return (session, token): of the caller's session when it lives, else of a new one."""
        now = time.monotonic()
        with self._lock:
            token, until = self._tokens.get(session or "", ("", 0.0))
            if session and until > now:
                return session, token
            self._forget_old(now)
            session, token = secrets.token_hex(16), secrets.token_urlsafe(18)
            self._tokens[session] = (token, now + self._seconds)
            return session, token

    def accepts(self, session: str | None, token: str | None) -> bool:
        """Whether `token` belongs to this live session."""
        with self._lock:
            known, until = self._tokens.get(session or "", ("", 0.0))
        return bool(token) and until > time.monotonic() and secrets.compare_digest(known, token or "")

    def forget(self) -> None:
        """End all sessions."""
        with self._lock:
            self._tokens.clear()

    def _forget_old(self, now: float) -> None:
        if len(self._tokens) >= _MOST:
            self._tokens = {session: kept for session, kept in self._tokens.items() if kept[1] > now}
