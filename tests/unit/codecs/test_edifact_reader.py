"""Envelopes of EDIFACT: service characters, what must agree, and how a document is cut changes nothing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from connectors.codecs.base import Record
from connectors.codecs.edifact.codec import EdifactCodec, EdifactDecoded
from connectors.codecs.edifact.reader import Reader
from connectors.codecs.edifact.service import Service, detect

CODEC = EdifactCodec("edifact/retann-d96a")
SAMPLES = Path(__file__).parents[3].parent / "shared" / "samples" / "edi"
GOOD = (
    "BGM+70E::9+A-976+9",
    "DTM+137:20261101:102",
    "RFF+DQ:SEW?'3252??",
    "NAD+BY+5412345000013::9++SHOP ?+ CO",
    "LIN+1++4000862141404:EN",
    "QTY+61:48:PCE",
    "CDI+1+4:::WET",
    "UNS+S",
)
LETTERS = "M\u00fcller"


def message(
    segments: Sequence[str] = GOOD, reference: str = "ME1", kind: str = "RETANN:D:96A:EN:EAN001"
) -> list[str]:
    return [f"UNH+{reference}+{kind}", *segments, f"UNT+{len(segments) + 2}+{reference}"]


def group(messages: Sequence[Sequence[str]], reference: str = "G1") -> list[str]:
    inside = [segment for one in messages for segment in one]
    head = f"UNG+RETANN+SHOP:14+HUB:14+261101:0830+{reference}+UN+D:96A"
    return [head, *inside, f"UNE+{len(messages)}+{reference}"]


def interchange(
    *parts: Sequence[str], reference: str = "I1", syntax: str = "UNOC:3", una: str = "", more: str = ""
) -> list[str]:
    inside = [segment for one in parts for segment in one]
    head = f"UNB+{syntax}+5412345000013:14+4012345500004:14+261101:0830+{reference}{more}"
    grouped = sum(segment.startswith("UNG") for segment in inside)
    count = grouped or sum(segment.startswith("UNH") for segment in inside)
    return [*([una] if una else []), head, *inside, f"UNZ+{count}+{reference}"]


def text(segments: Sequence[str], line: str = "\n") -> bytes:
    return "".join(segment + "'" + line for segment in segments).encode("latin-1")


def read(body: Any, **options: Any) -> tuple[list[Record], EdifactDecoded]:
    decoded = CODEC.decode(body, options)
    return list(decoded.records), decoded


def told(records: list[Record]) -> list[list[tuple[str, bool]]]:
    return [[(finding.code, finding.fatal) for finding in record.findings] for record in records]


def test_a_record_carries_its_envelope() -> None:
    [record], decoded = read(text(interchange(group([message()]), more="++++1++1")))
    assert record.findings == ()
    assert decoded.findings == []
    assert record.envelope == {
        "sender": "5412345000013",
        "receiver": "4012345500004",
        "sender_qualifier": "14",
        "receiver_qualifier": "14",
        "control": "I1",
        "group": "G1",
        "transaction": "ME1",
        "version": "D:96A:EN:EAN001",
        "set": "RETANN",
        "functional": "RETANN",
        "test": "T",
        "date": "261101",
        "time": "0830",
        "group_sender": "SHOP",
        "group_receiver": "HUB",
        "syntax": "UNOC:3",
    }
    [received] = decoded.interchanges
    assert received.ack_requested
    assert [one.accepted for one in received.groups[0].messages] == [True]


def swapped(body: bytes, signs: str) -> bytes:
    """The same document with other service characters: component, element, release, terminator."""
    return body.translate(bytes.maketrans(b":+?'", signs.encode()))


@pytest.mark.parametrize(
    ("una", "signs"),
    [
        ("", ":+?'"),
        ("UNA:+.? '", ":+?'"),
        ("UNA=*.? ~", "=*?~"),
        ("UNA:|,!*'", ":|!'"),
        ("UNA:+.? \n", ":+?\n"),
        ("UNA:+.? \r", ":+?\r"),
    ],
)
def test_any_service_characters_say_the_same(una: str, signs: str) -> None:
    plain = [one.replace("?'", "-").replace("?+", "-").replace("??", "-") for one in GOOD]
    [wanted], _ = read(text(interchange(message(plain))))
    body = una.encode() + swapped(text(interchange(message(plain)), line=""), signs)
    [record], decoded = read(body)
    assert record.tree == wanted.tree
    assert record.digest == wanted.digest
    assert (record.findings, decoded.findings) == ((), [])


def test_the_separators_of_level_b_need_no_una() -> None:
    plain = [one.replace("?'", "-").replace("?+", "-").replace("??", "-") for one in GOOD]
    body = text(interchange(message(plain), syntax="UNOB:1"), line="")
    [wanted], _ = read(body)
    [record], _ = read(body.translate(bytes.maketrans(b":+'", b"\x1f\x1d\x1c")))
    assert record.tree == wanted.tree


def test_line_breaks_instead_of_terminators_need_no_una() -> None:
    plain = [one.replace("?'", "-") for one in GOOD]
    [wanted], _ = read(text(interchange(message(plain))))
    for line in ("\n", "\r\n", "\r"):
        body = "".join(segment + line for segment in interchange(message(plain))).encode()
        [record], decoded = read(body)
        assert (record.tree, decoded.findings) == (wanted.tree, [])


def many() -> bytes:
    """Interchanges with different service characters, groups, junk, a cut one and escapes everywhere."""
    first = text(interchange(group([message(), message(GOOD[1:], "ME2")]), group([message()], "G2")), line="")
    second = (
        b"UNA=*.!  \n~"[:8]
        + b"~"
        + swapped(text(interchange(message(reference="ME7"), reference="I2")), "=*!~")
    )
    third = text(interchange(message(reference="ME8"), una="UNA:+.? ")[:-3])
    last = text(interchange(message([*GOOD[:2], "FTX+AAI+++A?'UNT?+2?+ME1?'?''UNZ", *GOOD[2:]])))
    return b"\xef\xbb\xbf" + first + b"\r\n" + second + b"no EDI at all\n" + third + last + b"\x1a"


def test_several_interchanges_with_different_service_characters_are_all_read() -> None:
    records, decoded = read(many())
    assert [record.envelope.get("transaction") for record in records] == [
        "ME1",
        "ME2",
        "ME1",
        "ME7",
        None,
        "ME8",
        "ME1",
    ]
    assert told(records)[:6] == [
        [],
        [("UCS.13", True)],
        [],
        [],
        [("UCI.18", True)],
        [("UCM.13", True)],
    ]
    assert [one.control for one in decoded.interchanges] == ["I1", "I2", "I1", "I1"]
    assert [finding.code for finding in decoded.findings] == ["UCI.13"]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 11, 64, 333, 1024])
def test_how_a_document_is_cut_into_chunks_changes_nothing(size: int) -> None:
    body = many()
    whole, decoded = read(body)
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    records, chunked = read(chunks)
    assert records == whole
    assert chunked.findings == decoded.findings


def test_a_document_in_two_chunks_is_the_same_wherever_it_is_cut() -> None:
    body = text(interchange(message([*GOOD[:2], "FTX+AAI+++A?'??'", *GOOD[2:]]))) * 2
    whole, _ = read(body)
    assert len(whole) == 2
    for cut in range(len(body)):
        records, _ = read([body[:cut], body[cut:]])
        assert records == whole, cut


def test_una_inside_data_is_data() -> None:
    segments = [*GOOD[:4], "LOC+14+X:::", "LOC+7+LAG?'UNA?:?+.?? ?'UNB?+", *GOOD[4:]]
    [record], _ = read(text(interchange(message(segments))))
    assert record.findings == ()
    assert record.tree["NAD"][0]["LOC"][1]["02"] == {"01": "LAG'UNA:+.? 'UNB+"}


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        (("UNT+10+ME1", "UNT+11+ME1"), {"UCM.29"}),
        (("UNT+10+ME1", "UNT+10+ME9"), {"UCM.28"}),
        (("UNE+1+G1", "UNE+2+G1"), {"UCF.29"}),
        (("UNE+1+G1", "UNE+1+G9"), {"UCF.28"}),
        (("UNE+1+G1'\n", ""), {"UCF.13"}),
        (("UNZ+1+I1", "UNZ+2+I1"), {"UCI.29"}),
        (("UNZ+1+I1", "UNZ+1+I9"), {"UCI.28"}),
        (("UNZ+1+I1'\n", ""), {"UCI.13"}),
        (("UNZ+1+I1", "UNE+1+G1'\nUNZ+1+I1"), {"UCI.33"}),
        (("UNE+1+G1", "UNT+1+G1'\nUNE+1+G1"), {"UCI.33"}),
        (("261101:0830+I1", "269901:0830+I1"), {"UCI.12"}),
        (("UNOC:3", "UNOC:9"), {"UCI.2"}),
        (("UNOC:3", "KECA:3"), {"UCI.46"}),
        (("RETANN:D:96A", "RETANN:D:97B"), {"UCM.14"}),
        (("RETANN:D:96A", "RECADV:D:96A"), {"UCM.14"}),
    ],
)
def test_what_must_agree_in_an_envelope_is_checked(change: tuple[str, str], codes: set[str]) -> None:
    body = text(interchange(group([message()]))).decode("latin-1")
    assert change[0] in body
    records, decoded = read(body.replace(*change).encode("latin-1"))
    found = [*decoded.findings, *(finding for record in records for finding in record.findings)]
    assert {finding.code for finding in found} == codes
    fatal = {finding.code for finding in found if finding.fatal}
    assert fatal == {code for code in codes if code.startswith("UCM")}


def test_other_versions_are_read_when_the_partner_may_send_them() -> None:
    body = text(interchange(message(kind="RETANN:D:97B:UN")))
    assert told(read(body)[0]) == [[("UCM.14", True)]]
    assert told(read(body, versions=["D:97B"])[0]) == [[]]


def test_references_used_twice_are_told() -> None:
    assert told(read(text(interchange(message(), message())))[0]) == [[], [("UCM.26", False)]]


def test_a_cut_message_tells_how_far_it_came() -> None:
    body = text(interchange(message()), line="")
    [record], decoded = read(body[: body.index(b"0862141404")])
    assert told([record]) == [[("UCM.13", True)]]
    assert record.findings[0].message == (
        "Message ME1 has no UNT trailer: it ends after 6 segments with 'LIN+1++400'. "
        "The file may have been cut."
    )
    assert [finding.code for finding in decoded.findings] == ["UCI.13"]


@pytest.mark.parametrize(
    ("syntax", "charset", "found"),
    [
        ("UNOC:3", "latin-1", LETTERS),
        ("UNOY:4", "utf-8", LETTERS),
        ("UNOA:2", "utf-8", LETTERS),
        ("UNOB:2", "latin-1", LETTERS),
        ("UNOD:3", "iso8859-2", "\u0141\u00f3d\u017a"),
        ("UNOE:3", "iso8859-5", "\u041c\u0438\u0440"),
        ("UNOF:3", "iso8859-7", "\u0391\u03b8\u03ae\u03bd\u03b1"),
    ],
)
def test_text_is_read_in_the_character_set_of_unb(syntax: str, charset: str, found: str) -> None:
    segments = interchange(message([GOOD[0], f"NAD+BY+++{found}", "UNS+S"]), syntax=syntax)
    body = "".join(f"{segment}'" for segment in segments).encode(charset)
    [record], _ = read(body)
    assert record.findings == ()
    assert record.tree["NAD"][0]["04"] == {"01": found}


def test_bytes_that_are_no_text_in_that_set_are_told() -> None:
    segments = interchange(message([GOOD[0], f"NAD+BY+++{LETTERS}", "UNS+S"]), syntax="UNOY:4")
    [record], _ = read("".join(f"{segment}'" for segment in segments).encode("latin-1"))
    assert told([record]) == [[("UCM.21", False)]]
    assert record.tree["NAD"][0]["04"] == {"01": LETTERS}


def test_lines_wrapped_at_a_column_are_joined() -> None:
    body = text(interchange(message(), message(reference="ME2")), line="")
    whole, _ = read(body)
    for width in (40, 72, 80):
        for line in (b"\n", b"\r\n"):
            wrapped = line.join(body[at : at + width] for at in range(0, len(body), width))
            records, decoded = read(wrapped)
            assert [record.tree for record in records] == [record.tree for record in whole]
            assert decoded.findings == []


def test_a_line_break_inside_a_segment_is_data() -> None:
    [record], _ = read(text(interchange(message([*GOOD[:2], "FTX+AAI+++ONE\nTWO", *GOOD[2:]]))))
    assert record.tree["FTX"][0]["04"] == {"01": "ONE\nTWO"}
    assert told([record]) == [[("UCD.21", False)]]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "The file is empty."),
        (b"  \r\n", "The file is empty."),
        (b"LIN+1'QTY+61:2'", "Expected a UNA or UNB segment, found 'LIN+1'"),
        (b"UNB+UNOA:3\nUNH+1+CONTRL:4:1:UN'UNT+1+1'", "UNB ends behind element 1, at least 5 are expected."),
        (b"'UNA:+.? '\nUNB+UNOA:3\nUNH+1+CONTRL:4:1:UN'UNT+1+1'", "the next segment begins inside of it"),
        (b"UNB+UNOA:3+A+B", "The UNB segment has no terminator."),
        (b"UNB+UNOA:3+A+B'UNZ+0+1'", "UNB ends behind element 3, at least 5 are expected."),
        (b"UNA::.? 'UNB:UNOA'", "are not distinct signs"),
        (b"UNA:+.? 'UNB*UNOA*A*B*C*D'", "it does not follow UNB"),
    ],
)
def test_what_is_no_interchange_is_told(body: bytes, sentence: str) -> None:
    records, _ = read(body)
    assert [record.tree for record in records] == [None]
    assert sentence in records[0].findings[0].message


def test_an_interchange_without_messages_is_told() -> None:
    records, decoded = read(text(interchange()))
    assert records == []
    assert [finding.code for finding in decoded.findings] == ["UCI.32"]
    records, decoded = read(text(interchange()[:1]))
    assert told(records) == [[("UCI.18", True)]]


def test_the_head_is_read_where_it_stands() -> None:
    header = detect(b"xxUNA:+,? '\r\nUNB+UNOA:1+A+B+261101:0830+1'UNH", 2)
    assert not isinstance(header, str)
    assert header.service == Service(b":", b"+", b",", b"?", b"", b"'")
    assert header.at(4, 2) == "0830"


EXPECTED = {
    "conf_edifact_BOM.txt": (["INVOIC 41"], []),
    "conf_edifact_BadSegment.txt": (["INVOIC 41"], []),
    "conf_edifact_DefaultUNA.txt": (["INVOIC 41"], []),
    "conf_edifact_EscapedEscape.txt": (["INVOIC 41"], []),
    "conf_edifact_EscapedSegmentTerminator.txt": (["INVOIC 41"], []),
    "conf_edifact_Group.txt": (["INVOIC 41"], []),
    "conf_edifact_InvalidTrailers.txt": (["INVOIC 41", "?"], []),
    "conf_edifact_MissingGroupTrailer.txt": (["INVOIC 41"], ["UCF.13"]),
    "conf_edifact_MissingInterchangeTrailer.txt": (["INVOIC 41", "INVOIC 41"], ["UCI.13"]),
    "conf_edifact_MultipleGroups.txt": (["INVOIC 41", "INVOIC 41"], ["UCF.28", "UCF.28", "UCI.28", "UCI.29"]),
    "conf_edifact_MultipleInterchange.txt": (["INVOIC 41", "INVOIC 41"], []),
    "conf_edifact_NonDefaultSeparators.txt": (["INVOIC 41"], []),
    "edifact_APERAK_rejected.edi": (["APERAK 7"], []),
    "edifact_APERAK_v3.edi": (["APERAK 7"], []),
    "edifact_CONTRL_premature_UNB_delimiter.edi": (["?"], []),
    "edifact_DESADV_D96A.edi": (["DESADV 21"], []),
    "edifact_FTX_linebreak_in_segment.edi": (["IFTMIN 3"], ["UCI.12", "UCI.12"]),
    "edifact_RECADV_smooks.txt": (["RECADV 24"], []),
    "edifact_RETINS_D96A_EANCOM97_ex2_truncated.edi": (["RETINS 9"], ["UCI.18"]),
    "edifact_UNA_plus_in_data.edi": (["PARTIN 11"], []),
    "edifact_colon_at_end.edi": (["INVOIC 24"], []),
    "edifact_ifcsum_newlines.edi": (["IFCSUM 27"], []),
    "edifact_invoic_d97b_bad.edi": (["INVOIC 25"], []),
    "edifact_invoic_d97b_una.edi": (["INVOIC 24"], []),
    "edifact_issue152_empty_segment.edi": (["PAORES 13"], ["UCI.46"]),
    "edifact_other_dialect_term.edi": (["CUSTOM 4"], []),
}


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples lie beside the project")
@pytest.mark.parametrize("name", EXPECTED)
def test_samples_of_others_are_read_as_measured(name: str) -> None:
    body = (SAMPLES / name).read_bytes()
    reader = Reader(body)
    blocks = list(reader.blocks())
    messages, codes = EXPECTED[name]
    assert [
        f"{block.set} {len(block.texts().segments)}" if block.interchange else "?" for block in blocks
    ] == messages
    found = [one.code for each in reader.interchanges for one in each.findings]
    found += [one.code for each in reader.interchanges for group in each.groups for one in group.findings]
    assert sorted(found) == codes


def test_lines_wrapped_by_characters_are_joined_whatever_bytes_they_take() -> None:
    segments = interchange(message([*GOOD[:2], "FTX+AAI+++Größe paßt überhaupt nicht", *GOOD[2:]]))
    plain = "".join(segment + "'" for segment in segments)
    [whole], _ = read(plain.encode(), charset="utf-8")
    assert whole.findings == ()
    for width in (35, 50, 72, 80):
        lines = [plain[at : at + width] for at in range(0, len(plain), width)]
        [record], _ = read("\n".join(lines).encode(), charset="utf-8")
        assert (record.tree, record.findings) == (whole.tree, ())


def test_an_interchange_without_a_reference_is_read_and_told() -> None:
    body = text(interchange(message())).replace(b":0830+I1'", b":0830'")
    [record], decoded = read(body)
    assert record.tree is not None
    assert [finding.message for finding in decoded.findings] == [
        "Data element 0020 of UNB is missing, expected a control reference.",
        "The reference of UNB is '', but the trailer UNZ says 'I1'.",
    ]


def test_messages_show_control_characters_as_escapes() -> None:
    body = text(
        interchange(message([*GOOD[:4], "LIN+1\x1b[31m++4000862141404:EN", "Q\nTY+61:48", *GOOD[6:]]))
    )
    [record], _ = read(body)
    told_of = " ".join(finding.message for finding in record.findings)
    assert told_of.isprintable()
    assert "'1\\x1b[31m' holds the control character 0x1B" in told_of
    assert "'Q\\nTY' is no segment id" in told_of


def test_content_outside_is_told_with_the_place_it_begins_at() -> None:
    body = text(interchange(message())).replace(b"UNH+", b"NH+")
    [record, *_], _ = read(body)
    assert record.findings[0].offset == body.index(b"NH+")
    assert record.findings[0].expected == "UNH, UNG, UNE or UNZ"


def test_each_finding_has_the_place_of_its_segment() -> None:
    body = text(interchange(message([*GOOD[:4], "ZZZ+1", *GOOD[4:6], "ZZZ+2", *GOOD[6:]])), line=" \r\n")
    [record], _ = read(body)
    assert [finding.offset for finding in record.findings] == [body.index(b"ZZZ+1"), body.index(b"ZZZ+2")]
