"""`returns-hub drift`: what people and machines see of a source that changed, and how they accept it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from hub.cli.main import app
from tests.integration.pipeline.drift_shop import BREAKING, CHANGES, Shop, same


@pytest.fixture
def shop(hub_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    world = Shop(tmp_path / "project", "quarantine", hub_database)
    monkeypatch.setenv("RETURNS_HUB_PROJECT", str(tmp_path / "project"))
    monkeypatch.setenv("RETURNS_HUB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RETURNS_HUB_DATABASE_URL", hub_database)
    yield world
    world.hub.close()


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(app, ["drift", *arguments])
    assert result.exit_code == code, (result.output, result.exception)
    return result


def answer(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json").stdout)


def test_list_and_show_tell_what_waits_and_which_fields_it_touches(shop: Shop) -> None:
    shop.send(BREAKING["renamed"][0], CHANGES["moved"][1][0], same)
    (listed,) = answer("list")
    assert (listed["flow"], listed["drift"], listed["letters"], listed["halted"]) == (
        "shop_in",
        "quarantine",
        1,
        0,
    )
    (change,) = answer("show", "shop_in")["changes"]
    assert (change["kind"], change["path"], change["now"]) == ("renamed", "items.article", "items.article_no")
    assert change["breaking"]
    assert change["touches"] == [
        {"mapping": "shop.return_request@1", "field": "lines[].item.sku", "expression": "item.article"}
    ]
    shown = run("show", "shop_in").output
    assert "items.article_no" in shown
    assert "shop.return_request@1 lines[].item.sku" in shown
    assert "shop_in" in run("list").output


def test_accept_with_replay_admits_what_had_waited(shop: Shop) -> None:
    shop.send(BREAKING["retyped"][0], same)
    shop.send(*[BREAKING["retyped"][0]] * 25)
    (listed,) = answer("list")
    assert (listed["letters"], listed["halted"]) == (1, 1)
    accepted = answer("accept", "shop_in", "--replay", "--note", "agreed with the shop")
    assert [change["path"] for change in accepted["accepted"]] == ["items.quantity"]
    assert accepted["replayed"] == {"admitted": 1}
    assert accepted["resumed"] == 1
    assert shop.documents() == {"done": 1, "waiting": 1}
    assert answer("show", "shop_in")["changes"] == []
    (entry,) = [
        row
        for row in shop.hub.database.rows("audit_entries", {"after": 0, "limit": 999})
        if row["action"] == "shape accepted"
    ]
    assert "agreed with the shop" in entry["detail"]
    assert "nothing waits" in run("show", "shop_in").output


def test_accept_alone_says_what_comes_next_and_forget_takes_it_back(shop: Shop) -> None:
    shop.send(BREAKING["retyped"][0], same)
    assert "returns-hub resume shop_in" in " ".join(run("accept", "shop_in").output.split())
    assert shop.send(BREAKING["retyped"][0]) == ["admitted"]
    assert answer("forget", "shop_in") == {"flow": "shop_in", "forgotten": True}
    assert shop.send(BREAKING["retyped"][0]) == ["dead"]
    run("forget", "shop_in")
    assert "knew its samples only" in run("forget", "shop_in").output


def test_an_unknown_flow_is_refused_with_those_that_exist(shop: Shop) -> None:
    assert shop.hub.catalog.intake
    for command in ("show", "accept", "forget"):
        assert "known: shop_in" in " ".join(run(command, "shopin", code=1).output.split())
