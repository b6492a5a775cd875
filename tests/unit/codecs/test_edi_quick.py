"""Messages of known kinds are built by code made for them: the same trees, findings and digests.

A blank behind every terminator means nothing, and sends a message the long way: it has its witness.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from benchmarks.edi_material import announcements, notices
from connectors.codecs.base import Record
from connectors.codecs.edifact.codec import EdifactCodec
from connectors.codecs.edifact.reader import Reader as EdifactReader
from connectors.codecs.edifact.tree import builder as edifact_builder
from connectors.codecs.segmented.guide import parse
from connectors.codecs.segmented.quick import Marks, Quick
from connectors.codecs.segmented.structure import plan
from connectors.codecs.x12.codec import X12Codec
from connectors.codecs.x12.delimiters import Delimiters
from connectors.codecs.x12.guide import X12 as FAMILY
from connectors.codecs.x12.reader import Reader as X12Reader
from connectors.codecs.x12.tree import builder as x12_builder

RETURNS = 300
X12 = X12Codec("x12/180-004010")
EDIFACT = EdifactCodec("edifact/retann-d96a")
X12_SIGNS = ("~", "*", ">")
EDIFACT_SIGNS = ("'", "+", ":")


def long_way(body: bytes, terminator: str) -> bytes:
    released = r"\?[\s\S]|" if terminator == "'" else ""
    pattern = re.compile(f"{released}({terminator})".encode())
    return pattern.sub(lambda match: match[0] + b" " if match[1] else match[0], body)


def without_places(records: Iterator[Record]) -> list[Record]:
    """Blanks move what stands behind them."""
    return [
        replace(record, findings=tuple(replace(finding, offset=None) for finding in record.findings))
        for record in records
    ]


def x12_document(messages: list[str]) -> bytes:
    head, tail = b"".join(notices(0)).split(b"GE*")
    return head + "".join(messages).encode() + b"GE*" + tail


def edifact_document(messages: list[str]) -> bytes:
    head, tail = b"".join(announcements(0)).split(b"UNZ+")
    return head + "".join(messages).encode() + b"UNZ+" + tail


def messages(body: bytes, first: str, last: str, terminator: str) -> list[str]:
    text = body.decode()
    inside = text[text.index(first) : text.index(last)]
    return [first + one for one in inside.split(first)[1:] if one.endswith(terminator)]


X12_MESSAGES = messages(b"".join(notices(RETURNS)), "ST*", "GE*", "~")
EDIFACT_MESSAGES = messages(b"".join(announcements(RETURNS)), "UNH+", "UNZ+", "'")


def damaged(text: str, signs: tuple[str, str, str], chance: random.Random) -> str:
    """A message with one to three things changed: segments, elements, texts, signs."""
    terminator, element, component = signs
    for _ in range(chance.randint(1, 3)):
        segments = text.split(terminator)
        at = chance.randrange(1, max(2, len(segments) - 2))
        elements = segments[at].split(element)
        position = chance.randrange(len(elements))
        odd = [
            "",
            "?",
            " ",
            component,
            element,
            terminator,
            "\x00",
            "\x1f",
            "X" * 90,
            "20261301",
            "9" * 40,
            "1,5",
            "Ä",
        ]
        what = chance.randrange(7)
        if what == 0:
            del segments[at]
            text = terminator.join(segments)
            continue
        if what == 1:
            segments.insert(at, segments[at])
        if what == 2:
            segments[at], segments[1] = segments[1], segments[at]
        changes = {
            3: chance.choice(odd),
            4: elements[position] + chance.choice(odd),
            5: f"{element}{elements[position]}",
            6: elements[position].replace(component, chance.choice(odd)),
        }
        if what in changes:
            elements[position] = changes[what]
            segments[at] = element.join(elements)
        text = terminator.join(segments)
    return text


@pytest.mark.parametrize(
    ("codec", "document", "good", "signs"),
    [
        (X12, x12_document, X12_MESSAGES, X12_SIGNS),
        (EDIFACT, edifact_document, EDIFACT_MESSAGES, EDIFACT_SIGNS),
    ],
    ids=["x12", "edifact"],
)
def test_known_kinds_are_built_as_the_long_way_builds_them(
    codec: Any, document: Any, good: Any, signs: Any
) -> None:
    body = document(good)
    list(codec.decode(body).records)  # learns
    quick, slow = (list(codec.decode(one).records) for one in (body, long_way(body, signs[0])))
    assert without_places(iter(quick)) == without_places(iter(slow))
    assert all(not record.findings for record in quick)
    assert [list(record.tree) for record in quick] == [
        list(record.tree) for record in slow
    ]  # in the same order


@pytest.mark.parametrize(
    ("codec", "document", "good", "signs"),
    [
        (X12, x12_document, X12_MESSAGES, X12_SIGNS),
        (EDIFACT, edifact_document, EDIFACT_MESSAGES, EDIFACT_SIGNS),
    ],
    ids=["x12", "edifact"],
)
@pytest.mark.parametrize("seed", range(8))
def test_damaged_messages_of_known_kinds_are_judged_as_the_long_way_judges_them(
    codec: Any, document: Any, good: Any, signs: Any, seed: int
) -> None:
    list(codec.decode(document(good)).records)
    chance = random.Random(seed)  # noqa: S311 - damage, no secret
    for number in range(400):
        body = document([damaged(chance.choice(good), signs, chance), chance.choice(good)])
        quick, slow = (codec.decode(one).records for one in (body, long_way(body, signs[0])))
        assert without_places(quick) == without_places(slow), (seed, number, body)


def test_nearly_all_transactions_of_a_file_are_of_known_kinds_soon() -> None:
    """That the tests above compare two ways at all."""
    list(X12.decode(x12_document(X12_MESSAGES)).records)
    blocks = list(X12Reader(x12_document(X12_MESSAGES)).blocks())
    trees = x12_builder(X12.guide, Delimiters(component=b">").text)
    assert sum(trees.quickly(block.plain() or "") is not None for block in blocks) > RETURNS * 0.9


def test_nearly_all_messages_of_a_file_are_of_known_kinds_soon() -> None:
    list(EDIFACT.decode(edifact_document(EDIFACT_MESSAGES)).records)
    blocks = list(EdifactReader(edifact_document(EDIFACT_MESSAGES)).blocks())
    plain = [block.plain() for block in blocks]
    assert (
        sum(edifact_builder(EDIFACT.guide).quickly(one[0]) is not None for one in plain if one)
        > RETURNS * 0.9
    )


def test_a_sender_of_ever_new_kinds_does_not_make_us_forget_the_usual_ones() -> None:
    guide = parse(FAMILY, *GUIDE, "guide")
    quick = Quick(guide, Marks("~", "*"), lambda _segment, _text, writing: f"'01': {writing.take()}")
    for number in range(8_000):
        ids = ["BGN", *(f"N{bit}" for bit in range(OPTIONAL) if number >> bit & 1)]
        quick.learn([f"{name}*1" for name in ids], plan(guide, ids).steps)
        if number < 8:  # so often a kind is seen before there is code for it
            quick.learn(["BGN*1"], plan(guide, ["BGN"]).steps)
    assert quick.tree("BGN*2") == ({"@": 1, "BGN": {"@": 2, "01": "2"}}, 1)
    assert quick.tree("BGN*2~N0*1") is None


def test_what_is_learnt_is_bounded() -> None:
    """It does not fill the memory: all is forgotten at some point, and learnt anew."""
    guide = parse(FAMILY, *GUIDE, "guide")
    quick = Quick(guide, Marks("~", "*"), lambda _segment, _text, writing: f"'01': {writing.take()}")
    known = []
    for number in range(1_500):
        ids = ["BGN", *(f"N{bit}" for bit in range(OPTIONAL) if number >> bit & 1)]
        for _ in range(8):
            quick.learn([f"{name}*1" for name in ids], plan(guide, ids).steps)
        known.append("~".join(f"{name}*1" for name in ids))
    assert 0 < sum(quick.tree(one) is not None for one in known) < len(known)


OPTIONAL = 16
GUIDE = (
    {
        "guide": "x12/000-004010",
        "title": "Segments that may be there",
        "set": "000",
        "version": "004010",
        "functional": "ZZ",
        "structure": ["BGN M 1", *(f"N{at} O 1" for at in range(OPTIONAL))],
    },
    {
        "elements": {"1": "AN 1/9"},
        "segments": {"BGN": ["1 M"]} | {f"N{at}": ["1 M"] for at in range(OPTIONAL)},
    },
)
