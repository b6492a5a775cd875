"""Every mangling of an ISA that was seen in the wild; the documents are written here."""

from typing import Any

import pytest

from connectors.codecs.x12.codec import X12Codec
from connectors.codecs.x12.delimiters import Header, detect
from connectors.codecs.x12.reader import Reader

CODEC = X12Codec("x12/180-004010")


def rewritten(edi: Any, element: str, component: str, terminator: str, line: str = "") -> bytes:
    segments = edi.interchange([edi.group([edi.transaction()])], component="\x00")
    return "".join(
        segment.replace("*", element).replace("\x00", component) + terminator + line for segment in segments
    ).encode()


@pytest.mark.parametrize(
    ("element", "component", "terminator", "line"),
    [
        ("*", ":", "~", ""),
        ("*", ":", "~", "\n"),
        ("*", ":", "~", "\r\n"),
        ("*", ":", "~", "\r\n    "),
        ("*", ">", "\\", ""),
        ("|", ">", "^", "\n"),
        ("*", ">", "}", ""),
        ("*", "@", "$", "\n"),
        ("*", ":", "|", "\n"),
        ("*", "@", "!", "\r\n"),
        ("*", ">", "\n", ""),
        ("*", ">", "\r\n", ""),
        ("*", ">", "\r", ""),
        ("*", "~", "\n", ""),
        ("*", "~", "¦", "\n"),
        ("*", ":", "\x1d", ""),
        ("*", ":", "\x1d", "\r\n"),
        ("*", ">", "…", "\n"),
        ("\x1d", "\x1f", "\x1c", ""),
        ("_", ":", "~", "\n"),
        ("¦", ":", "~", "\n"),
    ],
)
def test_delimiters_are_read_from_the_header(
    edi: Any, element: str, component: str, terminator: str, line: str
) -> None:
    body = rewritten(edi, element, component, terminator, line)
    decoded = CODEC.decode(body)
    [record] = decoded.records
    found = decoded.interchanges[0].delimiters
    assert (found.element, found.component) == (element.encode(), component.encode())
    assert found.segment == (b"\n" if terminator == "\r\n" else terminator.encode())
    assert record.findings == ()
    [standard] = CODEC.decode(edi.simple()).records
    assert record.tree == standard.tree
    assert record.digest == standard.digest
    assert decoded.interchanges[0].findings == []


def mangle(edi: Any, name: str) -> bytes:
    good: bytes = edi.simple(line="")
    isa = edi.isa().encode()
    simple = {
        "byte order mark": b"\xef\xbb\xbf" + good,
        "blank lines before": b"\r\n \t\n" + good,
        "end-of-file mark behind": good + b"\r\n\x1a\x00",
        "no terminator at the very end": good[:-1],
        "blank before the terminator of ISA": good.replace(isa, isa + b" ", 1),
        "ISA collapsed": good.replace(
            isa, b"ISA*00**00**ZZ*ACME*ZZ*HUB*261101*1200*U*00401*000000001*0*P*:", 1
        ),
        "ISA one too short": good.replace(b"ACME           *ZZ", b"ACME          *ZZ", 1),
        "ISA padded with no-break spaces": good.replace(b"HUB   ", "HUB\u00a0\u00a0\u00a0".encode(), 1),
        "wrapped at 80 columns": b"\r\n".join(good[at : at + 80] for at in range(0, len(good), 80)),
        "wrapped at 7 columns": b"\n".join(good[at : at + 7] for at in range(0, len(good), 7)),
        "trailing empty component": b"".join(
            line + b":~" for line in good.replace(isa, isa[:-1]).split(b"~")[:-1]
        ),
        "ISA16 missing": good.replace(isa + b"~", isa[:-1] + b"~", 1),
        "ISA16 missing, lines": good.replace(isa + b"~", isa[:-1] + b"~", 1).replace(b"~", b"\n"),
        "double terminators": good.replace(b"~", b"~~"),
    }
    return simple[name]


@pytest.mark.parametrize(
    "name",
    [
        "byte order mark",
        "blank lines before",
        "end-of-file mark behind",
        "no terminator at the very end",
        "blank before the terminator of ISA",
        "ISA collapsed",
        "ISA one too short",
        "ISA padded with no-break spaces",
        "wrapped at 80 columns",
        "wrapped at 7 columns",
        "trailing empty component",
        "ISA16 missing",
        "ISA16 missing, lines",
        "double terminators",
    ],
)
def test_mangled_documents_read_as_the_original(edi: Any, name: str) -> None:
    decoded = CODEC.decode(mangle(edi, name))
    [record] = decoded.records
    [original] = CODEC.decode(edi.simple()).records
    assert record.findings == ()
    assert record.tree == original.tree
    assert record.digest == original.digest
    interchange = decoded.interchanges[0]
    assert (interchange.sender, interchange.receiver, interchange.control) == ("ACME", "HUB", "000000001")
    assert {finding.code for finding in interchange.findings} <= {"TA105.022"}


def test_a_header_without_16_elements_is_refused_and_the_next_interchange_read(edi: Any) -> None:
    good = edi.simple()
    broken, record = CODEC.decode(b"ISA*00*SHORT~GS*AN~" + good).records
    assert broken.tree is None
    assert broken.findings[0].message == "The ISA segment ends before its 16 elements are complete."
    assert record.findings == ()


def test_what_is_no_edi_is_one_fatal_record(edi: Any) -> None:
    body = edi.simple().replace(b"ISA", b"FSA", 1)
    [record] = CODEC.decode(body).records
    assert record.tree is None
    assert record.findings[0].found.startswith("FSA*00*")
    assert list(Reader(b"ISA").blocks())[0].findings[0].fatal  # noqa: RUF015 - the list is the point


def test_an_empty_document_is_one_fatal_record() -> None:
    [record] = CODEC.decode(b"").records
    assert record.findings[0].message.startswith("The file is empty.")


@pytest.mark.parametrize("standards", ["U", "^", "!"])
def test_isa11_is_a_repetition_separator_only_since_00402(edi: Any, standards: str) -> None:
    for version, expected in (("00401", b""), ("00501", b"" if standards == "U" else standards.encode())):
        data = (edi.isa(version=version).replace("*U*", f"*{standards}*") + "~GS*").encode()
        header = detect(data, 0)
        assert not isinstance(header, str)
        assert header.delimiters.repetition == expected


@pytest.mark.parametrize("receiver", ["RETURNS HUB -ST", "RETURNS HUB 'GS", "R\u00fcCKSENDUNG -ST"])
def test_an_id_may_end_like_a_segment_that_begins(edi: Any, receiver: str) -> None:
    """It fills its fifteen characters, so the separator stands right behind it."""
    body = edi.simple().replace(b"HUB            *", f"{receiver}*".encode())
    header = detect(body, 0)
    assert isinstance(header, Header)
    assert header.elements[7] == receiver


def test_a_letter_behind_a_line_break_ends_no_segment(edi: Any) -> None:
    segments = edi.interchange([edi.group([edi.transaction()])])
    header = detect(edi.text([segments[0], "XX*1", *segments[1:]], terminator="", line="\n"), 0)
    assert isinstance(header, Header)
    assert header.delimiters.segment == b"\n"


def test_a_component_separator_twice_in_isa16_is_no_terminator(edi: Any) -> None:
    body = edi.simple(line="").replace(b"~", b":~")
    [record] = CODEC.decode(body).records
    assert record.tree is not None
    assert record.findings == ()
