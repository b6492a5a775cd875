"""Trees of EDIFACT messages by the guide: shape, what is found, and what is written reads back the same."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydifact.parser import Parser

from connectors.codecs.base import EncodeError, Record
from connectors.codecs.edifact.codec import EdifactCodec
from connectors.codecs.edifact.elements import matcher, problems
from connectors.codecs.edifact.guide import EDIFACT, find, load, names, nearest
from connectors.codecs.edifact.reader import Reader
from connectors.codecs.edifact.service import COMPONENT, ELEMENT
from connectors.codecs.segmented.guide import Element, Guide, GuideError, Node, SegmentDef, parse

CODEC = EdifactCodec("edifact/retann-d96a")
ENVELOPE: dict[str, Any] = {
    "sender": "4012345500004",
    "receiver": "5412345000013",
    "control": 42,
    "date": "20261102",
    "time": "080100",
}
TREE = {
    "BGM": {"01": {"01": "70E", "03": "9"}, "02": "R1", "03": "9"},
    "LIN": [
        {
            "01": 1,
            "03": {"01": "4000862141404", "02": "EN"},
            "QTY": [{"01": {"01": "61", "02": Decimal("2.50"), "03": "PCE"}}],
        }
    ],
    "UNS": {"01": "S"},
}


def document(segments: Sequence[str], una: str = "UNA:+.? '") -> bytes:
    lines = [
        "UNB+UNOC:3+A+B+261101:0830+I1",
        "UNH+M1+RETANN:D:96A:UN",
        *segments,
        f"UNT+{len(segments) + 2}+M1",
        "UNZ+1+I1",
    ]
    return una.encode() + "".join(f"{line}'\n" for line in lines).encode("latin-1")


def read(segments: Sequence[str], **options: Any) -> Record:
    [record] = CODEC.decode(document(segments), options).records
    return record


def told(record: Record) -> list[tuple[str, str, bool]]:
    return [(finding.code, finding.place, finding.fatal) for finding in record.findings]


def test_the_tree_nests_groups_under_their_first_segment() -> None:
    record = read(
        [
            "BGM+70E::9+A-976+9",
            "RFF+DQ:SEW-3252",
            "DTM+171:20261020:102",
            "NAD+BY+5412345000013::9++SHOP ?+ CO:BACK DOOR",
            "RFF+VA:DE1",
            "CTA+IC+:ANN",
            "COM+123:TE",
            "LIN+1++4000862141404:EN",
            "QTY+61:48:PCE",
            "CDI+3E+12E::9",
            "RFF+ON:PO1",
            "LIN+2++",
            "UNS+S",
        ]
    )
    assert record.findings == ()
    assert record.tree == {
        "@": 1,
        "BGM": {"@": 2, "01": {"01": "70E", "03": "9"}, "02": "A-976", "03": "9"},
        "RFF": [
            {
                "@": 3,
                "01": {"01": "DQ", "02": "SEW-3252"},
                "DTM": [{"@": 4, "01": {"01": "171", "02": "20261020", "03": "102"}}],
            }
        ],
        "NAD": [
            {
                "@": 5,
                "01": "BY",
                "02": {"01": "5412345000013", "03": "9"},
                "04": {"01": "SHOP + CO", "02": "BACK DOOR"},
                "RFF": [{"@": 6, "01": {"01": "VA", "02": "DE1"}}],
                "CTA": [
                    {
                        "@": 7,
                        "01": "IC",
                        "02": {"02": "ANN"},
                        "COM": [{"@": 8, "01": {"01": "123", "02": "TE"}}],
                    }
                ],
            }
        ],
        "LIN": [
            {
                "@": 9,
                "01": "1",
                "03": {"01": "4000862141404", "02": "EN"},
                "QTY": [
                    {
                        "@": 10,
                        "01": {"01": "61", "02": "48", "03": "PCE"},
                        "CDI": [{"@": 11, "01": "3E", "02": {"01": "12E", "03": "9"}}],
                    }
                ],
                "RFF": [{"@": 12, "01": {"01": "ON", "02": "PO1"}}],
            },
            {"@": 13, "01": "2"},
        ],
        "UNS": {"@": 14, "01": "S"},
    }


@pytest.mark.parametrize("una", ["UNA:+.? '", "UNA:+,? '", ""])
def test_decimal_commas_become_points_in_numbers_only(una: str) -> None:
    segments = ["BGM+70E+A,1", "LIN+1++A,2:EN", "QTY+61:1234,50:PCE", "UNS+S"]
    [record] = CODEC.decode(document(segments, una)).records
    assert record.findings == ()
    assert record.tree["BGM"]["02"] == "A,1"
    assert record.tree["LIN"][0]["03"]["01"] == "A,2"
    assert record.tree["LIN"][0]["QTY"][0]["01"]["02"] == "1234.50"


@pytest.mark.parametrize(
    ("segments", "code", "place", "sentence"),
    [
        (["LIN+1", "UNS+S"], "UCS.13", "segment 2 (BGM)", "The mandatory segment BGM is missing"),
        (["BGM+70E", "LIN+1"], "UCS.13", "segment 4 (UNS)", "The mandatory segment UNS is missing"),
        (["BGM+70E", "XYZ+1", "UNS+S"], "UCS.15", "segment 3 (XYZ)", "XYZ does not belong to message RETANN"),
        (["BGM+70E", "GIN+BN+1", "UNS+S"], "UCS.15", "segment 3 (GIN)", "GIN is not expected in the message"),
        (["BGM+70E", "l?'n+1", "UNS+S"], "UCS.12", "segment 3 (l'n)", "'l'n' is no segment id"),
        (["BGM+70E", "BGM+70E", "UNS+S"], "UCS.35", "segment 3 (BGM)", "BGM occurs more than once"),
        (
            ["BGM+70E", *["DTM+137:20261101:102"] * 10, "UNS+S"],
            "UCS.35",
            "segment 12 (DTM)",
            "DTM occurs 10 times, at most 9",
        ),
        (
            ["BGM+70E", *["DOC+381"] * 10, "UNS+S"],
            "UCS.36",
            "segment 12 (DOC)",
            "Loop DOC occurs 10 times",
        ),
        (
            ["BGM+70E", "CTA+IC", "UNS+S"],
            "UCS.15",
            "segment 3 (CTA)",
            "CTA is not expected",
        ),
    ],
)
def test_structure_faults_are_fatal_and_named(
    segments: list[str], code: str, place: str, sentence: str
) -> None:
    record = read(segments)
    assert record.tree is None
    assert told(record) == [(code, f"message M1, {place}", True)]
    assert sentence in record.findings[0].message
    found = record.findings[0].offset
    assert found is not None
    at = int(place.split()[1])
    whole = ["UNH+M1+RETANN:D:96A:UN", *segments, f"UNT+{len(segments) + 2}+M1"]
    assert document(segments)[found:].decode().startswith(whole[at - 1])


@pytest.mark.parametrize(
    ("segment", "code", "place", "component", "sentence"),
    [
        ("DTM", "UCD.13", "element 01", 0, "lacks element 01, which is mandatory"),
        ("DTM+:20261101", "UCD.13", "element 01", 1, "lacks component 1 of element 01"),
        ("DTM+137:20261101:1023", "UCD.39", "element 01", 3, "'1023' has 4 characters, at most 3"),
        ("DTM+137:2026:102:9", "UCD.16", "element 01", 0, "has 4 components in element 01, 3 are"),
        ("DTM+137+X", "UCD.16", "element 02", 0, "has 2 elements, 1 are defined"),
        ("QTY+61:many", "UCD.37", "element 01", 2, "'many' is not a number"),
        ("QTY+61:1.2.3", "UCD.19", "element 01", 2, "'1.2.3' is not a number"),
        ("QTY+61:,5", "UCD.38", "element 01", 2, "',5' has no digit before the decimal mark"),
        ("UNS+X", "UCD.12", "element 01", 0, "'X' is not in the code list"),
        ("FTX+AAI+++A\tB", "UCD.21", "element 04", 1, "holds the control character 0x09"),
    ],
)
def test_element_faults_are_named_to_the_component(
    segment: str, code: str, place: str, component: int, sentence: str
) -> None:
    fatal = code == "UCD.13"
    lead = {"QTY": ["LIN+1"], "UNS": []}.get(segment[:3], [])
    tail = [] if segment.startswith("UNS") else ["UNS+S"]
    record = read(["BGM+70E", *lead, segment, *tail])
    [finding] = record.findings
    assert (finding.code, finding.fatal) == (code, fatal)
    assert finding.place == f"message M1, segment {3 + len(lead)} ({segment[:3]}), {place}"
    assert finding.component == component  # type: ignore[attr-defined] # findings on elements have it
    assert sentence in finding.message
    assert (record.tree is None) == fatal


def test_repeated_elements_of_syntax_4_are_kept_and_told() -> None:
    [record] = CODEC.decode(document(["BGM+70E+A1*A2", "UNS+S"], "UNA:+.?*'")).records
    assert told(record) == [("UCD.35", "message M1, segment 2 (BGM), element 02", False)]
    assert record.tree["BGM"]["02"] == ["A1", "A2"]


def test_numbers_behind_a_segment_id_say_nothing_new() -> None:
    assert read(["BGM+70E", "LIN:1+1", "LIN:2+2", "UNS+S"]).tree["LIN"][1]["01"] == "2"


def test_tolerated_deviations_are_kept_in_the_tree() -> None:
    segments = ["BGM+70E", "XYZ+1:2+3", "LIN+1", "UNS+S"]
    record = read(segments, tolerate=["XYZ"])
    assert told(record) == [("UCS.15", "message M1, segment 3 (XYZ)", False)]
    assert record.tree["XYZ"] == [{"@": 3, "01": {"01": "1", "02": "2"}, "02": "3"}]


def test_beyond_two_hundred_errors_nothing_more_is_looked_for() -> None:
    record = read(["BGM+70E", *["LIN+1", "QTY+61:x"] * 250, "UNS+S"])
    assert len(record.findings) == 201
    assert record.findings[0].code == "UCM.18"
    assert record.tree is None


def test_guides_are_found_by_message_and_version() -> None:
    messages = ("aperak", "desadv", "iftsta", "invoic", "recadv", "retann", "retins")
    both = [f"edifact/{message}-{release}" for message in messages for release in ("d01b", "d96a")]
    assert names() == tuple(sorted([*both, "edifact/contrl-41", "edifact/contrl-d3"]))
    assert find("RETINS", "D:96A:EN:EAN001") is load("edifact/retins-d96a")
    assert find("RETINS", "D:97B:UN") is load("edifact/retins-d01b")
    assert find("RETINS", "D:21B:UN") is None
    assert find("ORDERS", "D:96A:UN") is None


@pytest.mark.parametrize(
    ("message", "version", "name"),
    [
        ("RETANN", "D:93A:UN", "edifact/retann-d96a"),
        ("RETANN", "D:96A:EN:EAN001", "edifact/retann-d96a"),
        ("RETANN", "D:97B:UN", "edifact/retann-d01b"),
        ("RETANN", "D:21B:UN", "edifact/retann-d01b"),
        ("INVOIC", "2:911:UN", "edifact/invoic-d96a"),
        ("INVOIC", "D:10A:UN", "edifact/invoic-d01b"),
        ("IFTSTA", "D:98B:UN", "edifact/iftsta-d96a"),
        ("DESADV", "0:96A:UN", "edifact/desadv-d96a"),
        ("CONTRL", "D:3:UN", "edifact/contrl-d3"),
        ("CONTRL", "2:2:UN:EAN002", "edifact/contrl-d3"),
        ("CONTRL", "1:1:UN", "edifact/contrl-d3"),
        ("CONTRL", "4:1:UN", "edifact/contrl-41"),
        ("RETANN", "", "edifact/retann-d96a"),
    ],
)
def test_a_directory_without_a_guide_is_read_by_the_nearest_one(
    message: str, version: str, name: str
) -> None:
    assert nearest(message, version) is load(name)
    assert nearest("ORDERS", version) is None


@pytest.mark.parametrize(
    ("dictionary", "sentence"),
    [
        ({"elements": {"1": "AN 1/3"}}, "expected a form as in 'an..35' or 'n3', found 'AN 1/3'"),
        ({"segments": {"BGM": ["1 M"]}}, r"expected 'element M\|C' of a defined element, found '1 M'"),
        ({"elements": {"1": "n..3"}, "segments": {"BGM": ["1 O"]}}, "found '1 O'"),
    ],
)
def test_a_wrong_guide_is_refused_with_its_place(dictionary: dict[str, Any], sentence: str) -> None:
    data = {
        "guide": "g",
        "title": "t",
        "set": "X",
        "version": "D:96A",
        "functional": "X",
        "structure": ["BGM M 1"],
    }
    with pytest.raises(GuideError, match=sentence):
        parse(EDIFACT, data, dictionary, "file")


# -- writing ---------------------------------------------------------------------------------------


def test_a_tree_becomes_an_interchange() -> None:
    said = {"sender_qualifier": 14, "receiver_qualifier": "14", "version": "D:96A:EN:EAN001", "test": "T"}
    body = CODEC.encode(TREE, {**ENVELOPE, **said, "delimiters": {"line_end": "\n"}})
    assert body.decode() == (
        "UNA:+.? '\n"
        "UNB+UNOC:3+4012345500004:14+5412345000013:14+261102:0801+42++++++1'\n"
        "UNH+1+RETANN:D:96A:EN:EAN001'\n"
        "BGM+70E::9+R1+9'\n"
        "LIN+1++4000862141404:EN'\n"
        "QTY+61:2.50:PCE'\n"
        "UNS+S'\n"
        "UNT+6+1'\n"
        "UNZ+1+42'\n"
    )


def test_several_trees_share_an_interchange_and_a_group() -> None:
    said = {
        "transaction": "0007",
        "grouped": "true",
        "group": "G5",
        "group_sender": "APP",
        "syntax": "UNOY",
        "syntax_version": 4,
        "una": "false",
    }
    body = CODEC.encode([TREE, TREE], {**ENVELOPE, **said})
    decoded = CODEC.decode(body)
    records = list(decoded.records)
    assert [record.envelope["transaction"] for record in records] == ["0007", "0008"]
    assert all(record.findings == () for record in records)
    assert decoded.findings == []
    assert records[0].envelope["date"] == "20261102"
    assert (records[0].envelope["group"], records[0].envelope["group_sender"]) == ("G5", "APP")
    assert body.startswith(b"UNB+UNOY:4+")


def test_a_reference_of_a_group_alone_makes_no_group() -> None:
    body = CODEC.encode(TREE, {**ENVELOPE, "group": 7})
    assert b"UNG" not in body
    [record] = CODEC.decode(CODEC.encode(TREE, {**ENVELOPE, "grouped": True})).records
    assert record.envelope["group"] == "42"


def test_service_characters_are_those_of_the_partner() -> None:
    signs = {"component": "=", "element": "*", "decimal": ",", "release": "!", "segment": "~"}
    tree = {**TREE, "NAD": [{"01": "BY", "04": {"01": "A*B=C!D~E:F+G'H?I"}}]}
    body = CODEC.encode(tree, {**ENVELOPE, "delimiters": signs})
    assert body.startswith(b"UNA=*,! ~UNB*UNOC=3*")
    assert b"NAD*BY***A!*B!=C!!D!~E:F+G'H?I~" in body
    assert b"QTY*61=2,50=PCE~" in body
    [record] = CODEC.decode(body).records
    assert record.tree["NAD"][0]["04"]["01"] == "A*B=C!D~E:F+G'H?I"
    assert record.tree["LIN"][0]["QTY"][0]["01"]["02"] == "2.50"


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({"UNS": {"01": "S"}}, "The mandatory segment BGM is missing"),
        ({**TREE, "XYZ": {"01": "1"}}, "XYZ has no place there in the guide"),
        ({**TREE, "LIN": [{"01": "1", "GIN": []}]}, r"LIN\[0\].GIN has no place"),
        ({**TREE, "RFF": [{"01": {"02": "1"}}]}, r"RFF\[0\] lacks component 1 of element 01"),
        ({**TREE, "LIN": [{"01": "1234567"}]}, r"element 01 '1234567' has 7 characters, at most 6"),
        ({**TREE, "LIN": [{"01": True}]}, r"LIN\[0\].01 must be text or a number, found bool"),
        ({**TREE, "LIN": [{"01": "1", "03": {"01": "A\nB"}}]}, r"LIN\[0\].03.01 .* holds '\\n'"),
        ({**TREE, "LIN": ["x"]}, r"LIN\[0\] must be an object of elements, found str"),
        ("x", "A message must be an object of segments, found str"),
    ],
)
def test_what_cannot_be_written_is_refused_by_name(tree: Any, message: str) -> None:
    with pytest.raises(EncodeError, match=message):
        CODEC.encode(tree, ENVELOPE)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sender": ""}, "sender '' must have 1 to 35 characters"),
        ({"control": "123456789012345"}, "control '1+2345678.*' must be a reference of 1 to 14"),
        ({"control": None}, "control '' must be a reference"),
        ({"date": "261102"}, "date '261102' must be CCYYMMDD"),
        ({"time": "8:1"}, "time '81' must be HHMM"),
        ({"transaction": "A1"}, "transaction must be a number"),
        ({"delimiters": {"element": ":"}}, "Delimiters must be distinct"),
        ({"delimiters": {"decimal": "-"}}, "the decimal mark a point or a comma"),
        ({"delimiters": {"release": ""}, "sender": "A+B"}, r"holds '\+'"),
        ({"syntax": "KECA"}, "syntax must be one of UNOA"),
        ({"syntax": "UNOA", "sender": "M\u00fc"}, r"'\u00fc' cannot be written in ascii \(UNOA\)"),
    ],
)
def test_a_wrong_envelope_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(EncodeError, match=message):
        CODEC.encode(TREE, {**ENVELOPE, **change})


# -- parse(write(tree)) = tree, for any tree of any guide ------------------------------------------

ALPHABET = "ABCXYZabcxyz0123456789 -'+:?*.,/\u00e4"


def values(element: Element) -> st.SearchStrategy[Any]:
    if element.components:
        return composites(element)
    if element.codes:
        return st.sampled_from(sorted(element.codes))
    if element.kind == "n":
        if element.low == element.high or element.high < 4:
            return st.integers(10 ** (element.low - 1), 10**element.high - 1).map(str)
        most = 10 ** min(element.high - 3, 9)
        return st.decimals(-most, most, places=2).map(lambda number: format(number, "f"))
    return st.text(ALPHABET, min_size=element.low, max_size=min(element.high, 12))


@st.composite
def composites(draw: st.DrawFn, element: Element) -> dict[str, str]:
    made = {
        f"{at:02d}": draw(values(one))
        for at, one in enumerate(element.components, 1)
        if one.mandatory or draw(st.booleans())
    }
    return made or {"01": draw(values(element.components[0]))}


@st.composite
def segments(draw: st.DrawFn, segment: SegmentDef) -> dict[str, Any]:
    made = {
        f"{at:02d}": draw(values(element))
        for at, element in enumerate(segment.elements, 1)
        if element.mandatory or draw(st.integers(0, 2)) == 0
    }
    return made or {"01": draw(values(segment.elements[0]))}


@st.composite
def level(draw: st.DrawFn, nodes: Sequence[Node]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for node in nodes:
        wanted = node.mandatory or draw(st.integers(0, 3)) == 0
        count = draw(st.integers(1, min(node.most, 2))) if wanted else 0
        made = [{**draw(segments(node.segment)), **draw(level(node.children))} for _ in range(count)]
        if made:
            tree[node.id] = made[0] if node.most == 1 else made
    return tree


def bare(tree: Any) -> Any:
    """Without segment numbers."""
    if isinstance(tree, dict):
        return {name: bare(value) for name, value in tree.items() if name != "@"}
    return [bare(one) for one in tree] if isinstance(tree, list) else tree


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([load(name) for name in names()]).flatmap(
        lambda guide: st.tuples(st.just(guide), level(guide.structure))
    ),
    st.sampled_from(
        [
            {},
            {"element": "|", "component": ">", "segment": "~", "release": "\\", "decimal": ","},
            {"repetition": "*"},
            {"line_end": "\r\n"},
        ]
    ),
)
def test_what_is_written_reads_back_as_the_same_tree(
    made: tuple[Guide, Any], delimiters: dict[str, str]
) -> None:
    guide, tree = made
    codec = EdifactCodec(guide.name)
    body = codec.encode(tree, {**ENVELOPE, "delimiters": delimiters})
    decoded = codec.decode([body[at : at + 9] for at in range(0, len(body), 9)])
    [record] = decoded.records
    assert (record.findings, decoded.findings) == ((), [])
    assert bare(record.tree) == tree


@pytest.mark.filterwarnings("ignore::pydifact.exceptions.MissingImplementationWarning")
@settings(max_examples=40, deadline=None)
@given(level(load("edifact/retann-d96a").structure))
def test_another_reader_sees_the_same_segments_in_what_is_written(tree: Any) -> None:
    body = CODEC.encode(tree, ENVELOPE)
    theirs = [
        [segment.tag, *([one] if isinstance(one, str) else list(one) for one in segment.elements)]
        for segment in Parser().parse(body.decode("latin-1"))
    ]
    [block] = Reader(body).blocks()
    ours = [
        [tag, *(element.split(COMPONENT) for element in elements)]
        for tag, *elements in (text.split(ELEMENT) for text in block.texts().segments)
    ]
    assert theirs[2:-1] == ours  # without UNA, UNB and UNZ


SEGMENTS = load("edifact/retann-d96a").segments


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(SEGMENTS)),
    st.text("AB12.,-\x1d\x1f\x1c\t ", max_size=24),
)
def test_what_the_short_check_accepts_the_full_check_accepts(name: str, rest: str) -> None:
    text = f"{name}{ELEMENT}{rest}"
    if matcher(SEGMENTS[name])(text):
        assert list(problems(SEGMENTS[name], text.split(ELEMENT)[1:])) == []


@pytest.mark.parametrize(
    "text",
    ["BGM+70E::9+A+9", "DTM+137:20261101:102", "LIN+1++A:EN", "LIN", "QTY+61:-1,5:PCE", "NAD+BY+A::9++X"],
)
def test_the_short_check_accepts_what_is_usual(text: str) -> None:
    inner = text.replace("+", ELEMENT).replace(":", COMPONENT)
    assert matcher(SEGMENTS[text[:3]])(inner)
