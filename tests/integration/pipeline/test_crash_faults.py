"""What each kind of failure does to what is on its way: wait, pause, stop or set aside, then go on."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson
import pytest

from connectors.base import Document
from connectors.errors import Config
from hub.bootstrap import bootstrap
from hub.pipeline import account
from hub.pipeline.admit import admit
from hub.pipeline.admit import resume as resume_flow
from hub.pipeline.deliver import deliver, resume
from hub.pipeline.replay import replay
from hub.settings import Settings
from tests.integration.conftest import World, connections
from tests.integration.pipeline.crash_child import KILLED, Point, run
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

RECEIPTS = "wms_receipts_in"


def test_while_the_erp_is_down_returns_are_held_and_admitted_later(world: World) -> None:
    world.partners.erp.store.seed({"orders": [order(1)]})
    receive_all(world, [posted(1)])
    away = {"match": "GET /sap", "action": "status", "status": 503}
    world.partners.erp.faults.load([away])
    assert admit(world.hub, PORTAL, "test")["held"] == 1
    assert ask(world, "SELECT count(*) FROM facts") == [(0,)]
    assert ask(world, "SELECT count(*) FROM dead_letters") == [(0,)]
    found = account.account_of(world.hub, flow=PORTAL)
    assert (found.balanced, found.totals["held"]) == (True, 1)
    let_time_pass(world)
    assert "admitted" not in admit(world.hub, PORTAL, "test")
    world.partners.erp.faults.load([])
    let_time_pass(world)
    assert admit(world.hub, PORTAL, "test")["admitted"] == 1
    assert ask(world, "SELECT data ->> 'outcome' FROM facts WHERE type = 'authorization.decided'") == [
        ("approved",)
    ]


def test_a_wrong_password_pauses_the_target_and_burns_nothing(world: World, settings: Settings) -> None:
    world.partners.erp.store.seed({"orders": [order(n) for n in range(3)]})
    receive_all(world, [posted(n) for n in range(3)])
    admit(world.hub, PORTAL, "test")
    right = connections(world.partners.endpoints)
    wrong = {**right, "sap_s4": replace(right["sap_s4"], password="wrong")}
    with bootstrap(settings, connections=wrong.__getitem__) as hub:
        deliver(hub, ERP, "test")
        deliver(hub, ERP, "test")
    assert ask(world, "SELECT state, attempts FROM effects") == [("waiting", 0)] * 3
    assert ask(world, "SELECT count(*) FROM dead_letters") == [(0,)]
    assert ask(world, "SELECT cause FROM alerts WHERE closed_at IS NULL") == [("paused sap_s4",)]
    assert deliver(world.hub, ERP, "test") == {"targets": []}, "mended, but nobody has resumed it"
    assert resume(world.hub, ERP, "an operator")
    assert not resume(world.hub, ERP, "an operator")
    assert deliver(world.hub, ERP, "test")["confirmed"] == 3
    assert ask(world, "SELECT cause FROM alerts WHERE closed_at IS NULL") == []
    found = world.partners.erp.books()["customer_returns"]
    assert (found["count"], found["duplicates"]) == (3, [])


def test_a_wrong_password_for_a_lookup_leaves_the_document_in_the_inbox(
    world: World, settings: Settings
) -> None:
    world.partners.erp.store.seed({"orders": [order(1)]})
    receive_all(world, [posted(1)])
    right = connections(world.partners.endpoints)
    wrong = {**right, "sap_s4": replace(right["sap_s4"], password="wrong")}
    with bootstrap(settings, connections=wrong.__getitem__) as hub, pytest.raises(Config):
        admit(hub, PORTAL, "test")
    assert ask(world, "SELECT state, progress FROM documents") == [("waiting", 0)]
    assert ask(world, "SELECT cause FROM alerts WHERE closed_at IS NULL") == [(f"config {PORTAL}",)]
    found = account.account_of(world.hub, flow=PORTAL)
    assert (found.balanced, found.totals["documents_waiting"]) == (True, 1)
    assert admit(world.hub, PORTAL, "test")["admitted"] == 1


def receipts(good: int, bad: int) -> Document:
    """A page of the warehouse: good receipts, and ones without any quantity."""
    lines = {"good": {"sku": "BRK-100", "quantity": 1, "uom": "EA"}, "bad": {"sku": "BRK-100"}}
    items = [
        {
            "receipt_id": f"R{number}",
            "received_at": "2026-11-01T10:00:00Z",
            "updated_at": "2026-11-01T10:00:00Z",
            "lines": [lines["good" if number < good else "bad"]],
        }
        for number in range(good + bad)
    ]
    return Document(source_key="page", body=orjson.dumps({"items": items}), media_type="application/json")


def test_a_batch_that_is_mostly_bad_stays_in_the_inbox_with_one_alert(world: World) -> None:
    receive_all(world, [receipts(9, 11)], RECEIPTS)
    admit(world.hub, RECEIPTS, "test")
    admit(world.hub, RECEIPTS, "test")
    assert ask(world, "SELECT state, progress FROM documents") == [("halted", 0)]
    for empty in ("messages", "facts", "dead_letters"):
        assert ask(world, f"SELECT count(*) FROM {empty}") == [(0,)], empty  # noqa: S608 - our own names
    assert ask(world, "SELECT cause, count FROM alerts") == [(f"breaker {RECEIPTS}", 1)]
    found = account.account_of(world.hub, flow=RECEIPTS)
    assert (found.balanced, found.totals["documents_waiting"]) == (True, 1)
    assert resume_flow(world.hub, RECEIPTS, "an operator") == 1
    assert ask(world, "SELECT state FROM documents") == [("waiting",)]
    assert ask(world, "SELECT count(*) FROM alerts WHERE closed_at IS NULL") == [(0,)]


def test_a_batch_of_which_half_is_bad_goes_on_without_its_bad_half(world: World) -> None:
    receive_all(world, [receipts(10, 10)], RECEIPTS)
    totals = admit(world.hub, RECEIPTS, "test")
    assert (totals["admitted"], totals["dead"]) == (10, 10)
    assert account.account_of(world.hub, flow=RECEIPTS).balanced


def effects_of(world: World, target: str) -> list[tuple[Any, ...]]:
    return ask(world, f"SELECT operation, state FROM effects WHERE target = '{target}' ORDER BY seq")  # noqa: S608 - same


def until_refused(world: World) -> UUID:
    deadline = time.monotonic() + 60
    while not (letters := ask(world, "SELECT id FROM dead_letters WHERE state = 'open'")):
        assert time.monotonic() < deadline, world.summary()
        world.round()
        let_time_pass(world)
        time.sleep(0.1)
    letter: UUID = letters[0][0]
    return letter


def test_a_refused_effect_holds_later_ones_of_its_return_and_no_others(world: World) -> None:
    world.partners.erp.store.seed({"orders": [order(1), order(2)]})
    no = {"match": "POST /sap/opu/odata/sap/API_CREDIT_MEMO_REQUEST_SRV", "action": "status", "status": 400}
    world.partners.erp.faults.load([{**no, "nth": 1}])
    receive_all(world, [posted(1)])
    letter = until_refused(world)
    held = [
        ("create_customer_return", "confirmed"),
        ("create_credit_memo_request", "refused"),
        ("post_material_document", "waiting"),
    ]
    assert effects_of(world, ERP)[:3] == held
    receive_all(world, [posted(2)])
    world.settle()
    assert effects_of(world, ERP)[:3] == held, "held until somebody decides"
    books = world.partners.erp.books()
    assert (books["customer_returns"]["count"], books["credit_memos"]["count"]) == (2, 1), "others go on"
    assert account.account_of(world.hub, target=ERP).balanced
    assert replay(world.hub, letter, "an operator")["state"] == "waiting"
    world.settle()
    assert {state for _, state in effects_of(world, ERP)} == {"confirmed"}
    assert ask(world, "SELECT state FROM dead_letters") == [("replayed",)]
    books = world.partners.erp.books()
    for section in ("customer_returns", "credit_memos", "material_documents"):
        assert books[section]["duplicates"] == [], section
    assert (books["credit_memos"]["count"], books["material_documents"]["count"]) == (2, 2)


def test_an_effect_that_killed_three_workers_is_parked_and_can_be_replayed(
    world: World, settings: Settings
) -> None:
    world.partners.erp.store.seed({"orders": [order(1)]})
    receive_all(world, [posted(1)])
    admit(world.hub, PORTAL, "test")
    for _ in range(3):
        assert run(work(world, settings, "deliver", ERP), Point("calling", "write")) == KILLED
        let_time_pass(world)
    assert deliver(world.hub, ERP, "test")["targets"] == []
    assert effects_of(world, ERP) == [("create_customer_return", "parked")]
    [(letter, code)] = ask(world, "SELECT id, code FROM dead_letters WHERE state = 'open'")
    assert code == "killer_record"
    assert world.partners.erp.books()["customer_returns"]["count"] == 0
    replay(world.hub, letter, "an operator")
    assert deliver(world.hub, ERP, "test")["confirmed"] == 1
    found = world.partners.erp.books()["customer_returns"]
    assert (found["count"], found["duplicates"]) == (1, [])


def test_an_effect_that_kills_workers_takes_no_others_with_it(world: World, settings: Settings) -> None:
    numbers = range(6)
    world.partners.erp.store.seed({"orders": [order(number) for number in numbers]})
    receive_all(world, [posted(number) for number in numbers])
    admit(world.hub, PORTAL, "test")
    [(killer,)] = ask(world, "SELECT business_key FROM effects ORDER BY seq LIMIT 1 OFFSET 2")
    codes: list[int] = []
    while 0 not in codes[-1:]:
        assert len(codes) < 8, codes
        codes.append(run(work(world, settings, "deliver", ERP), Point("calling", "write", key=killer)))
        let_time_pass(world)
    deliver(world.hub, ERP, "test")
    assert ask(world, "SELECT business_key FROM effects WHERE state = 'parked'") == [(killer,)]
    assert ask(world, "SELECT count(*) FROM effects WHERE state = 'confirmed'") == [(5,)]
    assert codes == [KILLED] * 3 + [0]
    found = world.partners.erp.books()["customer_returns"]
    assert (found["count"], found["duplicates"]) == (5, [])
