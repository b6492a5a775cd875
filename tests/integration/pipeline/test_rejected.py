"""Records that the business cannot take are answered with an application advice, each once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.codecs.registry import codec, formats
from hub.pipeline.replay import replay
from tests.integration.pipeline.trade_desk import FLOW, Desk, x12

ADVICE = "x12/824-004010"

pytestmark = pytest.mark.skipif(ADVICE not in formats(), reason=f"there is no guide for {ADVICE}")


@pytest.fixture
def desk(hub_database: str, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "project", hub_database)
    upload = {**made.system["operations"]["upload_180"], "format": ADVICE, "name": "824_{key}.edi"}
    made.system = {**made.system, "operations": {**made.system["operations"], "upload_824": upload}}
    made.write({**FLOW, "reject": {"answer": "824"}})
    made.profile(required={"180": ["BLI.05"]})
    yield made
    made.close()


def advice(desk: Desk) -> list[Any]:
    """The trees of the 824s that were delivered."""
    desk.deliver()
    found = [record for body in desk.written("824") for record in codec(ADVICE).decode(body).records]
    assert all(not record.findings for record in found), [record.findings for record in found]
    return [record.tree for record in found]


def test_a_missing_business_field_is_told_with_segment_and_element(desk: Desk) -> None:
    assert desk.send(x12(7, "C1")) == ["dead"]
    (tree,) = advice(desk)
    (about,) = tree["OTI"]
    assert (about["01"], about["03"], about["08"], about["09"], about["10"]) == (
        "TR",
        "C1",
        "7",
        "0001",
        "180",
    )
    (error,) = about["TED"]
    assert (error["01"], error["03"], error["04"], error["05"]) == ("007", "BLI", "6", "5")
    assert [one.verdict for one in desk.answers() if one.kind == "997"] == ["accepted"]
    assert desk.problems() == []


def test_an_advice_of_a_later_release_has_the_places_of_that_release(desk: Desk) -> None:
    operations = desk.system["operations"]
    later = {**operations["upload_824"], "format": "x12/824-005010"}
    desk.system = {**desk.system, "operations": {**operations, "upload_824": later}}
    desk.profile()
    desk.send(x12(7, "C1"))
    desk.deliver()
    (body,) = desk.written("824")
    (record,) = codec("x12/824-005010").decode(body).records
    assert not record.findings
    assert record.tree["OTI"][0]["TED"][0]["05"] == {"01": "5"}


def test_what_the_mapping_cannot_take_is_told_too_and_each_record_by_itself(desk: Desk) -> None:
    desk.profile(required={})
    broken = x12(7, "C1", "C2", "C3").replace("RDR**CO~\nPRF*PO-1~\nN1*BY*ACME HARDWARE*92*S018~\n", "", 1)
    broken = broken.replace("SE*7*0001", "SE*4*0001")
    assert desk.send(broken) == ["dead", "admitted", "admitted"]
    (tree,) = advice(desk)
    (about,) = tree["OTI"]
    assert about["03"] == "C1"
    assert about["TED"]


def test_a_replay_that_fails_again_tells_the_partner_nothing_new(desk: Desk) -> None:
    desk.send(x12(7, "C1"))
    assert desk.hub is not None
    assert replay(desk.hub, desk.letters()[0]["id"], "tester")["state"] == "parked"
    assert len(advice(desk)) == 1


def test_what_could_not_be_read_is_left_to_the_997(desk: Desk) -> None:
    desk.send(x12(7, "C1").replace("SE*7*0001", "SE*9*0001"))
    assert advice(desk) == []
    assert [one.verdict for one in desk.answers()] == ["rejected"]
