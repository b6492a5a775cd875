"""Acknowledgements that come in: what is right, what partners make of them, and what was cut."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from connectors.codecs.edi.acknowledgement import (
    About,
    Acknowledgement,
    Counts,
    Verdict,
    read,
    read_acknowledgements,
)
from connectors.codecs.edi.meanings import MEANINGS, meaning
from connectors.codecs.x12 import findings

SAMPLES = Path(
    os.environ.get("RETURNS_HUB_SAMPLES") or Path(__file__).parents[3].parent / "shared" / "samples" / "edi"
)


def functional(edi: Any, *segments: str, kind: str = "997", version: str = "004010") -> bytes:
    group = edi.group([edi.transaction(segments, "0001", kind)], "21", "FA", version)
    return bytes(edi.text(edi.interchange([group], "000000077", usage="T")))


def control(*segments: str, version: str = "D:3:UN", syntax: str = "UNOC:3", una: str = "") -> bytes:
    lines = [
        f"UNB+{syntax}+THEM:14+US:14+261101:0830+C7++++++1",
        f"UNH+1+CONTRL:{version}",
        *segments,
        f"UNT+{len(segments) + 2}+1",
        "UNZ+1+C7",
    ]
    return una.encode() + "".join(line + "'" for line in lines).encode()


def one(body: bytes) -> Acknowledgement:
    [found] = read_acknowledgements(body)
    return found


def told(found: Acknowledgement) -> list[tuple[str, Verdict, list[str]]]:
    return [
        (each.control, each.verdict, [error.message for error in each.errors]) for each in found.transactions
    ]


def notes(found: Acknowledgement) -> list[str]:
    return [note.message for note in found.notes]


def test_a_997_says_who_what_and_why(edi: Any) -> None:
    body = functional(
        edi,
        "AK1*AN*11",
        "AK2*180*0001",
        "AK5*A",
        "AK2*180*0002",
        "AK3*RDR*14*BLI*8",
        "AK4*2*1293*7*ZZ",
        "AK3*N9*15**3",
        "AK5*R*5",
        "AK2*180*0003",
        "AK5*R*4*3",
        "AK9*P*3*3*1*5",
    )
    found = one(body)
    assert (found.kind, found.sender, found.receiver, found.control) == ("997", "ACME", "HUB", "000000077")
    assert found.test
    assert found.about == About("", "11", "AN")
    assert found.verdict is Verdict.PARTIALLY_ACCEPTED
    assert found.counts == Counts(3, 3, 1)
    assert [error.message for error in found.errors] == [
        "The group has another number of transactions than its trailer says (AK905 5)"
    ]
    assert told(found) == [
        ("0001", Verdict.ACCEPTED, []),
        (
            "0002",
            Verdict.REJECTED,
            [
                'RDR02 "ZZ" in segment 14 is not in the code list (AK403 7)',
                "N9 at segment 15 is missing, and it is mandatory (AK304 3)",
            ],
        ),
        (
            "0003",
            Verdict.REJECTED,
            [
                "The transaction has another number of segments than its trailer says (AK502 4)",
                "The transaction has different control numbers in its header and its trailer (AK502 3)",
            ],
        ),
    ]
    error = found.transactions[1].errors[0]
    assert (error.segment, error.number, error.loop, error.element, error.component) == (
        "RDR",
        14,
        "BLI",
        2,
        0,
    )
    assert (error.reference, error.code, error.found) == ("1293", "AK403.7", "ZZ")
    assert notes(found) == []


def test_a_999_names_components_and_its_context(edi: Any) -> None:
    body = functional(
        edi,
        "AK1*AN*11*005010X999",
        "AK2*180*0001*005010X999",
        "IK3*QTY*4*QTY*8",
        "CTX*BLI01:0042",
        "IK4*3:1*355*I6*EAX",
        "IK5*E*I5",
        "AK9*E*1*1*1",
        kind="999",
        version="005010X231A1",
    )
    found = one(body)
    assert (found.kind, found.verdict, notes(found)) == ("999", Verdict.ACCEPTED_WITH_ERRORS, [])
    assert told(found) == [
        (
            "0001",
            Verdict.ACCEPTED_WITH_ERRORS,
            ['QTY03, component 1 "EAX" in segment 4 is a code that the agreed guide does not use (IK403 I6)'],
        )
    ]


def test_a_ta1_is_read_before_and_after_groups(edi: Any) -> None:
    body = edi.text(
        edi.interchange(
            [
                ["TA1*000000123*261031*0900*A*000"],
                edi.group([edi.transaction(["AK1*AN*5", "AK9*A*1*1*1"], "0001", "997")], "12", "FA"),
                ["TA1*000000124*261031*0900*R*025", "TA1*0125*261031*0900*E*021"],
            ]
        )
    ).replace(b"IEA*3", b"IEA*1")
    found = read(body)
    assert [(each.kind, each.about.interchange, each.about.group) for each in found.acknowledgements] == [
        ("TA1", "000000123", ""),
        ("TA1", "000000124", ""),
        ("TA1", "0125", ""),
        ("997", "", "5"),
    ]
    assert [each.verdict for each in found.acknowledgements] == [
        Verdict.ACCEPTED,
        Verdict.REJECTED,
        Verdict.ACCEPTED_WITH_ERRORS,
        Verdict.ACCEPTED,
    ]
    assert [error.message for error in found.acknowledgements[1].errors] == [
        "The interchange has a control number that was used before (TA105 025)"
    ]
    assert found.acknowledgements[0].verdict_of("0001") is Verdict.RECEIVED
    assert found.acknowledgements[1].verdict_of("0001") is Verdict.REJECTED
    assert found.notes == []


@pytest.mark.parametrize(
    ("ak9", "verdict"),
    [
        ("AK9*A*2*2*2", Verdict.ACCEPTED),
        ("AK9*E*2*2*2", Verdict.ACCEPTED_WITH_ERRORS),
        ("AK9*R*2*2*0", Verdict.REJECTED),
        ("AK9*M*2*2*0", Verdict.REJECTED),
        ("AK9*W*2*2*0", Verdict.REJECTED),
        ("AK9*X*2*2*0", Verdict.REJECTED),
    ],
)
def test_a_997_that_names_no_transaction_speaks_of_all(edi: Any, ak9: str, verdict: Verdict) -> None:
    found = one(functional(edi, "AK1*AN*11", ak9))
    assert (found.verdict, found.verdict_of("0001"), notes(found)) == (verdict, verdict, [])


def test_where_only_the_rejected_are_named_the_others_are_accepted(edi: Any) -> None:
    found = one(functional(edi, "AK1*AN*11", "AK2*180*0002", "AK5*R*5", "AK9*P*3*3*2"))
    assert found.verdict_of("2") is Verdict.REJECTED
    assert found.verdict_of("0001") is Verdict.ACCEPTED
    assert notes(found) == []


def test_a_transaction_without_ak5_is_what_its_group_is(edi: Any) -> None:
    accepted = one(functional(edi, "AK1*AN*11", "AK2*180*0001", "AK9*A*1*1*1"))
    assert told(accepted) == [("0001", Verdict.ACCEPTED, [])]
    assert notes(accepted) == ["The verdict on transaction 0001 is missing; read as accepted."]
    partial = one(functional(edi, "AK1*AN*11", "AK2*180*0001", "AK2*180*0002", "AK5*A", "AK9*P*2*2*1"))
    assert [verdict for _, verdict, _ in told(partial)] == [Verdict.REJECTED, Verdict.ACCEPTED]


@pytest.mark.parametrize(
    ("segments", "verdict", "note"),
    [
        (
            ("AK1*AN*11", "AK2*180*0001", "AK5*R*5", "AK9*A*1*1*1"),
            Verdict.PARTIALLY_ACCEPTED,
            "AK901 says that all was accepted, but a transaction was rejected.",
        ),
        (
            ("AK1*AN*11", "AK2*180*0001", "AK5*R*5"),
            Verdict.REJECTED,
            "AK901 is missing, expected A, E, P or R.",
        ),
        (("AK1*AN*11", "AK9*Y*1*1*1"), Verdict.RECEIVED, "AK901 is 'Y', expected A, E, P or R."),
        (("AK1*AN*11", "AK9*A*one*1*1"), Verdict.ACCEPTED, "AK902 is 'one', expected a number."),
        (("AK1*AN*11", "AK9*A*1*1"), Verdict.ACCEPTED, "AK904 is missing, expected a number."),
        (("AK9*A*1*1*1",), Verdict.ACCEPTED, "No AK1 says which functional group this is about."),
        (("AK1*AN*11", "ZZZ*1", "AK9*A*1*1*1"), Verdict.ACCEPTED, "ZZZ at segment 3 is not expected there."),
        (
            ("AK1*AN*11", "AK2*180*0001", "AK5*A", "AK2*180*0002", "AK5*R*5", "AK9*P*2*2*2"),
            Verdict.PARTIALLY_ACCEPTED,
            "AK904 counts 2 accepted transactions, but 1 are named so.",
        ),
        (
            ("AK1*AN*11", "AK2*180*0001", "AK3*BLI*x**8", "AK5*R*5", "AK9*R*1*1*0"),
            Verdict.REJECTED,
            "AK302 at segment 4 is 'x', expected a number.",
        ),
    ],
)
def test_what_cannot_be_is_told_and_never_raised(
    edi: Any, segments: Sequence[str], verdict: Verdict, note: str
) -> None:
    found = one(functional(edi, *segments))
    assert found.verdict is verdict
    assert note in notes(found)


def test_a_997_cut_anywhere_never_accepts_what_was_rejected(edi: Any) -> None:
    body = functional(
        edi, "AK1*AN*11", "AK2*180*0001", "AK5*A", "AK2*180*0002", "AK3*N9*15**3", "AK5*R*5", "AK9*P*2*2*1"
    )
    good = {Verdict.ACCEPTED, Verdict.ACCEPTED_WITH_ERRORS}
    for cut in range(body.index(b"IEA*1*000000077")):
        for found in read_acknowledgements(body[:cut]):
            assert found.verdict not in good, cut
            assert found.verdict_of("0002") not in good, cut
            assert found.notes, cut


def test_a_contrl_says_who_what_and_why() -> None:
    body = control(
        "UCI+I1+US:14+THEM:14+7",
        "UCM+M1+RETANN:D:96A:EN:EAN001+4+29+UNT+2",
        "UCM+M2+RETANN:D:96A:EN:EAN001+4",
        "UCS+3+13",
        "UCS+5",
        "UCD+12+4:2",
        "UCM+M3+RETANN:D:96A:EN:EAN001+7",
        "UCS+4",
        "UCD+39+2",
        "UCM+M4+RETANN:D:96A:EN:EAN001+7",
    )
    found = one(body)
    assert (found.kind, found.sender, found.receiver, found.control) == ("CONTRL", "THEM", "US", "C7")
    assert found.test
    assert found.about == About("I1")
    assert found.verdict is Verdict.PARTIALLY_ACCEPTED
    assert told(found) == [
        ("M1", Verdict.REJECTED, ["UNT01 has another number of parts than its trailer says (UCM 29)"]),
        (
            "M2",
            Verdict.REJECTED,
            [
                "A mandatory segment is missing behind segment 3 (UCS 13)",
                "Element 03, component 2 in segment 5 has a value that is not valid (UCD 12)",
            ],
        ),
        ("M3", Verdict.ACCEPTED_WITH_ERRORS, ["Element 01 in segment 4 is too long (UCD 39)"]),
        ("M4", Verdict.ACCEPTED, []),
    ]
    assert found.verdict_of("M9") is Verdict.ACCEPTED
    assert notes(found) == []


def test_a_contrl_about_groups_tells_them_apart() -> None:
    body = control(
        "UCI+I1+US:14+THEM:14+7",
        "UCF+G1+US+THEM+7",
        "UCM+1+RETANN:D:96A:UN+4+13+UNT",
        "UCF+G2+US+THEM+4+28+UNE+3",
        version="4:1:UN",
        syntax="UNOC:4",
        una="UNA:+.?*'",
    )
    found = one(body)
    assert [(group.control, group.verdict) for group in found.groups] == [
        ("G1", Verdict.PARTIALLY_ACCEPTED),
        ("G2", Verdict.REJECTED),
    ]
    assert [error.message for error in found.groups[1].errors] == [
        "UNE02 has different references in its header and its trailer (UCF 28)"
    ]
    verdicts = [found.verdict_of(*each) for each in (("1", "G1"), ("2", "G1"), ("1", "G2"), ("1", "G3"))]
    assert verdicts == [Verdict.REJECTED, Verdict.ACCEPTED, Verdict.REJECTED, Verdict.ACCEPTED]


@pytest.mark.parametrize(
    ("uci", "verdict", "others"),
    [
        ("UCI+I1+US+THEM+8", Verdict.RECEIVED, Verdict.RECEIVED),
        ("UCI+I1+US+THEM+7", Verdict.ACCEPTED, Verdict.ACCEPTED),
        ("UCI+I1+US+THEM+1", Verdict.ACCEPTED, Verdict.ACCEPTED),
        ("UCI+I1+US+THEM+7+12+UNB+5:1", Verdict.ACCEPTED_WITH_ERRORS, Verdict.ACCEPTED),
        ("UCI+I1+US+THEM+4+26", Verdict.REJECTED, Verdict.REJECTED),
        ("UCI+I1+US+THEM+6", Verdict.REJECTED, Verdict.REJECTED),
        ("UCI+I1+US+THEM+9", Verdict.RECEIVED, Verdict.RECEIVED),
        ("UCI+I1+US+THEM", Verdict.RECEIVED, Verdict.RECEIVED),
        ("UCI+I1+US+THEM+9+18", Verdict.REJECTED, Verdict.REJECTED),
    ],
)
def test_actions_old_and_new_are_understood(uci: str, verdict: Verdict, others: Verdict) -> None:
    found = one(control(uci))
    assert (found.verdict, found.others) == (verdict, others)


def test_a_contrl_cut_anywhere_never_accepts_what_was_rejected() -> None:
    body = control("UCI+I1+US:14+THEM:14+7", "UCM+M1+RETANN:D:96A:UN+7", "UCM+M2+RETANN:D:96A:UN+4+13+UNT")
    good = {Verdict.ACCEPTED, Verdict.ACCEPTED_WITH_ERRORS}
    for cut in range(body.index(b"UNZ")):
        for found in read_acknowledgements(body[:cut]):
            assert found.verdict not in good, cut
            assert found.verdict_of("M2") not in good, cut
            assert found.notes, cut


def test_a_contrl_without_uci_is_only_noted() -> None:
    found = read(control("UCM+M1+RETANN:D:96A:UN+4"))
    assert found.acknowledgements == []
    assert [note.message for note in found.notes] == ["No UCI says which interchange this is about."]


def test_several_interchanges_in_a_file_are_all_read(edi: Any) -> None:
    x12 = functional(edi, "AK1*AN*11", "AK9*A*1*1*1")
    assert [each.about.group for each in read_acknowledgements(x12 + x12.replace(b"AN*11", b"AN*12"))] == [
        "11",
        "12",
    ]
    edifact = control("UCI+I1+US+THEM+7") + control("UCI+I2+US+THEM+4+26", una="UNA:+.? '")
    assert [each.about.interchange for each in read_acknowledgements(edifact)] == ["I1", "I2"]


def test_what_is_no_acknowledgement_is_passed_over(edi: Any) -> None:
    assert read_acknowledgements(edi.simple()) == []
    assert read_acknowledgements(b"") == []
    assert read(b"no EDI at all").notes


def test_every_code_that_we_write_has_a_meaning() -> None:
    ours = [value for name, value in vars(findings).items() if name.isupper() and isinstance(value, str)]
    assert ours
    for code in ours:
        assert "not known here" not in meaning(code), code
    assert meaning("AK403.99") == "has an error whose code is not known here"
    for codes in MEANINGS.values():
        assert all(phrase.islower() or phrase[0].islower() for phrase in codes.values())


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("x12_997_extra_delimiter.edi", ["997"]),
        ("x12_997_invalid.edi", ["997"]),
        ("x12_997_empty.edi", ["997"]),
        ("x12_999_invalid.edi", ["999"]),
        ("x12_TA1_sample1.txt", ["TA1", "TA1"]),
        ("edifact_CONTRL_premature_UNB_delimiter.edi", []),
    ],
)
def test_acknowledgements_of_others_are_read(name: str, kinds: list[str]) -> None:
    if not (SAMPLES / name).exists():
        pytest.skip("the samples of others are not here")
    found = read((SAMPLES / name).read_bytes())
    assert [each.kind for each in found.acknowledgements] == kinds
    assert found.notes or kinds
