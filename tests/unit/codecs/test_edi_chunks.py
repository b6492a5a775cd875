"""However a document is cut, the same is read: in two at every place, and in pieces of small sizes."""

from typing import Any

import pytest

from connectors.codecs.edifact.codec import EdifactCodec
from connectors.codecs.segmented.window import Window
from connectors.codecs.x12.codec import X12Codec

X12 = X12Codec("x12/180-004010")
EDIFACT = EdifactCodec("edifact/retann-d96a")
ISA = f"ISA*00*{'':10}*00*{'':10}*ZZ*{'ACME':15}*ZZ*{'HUB':15}*261101*1200*U*00401*000000001*0*P*:"


def x12(terminator: str, line: str, *, binary: bool = False) -> bytes:
    body = ["BGN*00*C1*20261101", "N1*BY*M\u00fcller", "BLI*UP*1*2*EA", *(["BIN*6*A~SE*1"] if binary else [])]
    one = ["ST*180*0001", *body, f"SE*{len(body) + 2}*0001"]
    other = ["ST*180*0002", *body[:3], "SE*5*0002"]
    group = ["GS*AN*A*B*20261101*1200*11*X*004010", *one, *other, "GE*2*11"]
    return "".join(part + terminator + line for part in [ISA, *group, "IEA*1*000000001"]).encode()


def edifact(signs: str, line: str, syntax: str = "UNOC") -> bytes:
    component, element, _, release, _, terminator = signs
    message = [
        "UNH+M1+RETANN:D:96A:EN:EAN001",
        "BGM+70E+A#'1##+9",
        "NAD+BY+4399999000015::9++MARKT #+ H\u00e4US##",
        "LIN+1++4000862141404:EN",
        "QTY+61:2",
        "UNS+S",
        "UNT+7+M1",
    ]
    group = ["UNG+RETANN+A+B+261101:0830+G1+UN+D:96A", *message, "UNE+1+G1"]
    text = [f"UNB+{syntax}:3+A:14+B:14+261101:0830+I1", *group, "UNZ+1+I1"]
    swap = str.maketrans({"+": element, ":": component, "'": terminator, "#": release})
    body = "".join(one.translate(swap) + terminator + line for one in text)
    return f"UNA{signs}{line}{body}".encode("latin-1")


DOCUMENTS = {
    "x12": (X12, x12("~", "")),
    "x12 with line ends": (X12, x12("~", "\r\n")),
    "x12 with lines": (X12, x12("\n", "")),
    "x12 with a terminator of three bytes": (X12, x12("\u2026", "\n")),
    "x12 with binary data": (X12, x12("~", "", binary=True)),
    "x12 with a byte order mark": (X12, b"\xef\xbb\xbf" + x12("~", "\n")),
    "x12 in two delimiters": (X12, x12("~", "") + x12("|", "\n")),
    "x12 behind what is none": (X12, b"ISA*00*\nHello ISA\n" + x12("~", "")),
    "edifact": (EDIFACT, edifact(":+.? '", "")),
    "edifact with line ends": (EDIFACT, edifact(":+.? '", "\r\n")),
    "edifact in other signs": (EDIFACT, edifact("|*,! ~", "\n")),
    "edifact with a byte order mark": (EDIFACT, b"\xef\xbb\xbf" + edifact(":+.? '", "\n")),
    "edifact in two signs": (EDIFACT, edifact(":+.? '", "") + edifact("|*,! ~", "\n")),
}


def read(codec: Any, body: Any) -> tuple[Any, ...]:
    decoded = codec.decode(body)
    return list(decoded.records), decoded.findings, decoded.interchanges


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_cut_in_two_anywhere_reads_the_same(name: str) -> None:
    codec, body = DOCUMENTS[name]
    whole = read(codec, body)
    assert any(record.tree for record in whole[0]), whole
    for cut in range(1, len(body)):
        assert read(codec, [body[:cut], body[cut:]]) == whole, cut


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13])
def test_a_document_in_small_pieces_reads_the_same(name: str, size: int) -> None:
    codec, body = DOCUMENTS[name]
    assert read(codec, [body[at : at + size] for at in range(0, len(body), size)]) == read(codec, body)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_pieces_without_a_byte_do_not_matter(name: str) -> None:
    codec, body = DOCUMENTS[name]
    assert read(codec, [b"", body[:9], b"", b"", body[9:], b""]) == read(codec, body)


@pytest.mark.parametrize("size", [1, 7, 700, 5_000])
def test_a_long_first_segment_without_an_envelope_is_read_whatever_the_chunks(size: int) -> None:
    body = b"UNH+1" + b" " * 9_000 + b"+RETANN:D:96A:UN'BGM+70E+1+9'UNS+S'UNT+4+1'"
    reader = EdifactCodec("edifact/retann-d96a")
    chunked = reader.decode(body[at : at + size] for at in range(0, len(body), size))
    assert list(chunked.records) == list(reader.decode(body).records)


def test_what_is_held_is_not_read_on_byte_by_byte() -> None:
    window = Window(b"." for _ in range(100_000))
    fills = 0
    while window.fill():
        fills += 1
    assert (window.data, window.ended) == (b"." * 100_000, True)
    assert fills < 5_000
