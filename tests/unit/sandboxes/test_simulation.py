from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandboxes.wms.simulation import OVER_AT, UNMATCHED_AT, Habits, Report, plan
from sandboxes.wms.store import Cursor, CursorError, WmsStore

LINES = [
    {"line_no": 1, "sku": "A", "quantity": Decimal(3), "uom": "EA"},
    {"line_no": 2, "sku": "B", "quantity": Decimal(1), "uom": "EA"},
]
NEITHER = OVER_AT + 1


class Clock:
    def __init__(self) -> None:
        self.now = 1_760_000_000.0

    def __call__(self) -> float:
        return self.now


def received(reports: list[Report], sku: str) -> Decimal:
    receipts = [one.body for one in reports if one.kind == "receipt" and one.body["rma"]]
    lines = [line for body in receipts for line in body["lines"]]
    return sum((line["quantity"] for line in lines if line["sku"] == sku), Decimal())


def test_the_same_seed_and_rma_give_the_same_events() -> None:
    habits = Habits(seed=5)
    assert plan(habits, NEITHER, "60000001", LINES) == plan(habits, NEITHER, "60000001", LINES)
    assert plan(habits, NEITHER, "60000001", LINES) != plan(Habits(seed=6), NEITHER, "60000001", LINES)


def test_partial_deliveries_add_up_to_what_was_announced() -> None:
    reports = plan(Habits(partial=100), NEITHER, "60000002", LINES)
    assert sum(one.kind == "receipt" for one in reports) == 2
    assert (received(reports, "A"), received(reports, "B")) == (3, 1)


def test_exactly_one_announcement_arrives_with_one_piece_too_many() -> None:
    surplus = [
        ordinal
        for ordinal in range(1, 60)
        if received(plan(Habits(), ordinal, f"6{ordinal}", LINES), "A") > 3
    ]
    assert surplus == [OVER_AT]


def test_exactly_one_parcel_without_an_rma_stands_at_the_dock() -> None:
    strays = [
        (ordinal, report.kind)
        for ordinal in range(1, 60)
        for report in plan(Habits(), ordinal, f"6{ordinal}", LINES)
        if report.body["rma"] is None
    ]
    assert strays == [(UNMATCHED_AT, "receipt")]


def test_every_condition_and_every_oddity_occurs_among_three_hundred() -> None:
    reports = [
        report for ordinal in range(1, 300) for report in plan(Habits(), ordinal, f"6{ordinal}", LINES)
    ]
    inspections = [one for one in reports if one.kind == "inspection"]
    conditions = {line["condition"] for one in inspections for line in one.body["lines"]}
    assert conditions == set("ABCDE")
    assert any(one.again for one in reports)
    assert any(one.suffix == "2" for one in reports)


def announced(directory: Path, clock: Clock, habits: Habits, count: int = 1) -> WmsStore:
    store = WmsStore(directory / "wms.sqlite", habits, clock)
    for number in range(count):
        body: dict[str, Any] = {"rma": f"R{number}", "lines": LINES}
        store.announce(f"R{number}", body)
    return store


def test_an_early_inspection_is_seen_before_its_receipt(tmp_path: Path) -> None:
    clock = Clock()
    store = announced(
        tmp_path, clock, Habits(early_inspection=100, partial=0, arrives=(5, 5), inspects=(2, 2), repeated=0)
    )
    clock.now += 3.5
    assert (len(store.reports("inspection")), len(store.reports("receipt"))) == (1, 0)
    clock.now += 2
    assert len(store.reports("receipt")) == 1


def test_a_repeated_receipt_moves_in_the_listing_and_keeps_its_content(tmp_path: Path) -> None:
    clock = Clock()
    store = announced(tmp_path, clock, Habits(repeated=100, partial=0, arrives=(1, 1)))
    clock.now += 1.5
    before, _ = store.page("receipt", store.first_page(0), 10)
    clock.now += 10
    after, _ = store.page("receipt", store.first_page(0), 10)
    assert [one["receipt_id"] for one in before] == [one["receipt_id"] for one in after]
    assert before[0]["updated_at"] < after[0]["updated_at"]
    assert before[0]["lines"] == after[0]["lines"]
    store.close()


def test_pages_show_the_moment_of_the_first_one_whatever_is_reported_meanwhile(tmp_path: Path) -> None:
    clock = Clock()
    store = announced(tmp_path, clock, Habits(arrives=(0.1, 3), partial=0, repeated=50), count=30)
    clock.now += 2
    whole, nothing = store.page("receipt", store.first_page(0), 500)
    assert nothing is None
    place, names = store.first_page(0), []
    while place is not None:
        items, place = store.page("receipt", place, 4)
        names += [item["receipt_id"] for item in items]
        clock.now += 1  # new receipts arrive, old ones are reported again
    assert names == [item["receipt_id"] for item in whole]
    store.close()


def test_polling_with_a_watermark_and_an_overlap_misses_nothing(tmp_path: Path) -> None:
    clock = Clock()
    store = announced(tmp_path, clock, Habits(arrives=(0.1, 9), partial=30, repeated=30), count=40)
    seen: set[str] = set()
    since = 0
    for _ in range(20):
        clock.now += 1
        items, _ = store.page("receipt", store.first_page(since), 500)
        seen |= {item["receipt_id"] for item in items}
        since = int(clock.now) - 2
    assert seen == {item["receipt_id"] for item in store.reports("receipt")}
    assert store.unsaid() == 0
    store.close()


def test_goods_do_not_change_on_their_way_and_books_survive_a_restart(tmp_path: Path) -> None:
    clock = Clock()
    store = announced(tmp_path, clock, Habits(partial=0))
    _, first = store.announce("R0", {"rma": "R0", "lines": LINES[:1]})
    assert not first
    store.close()
    again = WmsStore(tmp_path / "wms.sqlite", Habits(partial=0), clock)
    clock.now += 20
    assert len(again.reports("receipt")[0]["lines"]) == 2
    assert again.announcements()[0]["puts"] == 2
    again.close()


def test_a_foreign_cursor_is_refused() -> None:
    with pytest.raises(CursorError, match="expected one from an earlier page, found 'nonsense'"):
        Cursor.read("nonsense")
