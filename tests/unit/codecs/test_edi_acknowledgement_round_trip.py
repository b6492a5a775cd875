"""Whatever comes in, our answer says of each of its transactions exactly what became of it."""

from collections.abc import Sequence
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.codecs import edifact, x12
from connectors.codecs.edi.acknowledgement import Acknowledgement, Verdict, read
from connectors.codecs.edi.summary import status

WHEN: dict[str, Any] = {"date": "20261102", "time": "0801"}
ISA = f"ISA*00*{'':10}*00*{'':10}*ZZ*{'ACME':15}*ZZ*{'HUB':15}*261101*1200*U*00401*000000001*0*P*:"


def x12_document() -> bytes:
    short = ("BGN*00*C1*20261101", "BLI*UP*1*2*EA")
    sets = [segment for at in (1, 2, 3) for segment in (f"ST*180*000{at}", *short, f"SE*4*000{at}")]
    other = ["GS*AN*ACME*HUB*20261101*1200*12*X*004010", "ST*180*0009", *short, "SE*4*0009", "GE*1*12"]
    lines = [ISA, "GS*AN*ACME*HUB*20261101*1200*11*X*004010", *sets, "GE*3*11", *other, "IEA*2*000000001"]
    return "".join(line + "~\n" for line in lines).encode()


def edifact_document(*, grouped: bool) -> bytes:
    short = ("BGM+70E+A?'1", "LIN+1++4000862141404:EN", "QTY+61:2", "UNS+S")

    def message(number: int) -> list[str]:
        return [f"UNH+M{number}+RETANN:D:96A:UN", *short, f"UNT+{len(short) + 2}+M{number}"]

    first, second = [*message(1), *message(2)], message(3)
    if grouped:
        first = ["UNG+RETANN+A+B+261101:0830+G1+UN+D:96A", *first, "UNE+2+G1"]
        second = ["UNG+RETANN+A+B+261101:0830+G2+UN+D:96A", *second, "UNE+1+G2"]
    lines = ["UNB+UNOC:3+A:14+B:14+261101:0830+I1", *first, *second, f"UNZ+{2 if grouped else 3}+I1"]
    return ("UNA:+.? '\n" + "".join(line + "'\n" for line in lines)).encode()


def damage(*pieces: bytes) -> st.SearchStrategy[list[tuple[int, int, bytes]]]:
    instead = st.one_of(st.binary(max_size=8), st.sampled_from([b"", *pieces]))
    return st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 30), instead), max_size=6)


def damaged(body: bytes, changes: Sequence[tuple[int, int, bytes]]) -> bytes:
    for place, length, instead in changes:
        at = place % (len(body) + 1)
        body = body[:at] + instead + body[at + length :]
    return body


def plain(text: str) -> str:
    """A control number or reference as it can be quoted: without signs that mean something in the answer."""
    return "".join(char for char in text if char.isascii() and char.isalnum())


def said(found: Sequence[Acknowledgement]) -> list[tuple[str, Verdict]]:
    return [(plain(each.control), each.verdict) for one in found for each in one.transactions]


X12_PIECES = (
    b"~",
    b"*",
    b"ISA*",
    b"~ST*180*9~",
    b"~SE*",
    b"~SE*4*0002~",
    b"\r\n",
    b"~BIN*9*",
    b"~GE*1*11~",
    b"*ZZ",
)


@settings(max_examples=200, deadline=None)
@given(damage(*X12_PIECES), st.sampled_from(["997", "999"]))
def test_a_997_and_a_999_say_what_became_of_each_transaction(
    changes: list[tuple[int, int, bytes]], kind: Literal["997", "999"]
) -> None:
    for received in x12.envelopes(damaged(x12_document(), changes)):
        answer = x12.acknowledge(received, control=1, group=1, kind=kind, **WHEN)
        groups = [] if received.bare else x12.answered(received)
        wanted = [
            (plain(one.control or "0000"), Verdict(status(one)))
            for group in groups
            for one in group.transactions
        ]
        if not answer:
            assert wanted == []
            continue
        found = read(answer)
        assert said(found.acknowledgements) == wanted
        assert found.notes == []
        assert len(found.acknowledgements) == len(groups)
        for group, one in zip(groups, found.acknowledgements, strict=True):
            assert one.counts[1:] == (group.received, group.accepted)
            assert [note.message for note in one.notes if note.code == "ack"] == []


@settings(max_examples=200, deadline=None)
@given(damage(*X12_PIECES))
def test_a_ta1_says_what_became_of_the_interchange(changes: list[tuple[int, int, bytes]]) -> None:
    for received in x12.envelopes(damaged(x12_document(), changes)):
        answer = x12.interchange_acknowledgement(received, control=1, **WHEN)
        if not answer:
            readable = received.control.isdigit() and len(received.control) <= len("000000000")
            assert not readable or received.acknowledgements or received.bare
            continue
        [one] = read(answer).acknowledgements
        assert int(one.about.interchange) == int(received.control)
        assert (one.verdict is Verdict.ACCEPTED) == (received.findings == [])
        assert [note.message for note in one.notes] == []


EDIFACT_PIECES = (
    b"'",
    b"?",
    b"?'",
    b"+",
    b":",
    b"'UNH+M9+RETANN:D:96A:UN'",
    b"'UNT+6+M1'",
    b"'UNZ+1+I1'",
    b"UNA:+.? '",
    b"'UNA=*.! ~UNB*UNOC=3*A*B*261101=0830*I2~",
    b"\r\n",
    b"'UNE+1+G1'",
    b"\xc3\xa4",
    b"UNOA:4",
)


@settings(max_examples=300, deadline=None)
@given(damage(*EDIFACT_PIECES), st.sampled_from(["groups", "messages"]), st.sampled_from(["all", "rejected"]))
def test_a_contrl_says_what_became_of_each_message(
    changes: list[tuple[int, int, bytes]], of: str, messages: Literal["all", "rejected"]
) -> None:
    for received in edifact.envelopes(damaged(edifact_document(grouped=of == "groups"), changes)):
        answer = edifact.acknowledge(received, control=1, messages=messages, **WHEN)
        came = [
            (plain(one.control[:14] or "0"), Verdict(status(one)))
            for group in sorted(received.groups, key=lambda group: group.explicit)
            for one in group.messages
            if one.set != "CONTRL"
        ]
        if not answer:
            assert not received.control or not came
            continue
        found = read(answer)
        assert found.notes == []
        [one] = found.acknowledgements
        assert [note.message for note in one.notes] == []
        named = said([one])
        if messages == "all":
            assert named == came
            continue
        assert named == [each for each in came if each[1] is not Verdict.ACCEPTED]
        left = (
            Verdict.REJECTED
            if came and all(each[1] is Verdict.REJECTED for each in came)
            else Verdict.ACCEPTED
        )
        assert one.others is (left if came else Verdict.REJECTED)


@pytest.mark.parametrize("signs", ["UNA:+.? '", "UNA:+,  '", "UNA=*.! ~"])
def test_quoted_data_cannot_break_a_contrl(signs: str) -> None:
    component, element, release, terminator = signs[3], signs[4], signs[6].strip(), signs[8]
    name = f"A{release}{terminator}B{release}{element}C{release}{component}\x07" if release else "A B"
    lines = [
        ["UNB", f"UNOC{component}3", name, "B", f"261101{component}0830", "I1"],
        ["UNH", "M1", component.join(("RETANN", "D", "96A", "UN"))],
        ["BGM"],
        ["UNT", "3", "M1"],
        ["UNZ", "1", "I1"],
    ]
    body = signs + "".join(element.join(line) + terminator for line in lines)
    [received] = edifact.envelopes(body.encode())
    answer = edifact.acknowledge(received, control=1, **WHEN)
    [one] = read(answer).acknowledgements
    assert [(each.control, each.verdict) for each in one.transactions] == [("M1", Verdict.REJECTED)]
    assert one.notes == ()
    assert one.receiver == (f"A{terminator}B{element}C{component}" if release else "A B")
