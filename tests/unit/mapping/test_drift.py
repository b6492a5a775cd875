"""Every kind of change of a source is found, named, and judged by what the mapping reads."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.mapping.compile import compile_file
from hub.mapping.drift import Change, Readers, compare
from hub.mapping.reads import reads
from hub.mapping.shape import SourceShape, infer, merge

MAPPING = """
mapping: shop.return@1
from: json/shop.returns
to: return.requested@1
key: number
match:
  - {type: reference.order, value: order.no | optional}
lookups:
  reason: codes/reason.csv[shop]
  unit: codes/unit.csv[shop]
map:
  origin: {system: = shop, id: number}
  note: remark | optional
  party: "parties[role=buyer].id"
  label: "number | concat('/', order.no)"
  lines:
    each: lines as line
    where: line.status!=void
    map:
      sku: line.sku
      requested: line.quantity | decimal
      unit: "line.unit | upper | lookup(unit, each)"
      reason: "line.reason | crosswalk(reason)"
  ext: extra | copy | optional
"""

DOCUMENT: dict[str, Any] = {
    "number": "R-17",
    "remark": "left at the door",
    "printed": True,
    "order": {"no": "4711", "date": "2026-11-01"},
    "parties": [{"role": "buyer", "id": "77"}],
    "lines": [
        {"sku": "A-1", "quantity": 2, "unit": "ea", "reason": "BROKEN", "status": "ok", "bin": "X1"},
        {"sku": "B-2", "quantity": 1, "unit": "ea", "reason": "WRONG", "status": "ok", "bin": "Y9"},
    ],
    "extra": {"colour": "red"},
}


@pytest.fixture
def readers(tmp_path: Path) -> Readers:
    (tmp_path / "codes").mkdir()
    (tmp_path / "codes" / "reason.csv").write_text(
        "canonical,shop\ndamaged,BROKEN\nwrong_item,WRONG\nunwanted,UNWANTED\n", encoding="utf-8"
    )
    (tmp_path / "codes" / "unit.csv").write_text("canonical,shop\neach,EA\n", encoding="utf-8")
    file = tmp_path / "return.yaml"
    file.write_text(MAPPING, encoding="utf-8")
    return {"shop.return@1": reads(compile_file(file, tmp_path).plan)}


def changed(readers: Readers, edit: Any) -> list[Change]:
    """The changes after `edit` worked on a copy of the document."""
    document = deepcopy(DOCUMENT)
    edit(document)
    return list(compare(infer([DOCUMENT]), infer([document]), readers))


def told(changes: list[Change]) -> list[tuple[str, str, str, bool]]:
    return [(one.kind, one.path, one.now, one.breaking) for one in changes]


def each_line(edit: Any) -> Any:
    return lambda document: [edit(line) for line in document["lines"]]


def rename(group: dict[str, Any], old: str, new: str) -> None:
    group[new] = group.pop(old)


def to_head(document: dict[str, Any], *names: str) -> None:
    document["head"] = {name: document.pop(name) for name in names}


MATRIX = {
    "added": (lambda d: d.update(weight=3), ("added", "weight", "", False)),
    "added in a line": (each_line(lambda x: x.update(lot="L")), ("added", "lines.lot", "", False)),
    "added group": (lambda d: d.update(dock={"no": 1}), ("added", "dock", "", False)),
    "removed and read": (each_line(lambda x: x.pop("quantity")), ("removed", "lines.quantity", "", True)),
    "removed from one line": (
        lambda d: d["lines"][1].pop("quantity"),
        ("removed", "lines.quantity", "", True),
    ),
    "removed, read by a selector": (
        lambda d: d["parties"][0].pop("role"),
        ("removed", "parties.role", "", True),
    ),
    "removed, read by where": (each_line(lambda x: x.pop("status")), ("removed", "lines.status", "", True)),
    "removed group": (lambda d: d.pop("order"), ("removed", "order", "", True)),
    "removed key": (lambda d: d.pop("number"), ("removed", "number", "", True)),
    "removed and optional": (lambda d: d.pop("remark"), ("removed", "remark", "", False)),
    "removed and unread": (lambda d: d.pop("printed"), ("removed", "printed", "", False)),
    "renamed": (
        each_line(lambda x: rename(x, "sku", "article")),
        ("renamed", "lines.sku", "lines.article", True),
    ),
    "renamed number": (
        each_line(lambda x: rename(x, "quantity", "qty")),
        ("renamed", "lines.quantity", "lines.qty", True),
    ),
    "renamed and optional": (
        lambda d: rename(d, "remark", "comment"),
        ("renamed", "remark", "comment", True),
    ),
    "renamed group": (lambda d: rename(d, "order", "purchase"), ("renamed", "order", "purchase", True)),
    "renamed list": (lambda d: rename(d, "lines", "items"), ("renamed", "lines", "items", True)),
    "renamed and unread": (
        lambda d: rename(d, "printed", "is_printed"),
        ("renamed", "printed", "is_printed", False),
    ),
    "renamed with blanks": (
        lambda d: rename(d, "number", "Return No"),
        ("renamed", "number", "'Return No'", True),
    ),
    "retyped": (each_line(lambda x: x.update(quantity="2")), ("retyped", "lines.quantity", "", True)),
    "retyped to a group": (lambda d: d.update(number={"no": "R"}), ("retyped", "number", "", True)),
    "retyped to a list": (lambda d: d.update(order=[d["order"]]), ("retyped", "order", "", True)),
    "retyped under a copy": (lambda d: d["extra"].update(colour=3), ("retyped", "extra.colour", "", True)),
    "retyped and unread": (lambda d: d.update(printed="yes"), ("retyped", "printed", "", False)),
    "renamed under a copy": (
        lambda d: rename(d["extra"], "colour", "color"),
        ("renamed", "extra.colour", "extra.color", True),
    ),
    "nulled": (lambda d: d["lines"][0].update(sku=None), ("nulled", "lines.sku", "", True)),
    "nulled group": (lambda d: d.update(order=None), ("nulled", "order", "", True)),
    "emptied list": (lambda d: d.update(lines=[]), ("nulled", "lines", "", True)),
    "emptied text": (lambda d: d.update(number=""), ("nulled", "number", "", True)),
    "nulled and optional": (lambda d: d.update(remark=None), ("nulled", "remark", "", False)),
    "nulled and unread": (lambda d: d.update(printed=None), ("nulled", "printed", "", False)),
    "new code": (lambda d: d["lines"][0].update(reason="ODOUR"), ("new_code", "lines.reason", "", True)),
    "new code with a default": (
        lambda d: d["lines"][0].update(unit="box"),
        ("new_code", "lines.unit", "", False),
    ),
    "moved up": (lambda d: d.update(no=d["order"].pop("no")), ("moved", "order.no", "no", True)),
    "moved into a group": (lambda d: to_head(d, "number"), ("moved", "number", "head.number", True)),
    "moved list": (lambda d: to_head(d, "lines"), ("moved", "lines", "head.lines", True)),
    "moved and optional": (lambda d: to_head(d, "remark"), ("moved", "remark", "head.remark", True)),
    "moved and unread": (lambda d: to_head(d, "printed"), ("moved", "printed", "head.printed", False)),
}


@pytest.mark.parametrize("name", MATRIX)
def test_a_change_is_found_as_one_named_and_judged(readers: Readers, name: str) -> None:
    edit, expected = MATRIX[name]
    assert told(changed(readers, edit)) == [expected]


def test_an_unchanged_document_has_no_changes_nor_has_a_known_code(readers: Readers) -> None:
    assert changed(readers, lambda _: None) == []
    assert changed(readers, lambda d: d["lines"][0].update(reason="UNWANTED", unit="Ea")) == []
    assert changed(readers, lambda d: d.update(number="R-99", remark="other")) == []


def test_a_change_names_the_mapping_the_target_field_and_both_sides_in_words(readers: Readers) -> None:
    change = changed(readers, each_line(lambda x: rename(x, "reason", "cause")))[0]
    assert [(one.mapping, one.field) for one in change.touches] == [("shop.return@1", "lines[].reason")]
    assert str(change) == (
        "lines.reason: renamed to 'lines.cause', read for lines[].reason "
        "(expected lines.reason, found lines.cause)"
    )
    retyped = changed(readers, lambda d: d.update(order="4711"))[0]
    assert (retyped.before, retyped.after) == ("a group (no, date)", "text")
    assert {one.field for one in retyped.touches} == {"match.reference.order", "label"}
    assert retyped.error()["path"] == "order"
    code = changed(readers, lambda d: d["lines"][0].update(reason="ODOUR"))[0]
    assert (code.before, code.after) == ("BROKEN, WRONG", "ODOUR")


def test_a_new_name_that_the_expression_reads_as_well_breaks_nothing(tmp_path: Path) -> None:
    text = "mapping: a.b@1\nfrom: json/a.in\nto: json/a.out\nmap:\n"
    (tmp_path / "b.yaml").write_text(
        f"{text}  no: order.no, purchase.no\n  day: order.date | optional\n", encoding="utf-8"
    )
    both = {"a.b@1": reads(compile_file(tmp_path / "b.yaml", tmp_path).plan)}
    known = infer([{"order": {"no": "4711"}}])
    assert told(list(compare(known, infer([{"purchase": {"no": "4711"}}]), both))) == [
        ("renamed", "order", "purchase", True)  # the date would be lost
    ]
    (tmp_path / "b.yaml").write_text(f"{text}  no: order.no, purchase.no\n", encoding="utf-8")
    both = {"a.b@1": reads(compile_file(tmp_path / "b.yaml", tmp_path).plan)}
    assert not compare(known, infer([{"purchase": {"no": "4711"}}]), both)[0].breaking


def test_several_changes_are_told_breaking_ones_first(readers: Readers) -> None:
    def edit(document: dict[str, Any]) -> None:
        document["weight"] = 3
        document["printed"] = None
        rename(document["order"], "date", "day")
        document["lines"][0].pop("sku")

    assert told(changed(readers, edit)) == [
        ("removed", "lines.sku", "", True),
        ("renamed", "order.date", "order.day", False),
        ("nulled", "printed", "", False),
        ("added", "weight", "", False),
    ]


def test_fields_that_leave_a_group_one_by_one_are_moves_and_the_rest_is_removed(readers: Readers) -> None:
    def edit(document: dict[str, Any]) -> None:
        document["no"] = document.pop("order")["no"]

    assert told(changed(readers, edit)) == [
        ("moved", "order.no", "no", True),
        ("removed", "order.date", "", False),
    ]


def test_values_that_speak_against_it_are_no_rename_and_numbers_as_names_no_move(readers: Readers) -> None:
    known = infer([{"remark": "left at the door"}])
    assert [one.kind for one in compare(known, infer([{"priority": "7"}]), readers)] == ["added", "removed"]
    segments = infer([{"N1": {"01": "BY", "02": "ACME"}, "REF": {"02": "7"}}])
    other = infer([{"N1": {"02": "ACME"}, "REF": {"01": "PO", "02": "7"}}])
    assert {one.kind for one in compare(segments, other, {})} == {"added", "removed"}
    other = infer([{"N1": {"02": "ACME", "03": "92"}, "REF": {"02": "7"}}])
    assert {one.kind for one in compare(segments, other, {})} == {"added", "removed"}
    other = infer([{"N1": {"02": "ACME", "03": "BY"}, "REF": {"02": "7"}}])
    assert told(list(compare(segments, other, {}))) == [("renamed", "N1.01", "N1.03", False)]


def test_what_was_not_always_there_may_be_missing_and_what_was_always_empty_may_come(
    readers: Readers,
) -> None:
    known = infer([DOCUMENT, {**DOCUMENT, "order": None, "weight": None}])
    without = {name: value for name, value in DOCUMENT.items() if name != "order"} | {"order": None}
    assert compare(known, infer([without]), readers) == ()
    found = compare(known, infer([{**DOCUMENT, "weight": 3}]), readers)
    assert told(list(found)) == [("added", "weight", "", False)]


def test_one_xml_element_is_no_other_shape_than_several(readers: Readers) -> None:
    known, found = infer([DOCUMENT]), infer([{**DOCUMENT, "parties": DOCUMENT["parties"][0]}])
    assert [one.kind for one in compare(known, infer([{**DOCUMENT, "order": [DOCUMENT["order"]]}]), readers)]
    assert compare(known, found, readers, lists=False) == ()


def test_a_full_shape_calls_nothing_new(readers: Readers) -> None:
    known = infer([{f"f{number:05}": 1 for number in range(3_000)}])
    found = infer([{f"f{number:05}": 1 for number in range(2_000)} | {"a": 1}])
    assert not [one for one in compare(known, found, readers) if one.kind == "added"]


TREES = st.recursive(
    st.none() | st.integers(0, 3) | st.sampled_from(["", "EA", "R-1", "BROKEN", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["number", "lines", "sku", "reason", "unit", "order"]), inner, max_size=4
        )
    ),
    max_leaves=15,
)


@given(st.lists(TREES, max_size=3), TREES)
def test_what_was_learnt_is_no_change_any_more(known: list[Any], tree: Any) -> None:
    learnt: SourceShape = merge(infer(known), infer([tree]))
    assert compare(learnt, infer([tree]), {}) == ()
    assert all(compare(learnt, infer([one]), {}) == () for one in known)
