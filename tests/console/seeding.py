"""A database that holds one of everything people look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from canonical.facts import Fact
from canonical.fold import fold
from canonical.ids import return_id, uuid7
from connectors.base import Document
from hub import audit, deadletters, ledger
from hub.deadletters import DeadLetter
from hub.pipeline.decide import Stated, append_facts, begin, project
from hub.pipeline.keys import fact_keys, return_keys
from hub.settings import Settings
from hub.store.database import Connection, Database, columns, rows

NOW = datetime.now(UTC).replace(microsecond=0)
ATTACK = "<script>document.title='owned'</script><img src=x onerror=alert(1)>"
ISA = (
    "ISA*00*          *00*          *ZZ*ACME           *ZZ*HUB            *261102*0930*U*00401*000000042"
    "*0*T*>~"
    "GS*AN*ACME*HUB*20261102*0930*42*X*004010~ST*180*0001~BGN*00*CLAIM-7*20261102~BLI**UP*TG11*2*EA~SE*4*0001~"
    "GE*1*42~IEA*1*000000042~"
)


@dataclass(frozen=True)
class Catalog:
    """As much of a catalog as the console asks for."""

    systems: Mapping[str, Any] = field(default_factory=dict)
    intake: Mapping[str, Any] = field(default_factory=dict)
    delivery: Mapping[str, Any] = field(default_factory=dict)

    def targets(self) -> dict[str, list[Any]]:
        return {"sap_s4": [], "wms": []}


@dataclass(frozen=True)
class Acknowledged:
    acknowledgement: Any = None
    rejection: Any = None


@dataclass(frozen=True)
class Hub:
    """As much of a hub as the console touches itself."""

    database: Database
    settings: Settings
    catalog: Catalog


@dataclass
class Seeded:
    """Ids of what the database holds."""

    hub: Hub
    return_id: UUID
    early_id: UUID
    letter_id: UUID
    effect_letter_id: UUID
    raw_sha256: str
    run_id: str = "acme_returns_in/scheduled__2026-11-02T09:30:00+00:00"

    @property
    def database(self) -> Database:
        return self.hub.database


def seed(tx: Connection, hub: Hub) -> Seeded:
    """A finished return, one begun by its receipt, a dead message, a refused effect, an alert, a pause."""
    about, early = return_id("", "acme", "CLAIM-7"), return_id("", "wms", "RC-9")
    seeded = Seeded(hub, about, early, uuid7(), uuid7(), "")
    document = Document(source_key="180_0042.edi", body=ISA.encode(), media_type="application/edi-x12")
    other = Document(
        source_key="webshop/k1",
        body=orjson.dumps({"reference": ATTACK, "q": 1}),
        media_type="application/json",
    )
    ledger.store_documents(tx, "acme_returns_in", "acme_edi/inbound/180", [document], seeded.run_id)
    ledger.store_documents(tx, "portal_returns_in", "portal/returns", [other], "api:k1")
    seeded.raw_sha256 = ledger.store_payloads(tx, [(document.body, document.media_type)])[0]
    message = _message(tx, "acme_returns_in", "CLAIM-7", "admitted", about)
    effects = _way(tx, about, message, seeded.raw_sha256)
    _early(tx, early)
    dead = _message(tx, "portal_returns_in", "WEB-77", "dead", None)
    tree = ledger.store_payloads(tx, [(orjson.dumps({"reference": ATTACK}), "application/json")])[0]
    _letters(tx, seeded, dead, effects, tree)
    rows(
        tx,
        "raise_alert",
        {"cause": "target wms paused", "message": "401 from wms: Authorization: Bearer s3cr3t"},
    )
    rows(tx, "pause_target", {"target": "wms", "reason": "401 Unauthorized at PUT /api/v1/expected-receipts"})
    return seeded


def _message(tx: Connection, flow: str, key: str, state: str, about: UUID | None) -> UUID:
    claim = ledger.claim_document(tx, flow)
    assert claim is not None
    admission = ledger.Admission(
        id=uuid7(),
        position=0,
        source_key=key,
        digest=key,
        state=state,
        return_id=about,
        mapping="acme.notice@1+c0ffee",
    )
    ledger.admit(tx, claim, [admission])
    ledger.advance(tx, claim, 0, 1, 0)
    ledger.finish(tx, claim, "done")
    params = {
        "direction": "in",
        "sender": "ACME",
        "receiver": "HUB",
        "control": "000000042",
        "version": "",
        "position": 0,
        "digest": "",
        "state": "received",
        "repeats": None,
    }
    if flow == "acme_returns_in":
        more = {"system": "acme_edi", "sets": "180", "document_id": claim.id, "effect_id": None}
        rows(tx, "record_interchange", {**params, **more})
    return admission.id


def _way(tx: Connection, about: UUID, message: UUID, raw: str) -> list[UUID]:
    facts = [
        Fact(
            id=uuid7(),
            type=kind,
            return_id=about,
            source=source,
            data=data,
            raw_sha256=raw if nr == 0 else "",
            occurred_at=NOW - timedelta(hours=3 - nr),
            recorded_at=NOW - timedelta(hours=3 - nr) + timedelta(seconds=2),
            actor=source,
            mapping="acme.return_notice@1+c0ffee" if nr == 0 else "",
        )
        for nr, (kind, source, data) in enumerate(_stated())
    ]
    _record(tx, facts, message)
    return _effects(tx, about)


def _stated() -> list[tuple[str, str, dict[str, Any]]]:
    line = {
        "line_no": 1,
        "item": {"sku": "TG11", "description": "Trading good"},
        "requested": "2",
        "uom": "EA",
        "reason": {"scheme": "x12", "code": "04", "canonical": "defective", "raw": "04"},
        "serials": ["SN-1", "SN-2"],
        "reason_text": ATTACK,
    }
    policy = {"name": "authorization", "version": "1+ab12cd", "rule": "row 3: recent and on the order"}
    return [
        (
            "return.requested",
            "acme_edi/inbound/180",
            {
                "origin": {"system": "acme", "id": "CLAIM-7"},
                "return_type": "customer",
                "channel": "edi",
                "currency": "EUR",
                "external_ids": [{"system": "acme", "type": "claim", "value": "CLAIM-7"}],
                "requested_resolution": "credit",
                "requested_at": (NOW - timedelta(hours=3)).isoformat(),
                "parties": [
                    {
                        "role": "customer",
                        "ids": [{"scheme": "acme", "value": "17100001"}],
                        "name": "Ann <b>& Co</b>",
                    }
                ],
                "references": [{"type": "customer_po", "number": "4500017"}],
                "lines": [line],
            },
        ),
        (
            "authorization.decided",
            "hub/policy",
            {
                "decision_id": "d-1",
                "outcome": "approved",
                "policy": policy,
                "reasons": ["Bought 12 days ago"],
                "checks": [{"rule": "order_found", "result": "pass", "evidence": "order 11"}],
                "lines": [{"line_no": 1, "authorized": "2", "unit_price": "20.00"}],
            },
        ),
        (
            "return.authorized",
            "sap_s4",
            {
                "rma_number": "60000012",
                "system": "sap_s4",
                "authorized_at": (NOW - timedelta(hours=2)).isoformat(),
            },
        ),
        (
            "receipt.recorded",
            "wms/receipts",
            {
                "receipt_id": "RC-1",
                "rma_number": "60000012",
                "received_at": (NOW - timedelta(hours=1)).isoformat(),
                "dock": "D4",
                "lines": [{"line_no": 1, "sku": "TG11", "quantity": "3", "uom": "EA"}],
            },
        ),
    ]


def _effects(tx: Connection, about: UUID) -> list[UUID]:
    request, answer = ledger.store_payloads(
        tx,
        [(b'{"CustomerReturnType":"CR","to_Item":[]}', "application/json"), (b"<error/>", "application/xml")],
    )
    confirmed, refused = uuid7(), uuid7()
    for effect, operation, state, reference in (
        (confirmed, "create_customer_return", "confirmed", "60000012"),
        (refused, "create_credit_memo_request", "refused", ""),
    ):
        tx.execute(
            "INSERT INTO effects (id, flow, target, operation, business_key, return_id, state, reference,"
            " request_sha256, request_type, mapping, attempts, created_at)"
            " VALUES (%s, 'erp_rma', 'sap_s4', %s, %s, %s, %s, %s, %s, 'application/json',"
            " 'sap_s4.customer_return_create@1+beef', 2, %s)",
            (
                effect,
                operation,
                f"RH{str(effect)[-8:]}",
                about,
                state,
                reference,
                request,
                NOW - timedelta(hours=2),
            ),
        )
        for fence, outcome, kind, code, text in (
            (1, "retry_at", "Unavailable", "http_503", "503 Service Unavailable, Retry-After 5"),
            (2, state, "Refused" if state == "refused" else "", "http_400" if state == "refused" else "", ""),
        ):
            tx.execute(
                "INSERT INTO attempts (effect_id, fence, worker, started_at, ended_at, outcome, class, code,"
                " message, request, response, response_sha256)"
                " VALUES (%s, %s, 'w1', %s, now(), %s, %s, %s, %s, %s, %s, %s)",
                (
                    effect,
                    fence,
                    NOW - timedelta(minutes=90 - fence),
                    outcome,
                    kind,
                    code,
                    text,
                    "POST /sap/opu/odata/sap/API\nAuthorization: Basic aHViOnNlY3JldA==\n\n" + ATTACK,
                    '400 Bad Request\nset-cookie: SAP_SESSION=topsecret\n\n{"error": "no"}',
                    answer,
                ),
            )
    return [confirmed, refused]


def _early(tx: Connection, early: UUID) -> None:
    data = {
        "receipt_id": "RC-9",
        "received_at": NOW.isoformat(),
        "lines": [{"sku": "TG12", "quantity": "1", "uom": "EA"}],
    }
    fact = Fact(
        id=uuid7(),
        type="receipt.recorded",
        return_id=early,
        source="wms/receipts",
        occurred_at=NOW,
        recorded_at=NOW,
        data=data,
    )
    _record(tx, [fact], None)


def _record(tx: Connection, facts: list[Fact], message: UUID | None) -> None:
    about = facts[0].return_id
    append_facts(tx, [Stated(fact, message_id=message) for fact in facts])
    state = fold(facts)
    if not begin(tx, {about: state}).rowcount:
        project(tx, {about: state})
    keys = {*return_keys(state), *(key for fact in facts for key in fact_keys(fact))}
    rows(tx, "store_keys", columns([(v, k, about) for k, v in sorted(keys)], ("value", "kind", "return_id")))


def _letters(tx: Connection, seeded: Seeded, dead: UUID, effects: list[UUID], tree: str) -> None:
    errors = [
        {
            "path": "lines[0].reason.canonical",
            "message": "no entry for this code",
            "found": ATTACK,
            "source": "lines[0].reason",
            "expression": "crosswalk(reason)",
            "position": "line 1",
            "expected": "a known code",
        },
        {"path": "requested_at", "message": "no time", "found": "31.02.2026", "source": "requested_at"},
        {
            "path": "lines[0].uom",
            "message": "unknown unit\x1b[31m",
            "found": None,
            "expected": "UN/ECE Rec 20",
        },
    ]
    letters = [
        DeadLetter(
            id=seeded.letter_id,
            flow="portal_returns_in",
            step="map",
            error_class="Contract",
            code="mapping",
            errors=errors,
            summary=f"lines[0].reason: no entry for {ATTACK}",
            message_id=dead,
            tree_sha256=tree,
            run_id="portal/api:k1",
            mapping="portal.return_request@1+feed",
        ),
        DeadLetter(
            id=seeded.effect_letter_id,
            flow="erp_credit_memo",
            step="deliver",
            error_class="Refused",
            code="http_400",
            errors=[{"path": "", "message": "Material TG11 is blocked"}],
            target="sap_s4",
            summary="sap_s4 refused: Material TG11 is blocked",
            effect_id=effects[1],
            return_id=seeded.return_id,
            run_id=seeded.run_id,
        ),
    ]
    deadletters.write(tx, letters)
    audit.append(tx, [audit.Entry("hub", "message dead", str(dead), {"summary": "x"})])
