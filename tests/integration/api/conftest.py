"""The intake API on a real database; the pipeline behind it is a fake of our own protocol."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import anyio
import httpx
import orjson
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount

from canonical.ids import return_id, uuid7
from connectors.base import Document
from hub import deadletters, ledger
from hub.api import clients
from hub.api.app import create_app
from hub.deadletters import DeadLetter
from hub.ids import digest
from hub.pipeline.decide import begin
from hub.store.database import Database

ENDPOINT = "portal/returns"
FLOW = "portal_returns_in"
PREFIX = "/hub/api/v1"


@dataclass
class Pipeline:
    """Stands for `hub.pipeline.admit.receive`: the ledger is real, the decision is told."""

    database: Database
    mode: str = "admit"  # admit, hold, refuse, crash
    calls: int = 0
    before: Callable[[], None] = lambda: None

    def __call__(self, hub: Any, flow: str, document: Document, run_id: str) -> Mapping[str, Any]:  # noqa: ARG002  # the protocol
        self.calls += 1
        with self.database.transaction() as tx:
            ledger.store_documents(tx, flow, ENDPOINT, [document], run_id)
        self.before()
        if self.mode == "crash":
            raise RuntimeError("the worker fell over")
        with self.database.transaction() as tx:
            claim = ledger.claim_document(tx, flow)
            if claim is not None:
                self._settle(tx, claim)
                ledger.finish(tx, claim, "done")
        key = {"endpoint": ENDPOINT, "source_key": document.source_key, "sha256": digest(document.body)}
        document_id = self.database.rows("document_by_key", key)[0]["id"]
        messages = self.database.rows("messages_of_document", {"document_id": document_id})
        return {"document_id": document_id, "messages": messages, "targets": ["sap_s4"]}

    def _settle(self, tx: Any, claim: ledger.Claim) -> None:
        reference = f"{claim.attributes['client']}/{orjson.loads(claim.body)['reference']}"
        state = {"admit": "admitted", "hold": "held", "refuse": "dead"}[self.mode]
        about = None if state == "dead" else return_id("", "portal", reference)
        message = ledger.Admission(
            id=uuid7(),
            position=0,
            source_key=reference,
            digest=digest(claim.body),
            state=state,
            return_id=about,
        )
        if not ledger.admit(tx, claim, [message]):
            ledger.advance(tx, claim, 0, 1, 1)
            return
        if state == "dead":
            error = {
                "path": "lines[0].reason",
                "source": "lines[0].reason",
                "message": "unknown code",
                "found": "X",
            }
            letter = DeadLetter(
                flow=claim.flow,
                step="map",
                error_class="Contract",
                code="mapping",
                errors=[error],
                summary="lines[0].reason: unknown code",
                message_id=message.id,
                document_id=claim.id,
            )
            deadletters.write(tx, [letter])
        if state == "admitted" and about is not None:
            project(tx, about)
        ledger.advance(tx, claim, 0, 1, 0)


def project(tx: Any, about: UUID) -> None:
    decision = {
        "outcome": "approved",
        "reasons": ["within 30 days"],
        "policy": {"name": "authorization", "version": "7", "rule": "row 3"},
    }
    begin(tx, {about: {"decision": decision, "status": "authorized"}})


@dataclass
class Hub:
    """As much of a hub as the API touches itself."""

    database: Database


@dataclass
class Api:
    """A client of the API."""

    app: FastAPI
    pipeline: Pipeline
    database: Database
    key: str
    announced: list[str] = field(default_factory=list)

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self.together([(method, path, more)])[0]

    def together(self, requests: Sequence[tuple[str, str, dict[str, Any]]]) -> list[httpx.Response]:
        """Send requests at once; answers in their order."""
        answers: list[Any] = [None] * len(requests)

        mounted = Starlette(routes=[Mount(PREFIX, self.app)])

        async def main() -> None:
            transport = httpx.ASGITransport(mounted, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://hub.example") as client:

                async def one(nr: int) -> None:
                    method, path, more = requests[nr]
                    answers[nr] = await client.request(method, PREFIX + path, timeout=30, **more)

                async with anyio.create_task_group() as group:
                    for nr in range(len(requests)):
                        group.start_soon(one, nr)

        anyio.run(main)
        return answers

    def post(self, body: Any, key: str = "", api_key: str | None = None) -> httpx.Response:
        return self.request("POST", "/returns", **self.posting(body, key, api_key))

    def posting(self, body: Any, key: str = "", api_key: str | None = None) -> dict[str, Any]:
        headers = {"X-API-Key": self.key if api_key is None else api_key, "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        return {"content": body if isinstance(body, bytes) else orjson.dumps(body), "headers": headers}

    def get(self, path: str) -> httpx.Response:
        return self.request("GET", path, headers={"X-API-Key": self.key})


@pytest.fixture
def api(database: Database) -> Api:
    pipeline = Pipeline(database)
    announced: list[str] = []
    app = create_app(lambda: Hub(database), announce=announced.extend, receive=pipeline)
    return Api(app, pipeline, database, clients.add(database, "webshop"), announced)


def a_return(reference: str = "WEB-1", **more: Any) -> dict[str, Any]:
    return {
        "reference": reference,
        "customer": {"number": "17100001"},
        "po_number": "4500017",
        "requested_at": datetime(2026, 11, 2, 9, 30, tzinfo=UTC).isoformat(),
        "lines": [{"sku": "TG11", "quantity": "2", "uom": "EA", "reason": "DEFECTIVE"}],
        **more,
    }


@pytest.fixture
def body() -> Callable[..., dict[str, Any]]:
    return a_return
