from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.codecs.base import EncodeError, Record
from connectors.codecs.json import JsonCodec

JSON = JsonCodec()
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=12,
)


def records(body: bytes, **options: Any) -> list[Record]:
    return list(JSON.decode(body, options).records)


def test_a_document_is_one_record() -> None:
    [record] = records(b'{"a": [1, "x", null, true]}')
    assert record.tree == {"a": [1, "x", None, True]}
    assert record.findings == ()


def test_items_are_one_record_each() -> None:
    found = records(b'{"page": {"items": [{"id": 1}, {"id": 2}]}}', items="page.items")
    assert [(record.index, record.tree) for record in found] == [(0, {"id": 1}), (1, {"id": 2})]


def test_the_empty_path_is_the_document_itself() -> None:
    assert [record.tree for record in records(b"[1, 2]", items="")] == [1, 2]


def test_an_empty_list_has_no_records() -> None:
    assert records(b'{"items": []}', items="items") == []


def test_numbers_are_exact_and_never_floats() -> None:
    [record] = records(
        b'{"a": 0.1, "b": 12345678901234567890.123456789, "c": 1e400, "d": 123456789012345678901234567890}'
    )
    tree = record.tree
    assert tree["a"] == Decimal("0.1")
    assert str(tree["b"]) == "12345678901234567890.123456789"
    assert tree["c"] == Decimal("1e400")
    assert tree["d"] == 123456789012345678901234567890
    assert {type(value) for value in tree.values()} == {Decimal, int}


def test_broken_json_is_one_fatal_record_with_line_and_column() -> None:
    [record] = records(b'{"a": 1,\n "b": }')
    [finding] = record.findings
    assert record.tree is None
    assert finding.fatal
    assert finding.place == "line 2, column 7"
    assert finding.offset == 15
    assert finding.found == "}"


@pytest.mark.parametrize(
    ("body", "options", "code"),
    [
        (b"", {}, "json.syntax"),
        (b'{"a": NaN}', {}, "json.number"),
        (b'{"a": -Infinity}', {}, "json.number"),
        (b'{"a": ' + b"9" * 5000 + b"}", {}, "json.number"),
        (b'"\xff\xfe\xfd"', {}, "json.encoding"),
        (b"[" * 100_000, {}, "json.depth"),
        (b"[" * 600 + b"]" * 600, {}, "json.depth"),
        (b'{"a": 1}', {"items": "items"}, "json.items"),
        (b'{"items": {}}', {"items": "items"}, "json.items"),
    ],
)
def test_what_cannot_be_read_is_one_fatal_record(body: bytes, options: dict[str, Any], code: str) -> None:
    [record] = records(body, **options)
    assert record.tree is None
    assert [finding.code for finding in record.findings] == [code]
    assert len(record.digest) == 64


@pytest.mark.parametrize("charset", ["utf-8-sig", "utf-16", "utf-32"])
def test_the_encoding_is_recognised(charset: str) -> None:
    assert records('{"a": "ü"}'.encode(charset))[0].tree == {"a": "ü"}


def test_the_digest_ignores_spelling_and_sees_content() -> None:
    same = [b'{"a": 1.5, "b": 100}', b'{"b":1e2,"a":1.50}', b'{ "b": 100.0, "a": 15e-1 }']
    other = [b'{"a": "1.5", "b": 100}', b'{"a": 1.5, "b": 10}', b'{"a": -1.5, "b": 100}']
    digests = {records(body)[0].digest for body in same}
    assert len(digests) == 1
    assert not digests & {records(body)[0].digest for body in other}


def test_lone_surrogates_are_content_like_any_other() -> None:
    one, two = records(b'{"a": "\\ud800"}')[0], records(b'{"a": "\\ud801"}')[0]
    assert one.tree == {"a": "\ud800"}
    assert one.digest != two.digest


@given(VALUES)
def test_what_is_written_reads_back_equal(tree: Any) -> None:
    [record] = records(JSON.encode(tree))
    assert record.tree == tree


@pytest.mark.parametrize("tree", [Decimal("NaN"), object(), {1: 2, "a": 2**70}])
def test_what_is_no_tree_is_refused(tree: Any) -> None:
    with pytest.raises(EncodeError, match="cannot be written as JSON"):
        JSON.encode(tree)


@given(st.binary(max_size=60))
def test_any_bytes_give_a_record_and_never_raise(body: bytes) -> None:
    for record in records(body):
        assert (record.tree is None and bool(record.findings)) or not record.findings


def test_what_is_volatile_does_not_make_a_record_another_one() -> None:
    codec = JsonCodec()
    first, again, other = (
        next(codec.decode(body, {"volatile": "at"}).records)
        for body in (b'{"id": 1, "at": "08:00"}', b'{"id": 1, "at": "09:00"}', b'{"id": 2, "at": "08:00"}')
    )
    assert first.digest == again.digest != other.digest
    assert again.tree == {"id": 1, "at": "09:00"}
