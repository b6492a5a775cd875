from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from connectors.codecs.registry import codec
from sandboxes import goods, scenario
from sandboxes.sftp.x12 import segments

DAY = date(2026, 11, 20)
STORY = scenario.build(1, today=DAY)


def test_the_same_seed_gives_the_same_scenario_and_another_seed_another_one() -> None:
    assert scenario.build(1, today=DAY) == STORY
    assert scenario.build(2, today=DAY) != STORY


def test_most_returns_are_clear_approvals_and_every_case_occurs() -> None:
    outcomes = Counter(one["outcome"] for one in STORY["returns"])
    assert sum(outcomes.values()) == 320
    assert 0.8 < outcomes["approved"] / 320 < 0.9
    assert outcomes["dead"] == 2
    assert set(scenario._OUTCOME) == {one["why"] for one in STORY["returns"]}  # noqa: SLF001 -- all of them


def test_every_case_occurs_in_the_smallest_scenario_too() -> None:
    small = scenario.build(3, scenario.FEWEST, DAY)
    assert set(scenario._OUTCOME) == {one["why"] for one in small["returns"]}  # noqa: SLF001 -- all of them


def test_a_scenario_too_small_for_all_cases_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected at least 20 .* found 5"):
        scenario.build(1, 5)


def test_six_of_ten_come_from_acme_three_through_the_portal_and_one_from_the_retailer() -> None:
    channels = Counter(one["channel"] for one in STORY["returns"])
    assert channels == {"acme": 192, "portal": 96, "retail": 32}
    assert len(STORY["posts"]) == 96


@pytest.mark.parametrize("returns", [scenario.FEWEST, 60, 320])
def test_the_retailer_is_told_yes_and_no(returns: int) -> None:
    story = scenario.build(1, returns, DAY)
    instructions = {one["instruction"] for one in story["returns"] if one["channel"] == "retail"}
    assert {"12E", "17E"} <= instructions


def test_each_announcement_stands_in_one_message_of_one_file() -> None:
    told = [claim for file in STORY["announcements"] for claim in file["claims"]]
    assert sorted(told) == sorted(one["id"] for one in STORY["returns"] if one["channel"] == "retail")
    assert {file["text"][:3] for file in STORY["announcements"]} == {"UNA", "UNB"}


def test_announcements_are_sound_edifact_of_the_hubs_own_guide() -> None:
    for file in STORY["announcements"]:
        decoded = codec("edifact/retann-d96a").decode(file["text"].encode("ascii"))
        records = list(decoded.records)
        assert [record.tree["BGM"]["02"] for record in records if isinstance(record.tree, dict)] == file[
            "claims"
        ]
        assert [record.findings for record in records] == [()] * len(records)
        assert list(decoded.findings) == []


def test_only_parcels_of_approved_returns_travel() -> None:
    tracked = {one["outcome"] for one in STORY["returns"] if one["tracked"]}
    kinds = Counter(one["tracked"] for one in STORY["returns"])
    assert tracked == {"approved"}
    assert kinds["214"] >= 20
    assert kinds["IFTSTA"] >= 20


def test_each_notice_stands_in_one_transaction_and_one_file_is_sent_twice() -> None:
    claims = Counter(
        claim
        for file in STORY["files"]
        for group in file["groups"]
        for claim in group["transactions"].values()
    )
    texts = Counter(file["text"] for file in STORY["files"])
    twice = [file for file in STORY["files"] if texts[file["text"]] == 2]
    again = {claim for file in twice for group in file["groups"] for claim in group["transactions"].values()}
    assert len(twice) == 2
    assert len({file["name"] for file in STORY["files"]}) == len(STORY["files"])
    assert {claim for claim, count in claims.items() if count == 2} == again
    assert set(claims) == {one["id"] for one in STORY["returns"] if one["channel"] == "acme"}


def test_files_are_sound_x12_except_for_the_last_one_which_is_cut_in_its_last_transaction() -> None:
    *whole, cut = STORY["files"]
    for file in whole:
        ids = Counter(segment[0] for segment in segments(file["text"]))
        assert ids["ISA"] == ids["IEA"] == ids["GS"] == ids["GE"] == len(file["groups"])
        assert ids["ST"] == ids["SE"] == sum(len(group["transactions"]) for group in file["groups"])
        assert all(len(line) == 106 for line in file["text"].split("\n") if line.startswith("ISA"))
    ids = Counter(segment[0] for segment in segments(cut["text"]))
    complete = len(cut["groups"]) - 1
    assert (ids["ST"] - ids["SE"], ids["GE"], ids["IEA"]) == (1, complete, complete)
    truth = {one["id"]: one["why"] for one in STORY["returns"]}
    assert truth[list(cut["groups"][-1]["transactions"].values())[-1]] == "truncated"


def test_segment_counts_are_right() -> None:
    inside: list[str] | None = None
    for segment in segments(STORY["files"][0]["text"]):
        if segment[0] == "ST":
            inside = []
        if inside is not None:
            inside.append(segment[0])
        if segment[0] == "SE" and inside is not None:
            assert int(segment[1]) == len(inside)
            inside = None


def test_orders_are_on_file_for_all_returns_but_the_unknown_ones() -> None:
    known = {order["SalesOrder"] for order in STORY["orders"]}
    assert {one["order"] for one in STORY["returns"] if one["order"]} == known
    unknown = [one for one in STORY["returns"] if one["order"] is None]
    assert unknown
    assert {one["why"] for one in unknown} == {"unknown_order"}


def test_approved_returns_keep_clear_of_every_limit() -> None:
    ages = {order["SalesOrder"]: order["SalesOrderDate"] for order in STORY["orders"]}
    for one in STORY["returns"]:
        if one["outcome"] != "approved":
            continue
        milliseconds = int(ages[one["order"]][6:-2])
        age = (DAY - date(1970, 1, 1)).days - milliseconds // 86_400_000
        limit = 28 if one["reason"] in ("no_longer_needed", "ordering_error") else 350
        assert 3 <= age <= limit
        assert float(one["value"]) < 4900


def test_some_posts_are_repeated_and_one_key_is_used_for_another_body() -> None:
    assert sum(post["times"] == 2 for post in STORY["posts"]) >= 3
    assert sum(post["conflict"] for post in STORY["posts"]) == 1
    assert len({post["key"] for post in STORY["posts"]}) == 96


def test_reason_codes_mean_the_same_in_the_crosswalk_of_the_hub() -> None:
    table = Path(__file__).parents[3] / "mappings" / "codes" / "return_reason.csv"
    lines = [line for line in table.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    rows = {row["canonical"]: row for row in csv.DictReader(lines)}
    minds = [reason for reasons in goods.CHANGES_OF_MIND.values() for reason in reasons]
    assert goods.IN_EDIFACT
    assert all(reason.edifact in rows[reason.name]["edifact"].split(" ") for reason in goods.IN_EDIFACT)
    for reason in (*goods.FAULTS, *minds):
        assert rows[reason.name]["x12"].split(" ")[0] == reason.x12
        assert rows[reason.name]["portal"] == reason.portal
    assert all(goods.UNKNOWN.x12 not in row["x12"].split(" ") for row in rows.values())
