"""Answers against golden files: `golden/x12/<name>.edi` and `golden/edifact/<name>.edi` came in.

What is answered is in `<name>.997`, `.999`, `.ta1` and `.contrl`.
"""

from pathlib import Path
from typing import Any

import pytest

from connectors.codecs import edifact, registry, x12
from connectors.codecs.base import Codec
from connectors.codecs.edi.acknowledgement import Verdict, read

GOLDEN = Path(__file__).parent / "golden"
WHEN: dict[str, Any] = {"date": "20261102", "time": "0801", "envelope": {"delimiters": {"line_end": "\n"}}}
ANSWERS = sorted(path for path in GOLDEN.glob("*/*") if path.suffix != ".edi")
NAMES = [f"{path.parent.name}/{path.name}" for path in ANSWERS]
FORMATS = {
    ".997": ["x12/997-004010", "x12/997-005010"],
    ".999": ["x12/999-005010"],
    ".contrl": ["edifact/contrl-d3", "edifact/contrl-41"],
}


def answer(path: Path) -> bytes:
    """What is answered to the document beside a golden file, in the form that its ending says."""
    body = path.with_suffix(".edi").read_bytes()
    if path.suffix == ".contrl":
        received = edifact.envelopes(body, {"format": "edifact/retann-d96a"})
        return b"".join(edifact.acknowledge(one, control=70, **WHEN) for one in received)
    interchanges = x12.envelopes(body, {"versions": ["005010"]})
    if path.suffix == ".ta1":
        return b"".join(x12.interchange_acknowledgement(one, control=70, **WHEN) for one in interchanges)
    kind: Any = path.suffix[1:]
    return b"".join(x12.acknowledge(one, control=70, group=700, kind=kind, **WHEN) for one in interchanges)


@pytest.mark.parametrize("path", ANSWERS, ids=NAMES)
def test_what_came_in_is_answered_as_written_down(path: Path) -> None:
    assert answer(path).decode() == path.read_bytes().decode()


def test_there_is_a_golden_file_for_each_verdict_of_each_kind() -> None:
    seen = {(one.kind, one.verdict) for path in ANSWERS for one in read(path.read_bytes()).acknowledgements}
    assert seen >= {("TA1", verdict) for verdict in ("accepted", "accepted_with_errors", "rejected")}
    assert seen >= {("CONTRL", verdict) for verdict in ("accepted", "partially_accepted", "rejected")}
    assert seen >= {("999", verdict) for verdict in ("accepted", "partially_accepted")}


@pytest.mark.parametrize("path", ANSWERS, ids=NAMES)
def test_every_answer_is_read_back_without_a_doubt(path: Path) -> None:
    found = read(path.read_bytes())
    assert found.acknowledgements
    assert [note.message for note in found.notes] == []
    assert [note.message for one in found.acknowledgements for note in one.notes] == []
    assert Verdict.RECEIVED not in {one.verdict for one in found.acknowledgements}


def guides(path: Path) -> list[Codec]:
    """The guides of the project that an answer can be checked by."""
    known = set(registry.formats())
    return [registry.codec(name) for name in FORMATS[path.suffix] if name in known]


@pytest.mark.parametrize("path", [path for path in ANSWERS if path.suffix in FORMATS])  # TA1 is no set
def test_every_answer_is_right_by_a_guide_of_its_own(path: Path) -> None:
    codecs = guides(path)
    if not codecs:
        pytest.skip(f"there is no guide for {path.suffix}")
    options = {"versions": ["004010", "005010", "005010X231A1"]}
    told = []
    for codec in codecs:
        decoded = codec.decode(path.read_bytes(), options)
        told.append([finding.message for record in decoded.records for finding in record.findings])
    assert [] in told, told
