"""Every guide reads a good document without a word, writes it back the same, and tells a bad one by code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.codecs.base import EncodeError, Record
from connectors.codecs.edifact import guide as edifact
from connectors.codecs.edifact.codec import EdifactCodec
from connectors.codecs.registry import codec
from connectors.codecs.x12 import guide as x12
from connectors.codecs.x12.codec import X12Codec

ENVELOPE = {
    "sender": "ACME",
    "receiver": "HUB",
    "control": 7,
    "date": "20261102",
    "time": "0801",
}
DOCUMENTS: dict[str, dict[str, str]] = yaml.safe_load(
    Path(__file__).with_name("guide_documents.yaml").read_text("utf-8")
)


def read(edi: Any, name: str, text: str) -> Record:
    """Read a document by a guide; a blank inside of a segment is written as an underscore."""
    segments = [word.replace("_", " ") for word in text.split()]
    return read_x12(edi, name, segments) if name.startswith("x12/") else read_edifact(name, segments)


def read_x12(edi: Any, name: str, segments: Sequence[str]) -> Record:
    guide = x12.load(name)
    body = edi.text(
        [
            edi.isa(version="00501").replace("*U*", "*^*"),
            *edi.group(
                [edi.transaction(segments, set_id=guide.set)],
                functional=guide.functional,
                version=guide.version,
            ),
            "IEA*1*000000001",
        ]
    )
    [record] = X12Codec(guide.name).decode(body).records
    return record


def read_edifact(name: str, segments: Sequence[str]) -> Record:
    guide = edifact.load(name)
    lines = [
        "UNB+UNOC:3+A+B+261101:0830+I1",
        f"UNH+M1+{guide.set}:{guide.version}:UN",
        *segments,
        f"UNT+{len(segments) + 2}+M1",
        "UNZ+1+I1",
    ]
    [record] = EdifactCodec(guide.name).decode("".join(f"{line}'" for line in lines).encode()).records
    return record


def test_there_are_documents_for_every_guide() -> None:
    assert sorted(DOCUMENTS) == sorted([*x12.names(), *edifact.names()])


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_good_document_is_read_without_a_word_and_written_back_the_same(edi: Any, name: str) -> None:
    record = read(edi, name, DOCUMENTS[name]["good"])
    assert record.findings == ()
    [again] = codec(name).decode(codec(name).encode(record.tree, ENVELOPE)).records
    assert (again.tree, again.findings) == (record.tree, ())


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_bad_document_is_told_by_its_code(edi: Any, name: str) -> None:
    record = read(edi, name, DOCUMENTS[name]["bad"])
    assert [finding.code for finding in record.findings] == [DOCUMENTS[name]["code"]]


@pytest.mark.parametrize("release", ["d96a", "d01b"])
def test_the_totals_of_an_invoice_are_not_those_of_its_head(edi: Any, release: str) -> None:
    name = f"edifact/invoic-{release}"
    tree = read(edi, name, DOCUMENTS[name]["good"]).tree
    assert len(tree["TAX"]) == len(tree["ALC"]) == len(tree["UNS"]["TAX"]) == len(tree["UNS"]["ALC"]) == 1
    assert tree["UNS"]["TAX"][0]["MOA"][0]["01"]["02"] == "9.79"
    assert tree["LIN"][0]["MOA"][0]["01"]["02"] == "51.50"


def test_a_repeated_element_is_a_list(edi: Any) -> None:
    tree = read(edi, "x12/999-005010", DOCUMENTS["x12/999-005010"]["good"]).tree
    assert tree["AK2"][0]["IK3"][0]["CTX"][0]["01"] == [
        {"01": "SITUATIONAL TRIGGER"},
        {"01": "BGN", "02": "A"},
    ]


def test_a_repeated_element_is_refused_where_nothing_separates_it(edi: Any) -> None:
    tree = read(edi, "x12/999-005010", DOCUMENTS["x12/999-005010"]["good"]).tree
    with pytest.raises(EncodeError, match=r"CTX\[0\].01 must be text or a number, found list"):
        codec("x12/999-005010").encode(tree, {**ENVELOPE, "delimiters": {"repetition": ""}})
