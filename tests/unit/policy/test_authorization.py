from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.policy.authorization import OUTCOMES, SAFE, decide_authorization
from hub.policy.tables import OTHERWISE, DecisionTable

ORDER: dict[str, Any] = {
    "number": "4500001",
    "sold_to": "10100001",
    "date": "2026-10-01",
    "currency": "USD",
    "lines": [
        {"line": "10", "sku": "PUMP-1", "quantity": "5", "uom": "EA", "unit_price": "99.90"},
        {"line": "20", "sku": "HOSE-2", "quantity": "10.000", "uom": "EA", "unit_price": "12.50"},
    ],
}

RETURN: dict[str, Any] = {
    "return_id": "11111111-1111-5111-8111-111111111111",
    "requested_at": "2026-10-11T08:00:00+00:00",
    "return_type": "customer",
    "channel": "edi",
    "references": [{"type": "customer_po", "number": "PO-77"}],
    "lines": [
        {
            "line_no": 1,
            "item": {"sku": "PUMP-1"},
            "requested": "2",
            "uom": "EA",
            "reason": {"canonical": "defective"},
        },
        {
            "line_no": 2,
            "item": {"sku": "HOSE-2"},
            "requested": "10",
            "uom": "EA",
            "reason": {"canonical": "defective"},
        },
    ],
}


def asked(**changes: Any) -> dict[str, Any]:
    """RETURN with its first line or header changed."""
    tree = deepcopy(RETURN)
    for name, value in changes.items():
        if name in tree:
            tree[name] = value
        elif name == "reason":
            for line in tree["lines"]:
                line["reason"]["canonical"] = value
        else:
            tree["lines"][0][name] = value
    return tree


def test_what_was_bought_and_asked_for_in_time_is_approved_in_full(authorization: DecisionTable) -> None:
    decided = decide_authorization(RETURN, ORDER, authorization)
    assert decided["outcome"] == "approved"
    assert decided["policy"] == {
        "name": "authorization",
        "version": authorization.version,
        "rule": "within_policy",
    }
    assert decided["lines"] == [
        {"line_no": 1, "authorized": "2", "unit_price": "99.90", "order_line": "10"},
        {"line_no": 2, "authorized": "10", "unit_price": "12.50", "order_line": "20"},
    ]
    assert decided["order"] == ORDER
    assert decided["references"] == [{"type": "order", "number": "4500001"}]
    assert decided["currency"] == "USD"
    assert {check["rule"]: check["result"] for check in decided["checks"]} == {
        "order_found": "pass",
        "all_lines_on_order": "pass",
        "quantity_within_order": "pass",
        "days_since_order": "pass",
        "value": "pass",
    }


@pytest.mark.parametrize(
    ("tree", "outcome", "rule"),
    [
        (asked(item={"sku": "UNKNOWN"}), "needs_review", "line_not_on_order"),
        (asked(item={"customer_item": "X"}), "needs_review", "line_not_on_order"),
        (asked(requested="6"), "needs_review", "quantity_exceeds_order"),
        (asked(requested_at="2027-10-01T00:00:00+00:00"), "approved", "within_policy"),
        (asked(requested_at="2027-10-02T00:00:00+00:00"), "rejected", "order_too_old"),
        (
            asked(requested_at="2026-10-31T00:00:00+00:00", reason="no_longer_needed"),
            "approved",
            "within_policy",
        ),
        (
            asked(requested_at="2026-11-01T00:00:00+00:00", reason="no_longer_needed"),
            "rejected",
            "change_of_mind_too_late",
        ),
        (
            asked(requested_at="2026-11-01T00:00:00+00:00", reason="ordering_error"),
            "rejected",
            "change_of_mind_too_late",
        ),
        (asked(requested_at="2026-11-01T00:00:00+00:00"), "approved", "within_policy"),
        (asked(requested_at="2026-09-30T00:00:00+00:00"), "needs_review", OTHERWISE),
        (asked(uom="CA"), "needs_review", OTHERWISE),
        (asked(lines=[]), "needs_review", OTHERWISE),
    ],
)
def test_rules(authorization: DecisionTable, tree: dict[str, Any], outcome: str, rule: str) -> None:
    decided = decide_authorization(tree, ORDER, authorization)
    assert (decided["outcome"], decided["policy"]["rule"]) == (outcome, rule)
    if outcome != "approved":
        assert {line["authorized"] for line in decided["lines"]} <= {"0"}


def test_an_order_that_is_not_found_is_for_a_person(authorization: DecisionTable) -> None:
    decided = decide_authorization(RETURN, None, authorization)
    assert decided["outcome"] == "needs_review"
    assert decided["reasons"] == ["The order is not known in the ERP"]
    assert decided["lines"] == [{"line_no": 1, "authorized": "0"}, {"line_no": 2, "authorized": "0"}]
    assert "order" not in decided
    assert decided["checks"][0] == {
        "rule": "order_found",
        "result": "fail",
        "evidence": "no order for customer_po PO-77",
    }
    assert decided["checks"][1]["result"] == "unknown"


def test_reasons_that_lead_to_different_answers_are_for_a_person(authorization: DecisionTable) -> None:
    tree = asked(requested_at="2026-11-20T00:00:00+00:00", reason="defective")
    tree["lines"][1]["reason"]["canonical"] = "no_longer_needed"
    assert decide_authorization(tree, ORDER, authorization)["policy"]["rule"] == "different_answers"


def test_several_reasons_that_lead_to_one_answer_are_decided(authorization: DecisionTable) -> None:
    tree = asked(requested_at="2026-11-20T00:00:00+00:00", reason="defective")
    tree["lines"][1]["reason"]["canonical"] = "wrong_item"
    assert decide_authorization(tree, ORDER, authorization)["outcome"] == "approved"
    tree["lines"][0]["reason"]["canonical"] = "ordering_error"
    tree["lines"][1]["reason"]["canonical"] = "no_longer_needed"
    assert decide_authorization(tree, ORDER, authorization)["outcome"] == "rejected"


def test_a_value_over_5000_is_for_a_person_to_the_cent(authorization: DecisionTable) -> None:
    order = deepcopy(ORDER)
    order["lines"][0]["unit_price"] = "2437.50"  # 2 x 2437.50 + 10 x 12.50 = 5000.00
    assert decide_authorization(RETURN, order, authorization)["outcome"] == "approved"
    order["lines"][0]["unit_price"] = "2437.505"
    assert decide_authorization(RETURN, order, authorization)["policy"]["rule"] == "high_value"


def test_a_missing_price_or_another_currency_is_never_approved(authorization: DecisionTable) -> None:
    unpriced = deepcopy(ORDER)
    del unpriced["lines"][0]["unit_price"]
    assert decide_authorization(RETURN, unpriced, authorization)["policy"]["rule"] == OTHERWISE
    assert (
        decide_authorization({**RETURN, "currency": "EUR"}, ORDER, authorization)["policy"]["rule"]
        == OTHERWISE
    )


def test_the_same_item_on_several_lines_is_added_up(authorization: DecisionTable) -> None:
    tree = asked(requested="3")
    tree["lines"][1]["item"]["sku"] = "PUMP-1"
    tree["lines"][1]["requested"] = "3"
    decided = decide_authorization(tree, ORDER, authorization)
    assert decided["policy"]["rule"] == "quantity_exceeds_order"
    assert decided["checks"][2]["evidence"] == "PUMP-1: 6 returned, 5 ordered"


def test_the_same_question_has_the_same_id_and_another_has_another(authorization: DecisionTable) -> None:
    first = decide_authorization(RETURN, ORDER, authorization)
    assert decide_authorization(deepcopy(RETURN), deepcopy(ORDER), authorization) == first
    assert (
        decide_authorization(asked(requested="1"), ORDER, authorization)["decision_id"]
        != first["decision_id"]
    )


def test_the_table_answers_what_nobody_thought_of_with_a_person(authorization: DecisionTable) -> None:
    last = authorization.rules[-1]
    assert {name: last.outputs[name] for name in SAFE} == SAFE
    assert {rule.outputs["outcome"] for rule in authorization.rules} <= OUTCOMES
    assert authorization.unreachable() == []


@given(
    requested=st.decimals(min_value="0.001", max_value=1000, places=3),
    price=st.none() | st.decimals(min_value=0, max_value=10000, places=2),
    days=st.integers(-400, 800),
    reason=st.sampled_from(["defective", "ordering_error", "no_longer_needed", "other"]),
)
def test_approval_implies_every_condition(
    authorization: DecisionTable, requested: Decimal, price: Decimal | None, days: int, reason: str
) -> None:
    order = deepcopy(ORDER)
    order["date"] = f"{2026 - days // 366}-06-15"
    order["lines"][0].pop("unit_price") if price is None else order["lines"][0].update(unit_price=str(price))
    decided = decide_authorization(asked(requested=str(requested), reason=reason), order, authorization)
    if decided["outcome"] == "approved":
        assert requested <= 5
        assert price is not None
        assert requested * price + 125 <= 5000
        assert order["date"].startswith("2026")
        assert reason not in ("ordering_error", "no_longer_needed")
