from pathlib import Path

import pytest

from tests.unit.flows.small import REASONS, SCHEMA, SHOP, SHOP_MAPPING, SHOP_SCHEMA, edited, found, shop, told

TYPES = "one of customer, recall, stock_rotation, store_transfer, vendor, warranty"
UNIT = "UN/ECE Rec 20 unit such as EA"
KEEP = "drop | optional, or give a | default(…)"

TELL = """\
mapping: shop.tell@1
from:    return.authorized@1
to:      json/shop.tell
samples: [told]
lookups: {unit: "codes/unit.csv[shop]"}
map:
  number: fact.data.rma_number
  count:  return.lines | count
  open:   = true | boolean
  lines:
    each: return.lines as line
    map: {sku: line.item.sku, quantity: line.requested | number, unit: line.uom | lookup(unit)}
"""

TELL_SCHEMA = {
    "type": "object",
    "properties": {
        "number": {"type": "string"},
        "count": {"type": "integer"},
        "open": {"type": "boolean"},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}},
    },
    "required": ["number", "lines"],
    "$defs": {
        "line": {
            "type": "object",
            "properties": {
                "sku": {"type": "string"},
                "quantity": {"type": "number"},
                "unit": {"enum": ["piece", "box"]},
            },
            "required": ["sku"],
            "additionalProperties": False,
        }
    },
}

ANSWER = """\
mapping: acme.answer@1
from:    return.authorized@1
to:      x12/180-004010
samples: [answer]
map:
  BGN: {"01": = 11, "02": return.origin.id, "03": "fact.occurred_at | format_date(%Y%m%d, UTC)"}
  BLI:
    each: return.lines as line
    map: {"01": = UP, "02": line.item.sku, "03": line.requested, "04": line.uom}
"""

SEGMENTS = "there are BGN, RDR, PRF, DTM, N9, PER, SAC, G38, PKG, TD1, TD5, NTE, N1, LM, BLI"
THERE_ARE = (
    "there are origin, external_ids, return_type, channel, requested_resolution, return_required, "
    "requested_at, parties, references, currency, risk_flags, lines, ext"
)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            "channel: ",
            "portal: = x\n  channel: ",
            (
                f"{SHOP}:10:3: return.requested@1 has no field portal",
                "unknown-target-field",
                "error",
                THERE_ARE,
            ),
        ),
        (
            "{sku: item.article}",
            "{sku: item.article, serial_: item.article}",
            (
                f"{SHOP}:18:38: return.requested@1 has no field lines.item.serial_",
                "unknown-target-field",
                "error",
                "there are sku, gtin, customer_item, supplier_item, description, hazmat_class",
            ),
        ),
        (
            "      uom:       = EA\n",
            "",
            (
                f"{SHOP}:17:7: return.requested@1 requires lines.uom, and no rule fills it",
                "missing-target-field",
                "error",
                "",
            ),
        ),
        (
            "created | datetime",
            "created | datetime | optional",
            (
                f"{SHOP}:11:3: return.requested@1 requires requested_at, and its rule may leave it out",
                "required-optional",
                "error",
                KEEP,
            ),
        ),
        (
            "items as item",
            "items | optional as item",
            (
                f"{SHOP}:14:3: return.requested@1 requires lines, and its rule may leave it out",
                "required-optional",
                "error",
                KEEP,
            ),
        ),
        (
            "number: order | optional}",
            "number: order | optional, date: created | date | optional}",
            (
                f"{SHOP}:13:23: return.requested@1 requires references.number, and its rule may leave it out",
                "required-optional",
                "warning",
                KEEP,
            ),
        ),
        (
            "= customer",
            "= custmer",
            (
                f"{SHOP}:9:17: return_type: expected {TYPES}, found 'custmer'",
                "unknown-constant",
                "error",
                "did you mean 'customer'?",
            ),
        ),
        (
            "return_type:  = customer",
            "return_type:  id | require(customer, vendr)",
            (
                f"{SHOP}:9:17: return_type: expected {TYPES}, found 'vendr'",
                "unknown-constant",
                "error",
                "did you mean 'vendor'?",
            ),
        ),
        (
            "return_type:  = customer",
            "return_type:  id",
            (
                f"{SHOP}:9:17: return_type: expected {TYPES}, found any text",
                "type-clash",
                "error",
                "| lookup(…) or | require(…)",
            ),
        ),
        (
            "return_type:  = customer",
            "return_type:  state",
            (f"{SHOP}:9:17: return_type: expected {TYPES}, found 'done', 'open'", "type-clash", "error", ""),
        ),
        (
            "item.quantity | decimal",
            "item.quantity",
            (
                f"{SHOP}:19:18: lines.requested: expected a decimal number, found a text",
                "type-clash",
                "error",
                "| decimal",
            ),
        ),
        (
            "item.quantity | decimal",
            "total",
            (
                f"{SHOP}:19:18: lines.requested: expected a decimal number, found a number",
                "type-clash",
                "error",
                "| decimal",
            ),
        ),
        (
            "created | datetime",
            "id",
            (
                f"{SHOP}:11:17: requested_at: expected a time with offset, found a text",
                "type-clash",
                "error",
                "| datetime(format, zone)",
            ),
        ),
        (
            "created | datetime",
            "created | date",
            (
                f"{SHOP}:11:17: requested_at: expected a time with offset, found a date",
                "type-clash",
                "error",
                "| tz(zone)",
            ),
        ),
        (
            "line_no:   position",
            "line_no:   item.quantity",
            (
                f"{SHOP}:17:18: lines.line_no: expected a whole number, found a text",
                "type-clash",
                "error",
                "| integer",
            ),
        ),
        (
            "{sku: item.article}",
            "{sku: position}",
            (
                f"{SHOP}:18:24: lines.item.sku: expected a text, found a whole number",
                "type-clash",
                "error",
                "| trim",
            ),
        ),
        (
            "      uom:       = EA\n",
            "      uom:       = EA\n      used:      item.article\n",
            (
                f"{SHOP}:21:18: lines.used: expected true or false, found a text",
                "type-clash",
                "error",
                "| boolean",
            ),
        ),
        (
            "      uom:       = EA\n",
            "      uom:       = EA\n      serials:   item.article\n",
            (
                f"{SHOP}:21:18: lines.serials: expected a list, found a text",
                "type-clash",
                "error",
                "| values",
            ),
        ),
        (
            "= EA",
            "item.article | values",
            (
                f"{SHOP}:20:18: lines.uom: expected a text, found a list",
                "type-clash",
                "error",
                "end it with first, only or join",
            ),
        ),
        (
            "{sku: item.article}",
            "item.article",
            (
                f"{SHOP}:18:18: lines.item: expected a group, found a text",
                "type-clash",
                "error",
                "write its fields below it",
            ),
        ),
        (
            "= EA",
            "item.reason | crosswalk(reason)",
            (
                f"{SHOP}:20:18: lines.uom: expected a text, found a group",
                "type-clash",
                "error",
                "| lookup(…)",
            ),
        ),
    ],
)
def test_a_field_must_be_what_the_fact_wants(
    tmp_path: Path, before: str, after: str, expected: tuple[str, ...]
) -> None:
    (problem,) = found(shop(tmp_path, {SHOP: edited(SHOP_MAPPING, before, after)}))
    assert told(problem) == expected


@pytest.mark.parametrize(
    ("before", "after", "place", "message", "code"),
    [
        (
            "= portal",
            "= Portal!",
            "10:17",
            "channel: expected lower case name such as acme_edi, found 'Portal!'",
            "unknown-constant",
        ),
        (
            "= EA",
            "item.unit | default(pieces)",
            "20:18",
            "lines.uom: expected UN/ECE Rec 20 unit such as EA, found 'pieces'",
            "unknown-constant",
        ),
        (
            "= customer",
            "document.type | default(custmer)",
            "9:17",
            f"return_type: expected {TYPES}, found 'custmer'",
            "unknown-constant",
        ),
        (
            "= EA",
            "item.unit | lookup(unit)",
            "20:18",
            f"lines.uom: expected {UNIT}, found 'piece' in column canonical of codes/units.csv",
            "lookup-outside-target",
        ),
        (
            "= EA",
            "item.kind",
            "20:18",
            "lines.uom: expected UN/ECE Rec 20 unit such as EA, found 'goods'",
            "type-clash",
        ),
    ],
)
def test_texts_that_are_known_beforehand_must_fit_the_rules_of_the_target(
    tmp_path: Path, before: str, after: str, place: str, message: str, code: str
) -> None:
    text = edited(SHOP_MAPPING, before, after)
    if "lookup(unit)" in text:
        text = edited(text, "lookups: {", 'lookups: {unit: "codes/units.csv[shop]", ')
    files = {SHOP: text, "mappings/codes/units.csv": "canonical,shop\n# shop: ours\nEA,EA\npiece,PC\n"}
    (problem,) = found(shop(tmp_path, files))
    assert (str(problem), problem.code) == (f"{SHOP}:{place}: {message}", code)


def test_a_misspelt_required_field_is_both_unknown_and_missing(tmp_path: Path) -> None:
    problems = found(shop(tmp_path, {SHOP: edited(SHOP_MAPPING, "channel: ", "chanel: ")}))
    assert [(problem.line, problem.column, problem.code) for problem in problems] == [
        (8, 3, "missing-target-field"),
        (10, 3, "unknown-target-field"),
    ]
    assert [problem.hint for problem in problems] == ["", f"did you mean 'channel'? {THERE_ARE}"]


def test_a_group_that_goes_as_a_whole_may_leave_out_what_it_requires(tmp_path: Path) -> None:
    assert "{type: = order, number: order | optional}" in SHOP_MAPPING
    assert found(shop(tmp_path)) == []


def test_what_samples_show_of_a_type_only_warns(tmp_path: Path) -> None:
    text = edited(SHOP_MAPPING, "item.quantity | decimal", "item.quantity")
    (problem,) = found(shop(tmp_path, {SHOP: text, SCHEMA: None}))
    assert (problem.code, problem.severity) == ("type-clash", "warning")


def test_a_source_whose_schema_says_the_same_words_fits(tmp_path: Path) -> None:
    schema = {
        **SHOP_SCHEMA,
        "properties": {**SHOP_SCHEMA["properties"], "kind": {"enum": ["vendor", "recall"]}},
    }
    text = edited(SHOP_MAPPING, "= customer", "kind")
    assert found(shop(tmp_path, {SHOP: text, SCHEMA: schema})) == []


def test_a_code_table_must_lead_into_the_words_of_the_target(tmp_path: Path) -> None:
    codes = "mappings/codes/reasons.csv"
    text = edited(SHOP_MAPPING, "codes/return_reason.csv", "codes/reasons.csv")
    files = {SHOP: text, codes: edited(REASONS, "wrong_item", "wrong_itm")}
    (problem,) = found(shop(tmp_path, files), "unused-column")
    place, code, severity, hint = told(problem)
    assert place.startswith(f"{SHOP}:21:18: lines.reason: expected one of beyond_code_date, color_variance, ")
    assert place.endswith("(32 in all), found 'wrong_itm' in column canonical of codes/reasons.csv")
    assert (code, severity, hint) == ("lookup-outside-target", "error", "did you mean 'wrong_item'?")


@pytest.mark.parametrize(
    ("before", "after", "place", "message", "code", "hint"),
    [
        (
            "  number: fact.data.rma_number\n",
            "",
            "7:3",
            "json/shop.tell requires number, and no rule fills it",
            "missing-target-field",
            "",
        ),
        (
            "{sku: line.item.sku",
            "{sku: line.item.sku, line: line.order_line",
            "12:31",
            "json/shop.tell has no field lines.line",
            "unknown-target-field",
            "there are sku, quantity, unit",
        ),
        (
            "line.requested | number",
            "line.requested",
            "12:41",
            "lines.quantity: expected a number, found a decimal number",
            "type-clash",
            "| number",
        ),
        (
            "= true | boolean",
            "= true",
            "9:11",
            "open: expected true or false, found a text",
            "type-clash",
            "| boolean",
        ),
        (
            "unit: line.uom | lookup(unit)",
            'unit: "line.uom | lookup(unit, palet)"',
            "12:72",
            "lines.unit: expected one of box, piece, found 'palet'",
            "unknown-constant",
            "",
        ),
    ],
)
def test_a_schema_beside_the_mapping_says_what_a_system_takes(
    tmp_path: Path, before: str, after: str, place: str, message: str, code: str, hint: str
) -> None:
    files = {
        "mappings/shop/tell.yaml": edited(TELL, before, after),
        "mappings/shop/schemas/shop.tell.schema.json": TELL_SCHEMA,
        "mappings/codes/unit.csv": "canonical,shop,title\nEA,piece,Piece\nBX,box,Box\n",
    }
    (problem,) = found(shop(tmp_path, files))
    assert told(problem) == (f"mappings/shop/tell.yaml:{place}: {message}", code, "error", hint)


@pytest.mark.parametrize(
    ("before", "after", "place", "message", "code", "hint"),
    [
        (
            '"02": return.origin.id, ',
            "",
            "6:8",
            "x12/180-004010 requires BGN.02, and no rule fills it",
            "missing-target-field",
            "",
        ),
        (
            "  BLI:\n",
            "  BLX: = a\n  BLI:\n",
            "7:3",
            "x12/180-004010 has no field BLX",
            "unknown-target-field",
            f"did you mean 'BLI'? {SEGMENTS}",
        ),
        (
            '"04": line.uom',
            '"04": line.uom, "42": line.uom',
            "9:82",
            "x12/180-004010 has no field BLI.42",
            "unknown-target-field",
            "",
        ),
        (
            '"03": line.requested',
            '"03": line.item.sku',
            "9:50",
            "BLI.03: expected a decimal number, found a text",
            "type-clash",
            "| decimal",
        ),
        (
            "return.origin.id",
            f"= {'X' * 31}",
            "6:27",
            "BGN.02: expected 1 to 30 characters, found 'XXX",
            "unknown-constant",
            "",
        ),
        (
            "  BLI:\n",
            "  RDR: {'01': = XX}\n  BLI:\n",
            "7:15",
            "RDR.01: expected one of",
            "unknown-constant",
            "",
        ),
    ],
)
def test_a_guide_says_what_an_edi_document_takes(
    tmp_path: Path, before: str, after: str, place: str, message: str, code: str, hint: str
) -> None:
    file = "mappings/acme/answer.yaml"
    problems = found(shop(tmp_path, {file: edited(ANSWER, before, after)}))
    (problem,) = problems
    assert str(problem).startswith(f"{file}:{place}: {message}")
    assert (problem.code, problem.hint if hint else "") == (code, hint)
