"""Several workers at once, and one that comes back too late: exactly one effect, one fact, one outcome."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import psutil
import pytest

from hub import ledger
from hub.pipeline import account
from hub.pipeline.admit import admit
from hub.pipeline.deliver import deliver
from hub.pipeline.replay import NotOpen, replay
from hub.settings import Settings
from tests.integration.conftest import World
from tests.integration.pipeline.crash_child import KILLED, Point, Process, ended, run, start
from tests.integration.pipeline.crash_material import (
    ERP,
    PORTAL,
    ask,
    let_time_pass,
    order,
    posted,
    receive_all,
    work,
)

WORKERS = 8


def customer_returns(world: World) -> dict[str, Any]:
    found: dict[str, Any] = world.partners.erp.books()["customer_returns"]
    return found


def test_eight_processes_deliver_each_effect_once(world: World, settings: Settings) -> None:
    numbers = range(24)
    world.partners.erp.store.seed({"orders": [order(number) for number in numbers]})
    receive_all(world, [posted(number) for number in numbers])
    admit(world.hub, PORTAL, "test")
    processes = [start(work(world, settings, "deliver", ERP)) for _ in range(WORKERS)]
    assert [ended(process) for process in processes] == [0] * WORKERS
    found = customer_returns(world)
    assert (found["count"], found["duplicates"]) == (24, [])
    assert ask(world, "SELECT outcome, count(*) FROM attempts GROUP BY outcome") == [("confirmed", 24)]


def test_one_message_ten_times_and_eight_workers_make_one_fact(world: World, settings: Settings) -> None:
    world.partners.erp.store.seed({"orders": [order(1)]})
    receive_all(world, [posted(1, arrival=arrival) for arrival in range(10)])
    processes = [start(work(world, settings, "admit", PORTAL)) for _ in range(WORKERS)]
    assert [ended(process) for process in processes] == [0] * WORKERS
    assert ask(world, "SELECT seen FROM messages") == [(10,)]
    assert ask(world, "SELECT count(*) FROM facts WHERE type = 'return.requested'") == [(1,)]
    assert ask(world, "SELECT count(*) FROM effects") == [(1,)]
    found = account.account_of(world.hub, flow=PORTAL)
    assert found.balanced, found.problems
    assert (found.totals["received"], found.totals["admitted"], found.totals["repeat"]) == (10, 1, 9)


def stopped(process: Process) -> None:
    """Wait until a process is asleep where its point stopped it."""
    deadline = time.monotonic() + 60
    while psutil.Process(process.pid).status() != psutil.STATUS_STOPPED:
        assert time.monotonic() < deadline
        assert process.is_alive()
        time.sleep(0.02)


def wake(process: Process) -> None:
    assert process.pid is not None
    os.kill(process.pid, signal.SIGCONT)


def test_a_worker_that_was_away_longer_than_its_lease_writes_no_outcome(
    world: World, settings: Settings
) -> None:
    world.partners.erp.store.seed({"orders": [order(1)]})
    receive_all(world, [posted(1)])
    admit(world.hub, PORTAL, "test")
    away = start(work(world, settings, "deliver", ERP), Point("returned", "write", signal=signal.SIGSTOP))
    stopped(away)
    let_time_pass(world)
    assert deliver(world.hub, ERP, "test")["found"] == 1
    before = ask(world, "SELECT state, fence, reference, settled_at FROM effects WHERE target = 'sap_s4'")
    wake(away)
    assert ended(away) == 0
    assert ask(world, "SELECT state, fence, reference, settled_at FROM effects WHERE target = 'sap_s4'") == (
        before
    )
    assert ask(world, "SELECT fence, outcome FROM attempts ORDER BY fence") == [(1, ""), (2, "found")]
    assert ask(world, "SELECT count(*) FROM facts WHERE type = 'return.authorized'") == [(1,)]
    assert customer_returns(world)["count"] == 1


def test_a_worker_that_lost_its_document_leaves_nothing(world: World, settings: Settings) -> None:
    world.partners.erp.store.seed({"orders": [order(1)]})
    receive_all(world, [posted(1)])
    away = start(work(world, settings, "admit", PORTAL), Point("returned", "lookup", signal=signal.SIGSTOP))
    stopped(away)
    let_time_pass(world)
    assert admit(world.hub, PORTAL, "test")["admitted"] == 1
    wake(away)
    assert ended(away) == 1, f"expected {ledger.LeaseLost.__name__}"
    assert ask(world, "SELECT state, seen FROM messages") == [("admitted", 1)]
    assert ask(world, "SELECT state, progress, repeats FROM documents") == [("done", 1, 0)]
    assert ask(world, "SELECT count(*) FROM effects") == [(1,)]


def dead_letter(world: World) -> UUID:
    """Of a return with a reason that nobody knows."""
    receive_all(world, [posted(1, reason="felt-like-it")])
    assert admit(world.hub, PORTAL, "test")["dead"] == 1
    [(letter,)] = ask(world, "SELECT id FROM dead_letters WHERE state = 'open'")
    assert isinstance(letter, UUID)
    return letter


def test_of_many_who_replay_a_letter_one_does(world: World) -> None:
    letter = dead_letter(world)

    def press(actor: str) -> str:
        try:
            return str(replay(world.hub, letter, actor)["state"])
        except NotOpen:
            return "not open"

    with ThreadPoolExecutor(WORKERS) as pool:
        told = Counter(pool.map(press, [f"operator {n}" for n in range(WORKERS)]))
    assert told == {"parked": 1, "not open": WORKERS - 1}
    assert ask(world, "SELECT state, replays FROM dead_letters ORDER BY created_at") == [
        ("replayed", 0),
        ("parked", 1),
    ]
    assert account.account_of(world.hub, flow=PORTAL).balanced


@pytest.mark.parametrize("when", ["commit", "after"])
def test_a_replay_that_is_killed_happened_whole_or_not_at_all(
    when: str, world: World, settings: Settings
) -> None:
    letter = dead_letter(world)
    assert run(work(world, settings, "replay", str(letter)), Point(when, "settle_dead_letter")) == KILLED
    if when == "commit":
        assert ask(world, "SELECT state FROM dead_letters") == [("open",)]
        assert replay(world.hub, letter, "an operator")["state"] == "parked"
    with pytest.raises(NotOpen):
        replay(world.hub, letter, "an operator")
    assert ask(world, "SELECT state, replays FROM dead_letters ORDER BY created_at") == [
        ("replayed", 0),
        ("parked", 1),
    ]
    assert ask(world, "SELECT state FROM messages") == [("parked",)]
    assert account.account_of(world.hub, flow=PORTAL).balanced
