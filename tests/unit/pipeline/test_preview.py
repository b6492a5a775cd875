"""A request that is the first fact of its return is decided from its own data, without a fold."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from canonical import testing
from canonical.facts import Fact
from canonical.fold import fold
from canonical.ids import uuid7
from canonical.vocabulary import REQUESTED
from hub.flows.catalog import load_catalog
from hub.pipeline.decide import preview
from hub.policy.authorization import decide_authorization
from hub.settings import PROJECT_DIR

TABLE = load_catalog(PROJECT_DIR).tables["authorization"]


@settings(max_examples=200, deadline=None)
@given(data=testing.data(REQUESTED), known=st.booleans())
def test_policies_answer_the_same_to_the_request_and_to_its_fold(
    data: dict[str, Any], *, known: bool
) -> None:
    now = datetime.now(UTC)
    fact = Fact(
        id=uuid7(),
        type=REQUESTED,
        return_id=uuid7(),
        source="test",
        occurred_at=now,
        recorded_at=now,
        data=data,
    )
    lines = fact.data["lines"]
    if len({line["line_no"] for line in lines}) != len(lines):
        return  # a mapping numbers lines by position, so no request that it makes has a number twice
    order: dict[str, Any] | None = None
    if known:
        order = {
            "number": "1",
            "sold_to": "2",
            "date": "2026-01-01",
            "currency": "USD",
            "lines": [
                {
                    "line": str(at),
                    "sku": line["item"].get("sku", "?"),
                    "quantity": "5",
                    "uom": line["uom"],
                    "unit_price": "2.50",
                }
                for at, line in enumerate(lines)
            ],
        }
    answer = decide_authorization(preview(fact), order, TABLE)
    assert answer == decide_authorization(fold([fact]), order, TABLE)
