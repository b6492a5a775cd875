"""EDIFACT cut anywhere, damaged anyhow, and bytes that are no documents at all."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.codecs.edifact.codec import EdifactCodec

CODEC = EdifactCodec("edifact/retann-d96a")
SHORT = ("BGM+70E+A?'1", "LIN+1++4000862141404:EN", "QTY+61:2", "UNS+S")


def document(terminator: str = "'", line: str = "\n") -> bytes:
    def message(number: int) -> list[str]:
        return [f"UNH+M{number}+RETANN:D:96A:UN", *SHORT, f"UNT+{len(SHORT) + 2}+M{number}"]

    group = ["UNG+RETANN+A+B+261101:0830+G1+UN+D:96A", *message(1), *message(2), "UNE+2+G1"]
    other = ["UNG+RETANN+A+B+261101:0830+G2+UN+D:96A", *message(3), "UNE+1+G2"]
    lines = ["UNB+UNOC:3+A:14+B:14+261101:0830+I1", *group, *other, "UNZ+2+I1"]
    body = "".join(one.replace("?'", f"?{terminator}") + terminator + line for one in lines)
    return (f"UNA:+.? {terminator}{line}" + body).encode()


@pytest.mark.parametrize(("terminator", "line"), [("'", ""), ("'", "\r\n"), ("~", "\n")])
def test_a_document_cut_at_any_byte_never_raises_and_never_invents_a_good_record(
    terminator: str, line: str
) -> None:
    body = document(terminator, line)
    ends = [match.end() for match in re.finditer(rb"UNT\+6\+M\d", body)]
    original = list(CODEC.decode(body).records)
    assert [record.findings for record in original] == [(), (), ()]
    for cut in range(body.rindex(b"UNZ") + len("UNZ+2+I1")):
        decoded = CODEC.decode(body[:cut])
        records = list(decoded.records)
        good = [record for record in records if record.tree is not None]
        assert good == original[: sum(end <= cut for end in ends)], cut
        assert len(good) < len(records) or decoded.findings, cut  # never in silence


@pytest.mark.parametrize("filling", [b"\n", b"\n ", b"??", b"\n?", b"\r\n"])
def test_a_million_of_anything_is_read_in_one_pass(filling: bytes) -> None:
    head = document("\n", "")
    body = head[: head.index(b"UNG")] + filling * 1_000_000 + b"XXX\n"
    findings = [finding.code for record in CODEC.decode(body).records for finding in record.findings]
    assert set(findings) == {"UCI.18"}


def check(body: bytes) -> None:
    whole = CODEC.decode(body)
    records = list(whole.records)
    assert len(records) <= len(body) + 1
    for record in records:
        assert (record.tree is None) == any(finding.fatal for finding in record.findings)
    chunked = CODEC.decode([body[at : at + 5] for at in range(0, len(body), 5)])
    assert list(chunked.records) == records
    assert chunked.findings == whole.findings


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_survived(body: bytes) -> None:
    check(body)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 10**6),
            st.integers(0, 30),
            st.one_of(
                st.binary(max_size=8),
                st.sampled_from(
                    [
                        b"'",
                        b"?",
                        b"??",
                        b"?'",
                        b"+",
                        b":",
                        b"'UNH+M9+RETANN:D:96A:UN'",
                        b"'UNT+6+M1'",
                        b"'UNZ+1+I1'",
                        b"UNA:+.? '",
                        b"'UNA=*.! ~UNB*UNOC=3*A*B*261101=0830*I2~",
                        b"'UNB+UNOC:3+A+B+261101:0830+I3'",
                        b"\r\n",
                        b"'UNE+1+G1'",
                        b"\xc3\xa4",
                    ]
                ),
            ),
        ),
        max_size=6,
    )
)
def test_any_damage_to_a_document_is_survived(damage: list[tuple[int, int, bytes]]) -> None:
    body = document()
    for place, length, instead in damage:
        at = place % (len(body) + 1)
        body = body[:at] + instead + body[at + length :]
    check(body)
