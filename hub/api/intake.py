"""What the API does with a posted return: inbox, pipeline, answer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol
from uuid import UUID

import orjson

from canonical.ids import uuid7
from connectors.base import Document
from hub.api import body as bodies
from hub.api import idempotency
from hub.api.clients import Client
from hub.api.problems import Problem, pointer
from hub.ids import digest
from hub.store.database import Database

if TYPE_CHECKING:
    from hub.pipeline.context import Hub

FLOW: Final = "portal_returns_in"
ENDPOINT: Final = "portal/returns"

_log = logging.getLogger(__name__)

Announce = Callable[[Sequence[str]], None]
"""Told which targets got new effects, so that they are delivered now and not at the next schedule."""


class Receive(Protocol):
    """`hub.pipeline.admit.receive`."""

    def __call__(self, hub: Hub, flow: str, document: Document, run_id: str) -> Mapping[str, Any]:
        """Store one document and settle it at once."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: status and JSON-compatible body; `replayed` when it was given before."""

    status: int
    body: Any
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Intake:
    """The way of a posted return; one per app."""

    hub: Callable[[], Hub]
    receive: Receive
    announce: Announce

    def submit(self, client: Client, key: str, body: bytes, path: str) -> Answer:
        """Check, store and process one body, once per Idempotency-Key.

        Raises:
            Problem: The body cannot be accepted, or the key was used for another one.
            idempotency.InProgress: Another request with this key is being processed.
        """
        request = bodies.check(body)
        database = self.hub().database
        if not key:
            return self._process(client, str(uuid7()), body, request.reference, path)
        try:
            claimed = idempotency.claim(database, client.name, key, digest(body))
        except idempotency.OtherBody:
            detail = f"Idempotency-Key {key!r} was used for another body; expected a new key for a new return"
            raise Problem(409, detail, slug="idempotency-key-reused") from None
        if isinstance(claimed, idempotency.Stored):
            return Answer(claimed.status, claimed.body, replayed=True)
        try:
            answer = self._process(client, key, body, request.reference, path)
        except BaseException:
            idempotency.release(database, claimed)
            raise
        stored = idempotency.answer(database, claimed, answer.status, orjson.dumps(answer.body).decode())
        return Answer(stored.status, stored.body)

    def describe(self, client: Client, return_id: UUID, path: str) -> Answer:
        """A return as its client sees it now.

        Raises:
            Problem: 404 when there is none, or it is another client's.
        """
        database = self.hub().database
        messages = database.rows("api_messages_of_return", {"client": client.name, "return_id": return_id})
        if not messages:
            raise Problem(404, f"client {client.name} has no return {return_id}")
        # the ledger's key is client/reference, see mappings/portal/return_request.yaml
        reference = messages[-1]["reference"].removeprefix(f"{client.name}/")
        return Answer(200, _answer(database, return_id, {**messages[-1], "reference": reference}, path))

    def _process(self, client: Client, key: str, body: bytes, reference: str, path: str) -> Answer:
        attributes = {"client": client.name} | ({"entity": client.entity} if client.entity else {})
        document = Document(
            source_key=f"{client.name}/{key}", body=body, media_type="application/json", attributes=attributes
        )
        hub = self.hub()
        received = self.receive(hub, flow=FLOW, document=document, run_id=f"api:{key}")
        if received.get("targets"):
            self._tell(received["targets"])
        messages = received["messages"]
        repeat = not messages
        if repeat:
            messages = hub.database.rows(
                "api_messages_of_reference",
                {"endpoint": ENDPOINT, "source_key": f"{client.name}/{reference}"},
            )
        if not messages:
            raise Problem(
                503, "the return is stored and not processed yet; ask again", headers={"Retry-After": "2"}
            )
        return _outcome(hub.database, messages[-1], reference, path, repeat=repeat)

    def _tell(self, targets: Sequence[str]) -> None:
        try:
            self.announce(targets)
        except Exception:  # noqa: BLE001  # what there is to deliver is in the database: nothing is lost
            _log.exception("targets %s could not be woken; their next scheduled run finds the work", targets)


def _outcome(
    database: Database, message: Mapping[str, Any], reference: str, path: str, *, repeat: bool
) -> Answer:
    if message["dead_letter_id"] is not None or message["state"] in ("dead", "parked"):
        return Answer(422, _refusal(database, message, path))
    answer = _answer(database, message["return_id"], {**message, "reference": reference}, path)
    status = 202 if message["state"] == "held" else 200 if repeat else 201
    return Answer(status, answer)


def _answer(database: Database, return_id: UUID, message: Mapping[str, Any], path: str) -> dict[str, Any]:
    found = database.rows("api_return", {"return_id": return_id})
    state: dict[str, Any] = found[0] if found else {"status": "", "rma_number": "", "decision": None}
    pending = "held" if message["state"] == "held" else "failed"
    return {
        "return_id": str(return_id),
        "reference": message["reference"],
        "status": state["status"] or pending,
        "rma": state["rma_number"] or None,
        "decision": _decision(state["decision"]),
        "links": {"self": f"{path}/{return_id}"},
    }


def _decision(decision: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not decision:
        return None
    policy = decision.get("policy") or {}
    return {
        "outcome": decision.get("outcome", ""),
        "reasons": list(decision.get("reasons") or ()),
        "policy": {"name": policy.get("name", ""), "version": str(policy.get("version", ""))}
        if policy
        else None,
        "rule": policy.get("rule"),
    }


def _refusal(database: Database, message: Mapping[str, Any], path: str) -> dict[str, Any]:
    letter_id = message["dead_letter_id"]
    letters = database.rows("dead_letter", {"id": letter_id})
    errors = [_error(error) for letter in letters for error in letter["errors"]]
    summary = letters[0]["summary"] if letters else "see the dead letter"
    detail = f"the return was stored and cannot be processed: {summary}"
    extra = {"dead_letter_id": str(letter_id) if letter_id else None}
    return Problem(422, detail, slug="dead-letter", errors=errors, extra=extra).document(path)


def _error(error: Mapping[str, Any]) -> dict[str, str]:
    return {
        "pointer": pointer(_steps(str(error.get("position") or error.get("source") or ""))),
        "detail": str(error.get("message") or ""),
        "expected": str(error.get("expected") or ""),
        "found": str(error.get("found") or ""),
    }


def _steps(source: str) -> list[str]:
    """The steps of a place in the body: `lines[0].reason` gives lines, 0, reason."""
    return [step for step in source.replace("[", ".").replace("]", "").split(".") if step]
