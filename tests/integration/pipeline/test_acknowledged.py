"""What partners say about interchanges of ours: each case has its outcome, and one alert at most."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from hub.pipeline import account, answers
from hub.pipeline.outgoing import Identity, take
from hub.pipeline.replay import replay
from tests.integration.pipeline.trade_desk import Desk, ack, x12

ERRORS = ["AK2*180*0001", "AK3*BLI*7**8", "AK4*3*380*7*X", "AK5*R*5"]


@pytest.fixture
def desk(hub_database: str, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "project", hub_database)
    made.profile(control={"sequence": "ignore"})
    yield made
    made.close()


def sent(desk: Desk, claim: str = "C1", control: int = 7) -> tuple[int, int]:
    """A denial that we sent to the partner: its interchange and its group number."""
    assert desk.send(x12(control, claim)) == ["admitted"]
    desk.deliver()
    found = desk.rows(
        "SELECT i.control, g.control FROM interchanges i JOIN interchange_groups g "
        "ON g.interchange_id = i.id "
        "WHERE i.direction = 'out' AND i.sets = '180' ORDER BY i.id DESC LIMIT 1"
    )
    return int(found[0][0]), int(found[0][1])


def state(desk: Desk) -> str:
    """That of the last 180 we sent."""
    sql = "SELECT state FROM interchanges WHERE direction = 'out' AND sets = '180' ORDER BY id DESC LIMIT 1"
    return str(desk.rows(sql)[0][0])


def effect(desk: Desk) -> str:
    return str(desk.rows("SELECT state FROM effects WHERE operation = 'upload_180' ORDER BY seq")[0][0])


def test_a_delivered_interchange_waits_as_long_as_the_profile_says(desk: Desk) -> None:
    sent(desk)
    assert state(desk) == "awaiting"
    (wait,) = desk.rows(
        "SELECT round(extract(epoch FROM ack_due - now()) / 60) FROM interchanges WHERE sets = '180' "
        "AND direction = 'out'"
    )
    assert wait[0] == 240
    # acknowledgements themselves are never waited for
    assert [state for control, state in desk.interchanges("out")] == ["sent", "awaiting"]


def test_nothing_is_waited_for_where_the_profile_expects_nothing(desk: Desk) -> None:
    desk.profile(acks={})
    sent(desk)
    assert state(desk) == "sent"


@pytest.mark.parametrize("flow", ["acme_acks_in", "acme_returns_in"])
def test_accepted_moves_the_interchange_wherever_the_acknowledgement_lay(desk: Desk, flow: str) -> None:
    _, group = sent(desk)
    among = x12(8, "C2") if flow == "acme_returns_in" else ""
    states = desk.send(ack(900, (group, "A", [])), among, flow=flow)
    assert states == (["noted", "admitted"] if among else ["noted"])
    assert desk.rows("SELECT state FROM interchanges WHERE sets = '180' AND direction = 'out' ORDER BY id")[
        0
    ] == ("accepted",)
    assert desk.outcomes() == [("997", "accepted", "accepted")]
    assert (desk.alerts(), desk.letters(), desk.problems(), effect(desk)) == ([], [], [], "confirmed")


def test_accepted_with_errors_is_told_and_needs_nobody(desk: Desk) -> None:
    _, group = sent(desk)
    desk.send(ack(900, (group, "E", [*ERRORS[:3], "AK5*E*5"])), flow="acme_acks_in")
    assert (state(desk), effect(desk)) == ("accepted_with_errors", "confirmed")
    assert desk.alerts() == [(f"ack accepted with errors acme_edi group {group}", 1)]
    assert desk.letters() == []


@pytest.mark.parametrize(("verdict", "expected"), [("R", "rejected"), ("P", "partially_accepted")])
def test_what_the_partner_sends_back_is_a_dead_letter_with_its_words(
    desk: Desk, verdict: str, expected: str
) -> None:
    number, group = sent(desk)
    desk.send(ack(900, (group, verdict, ERRORS)), flow="acme_acks_in")
    assert (state(desk), effect(desk)) == (expected, "refused")
    (letter,) = desk.letters()
    assert (letter["kind"], letter["class"], letter["step"]) == ("effect", "Refused", "acknowledgement")
    (error, *_) = letter["errors"]
    assert (error["code"], error["path"], error["position"], error["found"]) == (
        "AK403.7",
        "BLI.03",
        "segment 7",
        "X",
    )
    assert error["transaction"] == "180 0001"
    assert f"interchange {number:09d}" in letter["summary"]
    assert desk.alerts() == [(f"ack {expected.replace('_', ' ')} acme_edi group {group}", 1)]
    assert desk.problems() == []
    # mended and sent again it is another interchange, which is waited for anew
    assert desk.hub is not None
    assert replay(desk.hub, letter["id"], "tester")["state"] == "waiting"
    desk.deliver()
    assert (state(desk), effect(desk)) == ("awaiting", "confirmed")
    assert desk.rows("SELECT control FROM interchanges WHERE sets = '180' ORDER BY id DESC LIMIT 1") != [
        (f"{number:09d}",)
    ]
    assert desk.letters() == []


@pytest.mark.parametrize("before", ["claimed", "in_doubt"])
def test_what_is_sent_back_before_its_delivery_was_settled_is_a_dead_letter_all_the_same(
    desk: Desk, before: str
) -> None:
    _, group = sent(desk)
    desk.rows("UPDATE effects SET state = %s WHERE operation = 'upload_180'", before)
    desk.rows("UPDATE interchanges SET state = 'composed', ack_due = NULL WHERE sets = '180'")
    desk.send(ack(900, (group, "R", ERRORS)), flow="acme_acks_in")
    assert (state(desk), effect(desk)) == ("rejected", "refused")
    assert [letter["step"] for letter in desk.letters()] == ["acknowledgement"]
    assert desk.problems() == []


def test_an_acknowledgement_that_comes_late_is_noted_and_closes_the_alert(desk: Desk) -> None:
    number, group = sent(desk)
    desk.rows("UPDATE interchanges SET ack_due = now() - interval '1 minute' WHERE state = 'awaiting'")
    assert desk.hub is not None
    assert [one["control"] for one in answers.run_out(desk.hub)] == [f"{number:09d}"]
    assert state(desk) == "missing"
    assert desk.alerts() == [(f"ack missing acme_edi {number:09d}", 1)]
    desk.send(ack(900, (group, "A", [])), flow="acme_acks_in")
    assert (state(desk), desk.alerts()) == ("late", [])
    assert desk.outcomes() == [("997", "accepted", "late")]


def test_a_missing_acknowledgement_is_told_once_however_often_and_by_whom_it_is_looked_for(
    desk: Desk,
) -> None:
    sent(desk, "C1", 7)
    sent(desk, "C2", 8)
    desk.rows("UPDATE interchanges SET ack_due = now() - interval '1 minute' WHERE state = 'awaiting'")
    hub = desk.hub
    assert hub is not None
    found: list[Any] = []
    workers = [threading.Thread(target=lambda: found.append(answers.run_out(hub))) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(len(one) for one in found) == 2
    account.account(hub, "run", flow="acme_returns_in")
    assert [count for _, count in desk.alerts()] == [1, 1]


def test_the_same_acknowledgement_again_is_noted_and_nothing_else(desk: Desk) -> None:
    _, group = sent(desk)
    desk.send(ack(900, (group, "R", ERRORS)), flow="acme_acks_in")
    before = (desk.alerts(), len(desk.letters()))
    # once in the same interchange, once in another
    desk.send(ack(900, (group, "R", ERRORS)), flow="acme_acks_in")
    desk.send(ack(901, (group, "R", ERRORS)), flow="acme_acks_in")
    assert desk.outcomes() == [
        ("997", "rejected", "rejected"),
        ("997", "rejected", "duplicate"),
        ("997", "rejected", "duplicate"),
    ]
    assert (desk.alerts(), len(desk.letters())) == before
    assert desk.states("acme_acks_in") == {"received": 3, "noted": 2, "repeat": 1}
    assert desk.problems() == []


def test_an_acknowledgement_of_nothing_we_know_is_kept_and_told(desk: Desk) -> None:
    sent(desk)
    assert desk.send(ack(900, (4711, "A", [])), flow="acme_acks_in") == ["noted"]
    assert desk.outcomes() == [("997", "accepted", "orphan")]
    assert desk.alerts() == [("ack orphan acme_edi group 4711", 1)]
    assert (state(desk), desk.problems()) == ("awaiting", [])


def test_a_word_that_contradicts_an_earlier_one_changes_nothing_unless_it_is_worse(desk: Desk) -> None:
    _, group = sent(desk)
    desk.send(ack(900, (group, "A", [])), flow="acme_acks_in")
    desk.send(ack(901, (group, "R", ERRORS)), flow="acme_acks_in")
    assert (state(desk), effect(desk)) == ("rejected", "refused")
    desk.send(ack(902, (group, "A", [])), flow="acme_acks_in")
    assert (state(desk), effect(desk)) == ("rejected", "refused")
    assert [outcome for *_, outcome in desk.outcomes()] == ["accepted", "rejected", "contradicted"]


def test_a_ta1_says_that_it_arrived_and_the_rest_is_still_to_come(desk: Desk) -> None:
    number, _ = sent(desk)
    desk.send(ack(900, ta1=f"{number:09d}*261101*0830*A*000"), flow="acme_acks_in")
    assert (state(desk), desk.outcomes()) == ("awaiting", [("TA1", "accepted", "received")])


def test_a_ta1_is_enough_where_the_profile_says_so(desk: Desk) -> None:
    desk.profile(acks={"expect": {"within": "4 hours", "functional": "false"}})
    number, _ = sent(desk)
    desk.send(ack(900, ta1=f"{number:09d}*261101*0830*A*000"), flow="acme_acks_in")
    assert (state(desk), desk.outcomes()) == ("accepted", [("TA1", "accepted", "accepted")])


def test_a_ta1_that_rejects_sends_the_interchange_back(desk: Desk) -> None:
    number, _ = sent(desk)
    desk.send(ack(900, ta1=f"{number:09d}*261101*0830*R*006"), flow="acme_acks_in")
    assert (state(desk), effect(desk)) == ("rejected", "refused")
    assert desk.letters()[0]["code"] == "TA105.006"


def test_a_stranger_acknowledges_nothing_of_ours(desk: Desk) -> None:
    _, group = sent(desk)
    assert desk.send(ack(900, (group, "R", ERRORS), sender="ACMEX"), flow="acme_acks_in") == ["dead"]
    assert (state(desk), desk.outcomes()) == ("awaiting", [])


def test_what_is_no_acknowledgement_in_their_folder_is_a_dead_letter(desk: Desk) -> None:
    assert desk.send(x12(8, "C2"), flow="acme_acks_in") == ["dead"]
    (letter,) = desk.letters()
    assert (letter["step"], letter["code"]) == ("decode", "no_acknowledgement")
    assert desk.problems() == []


def test_every_state_that_is_an_error_has_raised_exactly_one_alert(desk: Desk) -> None:
    def reused() -> None:
        desk.send(x12(7, "C1"))
        desk.send(x12(7, "C2"))

    def answered(verdict: str) -> None:
        _, group = sent(desk)
        detail = [*ERRORS[:3], f"AK5*{'E' if verdict == 'E' else 'R'}*5"]
        desk.send(ack(900, (group, verdict, detail)), flow="acme_acks_in")

    def missing() -> None:
        sent(desk)
        desk.rows("UPDATE interchanges SET ack_due = now() - interval '1 minute' WHERE state = 'awaiting'")
        assert desk.hub is not None
        answers.run_out(desk.hub)
        account.account(desk.hub, "run", flow="acme_returns_in")

    ways = {
        "control_reused": reused,
        "unknown_partner": lambda: desk.send(x12(7, "C1", "C2", sender="ACMEX")),
        "wrong_usage": lambda: desk.send(x12(7, "C1", usage="T")),
        "accepted_with_errors": lambda: answered("E"),
        "partially_accepted": lambda: answered("P"),
        "rejected": lambda: answered("R"),
        "missing": missing,
    }
    fine = {"received", "duplicate", "composed", "sent", "awaiting", "accepted", "late"}
    (rule,) = desk.rows(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'interchanges_state_check'"
    )
    assert set(re.findall(r"'(\w+)'", rule[0])) == fine | set(ways)
    for name, way in ways.items():
        desk.rows(
            "TRUNCATE alerts, interchanges, interchange_groups, acknowledgements, documents, messages, "
            "effects, attempts, dead_letters, control_numbers, returns, business_keys"
        )
        way()
        assert [count for _, count in desk.alerts()] == [1], name
        assert name in {state for way in ("in", "out") for _, state in desk.interchanges(way)}


def test_what_cannot_be_written_takes_no_number(desk: Desk) -> None:
    file = desk.folder / "mappings/acme_edi/return_denial.yaml"
    text = file.read_text(encoding="utf-8")
    # a date that is none
    file.write_text(text.replace('format_date(%Y%m%d, UTC)"', 'format_date(%Y, UTC)"'), encoding="utf-8")
    desk.profile()
    desk.send(x12(7, "C1"))
    desk.deliver()
    assert [one["step"] for one in desk.letters()] == ["encode"]
    assert desk.rows("SELECT kind, last FROM control_numbers ORDER BY kind") == [
        ("group", 1),
        ("interchange", 1),
    ]


def test_numbers_have_no_gap_and_no_reuse_among_threads_that_roll_back(desk: Desk) -> None:
    hub = desk.hub
    assert hub is not None
    us, kept = Identity("RETURNSHUB", "ACME", "ZZ", "ZZ"), []

    def worker(number: int) -> None:
        for turn in range(25):
            try:
                with hub.database.transaction() as tx:
                    taken = take(tx, hub, us, "acme_edi", "interchange")
                    if (turn + number) % 3 == 0:
                        tx.execute("SELECT 1/0")
                kept.append(taken)
            except psycopg.errors.DivisionByZero:
                pass

    threads = [threading.Thread(target=worker, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept) > 100
    assert sorted(kept) == list(range(1, len(kept) + 1))
