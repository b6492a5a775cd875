from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.codecs.base import EncodeError, Record
from connectors.codecs.delimited import DelimitedCodec

CSV = DelimitedCodec()


def records(body: bytes, **options: Any) -> list[Record]:
    return list(CSV.decode(body, options).records)


def test_rows_are_records_named_by_the_header_with_their_line() -> None:
    found = records(b'id,note\r\n1,first\r\n\r\n2,"two\nlines, quoted"\r\n3,\r\n')
    assert [record.tree for record in found] == [
        {"@": 2, "id": "1", "note": "first"},
        {"@": 4, "id": "2", "note": "two\nlines, quoted"},
        {"@": 6, "id": "3"},
    ]
    assert [record.index for record in found] == [0, 1, 2]


def test_a_row_that_does_not_fit_does_not_stop_the_others() -> None:
    short, good, long = records(b"a,b\n1\n2,3\n4,5,6\n")
    assert short.tree is None
    assert short.findings[0].message == "Line 2 has 1 columns, the header names 2."
    assert good.tree == {"@": 3, "a": "2", "b": "3"}
    assert long.findings[0].code == "csv.columns"


CUT = "It is the last row: the file may have been cut off."


@pytest.mark.parametrize("body", [b"a,b\n1,2\n3", b"a,b\n1,2\n3\n\n", b'a,b\n1,2\n3,"4'])
def test_a_last_row_that_is_not_whole_may_be_where_the_file_was_cut(body: bytes) -> None:
    good, cut = records(body)
    assert good.tree is not None
    assert cut.findings[0].message.endswith(f". {CUT}")


def test_rows_before_the_last_and_rows_that_are_too_long_are_not_cut() -> None:
    assert CUT not in str([one.findings for one in records(b"a,b\n1\n2,3\n4,5,6\n")])


def test_a_quote_that_never_closes_is_a_fatal_record() -> None:
    good, broken = records(b'a,b\n1,2\n3,"4\n5,6\n')
    assert good.tree == {"@": 2, "a": "1", "b": "2"}
    assert broken.tree is None
    assert broken.findings[0].place == "line 3"


@pytest.mark.parametrize("body", [b"", b"\n\n", b"a,a\n1,2\n", b"a,\n1,2\n", b"@,a\n1,2\n"])
def test_without_a_header_of_distinct_names_nothing_is_read(body: bytes) -> None:
    [record] = records(body)
    assert record.tree is None
    assert record.findings[0].code == "csv.header"


def test_delimiter_and_charset_are_options() -> None:
    assert records("a;b\nü;1\n".encode("latin-1"), delimiter=";", charset="latin-1")[0].tree["a"] == "ü"
    assert records("\ufeffa\nü\n".encode())[0].tree == {"@": 2, "a": "ü"}
    assert records(b"a\n\x80\n")[0].tree == {"@": 2, "a": "€"}


def test_the_digest_is_of_the_row_not_of_its_place() -> None:
    first = records(b"a,b\n1,2\n")[0].digest
    moved = records(b"b,a\n9,9\n2,1\n")[1].digest
    assert first == moved


def test_rows_are_written_with_the_columns_in_order() -> None:
    body = CSV.encode([{"@": 2, "a": "1"}, {"a": "x,y", "b": None}])
    assert body == b'a,b\r\n1,\r\n"x,y",\r\n'
    with pytest.raises(EncodeError, match="A cell holds list"):
        CSV.encode([{"a": [1]}])


@given(st.binary(max_size=80))
def test_any_bytes_never_raise(body: bytes) -> None:
    assert all((record.tree is None) == bool(record.findings) for record in records(body))
