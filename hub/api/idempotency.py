"""Same key, same answer: an answer is stored under (client, Idempotency-Key) before it is given.

A claim comes first, so that of several requests at once only one is processed. A claim whose process died
expires; processing again is harmless, because the ledger knows what was admitted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from hub.store.database import Database

LEASE: Final = timedelta(seconds=60)
"""How long a claim without an answer keeps others out. Longer than any ERP lookup takes."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer given before: HTTP status and JSON body."""

    status: int
    body: Any


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to process a request, until `LEASE` has passed."""

    client: str
    key: str
    at: datetime


class InProgress(Exception):  # noqa: N818  # a state of the key, not a fault
    """Another request with the same key is being processed."""


class OtherBody(Exception):  # noqa: N818  # same
    """The key was used for another body."""


def claim(database: Database, client: str, key: str, body_sha256: str) -> Claim | Stored:
    """Take the key, or get the answer that was given under it.

    Raises:
        InProgress: Somebody else is at it.
        OtherBody: The key belongs to another body.
    """
    params = {"client": client, "key": key, "body_sha256": body_sha256, "lease": LEASE}
    taken = database.rows("api_claim_request", params)
    if taken:
        return Claim(client, key, taken[0]["created_at"])
    found = database.rows("api_request", params)
    if not found:
        # released between the two statements: whoever asks next gets it
        raise InProgress
    if found[0]["body_sha256"] != body_sha256:
        raise OtherBody
    if found[0]["status"] is None:
        raise InProgress
    return Stored(found[0]["status"], found[0]["answer"])


def answer(database: Database, claimed: Claim, status: int, body: str) -> Stored:
    """Store an answer (JSON text) and return what counts: the first one stored, should there be two."""
    params = {"client": claimed.client, "key": claimed.key}
    stored = database.rows("api_answer_request", {**params, "status": status, "answer": body})
    stored = stored or database.rows("api_request", params)
    if not stored or stored[0]["status"] is None:
        # the claim expired, and its successor is at it or gave up: both answers say the same
        return Stored(status, orjson.loads(body))
    return Stored(stored[0]["status"], stored[0]["answer"])


def release(database: Database, claimed: Claim) -> None:
    """Give a claim back whose processing failed, so that the next request need not wait for its end."""
    database.rows("api_release_request", {"client": claimed.client, "key": claimed.key, "at": claimed.at})
