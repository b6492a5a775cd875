from pathlib import Path

import pytest

from tests.unit.flows.small import POLICIES, SHOP, SHOP_MAPPING, edited, found, shop, told


@pytest.mark.parametrize(
    ("before", "after", "place", "message", "code"),
    [
        (
            "{sku: item.article}",
            '{sku: "item.article, item.article"}',
            "18:39",
            "item.article stands here twice",
            "repeated-path",
        ),
        (
            "position",
            "position, item.quantity | integer",
            "17:28",
            "item.quantity is never read: position always has a value",
            "unreachable-fallback",
        ),
        (
            "= EA",
            "item.unit | default(EA) | default(ST)",
            "20:44",
            "default(ST) does nothing: default(EA) before it always gives a value",
            "unreachable-fallback",
        ),
        (
            "= EA",
            "item.unit | default(EA) | optional",
            "20:44",
            "optional does nothing: default(EA) before it always gives a value",
            "unreachable-fallback",
        ),
    ],
)
def test_what_can_never_matter_in_an_expression_is_told(
    tmp_path: Path, before: str, after: str, place: str, message: str, code: str
) -> None:
    (problem,) = found(shop(tmp_path, {SHOP: edited(SHOP_MAPPING, before, after)}))
    assert told(problem) == (f"{SHOP}:{place}: {message}", code, "error", "")


def test_a_path_that_a_schema_always_fills_needs_no_fallback(tmp_path: Path) -> None:
    file = "mappings/shop/tell.yaml"
    text = """\
mapping: shop.tell@1
from:    return.authorized@1
to:      json/shop.tell
samples: [told]
map:
  sent:   fact.occurred_at, return.requested_at
  number: return.rma_number, fact.data.rma_number
"""
    (problem,) = found(shop(tmp_path, {file: text}))
    message = "return.requested_at is never read: fact.occurred_at always has a value"
    assert told(problem) == (f"{file}:6:29: {message}", "unreachable-fallback", "error", "")


def test_a_target_filled_twice_is_told(tmp_path: Path) -> None:
    text = edited(SHOP_MAPPING, "  channel:      = portal\n", "  channel: = portal\n  channel: = shop\n")
    (problem,) = found(shop(tmp_path, {SHOP: text}), "unknown-name")
    assert told(problem) == (
        f"{SHOP}:11:3: duplicate key 'channel', first on line 10",
        "invalid-mapping",
        "error",
        "",
    )


def test_one_mapping_in_two_files_is_told(tmp_path: Path) -> None:
    file = "mappings/shop/twin.yaml"
    (problem,) = found(shop(tmp_path, {file: SHOP_MAPPING}))
    message = f"expected each mapping once, found shop.return_request@1 also in {SHOP}"
    assert told(problem) == (f"{file}:1:1: {message}", "duplicate-mapping", "error", "")


@pytest.mark.parametrize(
    ("before", "after", "place", "message", "code", "hint"),
    [
        (
            "as_new,true,false,B",
            "as_new,true,false,A",
            "10:1",
            "as_new can never fire: sealed on line 9 takes all its cases",
            "unreachable-rule",
            "",
        ),
        (
            "as_new,true,false,B",
            "sealed,true,false,B",
            "10:1",
            "expected each rule name once, found 'sealed' of line 9 again",
            "invalid-table",
            "",
        ),
        (
            "A,,,restock",
            "A,,,restok",
            "9:7",
            "disposition: expected one of",
            "unknown-word",
            "did you mean 'restock'?",
        ),
        (
            "condition,reason,hazmat",
            "condition,reason,hazmatt",
            "3:6",
            "expected input columns condition, hazmat, matched, over_authorized, reason, found 'hazmatt'",
            "unknown-input",
            "did you mean 'hazmat'?",
        ),
        (
            "otherwise,,,,,,dispute_review,received_hold,false",
            "otherwise,,,,,,dispute_review,received_hold,true",
            "17:1",
            "otherwise: expected credit to be False, found True",
            "unsafe-default",
            "",
        ),
    ],
)
def test_a_decision_table_must_be_able_to_decide(
    tmp_path: Path, before: str, after: str, place: str, message: str, code: str, hint: str
) -> None:
    file = "policies/disposition.csv"
    text = (POLICIES / "disposition.csv").read_text("utf-8")
    problems = found(shop(tmp_path, {file: edited(text, before, after)}), "missing-column")
    (problem,) = [problem for problem in problems if problem.file == file]
    assert str(problem).startswith(f"{file}:{place}: {message}")
    assert (problem.code, problem.severity, problem.hint) == (code, "error", hint)


def test_an_input_that_the_policy_offers_must_be_a_column(tmp_path: Path) -> None:
    file = "policies/disposition.csv"
    text = (POLICIES / "disposition.csv").read_text("utf-8")
    problems = found(
        shop(tmp_path, {file: edited(text, "condition,reason,hazmat", "condition,reason,toxic")})
    )
    assert [(problem.line, problem.column, problem.code, problem.message) for problem in problems][:1] == [
        (3, 1, "missing-column", "expected an input column 'hazmat', found none")
    ]


def test_a_missing_decision_table_is_told(tmp_path: Path) -> None:
    project = shop(tmp_path)
    (project / "policies" / "disposition.csv").unlink()
    (problem,) = found(project)
    message = "expected this decision table, found no such file"
    assert told(problem) == (f"policies/disposition.csv:1:1: {message}", "missing-table", "error", "")
