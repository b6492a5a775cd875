"""A story: the facts of one return, told one after the other, an hour apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from canonical import ids, validation
from canonical.facts import Fact
from canonical.fold import fold
from canonical.invariants import invariants

START = datetime(2026, 11, 1, 9, tzinfo=UTC)
POLICY = {"name": "standard", "version": "1", "rule": "r1"}


@dataclass
class Story:
    """Tells facts and folds them. `at` is the hour of the next fact, `said` the hour it is recorded."""

    facts: list[Fact] = field(default_factory=list)
    hour: int = 0

    def tell(
        self,
        type_: str,
        data: Mapping[str, Any],
        *,
        at: int | None = None,
        said: int | None = None,
        corrects: Fact | None = None,
    ) -> Fact:
        """A fact with its data checked; it happens one hour after the last one unless `at` says otherwise."""
        self.hour += 1
        occurred = START + timedelta(hours=self.hour if at is None else at)
        assert validation.violations(type_, 1, data) == []
        fact = Fact(
            id=ids.uuid7(),
            type=type_,
            return_id=ids.return_id("de", "acme", "CLAIM1"),
            source="story",
            occurred_at=occurred,
            recorded_at=START + timedelta(hours=self.hour if said is None else said),
            data=data,
            entity="de",
            corrects=corrects.id if corrects else None,
        )
        self.facts.append(fact)
        return fact

    def time(self) -> str:
        return (START + timedelta(hours=self.hour)).isoformat()

    def requested(self, *quantities: str, corrects: Fact | None = None, **more: Any) -> Fact:
        lines = [
            {
                "line_no": number,
                "item": {"sku": f"SKU{number}"},
                "requested": quantity,
                "uom": "EA",
                "reason": {"scheme": "x12.1293", "code": "DR", "canonical": "defective"},
            }
            for number, quantity in enumerate(quantities, 1)
        ]
        data = {
            "origin": {"system": "acme", "id": "CLAIM1"},
            "return_type": "customer",
            "channel": "edi",
            "requested_at": self.time(),
            "currency": "EUR",
            "lines": lines,
        }
        return self.tell("return.requested", data | more, corrects=corrects)

    def decided(self, *quantities: str, outcome: str = "approved", **more: Any) -> Fact:
        lines = [
            {"line_no": number, "authorized": quantity, "unit_price": "10.00"}
            for number, quantity in enumerate(quantities, 1)
        ]
        data = {"decision_id": f"D{self.hour}", "outcome": outcome, "policy": POLICY, "lines": lines}
        return self.tell("authorization.decided", data | more)

    def authorized(self, number: str = "60001", **more: Any) -> Fact:
        data = {"rma_number": number, "system": "sap_s4", "authorized_at": self.time()}
        return self.tell("return.authorized", data | more)

    def received(self, receipt: str, *lines: Mapping[str, Any], **options: Any) -> Fact:
        data = {
            "receipt_id": receipt,
            "received_at": self.time(),
            "lines": [self.line(**line) for line in lines],
        }
        return self.tell("receipt.recorded", data, **options)

    def inspected(self, inspection: str, *lines: Mapping[str, Any], **options: Any) -> Fact:
        stated = [self.line(condition="B", **line) for line in lines]
        data = {"inspection_id": inspection, "inspected_at": self.time(), "lines": stated}
        return self.tell("inspection.recorded", data, **options)

    def disposed(self, disposition: str, inspection: str, *lines: Mapping[str, Any], **options: Any) -> Fact:
        defaults = {
            "condition": "B",
            "disposition": "restock",
            "rule": "r1",
            "inventory_status": "available",
            "credit": True,
        }
        data = {
            "disposition_id": disposition,
            "inspection_id": inspection,
            "decided_at": self.time(),
            "policy": POLICY,
            "lines": [self.line(**{**defaults, **line}) for line in lines],
        }
        return self.tell("disposition.decided", data, **options)

    def posted(self, document: str, disposition: str, *lines: Mapping[str, Any]) -> Fact:
        stated = [
            {"uom": "EA", "from_status": "received_hold", "to_status": "available", **line} for line in lines
        ]
        data = {"system": "sap_s4", "document": document, "posted_at": self.time()}
        return self.tell("inventory.posted", data | {"disposition_id": disposition, "lines": stated})

    def credited(self, document: str, amount: str, *lines: Mapping[str, Any], **more: Any) -> Fact:
        data = {"system": "sap_s4", "document": document, "posted_at": self.time(), "amount": amount}
        return self.tell("credit.posted", data | {"currency": "EUR", "lines": list(lines)} | more)

    def ended(self, how: str, reason: str = "completed", **options: Any) -> Fact:
        data = {"reason": reason, "role": "returns_manager", f"{how}_at": self.time()}
        return self.tell(f"return.{how}", data, **options)

    @staticmethod
    def line(**line: Any) -> dict[str, Any]:
        """A stated line; the SKU follows from the number unless given."""
        sku = {"sku": f"SKU{line['line_no']}"} if "line_no" in line else {}
        return {"uom": "EA", **sku, **line}

    def fold(self) -> dict[str, Any]:
        """The return, sound by its invariants, and the same when told backwards."""
        return_ = fold(self.facts)
        assert invariants(return_) == []
        assert fold(reversed(self.facts)) == return_
        return return_

    def codes(self) -> list[str]:
        return [case["code"] for case in self.fold()["cases"]]

    def id(self) -> UUID:
        return self.facts[0].return_id


@pytest.fixture
def story() -> Story:
    return Story()
