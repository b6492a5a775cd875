"""Other readers see the same segments and elements: pyx12 for X12, pydifact for EDIFACT."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydifact.exceptions import EDISyntaxError
from pydifact.parser import Parser
from pyx12.errors import X12Error  # type: ignore[import-untyped]  # ships no types
from pyx12.x12file import X12Reader  # type: ignore[import-untyped]  # as above

from benchmarks.edi_material import announcements, notices
from connectors.codecs.edifact.reader import Reader as EdifactReader
from connectors.codecs.edifact.service import COMPONENT, ELEMENT
from connectors.codecs.x12.reader import Reader as X12Reader_
from tests.unit.codecs.edi_damage import SAMPLES

ISA = f"ISA*00*{'':10}*00*{'':10}*ZZ*{'ACME':15}*ZZ*{'HUB':15}*261101*1200*U*00401*000000001*0*P*:"
Segments = list[list[str]]
ENVELOPE = {"ISA", "GS", "GE", "IEA", "TA1", "UNA", "UNB", "UNG", "UNE", "UNZ"}

pytestmark = pytest.mark.filterwarnings("ignore::pydifact.exceptions.MissingImplementationWarning")


def theirs_x12(text: str) -> Segments:
    found = []
    for segment in X12Reader(io.StringIO(text)):
        values = [segment.get_value(f"{at:02d}") or "" for at in range(1, len(segment) + 1)]
        found.append(trimmed([segment.get_seg_id(), *values]))
    return [one for one in found if one[0] not in ENVELOPE]


def ours_x12(body: bytes) -> Segments:
    found = []
    for block in X12Reader_(body).blocks():
        assert block.interchange is not None
        mark = block.interchange.delimiters.text.element
        found += [trimmed(text.split(mark)) for text in block.segments()]
    return found


def theirs_edifact(text: str) -> list[Any]:
    found = [
        trimmed(
            [
                segment.tag,
                *(trimmed([one] if isinstance(one, str) else list(one)) for one in segment.elements),
            ]
        )
        for segment in Parser().parse(text)
    ]
    return [one for one in found if one[0] not in ENVELOPE]


def ours_edifact(body: bytes) -> list[Any]:
    return [
        trimmed([tag, *(trimmed(element.split(COMPONENT)) for element in elements)])
        for block in EdifactReader(body).blocks()
        for tag, *elements in (text.split(ELEMENT) for text in block.texts().segments)
    ]


def decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("latin-1")


def trimmed(values: list[Any]) -> list[Any]:
    """Without empty ones at the end, which say nothing."""
    while values and not values[-1]:
        values = values[:-1]
    return values


def test_pyx12_sees_the_same_in_return_notices() -> None:
    body = b"".join(notices(200))
    assert theirs_x12(body.decode()) == ours_x12(body)


def test_pydifact_sees_the_same_in_announcements() -> None:
    body = b"".join(announcements(60))
    assert theirs_edifact(body.decode()) == ours_edifact(body)


NAMES = st.from_regex(r"\A[A-Z][A-Z0-9]{1,2}\Z").filter(
    lambda name: name not in ENVELOPE | {"ST", "SE", "BIN", "BDS", "UNH", "UNT"}
)
WORDS = st.text("ABCXYZabc0129 .,-/'+?", max_size=12).map(str.strip)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(NAMES, st.lists(WORDS, min_size=1, max_size=6)), min_size=1, max_size=8),
    st.sampled_from(["", "\n", "\r\n"]),
)
def test_pyx12_sees_the_same_in_any_segments(segments: list[tuple[str, list[str]]], line: str) -> None:
    inside = ["*".join(trimmed([name, *values])) for name, values in segments]
    lines = [ISA, "GS*AN*A*B*20261101*1200*11*X*004010", "ST*180*0001", *inside]
    lines += [f"SE*{len(inside) + 2}*0001", "GE*1*11", "IEA*1*000000001"]
    text = "".join(f"{one}~{line}" for one in lines)
    assert theirs_x12(text) == ours_x12(text.encode())


EDIFACT_NAMES = st.from_regex(r"\A[A-Z]{3}\Z").filter(lambda name: not name.startswith("UN"))
VALUES = st.text("ABCxyz0129 .,-/'+?:", max_size=10).map(str.strip)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(EDIFACT_NAMES, st.lists(st.lists(VALUES, min_size=1, max_size=3), min_size=1, max_size=4)),
        min_size=1,
        max_size=6,
    )
)
def test_pydifact_sees_the_same_in_any_segments(segments: list[tuple[str, list[list[str]]]]) -> None:
    def released(text: str) -> str:
        return re.sub(r"([?+:'])", r"?\1", text)

    inside = ["+".join([name, *(":".join(map(released, one)) for one in parts)]) for name, parts in segments]
    lines = ["UNB+UNOC:3+A+B+261101:0830+I1", "UNH+M1+RETANN:D:96A:UN", *inside]
    text = "UNA:+.? '" + "".join(f"{one}'" for one in [*lines, f"UNT+{len(inside) + 2}+M1", "UNZ+1+I1"])
    assert theirs_edifact(text) == ours_edifact(text.encode())


SAMPLES_X12 = sorted(SAMPLES.glob("*x12*")) if SAMPLES.is_dir() else []
SAMPLES_EDIFACT = sorted(SAMPLES.glob("*edifact*")) if SAMPLES.is_dir() else []
ODD_X12 = r"ISA16_missing|Bad|Missing|binary|Multiple|indented"
ODD_EDIFACT = r"other_dialect|Bad|Invalid|Missing|Multiple|newlines|linebreak|premature|truncated"
"""Where we forgive, or tell, what the other reader takes literally or does not see."""


@pytest.mark.skipif(not SAMPLES_X12, reason="the samples of others are not beside this project")
def test_pyx12_sees_the_same_in_files_of_others_that_it_reads() -> None:
    compared = 0
    for path in SAMPLES_X12:
        body = path.read_bytes()
        try:
            theirs = None if re.search(ODD_X12, path.name) else theirs_x12(decoded(body))
        except X12Error:  # it does not read this release, or this damage
            continue
        if theirs is not None:
            assert theirs == ours_x12(body), path.name
            compared += 1
    assert compared >= 13  # as many as it could read when this was written


@pytest.mark.skipif(not SAMPLES_EDIFACT, reason="the samples of others are not beside this project")
def test_pydifact_sees_the_same_in_files_of_others_that_it_reads() -> None:
    compared = 0
    for path in SAMPLES_EDIFACT:
        body = path.read_bytes()
        try:
            theirs = None if re.search(ODD_EDIFACT, path.name) else theirs_edifact(decoded(body))
        except (EDISyntaxError, ValueError):  # it asks for more than the file has
            continue
        if theirs is not None:
            assert theirs == ours_edifact(body), path.name
            compared += 1
    assert compared >= 15  # as above
