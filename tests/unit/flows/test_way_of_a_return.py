"""One return through real mappings, policies and the fold: what each step says is valid for the next."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from canonical.facts import Fact
from canonical.fold import fold
from canonical.ids import return_id, uuid7
from canonical.validation import violations
from connectors.codecs.registry import codec
from hub.flows.catalog import Catalog, load_catalog
from hub.flows.subscription import business_key, matching
from hub.policy.authorization import decide_authorization
from hub.policy.disposition import decide_disposition
from tests.unit.flows.conftest import PROJECT

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module", name="catalog")
def _catalog() -> Catalog:
    return load_catalog(PROJECT)


class Way:
    """A return, fact after fact."""

    def __init__(self, catalog: Catalog, id_: UUID) -> None:
        self.catalog = catalog
        self.id = id_
        self.facts: list[Fact] = []

    @property
    def state(self) -> dict[str, Any]:
        return fold(self.facts)

    def state_fact(self, kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
        """Record a fact; returns its tree as delivery mappings see it."""
        assert violations(kind, 1, data) == []
        at = NOW + timedelta(minutes=len(self.facts))
        self.facts.append(
            Fact(
                id=uuid7(),
                type=kind,
                return_id=self.id,
                source="test",
                occurred_at=at,
                recorded_at=at,
                data=data,
                entity="us",
                site="dc01",
            )
        )
        return {"type": kind, "occurred_at": at.isoformat(), "entity": "us", "site": "dc01", "data": data}

    def deliver(self, flow: str, fact: dict[str, Any]) -> dict[str, Any]:
        """The document of a flow that must be subscribed to this fact."""
        delivery = self.catalog.delivery[flow]
        subscribed = matching(self.catalog, fact["type"], fact["data"], self.state)
        assert delivery in subscribed
        scope = {"fact": fact, "return": self.state}
        key = business_key(self.catalog, delivery, scope)
        mapped = self.catalog.mappings[delivery.map].apply({**scope, "key": key})
        assert mapped.errors == ()
        return mapped.value

    def confirm(self, flow: str, fact: dict[str, Any], reference: str) -> dict[str, Any]:
        """The fact that a receipt states."""
        states = self.catalog.delivery[flow].states
        assert states is not None
        scope = {
            "receipt": {},
            "reference": reference,
            "now": NOW.isoformat(),
            "fact": fact,
            "return": self.state,
        }
        mapped = self.catalog.mappings[states.map].apply(scope)
        assert mapped.errors == ()
        return self.state_fact(states.fact, mapped.value)


def record(catalog: Catalog, ref: str, form: str, sample: str) -> dict[str, Any]:
    body = (PROJECT / "mappings" / sample).read_bytes()
    (found,) = codec(form).decode(body).records
    mapped = catalog.mappings[ref].apply(found.tree)
    assert mapped.errors == ()
    return mapped.value


def test_from_the_notice_to_stock_and_credit(catalog: Catalog) -> None:
    requested = record(catalog, "acme.return_notice@1", "x12/180-004010", "acme_edi/samples/two_lines.edi")
    order = record(catalog, "sap_s4.sales_order@1", "json", "sap_s4/samples/two_items.json")
    way = Way(catalog, return_id("us", "acme", "CLM000101"))
    way.state_fact("return.requested", requested)
    decided = way.state_fact(
        "authorization.decided", decide_authorization(way.state, order, catalog.tables["authorization"])
    )
    assert decided["data"]["outcome"] == "approved"
    created = way.deliver("erp_rma", decided)
    assert [item["RequestedQuantity"] for item in created["to_Item"]] == ["2", "1"]
    assert [item["ReferenceSDDocumentItem"] for item in created["to_Item"]] == ["10", "20"]
    authorized = way.confirm("erp_rma", decided, "60000017")
    assert way.state["status"] == "authorized"
    assert way.deliver("wms_expected_receipt", authorized)["rma"] == "60000017"
    assert way.deliver("acme_180_authorized", authorized)["N9"][0] == {"01": "RZ", "02": "60000017"}
    way.state_fact("receipt.recorded", record(catalog, "wms.receipt@1", "json", "wms/samples/matched.json"))
    inspection = record(catalog, "wms.inspection@1", "json", "wms/samples/graded.json")
    way.state_fact("inspection.recorded", inspection)
    disposed = way.state_fact(
        "disposition.decided", decide_disposition(way.state, inspection, catalog.tables["disposition"])
    )
    assert disposed["data"]["credit_amount"] == "179.80"
    moved = way.deliver("erp_goods_movement", disposed)
    assert [item["GoodsMovementType"] for item in moved["to_MaterialDocumentItem"]] == ["653", "655"]
    assert len(moved["ReferenceDocument"]) <= 16
    credited = way.deliver("erp_credit_memo", disposed)
    assert (credited["TotalNetAmount"], credited["TransactionCurrency"]) == ("179.80", "USD")
    way.confirm("erp_goods_movement", disposed, "4900000123")
    way.confirm("erp_credit_memo", disposed, "65000123")
    assert [line["credited"] for line in way.state["lines"]] == ["2", "0"]
    again = decide_disposition(way.state, inspection, catalog.tables["disposition"])
    assert again == disposed["data"]


def test_a_rejected_notice_is_answered_with_the_reason(catalog: Catalog) -> None:
    requested = record(catalog, "acme.return_notice@1", "x12/180-004010", "acme_edi/samples/two_lines.edi")
    order = record(catalog, "sap_s4.sales_order@1", "json", "sap_s4/samples/two_items.json") | {
        "date": "2024-01-01"
    }
    way = Way(catalog, return_id("us", "acme", "CLM000101"))
    way.state_fact("return.requested", requested)
    decided = way.state_fact(
        "authorization.decided", decide_authorization(way.state, order, catalog.tables["authorization"])
    )
    assert way.state["status"] == "rejected"
    denial = way.deliver("acme_180_denied", decided)
    assert denial["RDR"] == {"01": "RD", "03": "RT", "04": "The order is more than 365 days old"}
    envelope = {"sender": "RETURNSHUB", "receiver": "ACME", "control": 1, "date": "20261101", "time": "1200"}
    assert b"RDR*RD**RT*The order is more than 365 days old~" in codec("x12/180-004010").encode(
        denial, envelope
    )


def test_goods_that_nobody_asked_for_are_held_and_not_credited(catalog: Catalog) -> None:
    way = Way(catalog, return_id("us", "wms", "I60000017-1"))
    inspection = record(catalog, "wms.inspection@1", "json", "wms/samples/graded.json")
    way.state_fact("inspection.recorded", inspection)
    disposed = way.state_fact(
        "disposition.decided", decide_disposition(way.state, inspection, catalog.tables["disposition"])
    )
    assert disposed["data"]["credit"] is False
    assert [flow.flow for flow in matching(catalog, "disposition.decided", disposed["data"], way.state)] == [
        "erp_goods_movement"
    ]
    moved = way.deliver("erp_goods_movement", disposed)
    assert {item["GoodsMovementType"] for item in moved["to_MaterialDocumentItem"]} == {"651"}
    way.confirm("erp_goods_movement", disposed, "4900000124")


def test_an_unknown_reason_is_told_with_its_segment(catalog: Catalog) -> None:
    body = (
        Path(PROJECT / "mappings/acme_edi/samples/two_lines.edi").read_bytes().replace(b"RDR**WG", b"RDR**ZZ")
    )
    (found,) = codec("x12/180-004010").decode(body).records
    if found.tree is None:
        assert any("ZZ" in finding.found or "ZZ" in finding.message for finding in found.findings)
        return
    errors = catalog.mappings["acme.return_notice@1"].apply(found.tree).errors
    assert [error.target_path for error in errors] == ["lines[1].reason"]
    assert "'ZZ'" in errors[0].message
