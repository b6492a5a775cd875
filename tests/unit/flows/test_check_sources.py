from pathlib import Path
from typing import Any

import pytest

from hub.flows.check import check
from tests.unit.flows.small import (
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

EDI = """\
mapping: acme.return_notice@1
from:    x12/180-004010
to:      return.requested@1
samples: [one]
key:     BGN.02
map:
  origin:       {system: = acme, id: BGN.02}
  return_type:  = vendor
  channel:      = edi
  requested_at: "BGN.03 | datetime(%Y%m%d, UTC)"
  lines:
    each: BLI as line
    map:
      line_no:   position
      item:      {sku: "line[01=UP].02"}
      requested: line.03
      uom:       = EA
      reason:    {scheme: = x12, code: line.RDR.02, canonical: = other, raw: line.RDR.02}
"""

DELIVERY = """\
mapping: shop.told@1
from:    return.authorized@1
to:      json/shop.tell
samples: [told]
map:
  key:   key
  rma:   fact.data.rma_number
  at:    fact.occurred_at
  lines:
    each: return.lines as line
    map: {sku: line.item.sku}
"""


def test_the_small_project_lacks_only_what_its_sample_must_become(tmp_path: Path) -> None:
    (problem,) = check(shop(tmp_path))
    assert problem.message == "sample one: expected a file samples/one.expected.json, found none"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            "item.article",
            "item.artcle",
            (
                f"{SHOP}:18:24: item.artcle: json/shop.returns has no 'artcle' in item",
                "unknown-source-field",
                "error",
                "did you mean 'article'?",
            ),
        ),
        (
            "items as item",
            "itms as item",
            (
                f"{SHOP}:15:11: itms: json/shop.returns has no 'itms'",
                "unknown-source-field",
                "error",
                "did you mean 'items'?",
            ),
        ),
        (
            "id: id",
            "id: \"id | concat('-', ordr)\"",
            (
                f"{SHOP}:8:56: ordr: json/shop.returns has no 'ordr'",
                "unknown-source-field",
                "error",
                "did you mean 'order'?",
            ),
        ),
        (
            "key:     id",
            "key:     number",
            (
                f"{SHOP}:5:10: number: json/shop.returns has no 'number'",
                "unknown-source-field",
                "error",
                "there are id, created, order, state, total, items, document",
            ),
        ),
        (
            "created | datetime",
            "created.at | datetime",
            (
                f"{SHOP}:11:17: created.at: json/shop.returns has no 'at' in created",
                "unknown-source-field",
                "error",
                "created is a single value",
            ),
        ),
        (
            "items as item",
            "items[kind=godos] as item",
            (
                f"{SHOP}:15:11: items[kind=godos]: kind can never be 'godos' in json/shop.returns",
                "never-selected",
                "error",
                "did you mean 'goods'?",
            ),
        ),
        (
            "items as item\n",
            "items as item\n    where: [item.article, item.kind=kits]\n",
            (
                f"{SHOP}:16:27: item.kind can never be 'kits'",
                "never-selected",
                "error",
                "did you mean 'kit'?",
            ),
        ),
        (
            "items as item\n",
            "items as item\n    where: item.knd=kit\n",
            (
                f"{SHOP}:16:12: item.knd: json/shop.returns has no 'knd' in item",
                "unknown-source-field",
                "error",
                "did you mean 'kind'?",
            ),
        ),
    ],
)
def test_a_path_must_lead_somewhere_in_the_schema_of_its_source(
    tmp_path: Path, before: str, after: str, expected: tuple[str, ...]
) -> None:
    project = shop(tmp_path, {SHOP: edited(SHOP_MAPPING, before, after)})
    assert [told(problem) for problem in found(project)] == [expected]


def test_samples_alone_only_warn_of_a_path_that_they_do_not_show(tmp_path: Path) -> None:
    text = edited(SHOP_MAPPING, "number: order |", "number: ordr |")
    project = shop(tmp_path, {SCHEMA: None, SHOP: text})
    assert [told(problem) for problem in found(project)] == [
        (
            f"{SHOP}:13:31: ordr: no sample of json/shop.returns has 'ordr'",
            "unknown-source-field",
            "warning",
            "did you mean 'order'?",
        )
    ]


def test_what_a_sample_leaves_empty_may_hold_anything(tmp_path: Path) -> None:
    text = edited(SHOP_MAPPING, "number: order |", "number: order.number |")
    empty: dict[str, Any] = {**SHOP_DOCUMENT, "order": None}
    project = shop(tmp_path, {SCHEMA: None, SHOP: text, "mappings/shop/samples/one.json": empty})
    assert found(project) == []


def test_what_came_with_a_document_stands_beside_its_fields(tmp_path: Path) -> None:
    project = shop(tmp_path, {SHOP: edited(SHOP_MAPPING, "number: order |", "number: document.file |")})
    assert found(project) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[]", "expected a JSON Schema, found a list"),
        ('{"type": "objekt"}', "expected a JSON Schema, found an object that is none"),
        ("{", "expected a JSON Schema: Expecting property name enclosed in double quotes"),
    ],
)
def test_a_schema_file_that_is_none_is_told(tmp_path: Path, text: str, says: str) -> None:
    (problem,) = found(shop(tmp_path, {SCHEMA: text}))
    place, code, severity, hint = told(problem)
    assert place.startswith(f"{SCHEMA}:1:1: {says}")
    assert (code, severity, hint) == ("invalid-schema", "error", "")


def test_a_schema_that_contains_itself_is_followed_as_deep_as_paths_go(tmp_path: Path) -> None:
    schema = {
        "$schema": "https://schemas.example/none",
        "type": "object",
        "properties": {
            **SHOP_SCHEMA["properties"],
            "parent": {"$ref": "#"},
            "nested": {"$ref": "#/$defs/list"},
        },
        "$defs": {"list": {"type": "array", "items": {"$ref": "#/$defs/list"}}},
    }
    text = edited(SHOP_MAPPING, "order | optional", '"parent.parent.ordr, nested.id | optional"')
    (problem,) = found(shop(tmp_path, {SCHEMA: schema, SHOP: text}))
    message = "parent.parent.ordr: json/shop.returns has no 'ordr' in parent.parent"
    assert told(problem) == (
        f"{SHOP}:13:31: {message}",
        "unknown-source-field",
        "error",
        "did you mean 'order'?",
    )


@pytest.mark.parametrize(
    ("before", "after", "place", "says", "hint"),
    [
        ("id: BGN.02}", "id: BGN.2}", "7:38: BGN.2", "has no '2' in BGN", "did you mean '02'?"),
        (
            "canonical: = other, raw: line.RDR.02",
            "canonical: = other, raw: line.RDX.02",
            "18:78: line.RDX.02",
            "has no 'RDX' in line",
            "did you mean 'RDR'?",
        ),
        ("each: BLI", "each: BLT", "12:11: BLT", "has no 'BLT'", "did you mean 'BLI'?"),
    ],
)
def test_a_guide_knows_the_segments_and_elements_of_an_edi_document(
    tmp_path: Path, before: str, after: str, place: str, says: str, hint: str
) -> None:
    file = "mappings/acme/return_notice.yaml"
    project = shop(tmp_path, {file: edited(EDI, before, after)})
    (problem,) = found(project)
    assert told(problem) == (f"{file}:{place}: x12/180-004010 {says}", "unknown-source-field", "error", hint)


@pytest.mark.parametrize(
    ("path", "says", "hint"),
    [
        ("BGM.01.01", "", ""),
        ("BGN.02", "edifact/retann-d96a has no 'BGN'", "did you mean 'BGM'?"),
        ("BGM.02.99", "edifact/retann-d96a has no '99' in BGM.02", "BGM.02 is a single value"),
        ("LIN.03.09", "edifact/retann-d96a has no '09' in LIN.03", "there are 01, 02, 03, 04"),
    ],
)
def test_a_guide_knows_the_components_of_an_edifact_message(
    tmp_path: Path, path: str, says: str, hint: str
) -> None:
    file = "mappings/acme/retann.yaml"
    text = edited(edited(EDI, "x12/180-004010", "edifact/retann-d96a"), "key:     BGN.02", f"key:     {path}")
    problems = [told(one) for one in found(shop(tmp_path, {file: text})) if one.line == 5]
    wanted = [(f"{file}:5:10: {path}: {says}", "unknown-source-field", "error", hint)] if says else []
    assert problems == wanted


@pytest.mark.parametrize(
    ("before", "after", "place", "says", "hint"),
    [
        ("key:   key", "key:   keys", "6:10: keys", "has no 'keys'", "did you mean 'key'?"),
        (
            "data.rma_number",
            "data.rma",
            "7:10: fact.data.rma",
            "has no 'rma' in fact.data",
            "did you mean 'rma_number'?",
        ),
        (
            "occurred_at",
            "ocurred_at",
            "8:10: fact.ocurred_at",
            "has no 'ocurred_at' in fact",
            "did you mean 'occurred_at'?",
        ),
        (
            "line.item.sku",
            "line.sku",
            "11:16: line.sku",
            "has no 'sku' in line",
            "there are line_id, line_no, parent_line_id, item, uom, reason, reason_text, used, …",
        ),
    ],
)
def test_the_canonical_schemas_know_what_a_delivery_can_say(
    tmp_path: Path, before: str, after: str, place: str, says: str, hint: str
) -> None:
    file = "mappings/shop/told.yaml"
    (problem,) = found(shop(tmp_path, {file: edited(DELIVERY, before, after)}))
    assert told(problem) == (
        f"{file}:{place}: return.authorized@1 {says}",
        "unknown-source-field",
        "error",
        hint,
    )


def test_a_receipt_is_seen_beside_the_fact_whose_delivery_it_confirms(tmp_path: Path) -> None:
    receipt = """\
mapping: shop.posted@1
from:    json/shop.tell.receipt
to:      inventory.posted@1
samples: [posted]
map:
  system:         = shop
  document:       reference
  posted_at:      now
  disposition_id: fact.data.disposition
  lines:
    each: fact.data.lines as line
    map:
      {sku: line.sku, quantity: line.quantity, uom: line.uom, from_status: = quarantine, to_status: = blocked}
"""
    flow = """\
flow: tell
owner: o
fact: disposition.decided
to: {system: shop, operation: tell}
map: shop.tell@1
key: fact.data.disposition_id
states: {fact: inventory.posted, map: shop.posted@1}
"""
    file = "mappings/shop/posted.yaml"
    project = shop(tmp_path, {file: receipt, "dags/flows/tell.yaml": flow})
    problems = [told(problem) for problem in found(project) if problem.file == file]
    message = "fact.data.disposition: json/shop.tell.receipt has no 'disposition' in fact.data"
    assert problems == [
        (f"{file}:9:19: {message}", "unknown-source-field", "error", "did you mean 'disposition_id'?")
    ]


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("portal", "did you mean 'total'? a fixed text is written \"= portal\""),
        (
            "zzz",
            'there are id, created, order, state, total, items, document; a fixed text is written "= zzz"',
        ),
    ],
)
def test_a_word_that_may_be_meant_as_a_fixed_text_is_told_how_that_is_written(
    tmp_path: Path, word: str, hint: str
) -> None:
    file = {SHOP: edited(SHOP_MAPPING, "channel:      = portal", f"channel:      {word}")}
    (problem,) = [one for one in found(shop(tmp_path, file)) if one.code == "unknown-source-field"]
    assert problem.hint == hint
