from pathlib import Path
from typing import Any

import pytest

from tests.unit.flows.small import (
    REASONS,
    SCHEMA,
    SHOP,
    SHOP_DOCUMENT,
    SHOP_MAPPING,
    SHOP_SCHEMA,
    edited,
    found,
    shop,
    told,
)

CODES = "mappings/codes/return_reason.csv"
ITEM = SHOP_DOCUMENT["items"][0]


def test_a_code_of_a_sample_that_the_table_lacks_is_told_where_it_is_looked_up(tmp_path: Path) -> None:
    document = {**SHOP_DOCUMENT, "items": [{**ITEM, "reason": "BROKN"}]}
    (problem,) = found(shop(tmp_path, {"mappings/shop/samples/one.json": document}))
    message = (
        "sample one: lines[0].reason: 'BROKN' is not in lookup 'reason' "
        "(codes/return_reason.csv, shop -> canonical)   <- item.reason | crosswalk(reason)"
    )
    place, code, severity, hint = told(problem)
    assert place.startswith(f"{SHOP}:21:18: {message}")
    assert (code, severity) == ("lookup-hole", "error")
    assert (
        hint == "returns-hub new codes return_reason shop BROKN=…, or give a default: lookup(table, default)"
    )


def test_a_lookup_that_no_expression_uses_is_told(tmp_path: Path) -> None:
    text = edited(
        SHOP_MAPPING,
        "item.reason | crosswalk(reason)",
        "{scheme: = x, code: item.reason, canonical: = other, raw: item.reason}",
    )
    (problem,) = found(shop(tmp_path, {SHOP: text}))
    assert told(problem) == (f"{SHOP}:6:19: lookup 'reason' is not used", "invalid-mapping", "error", "")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            "wrong_item,WRONG",
            "wrong_item,BROKEN",
            (
                f"{CODES}:3:2: shop: 'BROKEN' is already on line 2",
                "repeated-code",
                "error",
                "write >BROKEN in the row where it is only sent",
            ),
        ),
        (
            "wrong_item,WRONG",
            "damaged,WRONG",
            (f"{CODES}:3:1: canonical: 'damaged' is already on line 2", "repeated-code", "error", ""),
        ),
        (
            "wrong_item,WRONG",
            ",WRONG",
            (
                f"{CODES}:3:1: canonical: expected a canonical name, found none",
                "blank-canonical",
                "error",
                "",
            ),
        ),
        (
            "canonical,shop,title\ndamaged,BROKEN,Damaged\nwrong_item,WRONG,Not ordered\n",
            "canonical,shop,d365\ndamaged,BROKEN,DMG\nwrong_item,WRONG,WRG\n",
            (
                f"{CODES}:1:3: d365: no mapping uses column d365, and no remark describes it",
                "unused-column",
                "warning",
                "remove it, or say what it is: # d365: …",
            ),
        ),
        (
            "canonical,shop",
            "canonicl,shop",
            (
                f"{CODES}:1:1: expected a header with the column 'canonical'",
                "invalid-code-table",
                "error",
                "",
            ),
        ),
    ],
)
def test_a_code_table_is_whole(tmp_path: Path, before: str, after: str, expected: tuple[str, ...]) -> None:
    text = edited(REASONS, before, after)
    problems = [problem for problem in found(shop(tmp_path, {CODES: text})) if problem.file == CODES]
    assert [told(problem) for problem in problems] == [expected]


def test_a_remark_keeps_a_column_that_no_mapping_uses_yet(tmp_path: Path) -> None:
    text = "canonical,shop,d365,amazon\n# shop: ours. d365, amazon: theirs.\ndamaged,BROKEN,DMG,D\n"
    assert found(shop(tmp_path, {CODES: text})) == []


@pytest.mark.parametrize(
    ("table", "word", "hint"),
    [
        ("return_reason", "damagd", "did you mean 'damaged'?"),
        ("response_reason", "no_record", "did you mean 'no_record_of_sale'?"),
        ("disposition", "scrapp", "did you mean 'scrap'?"),
        ("condition", "Z", ""),
        ("goods_movement", "availble", "did you mean 'available'?"),
        ("carrier_status", "deliverd", "did you mean 'delivered'?"),
        ("unit", "pieces", ""),
    ],
)
def test_a_table_of_our_words_holds_only_our_words(tmp_path: Path, table: str, word: str, hint: str) -> None:
    file = f"mappings/codes/{table}.csv"
    rows = f"canonical,shop,title\n# shop: ours\n{word},X,x\n"
    problems = [problem for problem in found(shop(tmp_path, {file: rows})) if problem.file == file]
    assert [(problem.line, problem.column, problem.code, problem.hint) for problem in problems] == [
        (3, 1, "unknown-canonical", hint)
    ]
    assert problems[0].message.endswith(f"found {word!r}")


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({**SHOP_DOCUMENT, "total": "2"}, 'total: "2" is not of type "number"'),
        ({**SHOP_DOCUMENT, "state": "opened"}, 'state: "opened" is not one of "open" or "done"'),
        ({**SHOP_DOCUMENT, "document": {"file": "a"}, "id": 4}, 'id: 4 is not of type "string"'),
    ],
)
def test_a_sample_must_fit_the_schema_of_its_source(
    tmp_path: Path, document: dict[str, Any], says: str
) -> None:
    (problem,) = found(shop(tmp_path, {"mappings/shop/samples/one.json": document}))
    message = f"sample one: {says} (schemas/shop.returns.schema.json)"
    assert told(problem) == (f"{SHOP}:1:1: {message}", "sample-outside-schema", "error", "")


def test_a_schema_never_reaches_for_the_network(tmp_path: Path) -> None:
    schema = {**SHOP_SCHEMA, "$ref": "https://schemas.example/returns.json"}
    assert found(shop(tmp_path, {SCHEMA: schema})) == []


def test_while_a_mapping_cannot_be_read_titles_are_still_no_codes(tmp_path: Path) -> None:
    files = {
        SHOP: edited(SHOP_MAPPING, "| decimal", "| deciml"),
        "mappings/codes/return_reason.csv": REASONS.replace("Not ordered", "Damaged on the way"),
    }
    (problem,) = found(shop(tmp_path, files))
    assert told(problem)[1] == "invalid-mapping"
