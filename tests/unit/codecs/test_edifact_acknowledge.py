"""CONTRL: what only the caller knows, and who is not answered."""

from typing import Any

import pytest

from connectors.codecs.edifact import acknowledge, envelopes

WHEN = {"date": "20261102", "time": "0801"}
GOOD = ("BGM+70E+A?'1", "LIN+1++4000862141404:EN", "QTY+61:2", "UNS+S")


def document(
    *messages: str, syntax: str = "UNOC:3", reference: str = "I1", sender: str = "SHOP:14", una: str = ""
) -> bytes:
    lines = [f"UNB+{syntax}+{sender}+HUB:14+261101:0830+{reference}"]
    for at, kind in enumerate(messages or ("RETANN:D:96A:UN",), 1):
        lines += [f"UNH+M{at}+{kind}", *GOOD, f"UNT+{len(GOOD) + 2}+M{at}"]
    lines.append(f"UNZ+{len(messages) or 1}+{reference}")
    return una.encode() + "".join(line + "'" for line in lines).encode("latin-1")


def answer(body: bytes, **more: Any) -> list[str]:
    [received] = envelopes(body)
    return acknowledge(received, control=7, **WHEN, **more).decode("latin-1").split("'")[:-1]


def test_what_only_the_caller_knows_rejects_the_interchange() -> None:
    assert answer(document(), error="26")[3:-2] == ["UCI+I1+SHOP:14+HUB:14+4+26"]
    with pytest.raises(ValueError, match="found 'duplicate'"):
        answer(document(), error="duplicate")


def test_a_receipt_says_nothing_about_what_is_inside() -> None:
    assert answer(document("ORDERS:D:96A:UN"), receipt=True)[3:-2] == ["UCI+I1+SHOP:14+HUB:14+8"]


def test_a_contrl_is_never_acknowledged() -> None:
    assert answer(document("CONTRL:D:3:UN")) == []
    mixed = answer(document("CONTRL:D:3:UN", "ORDERS:D:96A:UN"), messages="all")
    assert mixed[3:-2] == ["UCI+I1+SHOP:14+HUB:14+4", "UCM+M2+ORDERS:D:96A:UN+4+14+UNH+3"]


def test_without_a_reference_nobody_is_answered() -> None:
    assert answer(document(reference="")) == []
    bare = "".join(line + "'" for line in ("UNH+M1+RETANN:D:96A:UN", *GOOD, "UNT+6+M1")).encode()
    assert answer(bare) == []


@pytest.mark.parametrize(
    ("syntax", "head", "kind"),
    [
        ("UNOA:1", "UNB+UNOA:1+HUB:14+SHOP:14+261102:0801+7", "UNH+1+CONTRL:D:3:UN"),
        ("UNOB:2", "UNB+UNOB:2+HUB:14+SHOP:14+261102:0801+7", "UNH+1+CONTRL:D:3:UN"),
        ("UNOC:3", "UNB+UNOC:3+HUB:14+SHOP:14+261102:0801+7", "UNH+1+CONTRL:D:3:UN"),
        ("UNOY:4", "UNB+UNOY:4+HUB:14+SHOP:14+20261102:0801+7", "UNH+1+CONTRL:4:1:UN"),
        ("XXXX:9", "UNB+UNOC:3+HUB:14+SHOP:14+261102:0801+7", "UNH+1+CONTRL:D:3:UN"),
    ],
)
def test_syntax_and_version_follow_what_came_in(syntax: str, head: str, kind: str) -> None:
    written = answer(document(syntax=syntax))
    assert written[1:3] == [head, kind]


def test_a_partner_has_its_own_version_and_signs() -> None:
    own = {"version": "2:2:UN:EAN002", "sender": "HUB2", "delimiters": {"element": "*"}, "test": "T"}
    written = answer(document(), envelope=own)
    assert written[1:3] == [
        "UNB*UNOC:3*HUB2:14*SHOP:14*261102:0801*7******1",
        "UNH*1*CONTRL:2:2:UN:EAN002",
    ]


def test_names_that_the_character_set_does_not_have_are_replaced() -> None:
    written = answer(document(syntax="UNOA:3", sender="M\u00fcller:14"))
    assert written[1] == "UNB+UNOA:3+HUB:14+M??ller:14+261102:0801+7"
    assert written[3] == "UCI+I1+M??ller:14+HUB:14+7"


def test_signs_that_cannot_be_seen_are_not_written() -> None:
    body = document(syntax="UNOB:1").replace(b"?'", b"-").translate(bytes.maketrans(b":+'", b"\x1f\x1d\x1c"))
    assert answer(body)[0] == "UNA:+.? "
