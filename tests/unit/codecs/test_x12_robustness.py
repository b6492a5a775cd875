"""Documents cut anywhere, and bytes that are no documents at all."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.codecs.x12 import acknowledge, envelopes
from connectors.codecs.x12.codec import X12Codec

CODEC = X12Codec("x12/180-004010")
SHORT = ("BGN*00*C1*20261101", "BLI*UP*1*2*EA")


@pytest.mark.parametrize(
    ("terminator", "line"), [("~", ""), ("~", "\r\n"), ("\n", ""), ("\r\n", ""), ("\u2026", "\n")]
)
def test_a_document_cut_at_any_byte_never_raises_and_never_invents_a_good_record(
    edi: Any, terminator: str, line: str
) -> None:
    groups = [
        edi.group([edi.transaction(SHORT, "0001"), edi.transaction(SHORT, "0002")]),
        edi.group([edi.transaction(SHORT, "0003")], "12"),
    ]
    body = edi.text(edi.interchange(groups), terminator, line)
    ends = [match.end() for match in re.finditer(rb"SE\*4\*000\d", body)]
    original = list(CODEC.decode(body).records)
    last = body.rindex(b"IEA") + len("IEA*2*000000001")
    for cut in range(last):
        decoded = CODEC.decode(body[:cut])
        records = list(decoded.records)
        good = [record for record in records if record.tree is not None]
        assert good == original[: sum(end <= cut for end in ends)], cut
        assert len(good) < len(records) or decoded.findings, cut  # never in silence
        for interchange in envelopes(body[:cut]):
            assert acknowledge_all(interchange) is not None


def acknowledge_all(interchange: Any) -> bytes:
    return acknowledge(interchange, control=1, group=1, date="20261102", time="0801")


def test_a_cut_transaction_tells_how_far_it_came(edi: Any) -> None:
    body = edi.simple(SHORT, SHORT, line="")
    first, cut = CODEC.decode(body[: body.rindex(b"*2*EA")]).records
    assert first.tree is not None
    assert cut.tree is None
    assert cut.envelope["transaction"] == "0002"
    assert [finding.code for finding in cut.findings] == ["AK502.2"]
    assert cut.findings[0].message == (
        "Transaction 0002 has no SE trailer: it ends after 3 segments with 'BLI*UP*1'. "
        "The file may have been cut."
    )


@pytest.mark.parametrize("terminator", ["\n", "\r\n", " "])
def test_a_million_blank_lines_are_read_in_one_pass(edi: Any, terminator: str) -> None:
    body = edi.text([edi.isa()], terminator, "") + terminator.encode() * 1_000_000 + b"XX*1"
    records = list(CODEC.decode(body).records)
    assert [record.tree for record in records] == [None] * len(records)
    assert records


def check(body: bytes) -> None:
    whole = CODEC.decode(body)
    records = list(whole.records)
    assert len(records) <= len(body) + 1
    for record in records:
        assert (record.tree is None) == any(finding.fatal for finding in record.findings)
    chunked = list(CODEC.decode([body[at : at + 5] for at in range(0, len(body), 5)]).records)
    assert chunked == records
    for interchange in envelopes(body, {"tolerate": "*"}):
        answer = acknowledge_all(interchange)
        if answer:
            [*answered] = (
                X12Codec("x12/997-004010")
                .decode(answer, {"versions": [g.version for g in interchange.groups]})
                .records
            )
            assert answered


@settings(max_examples=200)
@given(st.binary(max_size=400))
def test_any_bytes_are_survived(body: bytes) -> None:
    check(body)


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 10**6),
            st.integers(0, 30),
            st.one_of(
                st.binary(max_size=8),
                st.sampled_from(
                    [b"~", b"*", b"ISA*", b"~ST*180*9~", b"~SE*", b"\r\n", b"~BIN*9*", b"~GE*1*11~"]
                ),
            ),
        ),
        max_size=6,
    )
)
def test_any_damage_to_a_document_is_survived(damage: list[tuple[int, int, bytes]]) -> None:
    body = DOCUMENT
    for place, length, instead in damage:
        at = place % (len(body) + 1)
        body = body[:at] + instead + body[at + length :]
    check(body)


def _document() -> bytes:
    isa = f"ISA*00*{'':10}*00*{'':10}*ZZ*{'ACME':15}*ZZ*{'HUB':15}*261101*1200*U*00401*000000001*0*P*:"
    sets = [["ST*180*0001", *SHORT, "SE*4*0001"], ["ST*180*0002", *SHORT, "SE*4*0002"]]
    inside = [segment for one in sets for segment in one]
    lines = [isa, "GS*AN*ACME*HUB*20261101*1200*11*X*004010", *inside, "GE*2*11", "IEA*1*000000001"]
    return "".join(line + "~\n" for line in lines).encode()


DOCUMENT = _document()


def test_components_beyond_a_thousand_are_told(edi: Any) -> None:
    body = edi.simple((*SHORT, "QTY*38*1*EA" + ":2" * 1_500), line="")
    [record] = CODEC.decode(body).records
    assert record.findings[-1].code == "AK403.3"
    assert "1501 components" in record.findings[-1].message


@pytest.mark.parametrize(("end", "code"), [(b"", "AK403.5"), (b"x", "AK403.6"), (b".5.5", "AK403.6")])
def test_a_number_of_any_length_is_looked_at_in_one_pass(edi: Any, end: bytes, code: str) -> None:
    body = edi.simple(SHORT, line="").replace(b"*2*EA", b"*" + b"9" * 1_000_000 + end + b"*EA", 1)
    [record] = CODEC.decode(body).records
    assert [finding.code for finding in record.findings] == [code]
