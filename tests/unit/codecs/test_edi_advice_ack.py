"""Refusals for business reasons: 824 and APERAK as trees, and as documents where their guides are there."""

from typing import Any

import pytest

from connectors.codecs import registry
from connectors.codecs.edi.advice import AdviceError, aperak, application_advice_824

X12 = {
    "sender": "ACME",
    "receiver": "HUB",
    "control": "000000001",
    "group": "11",
    "transaction": "0001",
    "version": "004010",
    "set": "180",
    "functional": "AN",
    "test": "P",
    "date": "20261101",
    "time": "1200",
    "group_sender": "ACME",
    "group_receiver": "HUB",
}
EDIFACT = {
    "sender": "5412345000013",
    "receiver": "4012345500004",
    "sender_qualifier": "14",
    "receiver_qualifier": "14",
    "control": "I1",
    "transaction": "ME1",
    "version": "D:96A:EN:EAN001",
    "set": "RETANN",
    "date": "261101",
    "time": "0830",
}
LONG = "The line has no reason for its return, which this agreement needs for every line. " * 3
ERRORS = [
    AdviceError(
        message=LONG,
        problem="missing",
        segment="BLI",
        number=9,
        element=3,
        reference="380",
        line="000010",
    ),
    AdviceError(
        message="The item\x07is not sold here.",
        segment="LIN",
        number=12,
        element=3,
        component=1,
        found="X\x001",
    ),
    AdviceError(message="This return was announced before.", problem="duplicate", code="ZZZ"),
]
ENVELOPE = {"sender": "HUB", "receiver": "ACME", "control": 5, "date": "20261102", "time": "0801"}


def encoded(format_name: str, tree: Any) -> list[str]:
    if format_name not in registry.formats():
        pytest.skip(f"there is no guide {format_name}")
    body = registry.codec(format_name).encode(tree, {**ENVELOPE, "delimiters": {"line_end": "\n"}})
    decoded = registry.codec(format_name).decode(body)
    assert [[finding.message for finding in record.findings] for record in decoded.records] == [[]]
    return body.decode().splitlines()


def advice(**more: Any) -> Any:
    return application_advice_824(
        X12, ERRORS, reference="A1", date="20261102", time="0801", document="CLAIM1", **more
    )


def test_an_824_names_the_original_and_each_error() -> None:
    tree = advice()
    assert tree["BGN"] == {"01": "11", "02": "A1", "03": "20261102", "04": "0801", "06": "CLAIM1"}
    [about] = tree["OTI"]
    assert {key: value for key, value in about.items() if key != "TED"} == {
        "01": "TR",
        "02": "TN",
        "03": "CLAIM1",
        "04": "ACME",
        "05": "HUB",
        "06": "20261101",
        "07": "1200",
        "08": "11",
        "09": "0001",
        "10": "180",
        "11": "004010",
    }
    first, second, third = about["TED"]
    assert [first[key] for key in ("01", "03", "04", "05", "06")] == ["007", "BLI", "9", "3", "380"]
    assert first["02"] == "The line has no reason for its return, which this agreeme..."
    assert " ".join(note["02"] for note in first["NTE"]) == LONG.strip()
    assert second["07"] == "X 1"
    assert second["NTE"] == [{"01": "ERN", "02": "The item is not sold here."}]
    assert third == {
        "01": "ZZZ",
        "02": "This return was announced before.",
        "NTE": [{"01": "ERN", "02": "This return was announced before."}],
    }


def test_places_in_an_824_are_composites_from_004050_on() -> None:
    second = advice(release="005010")["OTI"][0]["TED"][1]
    assert second["05"] == {"01": "3", "02": "1"}


def test_an_824_is_written_by_its_guide() -> None:
    lines = encoded("x12/824-004010", advice())
    assert "OTI*TR*TN*CLAIM1*ACME*HUB*20261101*1200*11*0001*180*004010~" in lines
    assert "TED*848*The item is not sold here.*LIN*12*3**X 1~" in lines
    assert encoded("x12/824-005010", advice(release="005010"))


def test_an_824_about_what_is_hardly_known_is_written_too() -> None:
    tree = application_advice_824({}, [], reference="A1", date="20261102", verdict="TA")
    assert tree["OTI"] == [{"01": "TA", "02": "TN", "03": "0000"}]
    assert encoded("x12/824-004010", tree)


def test_an_aperak_names_the_original_and_each_error() -> None:
    tree = aperak(EDIFACT, ERRORS, reference="A1", date="20261102", time="0801", document="A-976")
    assert tree["BGM"] == {"01": {"01": "313"}, "02": "A1", "03": "11", "04": "RE"}
    assert tree["DTM"] == [{"01": {"01": "137", "02": "202611020801", "03": "203"}}]
    assert [one["01"] for one in tree["RFF"]] == [
        {"01": "ACE", "02": "A-976"},
        {"01": "ACW", "02": "ME1"},
        {"01": "AGO", "02": "I1"},
    ]
    assert tree["NAD"] == [
        {"01": "MS", "02": {"01": "4012345500004", "03": "9"}},
        {"01": "MR", "02": {"01": "5412345000013", "03": "9"}},
    ]
    first, second, third = tree["ERC"]
    assert first["01"] == {"01": "13"}
    assert " ".join(first["FTX"]["04"].values()) == f"{LONG.strip()} (segment 9 BLI, element 03)"
    assert first["RFF"] == {"01": {"01": "LI", "02": "000010"}}
    assert second["FTX"]["04"]["01"] == "The item is not sold here. (segment 12 LIN, element 03, component 1)"
    assert third["01"] == {"01": "ZZZ"}


def test_an_aperak_without_errors_accepts() -> None:
    tree = aperak(EDIFACT, [], reference="A1", date="20261102")
    assert tree["BGM"] == {"01": {"01": "312"}, "02": "A1", "03": "11", "04": "AP"}
    assert "ERC" not in tree


def test_a_partner_has_codes_of_its_own() -> None:
    tree = aperak(EDIFACT, ERRORS, reference="A1", date="20261102", name="27", codes={"missing": "E07"})
    assert tree["BGM"]["01"] == {"01": "27"}
    assert [one["01"]["01"] for one in tree["ERC"]] == ["E07", "12", "ZZZ"]


def test_what_is_too_long_for_an_aperak_says_so() -> None:
    [error] = aperak(EDIFACT, [AdviceError(message="word " * 200)], reference="A1", date="20261102")["ERC"]
    pieces = list(error["FTX"]["04"].values())
    assert len(pieces) == 5
    assert all(len(piece) <= 70 for piece in pieces)
    assert pieces[-1].endswith("...")
    with pytest.raises(ValueError, match="999 errors at most, found 1000"):
        aperak(EDIFACT, [AdviceError(message="x")] * 1000, reference="A1", date="20261102")


def test_an_aperak_is_written_by_its_guide() -> None:
    tree = aperak(EDIFACT, ERRORS, reference="A1", date="20261102", time="0801", document="A-976")
    lines = encoded("edifact/aperak-d96a", tree)
    assert "BGM+313+A1+11+RE'" in lines
    assert "RFF+ACW:ME1'" in lines
