"""Telling standards apart, and looking into files without a flow that reads them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.codecs.base import EncodeError
from connectors.codecs.edi.reading import NoEdi, interchanges
from connectors.codecs.edi.sniff import Standard, standard_of
from connectors.codecs.edi.summary import moment, summary
from connectors.codecs.registry import codec, known

ORDER = (
    b"ISA*00*          *00*          *ZZ*ACME           *ZZ*RETURNSHUB     "
    b"*261101*0830*U*00401*000000007*0*P*:~"
    b"GS*PO*ACME*RETURNSHUB*20261101*0830*7*X*004010~"
    b"ST*850*0001~BEG*00*SA*4711**20261101~PO1*1*2*EA~PO1*2*1:2*CA~CTT*2~SE*6*0001~GE*1*7~IEA*1*000000007~"
)
ORDERS = (
    b"UNB+UNOC:3+A+B+261101:0830+7'UNH+1+ORDERS:D:96A:UN'BGM+220+4711'DTM+137:20261101:102'LIN+1'LIN+2'"
    b"UNS+S'UNT+7+1'UNZ+1+7'"
)


@pytest.mark.parametrize(
    ("head", "standard"),
    [
        (b"ISA*00*", Standard.X12),
        (b"ISA_00_          _00_", Standard.X12),
        (b"\xef\xbb\xbf\r\n ISA|00|", Standard.X12),
        (b"ST*180*0001~", Standard.X12),
        (b"GS*AN*A*B*", Standard.X12),
        (b"BLI*UP*614141000012*2*EA~", Standard.X12),
        (b"UNA:+.? 'UNB+UNOC:3", Standard.EDIFACT),
        (b"UNB+UNOC:3+A+B", Standard.EDIFACT),
        (b"UNB\x1dUNOB\x1f1", Standard.EDIFACT),
        (b"'UNA:+.? '\r\nUNB+UNOA:3", Standard.EDIFACT),
        (b"UNH+1+RETANN:D:96A:UN'", Standard.EDIFACT),
        (b"LIN+1++4000862141404:EN'", Standard.EDIFACT),
        (b"NAD+BY+VISA*CARD'UNB+UNOC:3+A+B", Standard.EDIFACT),
        (b'{"ISA": 1}', None),
        (b"order;quantity\n4711;2\n", None),
        (b"", None),
    ],
)
def test_a_standard_is_told_by_its_first_head(head: bytes, standard: Standard | None) -> None:
    assert standard_of(head) is standard


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8-sig"])
@pytest.mark.parametrize("body", [ORDER, ORDERS])
def test_a_byte_order_mark_tells_the_encoding_of_the_file(body: bytes, encoding: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    encoded = (mark + body.decode()).encode(encoding)
    [plain], [marked] = list(interchanges(body)), list(interchanges(encoded))
    expected, found = summary(plain), summary(marked)
    assert found["groups"] == expected["groups"]
    assert found["status"] == "accepted"


@pytest.mark.parametrize("body", [ORDER, ORDERS])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_how_a_file_is_cut_into_chunks_changes_nothing(body: bytes, encoding: str) -> None:
    encoded = (body + b"\r\njunk\r\n" + body).decode().encode(encoding)
    whole = [summary(one) for one in interchanges(encoded)]
    assert len(whole) == 2
    for size in (1, 2, 3, 7, 64):
        chunks = [encoded[at : at + size] for at in range(0, len(encoded), size)]
        assert [summary(one) for one in interchanges(chunks)] == whole, size


def test_an_interchange_is_given_before_the_next_one_is_read() -> None:
    given = []

    def chunks() -> Iterator[bytes]:
        for number in range(3):
            yield ORDER * 700 if number == 0 else ORDER  # more than is looked at to tell the standard
            given.append(number)

    found = interchanges(chunks())
    next(found)
    assert given == []


def test_what_is_neither_is_refused() -> None:
    with pytest.raises(NoEdi, match="neither"):
        list(interchanges(b"hello"))


@pytest.mark.parametrize(
    ("form", "body", "first", "third"),
    [
        (
            "x12/850",
            ORDER,
            {"@": 2, "01": "00", "02": "SA", "03": "4711", "05": "20261101"},
            {"01": "1", "02": "2"},
        ),
        (
            "edifact/orders",
            ORDERS,
            {"@": 2, "01": "220", "02": "4711"},
            {"01": "137", "02": "20261101", "03": "102"},
        ),
    ],
)
def test_a_format_without_a_release_is_read_flat_and_written_back(
    form: str, body: bytes, first: dict[str, str], third: dict[str, str]
) -> None:
    [record] = codec(form).decode(body).records
    assert record.findings == ()
    segments = {name: found for name, found in record.tree.items() if name != "@"}
    assert next(iter(segments.values())) == [first]
    assert third in [value for found in segments.values() for one in found for value in one.values()]
    envelope = {
        "sender": "A", "receiver": "B", "control": 9, "date": "20261101", "time": "0830",
        "version": "004010" if form.startswith("x12") else "D:96A:UN", "functional": "PO",
    }  # fmt: skip
    written = codec(form).encode(record.tree, envelope)
    [again] = codec(form).decode(written).records
    assert (again.tree, again.digest) == (record.tree, record.digest)


def test_a_flat_tree_without_numbers_has_no_order_and_is_not_written() -> None:
    with pytest.raises(EncodeError, match=r"PO1\[0\] needs its number in '@'"):
        codec("x12/850").encode({"PO1": [{"01": "1"}]}, {"sender": "A", "receiver": "B", "control": 1})


def test_only_sets_and_messages_go_without_a_release() -> None:
    assert [
        name for name in ("x12/850", "edifact/orders", "x12/85", "edifact/ORDERS", "csv/x") if known(name)
    ] == [
        "x12/850",
        "edifact/orders",
    ]


@pytest.mark.parametrize(
    ("date", "time", "expected"),
    [
        ("261101", "0830", "2026-11-01T08:30"),
        ("930906", "2018", "1993-09-06T20:18"),
        ("20261101", "083059", "2026-11-01T08:30:59"),
        ("261301", "0830", None),
        ("261101", "083", None),
        ("", "", None),
    ],
)
def test_the_date_of_an_envelope_is_told_as_iso_8601(date: str, time: str, expected: str | None) -> None:
    assert moment(date, time) == expected


@pytest.mark.parametrize("body", [ORDER, ORDERS])
def test_a_blank_before_every_terminator_is_no_data(body: bytes) -> None:
    mark = b"~" if body is ORDER else b"'"
    expected, found = (
        next(iter(interchanges(one, trees=True))) for one in (body, body.replace(mark, b" " + mark))
    )
    assert found.trees == expected.trees
    assert summary(found)["status"] == "accepted"


def test_a_blank_before_one_terminator_is_of_the_element() -> None:
    [record] = codec("x12/850").decode(ORDER.replace(b"20261101~PO1", b"20261101 ~PO1")).records
    assert record.tree["BEG"][0]["05"] == "20261101 "


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("body", [ORDER, ORDERS])
def test_utf_16_is_known_by_its_first_letters_too(body: bytes, encoding: str) -> None:
    encoded = body.decode().encode(encoding)
    [plain] = interchanges(body)
    for chunks in (encoded, iter([encoded[:1], encoded[1:5], encoded[5:]])):
        [found] = interchanges(chunks)
        assert summary(found) == summary(plain)


def test_an_empty_file_is_said_to_be_empty() -> None:
    with pytest.raises(NoEdi, match="the file is empty"):
        list(interchanges(b""))


@pytest.mark.parametrize(
    ("body", "damage"),
    [(ORDER, (b"PO1*2*1:2*CA~", b"SE*4*0001~T*850*0002~")), (ORDERS, (b"UNS+S'", b"UNT+6+1'NH+2+X'"))],
)
def test_content_that_nobody_can_process_makes_an_interchange_accepted_in_part(
    body: bytes, damage: tuple[bytes, bytes]
) -> None:
    [seen] = interchanges(body.replace(*damage))
    assert summary(seen)["status"] in {"partially_accepted", "rejected"}
    [seen] = interchanges(body + b"Regards, the shop")
    assert summary(seen)["status"] == "partially_accepted"
