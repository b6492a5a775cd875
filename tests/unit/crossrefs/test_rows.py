"""What a change makes of the rows of a reference, and what each direction through them gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hub.crossrefs import CrossReferences, Put, Row, direction, merged

ACME = [Row("acme", "4711", "C1"), Row("acme", "0815", "C1", sent=False), Row("sap_s4", "10001", "C1")]


def sent(rows: Sequence[Row]) -> dict[tuple[str, str], str]:
    return {(row.system, row.ours): row.code for row in rows if row.sent}


def test_each_direction_is_a_function() -> None:
    assert direction(ACME, "acme", "canonical") == {"4711": "C1", "0815": "C1"}
    assert direction(ACME, "canonical", "acme") == {"C1": "4711"}
    assert direction(ACME, "acme", "sap_s4") == {"4711": "10001", "0815": "10001"}
    assert direction([*ACME, Row("acme", "9", "C9")], "acme", "sap_s4").get("9") is None


def test_the_first_code_of_ours_is_sent_and_a_further_one_only_when_told() -> None:
    assert sent(merged([], [Put("acme", "1", "C1"), Put("acme", "2", "C1")], ())) == {("acme", "C1"): "1"}
    assert sent(merged(ACME, [Put("acme", "0815", "C1", sent=True)], ()))["acme", "C1"] == "0815"
    assert ("acme", "C2") not in sent(merged([], [Put("acme", "3", "C2", sent=False)], ()))


def test_when_the_sent_code_goes_another_takes_its_place() -> None:
    assert sent(merged(ACME, (), [("acme", "4711")]))["acme", "C1"] == "0815"
    moved = merged(ACME, [Put("acme", "4711", "C2")], ())
    assert sent(moved) == {("acme", "C1"): "0815", ("acme", "C2"): "4711", ("sap_s4", "C1"): "10001"}


def test_saying_the_same_again_changes_nothing() -> None:
    assert merged(ACME, [Put(row.system, row.code, row.ours) for row in ACME], ()) == ACME


NAMES = st.sampled_from(["a", "b", "c"])
PUTS = st.lists(st.builds(Put, NAMES, NAMES, NAMES, st.sampled_from([True, False, None])), max_size=12)


@given(PUTS, PUTS, st.lists(st.tuples(NAMES, NAMES), max_size=4))
def test_at_most_one_code_is_sent_whatever_happens(
    first: list[Put], second: list[Put], removed: list[tuple[str, str]]
) -> None:
    rows = merged(merged([], first, ()), second, removed)
    assert all(count == 1 for count in Counter((row.system, row.ours) for row in rows if row.sent).values())
    assert len({(row.system, row.code) for row in rows}) == len(rows)
    wanted = {(put.system, put.code): put.ours for put in second}
    assert {
        key: ours for row in rows if (key := (row.system, row.code)) in wanted if (ours := row.ours)
    } == wanted


class Store:
    """The two statements that a refresh sends, answered from memory and counted."""

    def __init__(self) -> None:
        self.version, self.rows = 0, list[Row]()
        self.sent: Counter[str] = Counter()

    def put(self, row: Row) -> None:
        self.rows.append(row)
        self.version += 1

    def __call__(self, name: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        self.sent[name] += 1
        if name == "cross_reference_versions":
            versions = {"customer": self.version} if self.version else {}
            return [{"reference": n, "version": versions[n]} for n in params["references"] if n in versions]
        names = ("system", "code", "ours", "sent", "note")
        return [{name: getattr(row, name) for name in names} for row in self.rows]


def test_entries_are_as_of_the_last_refresh_and_read_again_only_when_changed() -> None:
    store, references = Store(), CrossReferences()
    references.refresh(store)
    assert not store.sent
    entries = references.entries("customer", "acme", "canonical")
    references.refresh(store)
    store.put(Row("acme", "4711", "C1"))
    assert "4711" not in entries
    references.refresh(store)
    references.refresh(store)
    assert (entries.get("4711"), entries.get("0815"), entries.get("0815", "-")) == ("C1", None, "-")
    assert dict(entries) == {"4711": "C1"}
    assert len(entries) == 1
    assert store.sent == {"cross_reference_versions": 3, "cross_reference_rows": 2}


def test_the_same_direction_is_the_same_entries_and_a_new_one_is_filled_at_the_next_refresh() -> None:
    store, references = Store(), CrossReferences()
    store.put(Row("acme", "4711", "C1"))
    first = references.entries("customer", "acme", "canonical")
    references.refresh(store)
    assert references.entries("customer", "acme", "canonical") is first
    back = references.entries("customer", "canonical", "acme")
    references.refresh(store)
    assert dict(back) == {"C1": "4711"}
