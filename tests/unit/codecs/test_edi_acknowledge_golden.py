"""Answers against golden files: `golden/x12/<name>.edi` and `golden/edifact/<name>.edi` came in.

What is answered is in `<name>.997`, `.999`, `.ta1` and `.contrl`.
"""

from pathlib import Path
from typing import Any

import pytest

from connectors.codecs import registry
from connectors.codecs.edi.acknowledgement import Acknowledgement, Verdict, read
from connectors.codecs.edifact import acknowledge as contrl
from connectors.codecs.edifact.codec import EdifactCodec
from connectors.codecs.edifact.envelope import Interchange
from connectors.codecs.segmented.guide import Guide
from connectors.codecs.x12 import acknowledge, envelopes, interchange_acknowledgement

GOLDEN = Path(__file__).parent / "golden"
WHEN = {"date": "20261102", "time": "0801"}
LINES: dict[str, Any] = {"delimiters": {"line_end": "\n"}}
VERSIONS = {"versions": ["005010"]}
CODEC = EdifactCodec("edifact/retann-d96a")

X12 = sorted((GOLDEN / "x12").glob("*.[9t]*"))
EDIFACT = sorted((GOLDEN / "edifact").glob("*.contrl"))


def received(path: Path) -> list[Interchange]:
    decoded = CODEC.decode(path.read_bytes())
    list(decoded.records)
    return decoded.interchanges


def answer(path: Path) -> bytes:
    """What is answered to the document beside a golden file, in the form that its ending says."""
    body = path.with_suffix(".edi").read_bytes() if path.stem != "duplicate" else b""
    if path.suffix == ".contrl":
        return b"".join(contrl(one, control=70, **WHEN, envelope=LINES) for one in received(path.with_suffix(".edi")))
    interchanges = envelopes(body, VERSIONS)
    if path.suffix == ".ta1":
        return b"".join(interchange_acknowledgement(one, control=70, **WHEN, envelope=LINES) for one in interchanges)
    kind: Any = path.suffix[1:]
    return b"".join(acknowledge(one, control=70, group=700, **WHEN, kind=kind, envelope=LINES) for one in interchanges)
