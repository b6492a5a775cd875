"""Trees by the guide: shape, structure findings, element findings, and the two checkers held together."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.codecs.base import Record
from connectors.codecs.segmented.guide import GuideError
from connectors.codecs.segmented.structure import plan
from connectors.codecs.x12.codec import X12Codec
from connectors.codecs.x12.delimiters import Separators
from connectors.codecs.x12.elements import matcher, problems
from connectors.codecs.x12.guide import find, load, names, nearest, parse

GUIDE = load("x12/180-004010")
CODEC = X12Codec("x12/180-004010")
SIGNS = Separators()


def read(edi: Any, segments: Sequence[str], **options: Any) -> Record:
    [record] = CODEC.decode(edi.simple(segments), options).records
    return record


def told(record: Record) -> list[tuple[str, str, bool]]:
    return [(finding.code, finding.place, finding.fatal) for finding in record.findings]


def test_the_tree_nests_loops_under_their_first_segment(edi: Any) -> None:
    record = read(edi, edi.good)
    assert record.findings == ()
    assert record.tree == {
        "@": 1,
        "BGN": {"@": 2, "01": "00", "02": "CLAIM1", "03": "20261101", "04": "1200"},
        "RDR": {"@": 3, "02": "DR"},
        "PRF": {"@": 4, "01": "PO77", "04": "20260901"},
        "N9": [{"@": 5, "01": "RZ", "02": "RMA5"}],
        "N1": [
            {
                "@": 6,
                "01": "BY",
                "02": "ACME CORP",
                "03": "92",
                "04": "0042",
                "N3": [{"@": 7, "01": "1 MAIN STREET"}],
                "N4": {"@": 8, "01": "DALLAS", "02": "TX", "03": "75201"},
            }
        ],
        "BLI": [
            {
                "@": 9,
                "01": "UP",
                "02": "012345678905",
                "03": "2",
                "04": "EA",
                "05": "UCP",
                "06": "25.75",
                "RDR": {"@": 10, "01": "CR", "02": "DI", "04": "TOO SMALL", "05": "N"},
            },
            {
                "@": 11,
                "01": "VN",
                "02": "SKU-1",
                "03": "1",
                "04": "EA",
                "QTY": [{"@": 12, "01": "38", "02": "1"}],
            },
        ],
    }


def test_every_loop_of_the_set_has_its_place(edi: Any) -> None:
    lines = (
        "BGN*00*R*20261101 LM*DF LQ*0*A BLI*UP*1*1*EA LM*DF LQ*0*B N1*SU*X N3*Y QTY*38*1 AMT*1*5 N1*MF*M "
        "LM*DF LQ*0*C LX*1 N9*SE*S1 DTM*011*20261101 N1*BY*B LM*DF LQ*0*D LX*2 QTY*39*2 "
        "FA1*DF FA2*18*1 FA2*19*2 BLI*UP*2*1*EA"
    )
    tree = read(edi, lines.split()).tree
    first, second = tree["BLI"]
    assert first["LM"][0]["LQ"][0]["02"] == "B"
    assert first["N1"][0]["N3"][0]["01"] == "Y"
    assert first["QTY"][0]["N1"]["02"] == "M"
    assert first["QTY"][0]["LM"][0]["LQ"][0]["02"] == "C"
    assert [one["01"] for one in first["QTY"][0]["LX"]] == ["1", "2"]
    assert first["QTY"][0]["LX"][0]["LM"][0]["LQ"][0]["02"] == "D"
    assert first["QTY"][1]["02"] == "2"
    assert [one["02"] for one in first["FA1"][0]["FA2"]] == ["1", "2"]
    assert second["02"] == "2"


def test_composites_have_components(edi: Any) -> None:
    tree = read(
        edi, ["BGN*00*R*20261101", "N9*RZ*R1*****PO:77:SE:9", "BLI*UP*1", "QTY*38*1*EA:2", "QTY*38*1*EA"]
    ).tree
    assert tree["N9"][0]["07"] == {"01": "PO", "02": "77", "03": "SE", "04": "9"}
    assert [one["03"] for one in tree["BLI"][0]["QTY"]] == [{"01": "EA", "02": "2"}, {"01": "EA"}]


@pytest.mark.parametrize(
    ("segments", "code", "place", "sentence"),
    [
        (["RDR**DR"], "AK304.3", "segment 2 (BGN)", "The mandatory segment BGN is missing"),
        (["BGN*00*R*20261101", "LM*DF", "BLI*UP*1"], "AK304.3", "segment 4 (LQ)", "LQ in loop LM is missing"),
        (["BGN*00*R*20261101", "LIN*1*UP*1"], "AK304.6", "segment 3 (LIN)", "LIN does not belong to set 180"),
        (
            ["BGN*00*R*20261101", "LQ*0*A"],
            "AK304.2",
            "segment 3 (LQ)",
            "LQ is not expected in the transaction",
        ),
        (["BGN*00*R*20261101", "l?n*1"], "AK304.1", "segment 3 (l?n)", "'l?n' is no segment id"),
        (["BGN*00*R*20261101", "N1*BY*B", "N9*RZ*1"], "AK304.7", "segment 4 (N9)", "N9 is not in its place"),
        (
            ["BGN*00*R*20261101", "RDR**DR", "RDR**DR"],
            "AK304.5",
            "segment 4 (RDR)",
            "RDR occurs more than once",
        ),
        (
            ["BGN*00*R*20261101", *["PER*RE*A"] * 3],
            "AK304.5",
            "segment 5 (PER)",
            "PER occurs 3 times, at most 2",
        ),
        (
            ["BGN*00*R*20261101", *["LM*DF", "LQ*0*A"] * 11],
            "AK304.4",
            "segment 23 (LM)",
            "Loop LM occurs 11 times",
        ),
    ],
)
def test_structure_faults_are_fatal_and_named(
    edi: Any, segments: list[str], code: str, place: str, sentence: str
) -> None:
    record = read(edi, segments)
    assert record.tree is None
    assert told(record) == [(code, f"transaction 0001, {place}", True)]
    assert sentence in record.findings[0].message
    found = record.findings[0].offset
    assert found is not None
    body = edi.simple(segments)
    at = int(place.split()[1])
    assert body[found:].split(b"~")[0].decode() == [*edi.transaction(segments), "GE*1*11"][at - 1]


def test_tolerated_deviations_are_kept_in_the_tree(edi: Any) -> None:
    segments = [
        "BGN*00*R*20261101",
        "RDR**DR",
        "RDR**DM",
        "N1*BY*B",
        "N9*RZ*1",
        "BLI*UP*1",
        "LIN*1*UP*1",
        "N9*SE*2",
    ]
    record = read(edi, segments, tolerate=["LIN", "N9", "RDR"])
    assert {fatal for _, _, fatal in told(record)} == {False}
    assert record.tree["RDR"] == {"@": 3, "02": "DR"}
    assert record.tree["RDR+"] == [{"@": 4, "02": "DM"}]
    assert record.tree["N9"] == [{"@": 6, "01": "RZ", "02": "1"}]
    assert record.tree["BLI"][0]["LIN"] == [{"@": 8, "01": "1", "02": "UP", "03": "1"}]
    assert record.tree["BLI"][0]["N9"] == [{"@": 9, "01": "SE", "02": "2"}]
    assert read(edi, segments, tolerate="*").tree == record.tree
    assert read(edi, ["RDR**DR"], tolerate="*").tree is None


@pytest.mark.parametrize(
    ("segment", "code", "element", "fatal"),
    [
        ("BLI*UP", "AK403.1", 2, True),
        ("BLI**1", "AK403.1", 1, True),
        ("BLI*UP*1*2*EA*UCP", "AK403.2", 6, False),
        ("BLI*UP*1**EA", "AK403.2", 3, False),
        ("BLI*UP*1" + "*" * 17 + "X", "AK403.3", 19, False),
        ("BLI*UPC*1", "AK403.5", 1, False),
        ("BLI*U*1", "AK403.4", 1, False),
        ("BLI*UP*" + "9" * 49, "AK403.5", 2, False),
        ("BLI*UP*1*two", "AK403.6", 3, False),
        ("BLI*UP*1*1,5", "AK403.6", 3, False),
        ("BLI*UP*1\x07*1", "AK403.6", 2, False),
        ("BLI*UP*1:2*1", "AK403.6", 2, False),
        ("RDR*XX*DR", "AK403.7", 1, False),
        ("RDR**DR*FR", "AK403.10", 3, False),
        ("DTM*011*20261301", "AK403.8", 2, False),
        ("DTM*011*20270229", "AK403.8", 2, False),
        ("DTM*011*20261101*2460", "AK403.9", 3, False),
        ("DTM*011", "AK403.2", 2, False),
        ("QTY*38*1*:2", "AK403.1", 3, True),
    ],
)
def test_element_faults_are_findings(edi: Any, segment: str, code: str, element: int, fatal: bool) -> None:  # noqa: FBT001 - a column of the table
    line = [] if segment.startswith("BLI") else ["BLI*UP*1"]
    record = read(edi, ["BGN*00*R*20261101", *line, segment])
    [finding] = record.findings
    assert (finding.code, finding.fatal) == (code, fatal)
    assert finding.place.endswith(f"element {element:02d}")
    assert (record.tree is None) == fatal


@pytest.mark.parametrize(
    "segment",
    [
        "DTM*011*20280229",
        "DTM*011*20261231*23595999",
        "BLI*UP*1*-0.00000001",
        "BLI*UP*1*.5",
        "BLI*UP*1*123456789012345",
        "BLI*UP*1*2*EA*UCP*-12345678901.234567",
        "BLI*UP*1********",
    ],
)
def test_unusual_but_right_elements_are_accepted(edi: Any, segment: str) -> None:
    line = [] if segment.startswith("BLI") else ["BLI*UP*1"]
    assert read(edi, ["BGN*00*R*20261101", *line, segment]).findings == ()


def test_endless_faults_end_in_a_refusal(edi: Any) -> None:
    record = read(edi, ["BGN*00*R*20261101", *["BLI*UPC*1"] * 500])
    assert len(record.findings) == 201
    assert record.tree is None
    assert record.findings[-1].code == "AK502.5"


PIECES = st.sampled_from(
    [
        "",
        "1",
        "12",
        "EA",
        "UP",
        "20261101",
        "20280229",
        "19990230",
        "0930",
        "2460",
        "1.5",
        "-3",
        ".5",
        "1e5",
        "N",
        "Q",
        "CR",
    ]
) | st.text(st.characters(max_codepoint=300, exclude_characters="*~"), max_size=6)


@given(st.sampled_from(sorted(GUIDE.segments)), st.lists(PIECES, max_size=15))
def test_what_the_fast_check_accepts_the_full_check_accepts(name: str, values: list[str]) -> None:
    segment = GUIDE.segments[name]
    found = list(problems(segment, values, SIGNS))
    if matcher(segment, SIGNS)("*".join([name, *values])) is not None:
        assert [one for one in found if one.code not in {"AK403.2", "AK403.10"}] == []


IDS = st.sampled_from(
    ["BGN", "RDR", "N9", "N1", "N3", "LM", "LQ", "BLI", "QTY", "LX", "FA1", "FA2", "PER", "ZZZ", "x"]
)


@given(st.lists(IDS, max_size=25))
def test_every_segment_gets_a_place_whatever_the_order(shape: list[str]) -> None:
    made = plan(GUIDE, shape)
    assert len(made.steps) == len(shape)
    assert all(0 <= step.parent <= at for at, step in enumerate(made.steps))
    taken = [(step.parent, step.segment.id) for step in made.steps if not step.many]
    assert len(taken) == len(set(taken))


def test_guides_are_found_by_set_and_release() -> None:
    sets = (180, 214, 812, 824, 856, 861, 944, 997)
    both = [f"x12/{one}-{release}" for one in sets for release in ("004010", "005010")]
    assert names() == (*both, "x12/999-005010")
    assert find("180", "004010VICS") is GUIDE
    assert find("180", "003030") is None
    assert find("999", "005010X231A1") is load("x12/999-005010")


@pytest.mark.parametrize(
    ("set_id", "version", "name"),
    [
        ("180", "003030", "x12/180-004010"),
        ("180", "004030", "x12/180-004010"),
        ("180", "005010X", "x12/180-005010"),
        ("180", "008030", "x12/180-005010"),
        ("180", "", "x12/180-004010"),
        ("180", "UNKNOWN", "x12/180-004010"),
        ("999", "004010", "x12/999-005010"),
    ],
)
def test_a_release_without_a_guide_is_read_by_the_nearest_one(set_id: str, version: str, name: str) -> None:
    found = nearest(set_id, version)
    assert found is load(name)
    assert found.covers(version) == version.startswith(name[-6:])
    assert nearest("850", version) is None


def test_a_guide_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(KeyError, match="There is no guide 'x12/1-2'"):
        load("x12/1-2")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"structure": []}, "'structure' must be a list"),
        ({"structure": ["BGN M"]}, "expected 'ID M|O max'"),
        ({"set": ""}, "'set' must be a text"),
        ({"elements": {"1": "AN 5/2"}}, "element 1: expected 'type min/max'"),
        ({"segments": {"BGN": ["9 M"]}}, "segment BGN: expected 'element M|X|O'"),
        ({"notes": {"BGN": ["P1"]}}, "notes of BGN: expected a relation"),
    ],
)
def test_mistakes_in_a_guide_are_named(change: dict[str, Any], message: str) -> None:
    data = {
        "guide": "g",
        "title": "t",
        "set": "180",
        "version": "1",
        "functional": "AN",
        "structure": ["BGN M 1"],
        "elements": {"1": "AN 1/2"},
        "segments": {"BGN": ["1 M"]},
    } | change
    with pytest.raises(GuideError, match="my_guide.*" + message.replace("|", r"\|")):
        parse(data, data, "my_guide")
