"""Documents of others are judged by the guides as their answer key (FACTS.md) and their makers say.

They are no part of the project: the folder is named by RETURNS_HUB_SAMPLES, and what is not there is skipped.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from connectors.codecs.edifact import guide as edifact
from connectors.codecs.edifact.codec import EdifactCodec
from connectors.codecs.x12 import guide as x12
from connectors.codecs.x12.codec import X12Codec

SAMPLES = Path(
    os.environ.get("RETURNS_HUB_SAMPLES", Path(__file__).parents[3].parent / "shared" / "samples" / "edi")
)

X12 = {
    # dates of six digits were right in 003060, BSN02 is missing and a package is written with a blank
    "x12_856_example2.txt": ("856", "003060", {"AK403.1": 1, "AK403.4": 3, "AK403.5": 4}),
    # two dates of six digits, and OTI12 holds the version that belongs into OTI11
    "x12_824_tmhp.txt": ("824", "005010X186", {"AK403.4": 2, "AK403.5": 1}),
    "x12_214_ellipsis_segterm.edi": ("214", "004010", {}),
    "x12_180_3030_easistandards_indented_bom.txt": ("180", "003030", {}),
    "x12_997_empty.edi": ("997", "005010", {"AK304.3": 2}),
    "x12_997_invalid.edi": ("997", "005010X230", {"AK403.5": 1, "AK403.6": 1}),
    "x12_999_invalid.edi": (
        "999",
        "005010X231",
        {
            "AK502.4": 1,
            "AK304.2": 1,
            "AK304.5": 1,
            "AK403.3": 1,
            "AK403.5": 1,
            "AK403.6": 1,
            "AK403.7": 1,
        },
    ),
    "x12_ISA_in_data.edi": ("180", "005010", {"AK304.3": 1, "AK304.6": 2}),
}
BARE = {
    # N9 behind N1, an amount in the place of a code
    "x12_180_4010_borders_randomhouse_LF.edi": ("180", "004010", "\n", {"AK304.7": 2, "AK403.5": 1}),
    # RDR01 is no code of the standard
    "x12_180_5010_rust_full_loops.edi": ("180", "005010", "~", {"AK403.7": 2}),
    # BCD without BCD04 and BCD05
    "x12_812_5010_rust.edi": ("812", "005010", "~", {"AK403.1": 2}),
}
EDIFACT: dict[str, tuple[str, str, dict[str, int]]] = {
    "edifact_APERAK_v3.edi": ("APERAK", "D:96A", {"UCM.29": 1}),
    "edifact_APERAK_rejected.edi": ("APERAK", "D:96A", {"UCM.29": 1}),
    # a purpose of six digits
    "edifact_DESADV_D96A.edi": ("DESADV", "0:96A", {"UCD.39": 1}),
    # a name of 38 characters
    "edifact_RECADV_smooks.txt": ("RECADV", "D:01B", {"UCD.39": 1}),
    "edifact_colon_at_end.edi": ("INVOIC", "D:97A", {}),
    "edifact_invoic_d97b_una.edi": ("INVOIC", "D:97B", {}),
    "edifact_invoic_d97b_bad.edi": (
        "INVOIC",
        "D:97B",
        {"UCD.37": 1, "UCD.39": 1, "UCS.13": 1, "UCS.35": 1},
    ),
    "conf_edifact_DefaultUNA.txt": ("INVOIC", "D:00A", {}),
    "conf_edifact_NonDefaultSeparators.txt": ("INVOIC", "D:00A", {}),
    "conf_edifact_BadSegment.txt": ("INVOIC", "D:00A", {"UCS.13": 1, "UCS.15": 1}),
}


def content(name: str) -> bytes:
    file = SAMPLES / name
    if not file.is_file():
        pytest.skip(f"the samples of others are not here ({file})")
    return file.read_bytes()


def counted(records: Any) -> Counter[str]:
    return Counter(one.code for record in records if record.envelope for one in record.findings)


@pytest.mark.parametrize("name", X12)
def test_a_transaction_is_judged_by_the_nearest_guide(name: str) -> None:
    set_id, version, expected = X12[name]
    guide = x12.nearest(set_id, version)
    assert guide is not None
    options = {"versions": [version], "functional": [guide.functional, "BS"]}
    assert counted(X12Codec(guide.name).decode(content(name), options).records) == expected


@pytest.mark.parametrize("name", BARE)
def test_a_transaction_is_judged_when_it_is_put_into_an_envelope(edi: Any, name: str) -> None:
    set_id, version, terminator, expected = BARE[name]
    guide = x12.load(f"x12/{set_id}-{version}")
    segments = [one.strip() for one in content(name).decode().split(terminator) if one.strip()]
    body = edi.text(
        edi.interchange([edi.group([segments], functional=guide.functional, version=version)], component=":")
    )
    assert counted(X12Codec(guide.name).decode(body).records) == expected


@pytest.mark.parametrize("name", EDIFACT)
def test_a_message_is_judged_by_the_nearest_guide(name: str) -> None:
    message, version, expected = EDIFACT[name]
    guide = edifact.nearest(message, version)
    assert guide is not None
    decoded = EdifactCodec(guide.name).decode(content(name), {"versions": [version]})
    assert counted(decoded.records) == expected
