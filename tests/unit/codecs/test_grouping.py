from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.codecs.base import Record
from connectors.codecs.delimited import DelimitedCodec

BODY = b"return,date,sku,qty\nR1,2026-11-01,A,1\nR2,2026-11-02,B,2\nR1,,C,3\n"


def records(body: bytes, **options: Any) -> list[Record]:
    return list(DelimitedCodec().decode(body, options).records)


def test_rows_of_one_return_are_one_record_wherever_they_stand() -> None:
    assert [one.tree for one in records(BODY, group_by=["return", "date"])] == [
        {
            "@": 2,
            "return": "R1",
            "date": "2026-11-01",
            "rows": [{"@": 2, "sku": "A", "qty": "1"}, {"@": 4, "sku": "C", "qty": "3"}],
        },
        {"@": 3, "return": "R2", "date": "2026-11-02", "rows": [{"@": 3, "sku": "B", "qty": "2"}]},
    ]


def test_a_single_column_may_be_written_without_a_list() -> None:
    first, second = records(BODY, group_by="return")
    assert [row["sku"] for row in first.tree["rows"]] == ["A", "C"]
    assert second.tree["rows"][0] == {"@": 3, "date": "2026-11-02", "sku": "B", "qty": "2"}


def test_rows_that_disagree_in_a_column_of_the_record_are_fatal_with_their_line() -> None:
    [one] = records(b"return,date,sku\nR1,1,A\nR1,2,B\n", group_by=["return", "date"])
    assert one.tree is None
    [finding] = one.findings
    assert (finding.message, finding.place) == ("The rows of return R1 disagree in date.", "line 3")
    assert (finding.expected, finding.found) == ("1", "2")


def test_a_row_without_the_column_or_that_cannot_be_read_is_a_record_of_its_own() -> None:
    good, nameless, short, last = records(b"return,sku\nR0,Z\nR1,A\n,B\nR1\nR2,C\nR3,D\n", group_by="return")[
        1:5
    ]
    assert good.findings[0].message == "return R1 may lack a line: line 4, beside its rows, cannot be read."
    assert nameless.findings[0].message == "Line 4 has no return, so it belongs to no record."
    assert short.findings[0].code == "csv.columns"
    assert last.findings[0].message == "return R2 may lack a line: line 5, beside its rows, cannot be read."
    assert [one.tree for one in (good, nameless, short, last)] == [None] * 4
    assert [one.index for one in (good, nameless, short, last)] == [1, 2, 3, 4]


def test_a_return_beside_a_cut_last_row_says_that_the_file_may_have_been_cut() -> None:
    beside, cut = records(b"return,sku\nR1,A\nR1", group_by="return")
    for one in (beside, cut):
        assert one.findings[0].message.endswith("It is the last row: the file may have been cut off.")


@pytest.mark.parametrize("sign", [";", "\t", "|"])
def test_a_header_of_one_column_with_another_delimiter_in_it_is_asked_about(sign: str) -> None:
    [one] = records(BODY.replace(b",", sign.encode()), group_by="return")
    assert one.findings[0].message.endswith(f"; is the delimiter {sign!r}?")


def test_a_header_of_several_columns_is_not_asked_about_its_delimiter() -> None:
    [one] = records(b"ret;urn,date\nR1,1\n", group_by="return")
    assert one.findings[0].message == "The header has no column return: group_by cannot group by it."


def test_a_row_that_cannot_be_read_stops_no_return_but_those_it_may_belong_to() -> None:
    found = records(b"return,sku\nR0,Z\nR1,A\n,B\nR2,C\nR3,D\nR1,E\n", group_by="return")
    assert [one.tree and one.tree["return"] for one in found] == ["R0", None, None, None, "R3"]


def test_a_header_without_the_column_or_with_one_called_rows_is_told_once() -> None:
    [one] = records(BODY, group_by="retour")
    assert one.findings[0].message == "The header has no column retour: group_by cannot group by it."
    [taken] = records(b"return,rows\nR1,1\n", group_by="return")
    assert "has a column 'rows'" in taken.findings[0].message


@given(st.permutations([("R1", "A"), ("R1", "B"), ("R2", "A"), ("R2", "B")]))
def test_the_digest_of_a_record_ignores_rows_of_others(rows: list[tuple[str, str]]) -> None:
    def digests(chosen: list[tuple[str, str]]) -> set[str]:
        body = "return,sku\n" + "".join(f"{name},{sku}\n" for name, sku in chosen)
        return {one.digest for one in records(body.encode(), group_by="return")}

    alone = [digests([row for row in rows if row[0] == name]) for name in ("R1", "R2")]
    assert digests(rows) == set().union(*alone)
