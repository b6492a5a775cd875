from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.policy.disposition import SAFE, decide_disposition
from hub.policy.tables import DecisionTable

RETURN: dict[str, Any] = {
    "return_id": "11111111-1111-5111-8111-111111111111",
    "currency": "USD",
    "lines": [
        {
            "line_no": 1,
            "item": {"sku": "PUMP-1"},
            "uom": "EA",
            "authorized": "5",
            "unit_price": "99.90",
            "reason": {"canonical": "no_longer_needed"},
        },
        {
            "line_no": 2,
            "item": {"sku": "HOSE-2"},
            "uom": "EA",
            "authorized": "3",
            "unit_price": "0.333",
            "reason": {"canonical": "defective"},
        },
    ],
}


def inspected(*lines: dict[str, Any], number: str = "I-1") -> dict[str, Any]:
    return {
        "inspection_id": number,
        "inspected_at": "2026-11-05T10:00:00+00:00",
        "lines": [
            {"sku": "PUMP-1", "quantity": "1", "uom": "EA", "condition": "A", **line} for line in lines
        ],
    }


def with_dispositions(decided: dict[str, Any], return_: dict[str, Any] = RETURN) -> dict[str, Any]:
    """The return after `decided`, as the fold gives it."""
    after = deepcopy(return_)
    for part in decided["lines"]:
        for line in after["lines"]:
            if line["line_no"] == part.get("line_no"):
                entry = {**part, "disposition_id": decided["disposition_id"]}
                line.setdefault("dispositions", []).append(entry)
    return after


def test_sealed_goods_go_to_stock_and_are_credited(disposition: DecisionTable) -> None:
    decided = decide_disposition(RETURN, inspected({"line_no": 1, "quantity": "2"}), disposition)
    assert decided == {
        "disposition_id": "D-I-1",
        "inspection_id": "I-1",
        "decided_at": "2026-11-05T10:00:00+00:00",
        "policy": {"name": "disposition", "version": disposition.version},
        "currency": "USD",
        "credit": True,
        "credit_amount": "199.80",
        "lines": [
            {
                "line_no": 1,
                "sku": "PUMP-1",
                "quantity": "2",
                "uom": "EA",
                "disposition": "restock",
                "condition": "A",
                "rule": "sealed",
                "inventory_status": "available",
                "credit": True,
                "credit_amount": "199.80",
            }
        ],
    }


@pytest.mark.parametrize(
    ("line", "disposed", "status", "credit"),
    [
        ({"condition": "A"}, "restock", "available", True),
        ({"condition": "B"}, "restock", "available", True),
        ({"condition": "C"}, "refurbish", "quarantine", True),
        ({"condition": "D"}, "repair", "quarantine", True),
        ({"condition": "D", "sku": "HOSE-2"}, "return_to_vendor", "blocked", True),
        ({"condition": "E", "sku": "HOSE-2"}, "scrap", "scrapped", True),
        ({"condition": "E"}, "scrap", "scrapped", False),
        ({"condition": "U"}, "quarantine", "quarantine", False),
        ({"sku": "STRANGER"}, "dispute_review", "received_hold", False),
        ({"line_no": 9}, "dispute_review", "received_hold", False),
        ({"line_no": 1, "sku": "HOSE-2"}, "dispute_review", "received_hold", False),
        ({"line_no": 1, "uom": "CA"}, "dispute_review", "received_hold", False),
    ],
)
def test_rules(
    disposition: DecisionTable, line: dict[str, Any], disposed: str, status: str, *, credit: bool
) -> None:
    (part,) = decide_disposition(RETURN, inspected(line), disposition)["lines"]
    assert (part["disposition"], part["inventory_status"], part["credit"]) == (disposed, status, credit)
    assert ("credit_amount" in part) is credit


def test_what_arrived_beyond_the_authorized_quantity_is_split_off_and_disputed(
    disposition: DecisionTable,
) -> None:
    decided = decide_disposition(RETURN, inspected({"quantity": "7"}), disposition)
    assert [(part["quantity"], part["rule"], part["credit"]) for part in decided["lines"]] == [
        ("5", "sealed", True),
        ("2", "over_authorized", False),
    ]
    assert decided["credit_amount"] == "499.50"


def test_a_second_inspection_finds_only_what_is_left(disposition: DecisionTable) -> None:
    first = decide_disposition(RETURN, inspected({"quantity": "4"}), disposition)
    second = decide_disposition(
        with_dispositions(first), inspected({"quantity": "4"}, number="I-2"), disposition
    )
    assert [(part["quantity"], part["rule"]) for part in second["lines"]] == [
        ("1", "sealed"),
        ("3", "over_authorized"),
    ]


def test_two_lines_of_one_inspection_share_the_authorized_quantity(disposition: DecisionTable) -> None:
    decided = decide_disposition(
        RETURN, inspected({"quantity": "3"}, {"quantity": "3", "condition": "B"}), disposition
    )
    assert [(part["quantity"], part["rule"]) for part in decided["lines"]] == [
        ("3", "sealed"),
        ("2", "as_new"),
        ("1", "over_authorized"),
    ]


def test_goods_without_a_line_number_fill_every_line_of_their_item(disposition: DecisionTable) -> None:
    twice = deepcopy(RETURN)
    twice["lines"][1] |= {"item": {"sku": "PUMP-1"}, "unit_price": "99.90"}
    decided = decide_disposition(twice, inspected({"quantity": "9"}), disposition)
    assert [(part["line_no"], part["quantity"], part["credit"]) for part in decided["lines"]] == [
        (1, "5", True),
        (2, "3", True),
        (1, "1", False),
    ]


def test_quarantined_goods_leave_their_credit_for_the_next_inspection(disposition: DecisionTable) -> None:
    unknown = decide_disposition(RETURN, inspected({"quantity": "5", "condition": "U"}), disposition)
    assert not unknown["credit"]
    assert "credit_amount" not in unknown
    later = decide_disposition(
        with_dispositions(unknown), inspected({"quantity": "5"}, number="I-2"), disposition
    )
    assert later["credit_amount"] == "499.50"


def test_deciding_again_gives_the_same_fact_even_when_the_first_is_already_counted(
    disposition: DecisionTable,
) -> None:
    inspection = inspected({"quantity": "4"})
    first = decide_disposition(RETURN, inspection, disposition)
    assert decide_disposition(with_dispositions(first), inspection, disposition) == first


def test_nothing_of_an_unauthorized_return_is_credited(disposition: DecisionTable) -> None:
    unauthorized = deepcopy(RETURN)
    unauthorized["lines"][0]["authorized"] = "0"
    decided = decide_disposition(unauthorized, inspected({"quantity": "2"}), disposition)
    assert [part["rule"] for part in decided["lines"]] == ["over_authorized"]
    assert decided["credit"] is False
    assert decide_disposition({}, inspected({}), disposition)["lines"][0]["rule"] == "not_on_return"


def test_hazardous_goods_are_checked_before_they_go_to_stock(disposition: DecisionTable) -> None:
    hazardous = deepcopy(RETURN)
    hazardous["lines"][0]["item"]["hazmat_class"] = "3"
    assert (
        decide_disposition(hazardous, inspected({}), disposition)["lines"][0]["disposition"] == "quarantine"
    )
    flagged = {**RETURN, "risk_flags": ["hazmat"]}
    assert decide_disposition(flagged, inspected({}), disposition)["lines"][0]["disposition"] == "quarantine"


def test_a_credit_without_a_price_has_no_amount_so_that_it_cannot_be_posted_short(
    disposition: DecisionTable,
) -> None:
    unpriced = deepcopy(RETURN)
    del unpriced["lines"][1]["unit_price"]
    decided = decide_disposition(unpriced, inspected({}, {"sku": "HOSE-2"}), disposition)
    assert decided["credit"]
    assert "credit_amount" not in decided


def test_the_table_answers_what_nobody_thought_of_without_credit(disposition: DecisionTable) -> None:
    last = disposition.rules[-1]
    assert {name: last.outputs[name] for name in SAFE} == SAFE
    assert disposition.unreachable() == []


quantities = st.decimals(min_value="0.001", max_value=4, places=3)


@given(
    st.lists(
        st.tuples(quantities, st.sampled_from("ABCDEU"), st.sampled_from(["PUMP-1", "HOSE-2"])), max_size=8
    )
)
def test_over_all_inspections_no_line_is_credited_beyond_its_authorized_quantity_and_value(
    disposition: DecisionTable, arrivals: list[tuple[Decimal, str, str]]
) -> None:
    return_ = deepcopy(RETURN)
    for number, (quantity, condition, sku) in enumerate(arrivals):
        inspection = inspected(
            {"sku": sku, "quantity": str(quantity), "condition": condition}, number=f"I-{number}"
        )
        decided = decide_disposition(return_, inspection, disposition)
        assert sum(Decimal(part["quantity"]) for part in decided["lines"]) == quantity
        return_ = with_dispositions(decided, return_)
    for line in return_["lines"]:
        credited = [part for part in line.get("dispositions", ()) if part["credit"]]
        assert sum(Decimal(part["quantity"]) for part in credited) <= Decimal(line["authorized"])
        value = (Decimal(line["authorized"]) * Decimal(line["unit_price"])).quantize(Decimal("0.01"))
        assert sum(Decimal(part["credit_amount"]) for part in credited) <= value
