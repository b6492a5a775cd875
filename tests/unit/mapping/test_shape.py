"""Shapes of documents: inferred, merged like sets, bounded, and back from JSON."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.mapping import shape
from hub.mapping.notation import parse_expression
from hub.mapping.shape import EMPTY, SourceShape, from_json, infer, merge, paths, to_json, ways, written

NAMES = st.text("ab@. 'é", min_size=0, max_size=3)
SINGLE = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.decimals(allow_nan=False, places=2), st.text(max_size=3)
)
TREES: st.SearchStrategy[Any] = st.recursive(
    SINGLE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
SETS = st.lists(TREES, max_size=4)


def test_a_shape_tells_kinds_fields_elements_counts_and_codes() -> None:
    found = infer(
        [
            {"@": 1, "id": "R-1", "lines": [{"qty": Decimal("2.5")}, {"qty": 2, "note": None}], "ok": True},
            {"@": 2, "id": "R-2", "lines": []},
        ]
    )
    assert list(found.fields) == ["id", "lines", "ok"]
    assert found.kinds == {"group"}
    assert found.seen == found.groups == 2
    assert [found.always(name) for name in ("id", "ok", "lines", "none")] == [True, False, True, False]
    assert found.fields["id"] == SourceShape(frozenset({"text"}), seen=2, codes=frozenset({"R-1", "R-2"}))
    assert found.fields["ok"].seen == 1
    lines = found.fields["lines"]
    assert lines.kinds == {"list", "null"}
    assert lines.items is not None
    assert lines.items.seen == 2
    assert lines.items.fields["qty"].kinds == {"number"}
    assert lines.items.fields["note"].kinds == {"null"}


@pytest.mark.parametrize("value", [None, "", []])
def test_nothing_empty_text_and_an_empty_list_are_no_value(value: Any) -> None:
    assert infer([{"a": value}]).fields["a"].kinds == {"null"}


def test_codes_are_open_from_the_first_long_text_and_the_fifty_first_short_one() -> None:
    few = infer([f"C{number}" for number in range(50)])
    assert few.codes is not None
    assert len(few.codes) == 50
    assert merge(few, infer(["C50"])).codes is None
    assert infer(["x" * 40]).codes == frozenset({"x" * 40})
    assert infer(["x" * 41]).codes is None


def test_paths_flatten_lists_and_can_be_written_into_a_mapping() -> None:
    found = dict(paths(infer([{"@": 1, "Return No": "7", "lines": [{"sku": "A"}, {"sku": "B", "it's": 1}]}])))
    assert list(found) == ["'Return No'", "lines", "lines.sku", "lines.'it''s'"]
    assert found["lines"].kinds == {"group", "list"}
    assert found["lines"].seen == found["lines.sku"].seen == 2
    for text in found:
        assert parse_expression(text).text == text


def test_one_group_and_a_list_of_groups_have_the_same_paths() -> None:
    mixed = infer([{"BLI": {"03": "1"}}, {"BLI": [{"03": "2", "04": "EA"}]}])
    assert [path for path, _ in paths(mixed)] == ["BLI", "BLI.03", "BLI.04"]
    assert dict(paths(mixed))["BLI.03"].codes == frozenset({"1", "2"})


@given(SETS, SETS)
def test_merging_two_sets_is_inferring_from_both(left: list[Any], right: list[Any]) -> None:
    assert infer(left + right) == merge(infer(left), infer(right))


@given(SETS, SETS, SETS)
def test_merging_is_commutative_and_associative(a: list[Any], b: list[Any], c: list[Any]) -> None:
    one, two, three = infer(a), infer(b), infer(c)
    assert merge(one, two) == merge(two, one)
    assert merge(merge(one, two), three) == merge(one, merge(two, three))
    assert merge(one, EMPTY) == one


@given(SETS, SETS, SETS)
def test_a_shape_that_is_too_large_is_bounded_the_same_way_in_any_order(
    a: list[Any], b: list[Any], c: list[Any]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shape, "MAX_PATHS", 3)
        one, two, three = infer(a), infer(b), infer(c)
        assert merge(merge(one, two), three) == merge(one, merge(three, two)) == infer(a + b + c)
        assert sum(1 for _ in ways(infer(a + b + c))) <= 3


@given(SETS)
def test_a_shape_comes_back_from_json_and_its_paths_are_those_of_the_tree(trees: list[Any]) -> None:
    found = infer(trees)
    assert from_json(json.loads(json.dumps(to_json(found)))) == found
    assert {way for way, _ in ways(found)} == {way for tree in trees for way in _ways(tree)}
    assert all(written(way) == path for (way, _), (path, _) in zip(ways(found), paths(found), strict=True))


def _ways(tree: Any) -> set[tuple[str, ...]]:
    """The definition, written the slow way."""
    if isinstance(tree, list):
        return {way for item in tree for way in _ways(item)}
    if not isinstance(tree, dict):
        return set()
    named = [(name, child) for name, child in tree.items() if name != "@"]
    return {(name,) for name, _ in named} | {(name, *way) for name, child in named for way in _ways(child)}


def test_deep_wide_and_long_named_documents_give_a_bounded_shape() -> None:
    deep: Any = "end"
    for _ in range(5_000):
        deep = {"a": deep}
    assert max(len(way) for way, _ in ways(infer([deep]))) == shape.MAX_DEPTH
    wide = infer([{f"f{number:05}": 1 for number in range(10_000)} | {"n" * 201: 1}])
    assert len(wide.fields) == shape.MAX_PATHS
    assert "f00000" in wide.fields
    assert shape.is_full(wide)
    assert not shape.is_full(infer([deep]))
    assert "n" * 201 not in infer([{"n" * 201: 1}]).fields


@pytest.mark.parametrize("tree", [None, [], {}, {"kinds": ["words"], "seen": 1}])
def test_other_json_is_no_shape(tree: Any) -> None:
    with pytest.raises(ValueError, match="expected"):
        from_json(tree)
