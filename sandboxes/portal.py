"""A customer portal: posts returns to the hub's intake API, insists on an answer, keeps every answer.

It has no listener of its own. A post is repeated with the same Idempotency-Key until the hub gives a
final answer, however long the hub is slow or away.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx

from sandboxes.storage import Storage

DATABASE = "portal.sqlite"
PATH = "/hub/api/v1/returns"
_LONGEST_PAUSE = 5.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS attempts (
    seq       INTEGER PRIMARY KEY,
    at        REAL NOT NULL,
    key       TEXT NOT NULL,       -- Idempotency-Key
    reference TEXT NOT NULL,
    purpose   TEXT NOT NULL,       -- first | repeat | conflict
    status    INTEGER,             -- NULL: no answer came
    answer    TEXT,
    error     TEXT
);
CREATE INDEX IF NOT EXISTS attempts_key ON attempts (key, purpose);
"""
_FIRST, _REPEAT, _CONFLICT = "first", "repeat", "conflict"


class KeyRefusedError(RuntimeError):
    """The hub does not know the portal's API key: asking again cannot help."""


class PortalBook:
    """Every attempt and every answer. Thread-safe."""

    def __init__(self, directory: Path) -> None:
        self._storage = Storage(directory / DATABASE, _SCHEMA)

    def note(
        self, post: Mapping[str, Any], purpose: str, status: int | None, answer: str | None, error: str = ""
    ) -> None:
        """Enter an attempt."""
        self._storage.rows(
            "INSERT INTO attempts (at, key, reference, purpose, status, answer, error)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [time.time(), post["key"], post["body"]["reference"], purpose, status, answer, error or None],
        )

    def final(self, key: str, purpose: str) -> int | None:
        """The status of the final answer under this key, or None when there is none yet."""
        row = self._storage.row(
            "SELECT max(status) AS status FROM attempts WHERE key = ? AND purpose = ?"
            " AND status IS NOT NULL AND status < 500 AND status <> 429 AND answer IS NOT NULL",
            [key, purpose],
        )
        return None if row is None or row["status"] is None else int(row["status"])

    def books(self) -> dict[str, Any]:
        """JSON-compatible.

        `returns`: reference → `{status, outcome, return_id, attempts}` of the last answer; `unanswered`
        references; `inconsistent`: keys whose repeats were answered differently; `conflicts`: key →
        statuses that another body under a used key was answered with.
        """
        answers: dict[str, set[str]] = defaultdict(set)
        conflicts: dict[str, list[int | None]] = defaultdict(list)
        returns: dict[str, dict[str, Any]] = {}
        for row in self._storage.rows("SELECT * FROM attempts ORDER BY seq"):
            if row["purpose"] == _CONFLICT:
                conflicts[row["key"]].append(row["status"])
                continue
            known = returns.setdefault(row["reference"], {"attempts": 0, "status": None})
            known["attempts"] += 1
            if row["answer"] is not None and _good(row["status"]):
                answers[row["key"]].add(row["answer"])
                known |= {"status": row["status"], **_decision(row["answer"])}
            elif not _good(known["status"]):
                known["status"] = row["status"]
        return {
            "returns": returns,
            "unanswered": sorted(name for name, known in returns.items() if "return_id" not in known),
            "inconsistent": sorted(key for key, given in answers.items() if len(given) > 1),
            "conflicts": dict(conflicts),
        }

    def close(self) -> None:
        """Close the file."""
        self._storage.close()


def _good(status: int | None) -> bool:
    return status is not None and HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def _decision(answer: str) -> dict[str, Any]:
    body = json.loads(answer)
    decision = body.get("decision") or {}
    return {"return_id": body.get("return_id"), "outcome": decision.get("outcome")}


class Portal:
    """Posts to one hub.

    Args:
        book: Where answers are kept; a reference that was answered is not posted again.
        hub: The hub's base address.
        api_key: Sent as X-API-Key.
        patience: Seconds after which a post without a final answer is given up.
    """

    def __init__(self, book: PortalBook, hub: str, api_key: str, patience: float = 900.0) -> None:
        self._book = book
        self._patience = patience
        self._client = httpx.Client(
            base_url=hub.rstrip("/"), headers={"X-API-Key": api_key}, timeout=httpx.Timeout(60, connect=5)
        )

    def post_all(self, posts: Sequence[Mapping[str, Any]], workers: int = 4) -> dict[str, int]:
        """Post everything, at most `workers` at once; returns how often which status came.

        Raises:
            KeyRefusedError: The hub does not know the API key.
        """
        counted: dict[str, int] = defaultdict(int)
        with ThreadPoolExecutor(workers, "portal") as pool:
            for status in pool.map(self.post, posts):
                counted[str(status)] += 1
        return dict(counted)

    def post(self, post: Mapping[str, Any]) -> int | None:
        """Post one return and what is to be repeated; the first answer's status, None without one."""
        status = self._insist(post, _FIRST, post["body"])
        if post["times"] > 1:
            self._insist(post, _REPEAT, post["body"])
        if post["conflict"]:
            other = {**post["body"], "customer": {**post["body"]["customer"], "name": "Somebody else"}}
            self._insist(post, _CONFLICT, other)
        return status

    def _insist(self, post: Mapping[str, Any], purpose: str, body: Mapping[str, Any]) -> int | None:
        deadline, pause = time.monotonic() + self._patience, 0.25
        status = self._book.final(post["key"], purpose)
        while status is None:
            asked = self._attempt(post, purpose, body)
            status = self._book.final(post["key"], purpose)
            if status is None and time.monotonic() > deadline:
                return None
            if status is None:
                pause = min(pause * 2, _LONGEST_PAUSE)
                time.sleep(pause if asked is None else asked)
        return status

    def _attempt(self, post: Mapping[str, Any], purpose: str, body: Mapping[str, Any]) -> float | None:
        """One request; returns how long the hub asked us to wait, when it did."""
        try:
            answer = self._client.post(PATH, json=body, headers={"Idempotency-Key": post["key"]})
        except httpx.TransportError as error:
            self._book.note(post, purpose, None, None, f"{type(error).__name__}: {error}")
            return None
        if answer.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise KeyRefusedError(
                f"{answer.url}: expected the API key to be known, found {answer.status_code}"
            )
        wait = answer.headers.get("retry-after", "")
        # a 409 that names a time is a request in progress, not a conflict
        final = not wait.isdigit() and answer.status_code not in (429, *range(500, 600))
        self._book.note(post, purpose, answer.status_code, answer.text if final else None)
        return min(float(wait), _LONGEST_PAUSE) if wait.isdigit() else None

    def close(self) -> None:
        """Close connections; the book stays open."""
        self._client.close()
