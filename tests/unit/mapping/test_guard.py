"""A guard that remembers good shapes says what comparing each record anew would say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.mapping.compile import CompiledMapping, compile_file
from hub.mapping.guard import Guard
from hub.mapping.shape import EMPTY, infer, ways

MAPPING = """
mapping: shop.note@1
from: json/shop.notes
to: json/erp.notes
lookups: {reason: "codes/reason.csv[shop -> canonical]"}
map:
  lines:
    each: lines as line
    map: {sku: line.sku, reason: line.reason | lookup(reason)}
"""
LINE = {"sku": "A", "reason": "BROKEN"}


@pytest.fixture(scope="module")
def mapping(tmp_path_factory: pytest.TempPathFactory) -> CompiledMapping:
    folder = tmp_path_factory.mktemp("guard")
    (folder / "codes").mkdir()
    (folder / "codes" / "reason.csv").write_text("canonical,shop\ndamaged,BROKEN\n", encoding="utf-8")
    (folder / "note.yaml").write_text(MAPPING, encoding="utf-8")
    return compile_file(folder / "note.yaml", folder)


VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [None, "", [], "A", "BROKEN", "ODOUR", 1, 2, True, LINE, [LINE], [[LINE]], [[]]]
)
RECORDS = st.lists(
    st.dictionaries(
        st.sampled_from(["lines", "note", "@"]),
        VALUES | st.lists(st.dictionaries(st.sampled_from(["sku", "reason", "@"]), VALUES), max_size=3),
    ),
    max_size=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(RECORDS)
def test_remembering_changes_no_answer(mapping: CompiledMapping, records: list[Any]) -> None:
    known = infer([{"lines": [LINE]}])
    guard = Guard(mapping, known, EMPTY)
    for record in [*records, *records]:
        assert guard.changes(record) == Guard(mapping, known, EMPTY).changes(record)


def test_a_new_code_in_a_shape_that_was_seen_is_noticed(mapping: CompiledMapping) -> None:
    guard = Guard(mapping, infer([{"lines": [LINE]}]), EMPTY)
    assert guard.changes({"lines": [LINE]}) == guard.changes({"lines": [LINE, LINE]}) == ()
    (change,) = guard.changes({"lines": [LINE, {**LINE, "reason": "ODOUR"}]})
    assert (change.kind, change.path, change.breaking) == ("new_code", "lines.reason", True)


def test_what_was_learnt_is_known_and_the_samples_stay_what_they_are(mapping: CompiledMapping) -> None:
    samples = infer([{"lines": [LINE]}])
    guard = Guard(mapping, samples, EMPTY, "digest")
    assert guard.changes({"lines": [LINE], "note": "x"})
    guard.learn(infer([{"lines": [LINE], "note": "x"}]))
    assert guard.changes({"lines": [LINE], "note": "y"}) == ()
    assert (guard.samples, guard.digest) == (samples, "digest")


def test_a_stored_shape_keeps_codes_and_no_other_text(mapping: CompiledMapping) -> None:
    guard = Guard(mapping, EMPTY, EMPTY)
    stored = dict(ways(guard.private(infer([{"lines": [LINE], "note": "Somebody"}]))))
    assert stored["lines", "reason"].codes == frozenset({"BROKEN"})
    assert stored["note",].codes == stored["lines", "sku"].codes == frozenset()
    assert stored["note",].kinds == {"text"}


def test_deep_and_endless_records_are_judged(mapping: CompiledMapping) -> None:
    guard = Guard(mapping, infer([{"lines": [LINE]}]), EMPTY)
    deep: Any = "end"
    for _ in range(5_000):
        deep = [{"lines": deep}]
    assert guard.changes({"lines": deep})
    for number in range(50):
        assert guard.changes({"lines": [LINE], f"f{number}": 1})
