"""What file partners write is sound by the hub's guides, and what they read is what was said."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.codecs.registry import codec
from hub.mapping.compile import compile_file
from sandboxes import carriers
from sandboxes.sftp import edifact, x12

MAPPINGS = Path(__file__).parents[3] / "mappings"
NOW = datetime(2026, 11, 3, 21, 55, tzinfo=UTC)
PARCELS = [carriers.Parcel("PRO1", "CLM1", "60000001"), carriers.Parcel("PRO2", "CLM2", "60000002")]
TOLD = {
    "214": ("x12/214-004010", "carrier_edi/shipment_status", carriers.write_x12),
    "IFTSTA": ("edifact/iftsta-d96a", "carrier_edifact/shipment_status", carriers.write_edifact),
}


@pytest.mark.parametrize("event", ["picked_up", "delivered"])
@pytest.mark.parametrize("kind", TOLD)
def test_what_the_carrier_tells_is_understood_as_it_was_meant(kind: str, event: str) -> None:
    form, name, write = TOLD[kind]
    decoded = codec(form).decode(write(event, PARCELS, NOW).encode("ascii"))
    records = list(decoded.records)
    assert ([record.findings for record in records], list(decoded.findings)) == ([(), ()], [])
    mapping = compile_file(MAPPINGS / f"{name}.yaml", MAPPINGS)
    facts = [mapping.apply(record.tree) for record in records]
    assert [fact.errors for fact in facts] == [(), ()]
    assert [
        (fact.value["shipment_id"], fact.value["rma_number"], fact.value["status"]) for fact in facts
    ] == [
        ("PRO1", "60000001", event),
        ("PRO2", "60000002", event),
    ]
    assert {datetime.fromisoformat(fact.value["updated_at"]) for fact in facts} == {NOW}


def test_the_carrier_reads_in_its_own_files_what_it_told() -> None:
    [told] = x12.read(carriers.write_x12("picked_up", PARCELS, NOW))
    assert told.shipments == ["60000001", "60000002"]
    [also] = edifact.read(carriers.write_edifact("picked_up", PARCELS, NOW))
    assert also.shipments == ["60000001", "60000002"]


@pytest.mark.parametrize(
    "text",
    [
        "UNA:+.? 'UNB+UNOC:3+1+2+261120:0930+7'",
        "UNB+UNOC:3+1+2+261120:0930+7'",
        "UNA|*,! ~UNB*UNOC|3*1*2*261120|0930*7~",
    ],
)
def test_segments_are_cut_at_the_signs_that_the_file_names(text: str) -> None:
    assert list(edifact.segments(text)) == [[["UNB"], ["UNOC", "3"], ["1"], ["2"], ["261120", "0930"], ["7"]]]


def test_released_signs_are_data() -> None:
    assert list(edifact.segments("FTX+A?+B:C??'")) == [[["FTX"], ["A+B", "C?"]]]


def test_the_retailer_reads_what_it_was_told() -> None:
    body = (
        "UNH+1+RETINS:D:96A'BGM+71E::9+60000001+9'RFF+ARN:RA-1'LIN+1'CDI+3E+12E::9'LIN+2'CDI+3E+17E::9'UNT+8+1'"
        "UNH+2+RECADV:D:96A'BGM+632+RC-1+9'QTY+48:2:PCE'QTY+48:0.5:KGM'UNT+5+2'"
        "UNH+3+INVOIC:D:96A'BGM+381+65+9'MOA+203:9.90'UNS+S'MOA+79:9.90'MOA+86:8.90'UNT+7+3'"
    )
    [found] = edifact.read(f"UNB+UNOC:3+1+2+261120:0930+7'{body}UNZ+3+7'")
    assert found.reference == "7"
    assert found.instructions == [edifact.Instruction("60000001", "RA-1", {"12E", "17E"})]
    assert [(one.number, one.pieces) for one in found.receipts] == [("RC-1", Decimal("2.5"))]
    assert [(one.number, one.amount) for one in found.credits] == [("65", Decimal("8.90"))]
