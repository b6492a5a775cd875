"""Interchanges that come in: whose they are, whether they came before, and what they are answered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.pipeline.entrance import HELD_WHOLE
from hub.pipeline.replay import discard, replay
from tests.integration.pipeline.trade_desk import FLOW, Desk, x12


@pytest.fixture
def desk(hub_database: str, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "project", hub_database)
    yield made
    made.close()


def test_the_same_number_with_the_same_content_is_acknowledged_again_and_not_processed(desk: Desk) -> None:
    assert desk.send(x12(7, "C1", "C2")) == ["admitted", "admitted"]
    # other line ends make another file of the same interchange
    assert desk.send(x12(7, "C1", "C2").replace("\n", "\r\n")) == []
    assert desk.interchanges() == [("7", "received"), ("7", "duplicate")]
    told = [(one.kind, one.verdict, one.about.group) for one in desk.answers()]
    assert told == [("997", "accepted", "7"), ("997", "accepted", "7")]
    assert desk.states() == {"received": 4, "admitted": 2, "repeat": 2}
    assert (desk.problems(), desk.alerts(), desk.letters()) == ([], [], [])


def test_a_duplicate_is_known_when_the_mapping_calls_its_records_something_else_by_now(desk: Desk) -> None:
    desk.send(x12(7, "C1"))
    file = desk.folder / "mappings/acme_edi/return_notice.yaml"
    text = file.read_text(encoding="utf-8").replace("key:     BGN.02", "key:     PRF.01")
    file.write_text(text, encoding="utf-8")
    desk.profile()
    assert desk.send(x12(7, "C1"), x12(8, "C9")) == ["admitted"]
    assert desk.states() == {"received": 3, "admitted": 2, "repeat": 1}


def test_a_duplicate_brings_back_what_somebody_discarded(desk: Desk) -> None:
    # no line can be read without a quantity
    assert desk.send(x12(7, "C1", "C2", quantity="")) == ["dead", "dead"]
    assert desk.hub is not None
    discard(desk.hub, desk.letters()[0]["id"], "tester", "sent again")
    assert desk.send(x12(7, "C1", "C2", quantity="")) == ["dead"]
    assert desk.states() == {"received": 4, "dead": 2, "discarded": 1, "repeat": 1}
    assert desk.problems() == []


def test_the_same_number_with_other_content_is_rejected_and_waits_for_a_person(desk: Desk) -> None:
    desk.send(x12(7, "C1"))
    assert desk.send(x12(7, "C2", "C3")) == ["dead", "dead"]
    assert desk.interchanges() == [("7", "received"), ("7", "control_reused")]
    told = [(one.kind, one.verdict, [error.code for error in one.errors]) for one in desk.answers()]
    assert told == [("997", "accepted", []), ("TA1", "rejected", ["TA105.025"])]
    assert [(one["step"], one["code"]) for one in desk.letters()] == [("envelope", "control_reused")] * 2
    assert desk.alerts() == [("control reused acme_edi 000000007", 1)]
    assert desk.states() == {"received": 3, "admitted": 1, "dead": 2}
    assert desk.problems() == []
    # a person may decide that it is good all the same
    assert desk.hub is not None
    assert replay(desk.hub, desk.letters()[0]["id"], "tester")["state"] == "admitted"


def test_what_was_refused_for_its_number_is_new_under_a_right_one(desk: Desk) -> None:
    desk.send(x12(7, "C1"))
    desk.send(x12(7, "C2"))
    assert desk.send(x12(8, "C2")) == ["admitted"]
    assert desk.states() == {"received": 3, "admitted": 2, "dead": 1}


def test_a_group_number_of_another_interchange_is_rejected_with_its_group(desk: Desk) -> None:
    desk.send(x12(7, "C1", group=70))
    assert desk.send(x12(8, "C2", group=70)) == ["dead"]
    assert desk.interchanges() == [("7", "received"), ("8", "received")]
    verdicts = [(one.verdict, [error.code for error in one.errors]) for one in desk.answers()]
    assert verdicts == [("accepted", []), ("rejected", ["AK905.6"])]
    assert [one["code"] for one in desk.letters()] == ["group_reused"]
    assert desk.alerts() == [("group reused acme_edi 70", 1)]
    assert desk.problems() == []


def test_partners_that_number_groups_anew_are_taken_as_they_are(desk: Desk) -> None:
    desk.profile(control={"groups": "ignore"})
    assert desk.send(x12(7, "C1", group=1)) == ["admitted"]
    assert desk.send(x12(8, "C2", group=1)) == ["admitted"]
    assert desk.alerts() == []


def test_a_transaction_number_used_twice_in_its_group_is_told_and_processed(desk: Desk) -> None:
    twice = x12(7, "C1", "C2").replace("ST*180*0002", "ST*180*0001").replace("SE*7*0002", "SE*7*0001")
    assert desk.send(twice) == ["admitted", "admitted"]
    (answer,) = desk.answers()
    assert answer.verdict == "accepted_with_errors"
    assert [error.code for one in answer.transactions for error in one.errors] == ["AK502.23"]


def test_a_gap_and_a_step_back_are_noticed_and_never_block(desk: Desk) -> None:
    assert desk.send(x12(7, "C1"), x12(8, "C2")) == ["admitted"] * 2
    assert desk.alerts() == []
    assert desk.send(x12(12, "C3")) == ["admitted"]
    assert desk.send(x12(9, "C4")) == ["admitted"]
    assert desk.alerts() == [("sequence acme_edi ACME", 2)]
    desk.profile(control={"sequence": "ignore"})
    assert desk.send(x12(3, "C5")) == ["admitted"]
    assert desk.alerts() == [("sequence acme_edi ACME", 2)]


def test_a_number_may_come_again_once_its_window_is_over(desk: Desk) -> None:
    desk.send(x12(7, "C1"))
    desk.rows("UPDATE interchanges SET at = at - interval '366 days'")
    assert desk.send(x12(7, "C2")) == ["admitted"]
    assert desk.interchanges() == [("7", "received"), ("7", "received")]
    assert desk.alerts() == []


def test_two_interchanges_of_one_file_with_one_number_are_compared_too(desk: Desk) -> None:
    assert desk.send(x12(7, "C1"), x12(7, "C1"), x12(7, "C2")) == ["admitted", "dead"]
    assert [state for _, state in desk.interchanges()] == ["received", "duplicate", "control_reused"]
    assert desk.states() == {"received": 3, "admitted": 1, "dead": 1, "repeat": 1}


def test_a_stranger_is_not_processed_and_shown_with_its_envelope(desk: Desk) -> None:
    assert desk.send(x12(7, *[f"C{n}" for n in range(25)], sender="ACMEX"), x12(8, "D1")) == [
        *["dead"] * 25,
        "admitted",
    ]
    letter = desk.letters()[0]
    assert (letter["step"], letter["code"], letter["class"]) == ("envelope", "unknown_partner", "Contract")
    assert letter["summary"] == "sender 'ZZ/ACMEX' of interchange 000000007 is not 'ZZ/ACME'"
    shown = letter["errors"][0]["envelope"]
    assert (shown["sender"], shown["receiver"], shown["control"]) == ("ACMEX", "RETURNSHUB", "000000007")
    assert desk.interchanges() == [("7", "unknown_partner"), ("8", "received")]
    assert [one.about.group for one in desk.answers()] == ["8"]
    assert desk.alerts() == [("unknown partner acme_edi ACMEX", 1)]
    assert desk.states() == {"received": 26, "admitted": 1, "dead": 25}
    assert desk.problems() == []


def test_a_stranger_is_admitted_by_replay_once_the_profile_knows_it(desk: Desk) -> None:
    desk.send(x12(7, "C1", sender="ACMEX"))
    desk.profile(receiver="ACMEX")
    assert desk.hub is not None
    assert replay(desk.hub, desk.letters()[0]["id"], "tester")["state"] == "admitted"
    (key,) = desk.rows("SELECT source_key FROM messages")
    assert key == ("C1",)
    assert desk.problems() == []


@pytest.mark.parametrize(("usage", "profile"), [("T", "P"), ("P", "T")])
def test_test_data_and_production_never_mix(desk: Desk, usage: str, profile: str) -> None:
    desk.profile(usage=profile)
    assert desk.send(x12(7, "C1", usage=usage)) == ["dead"]
    assert [one["code"] for one in desk.letters()] == ["wrong_usage"]
    assert desk.interchanges() == [("7", "wrong_usage")]
    assert desk.alerts() == [("wrong usage acme_edi ACME", 1)]
    desk.profile(usage=usage)
    assert desk.hub is not None
    assert replay(desk.hub, desk.letters()[0]["id"], "tester")["state"] == "admitted"


def test_business_fields_of_the_profile_are_demanded_with_their_place(desk: Desk) -> None:
    desk.profile(required={"180": ["BGN.04", "BLI.05", "BLI.QTY.02"]})
    assert desk.send(x12(7, "C1")) == ["dead"]
    (letter,) = desk.letters()
    assert (letter["step"], letter["code"], letter["class"]) == ("profile", "required", "Contract")
    found = [(error["path"], error["position"]) for error in letter["errors"]]
    assert found == [("BLI.05", "BLI segment 6, element 5"), ("BLI.QTY.02", "BLI segment 6")]
    # the 997 is about syntax: the transaction was read
    assert [one.verdict for one in desk.answers()] == ["accepted"]
    desk.profile(required={})
    assert desk.hub is not None
    assert replay(desk.hub, letter["id"], "tester")["state"] == "admitted"


@pytest.mark.parametrize(
    ("policy", "asked", "groups", "expected"),
    [
        ("never", "1", "*2*", []),
        ("errors", "1", "*1*", []),
        ("errors", "0", "*2*", ["accepted_with_errors"]),
        ("requested", "1", "*1*", ["accepted"]),
        ("requested", "0", "*1*", []),
        ("always", "0", "*1*", ["accepted"]),
    ],
)
def test_a_ta1_is_sent_when_the_profile_says_so(
    desk: Desk, policy: str, asked: str, groups: str, expected: list[str]
) -> None:
    desk.profile(acks={"send": {"interchange": policy}})
    desk.send(x12(7, "C1", ack=asked).replace("IEA*1*", f"IEA{groups}"))
    assert [one.verdict for one in desk.answers() if one.kind == "TA1"] == expected


def test_a_document_too_large_to_be_held_is_read_twice_and_judged_the_same(desk: Desk) -> None:
    padding = "\n" * (HELD_WHOLE // 2)
    large = x12(7, "C1", "C2").replace("~\n", f"~{padding}", 2) + x12(8, "C3", sender="ACMEX")
    assert len(large) > HELD_WHOLE
    assert desk.send(large) == ["admitted", "admitted", "dead"]
    assert desk.send(large + "\n", x12(7, "C4")) == ["dead"]
    assert [state for _, state in desk.interchanges()] == [
        "received",
        "unknown_partner",
        "duplicate",
        "unknown_partner",
        "control_reused",
    ]
    assert desk.states() == {"received": 7, "admitted": 2, "dead": 2, "repeat": 3}


def test_a_999_answers_where_both_sides_agreed_on_it(desk: Desk) -> None:
    upload = {**desk.system["operations"]["upload_997"], "format": "x12/999", "name": "999_{key}.edi"}
    desk.system = {**desk.system, "operations": {**desk.system["operations"], "upload_999": upload}}
    desk.write({**FLOW, "acknowledge": "999"})
    desk.profile(acks={"send": {"functional": "999"}})
    desk.send(x12(7, "C1", "C2"))
    assert [(one.kind, one.verdict, one.about.group) for one in desk.answers()] == [("999", "accepted", "7")]


def test_numbers_that_were_issued_per_system_go_on_under_the_identities(desk: Desk) -> None:
    desk.rows("INSERT INTO control_numbers (scope, kind, last) VALUES ('acme_edi', 'interchange', 41)")
    desk.send(x12(7, "C1"))
    desk.send(x12(8, "C2"))
    assert sorted(one.control for one in desk.answers()) == ["000000042", "000000043"]
