"""`returns-hub edi interchanges`, `acknowledgements` and `clocks`: the books of a partner from a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from hub.cli.main import app
from tests.integration.pipeline.trade_desk import Desk, ack, x12


@pytest.fixture
def desk(hub_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    made = Desk(tmp_path / "project", hub_database)
    monkeypatch.setenv("RETURNS_HUB_PROJECT", str(tmp_path / "project"))
    monkeypatch.setenv("RETURNS_HUB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RETURNS_HUB_DATABASE_URL", hub_database)
    yield made
    made.close()


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(app, [*arguments])
    assert result.exit_code == 0, (result.output, result.exception)
    return result


def answer(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json").stdout)


def test_interchanges_tell_what_came_what_went_and_what_is_open(desk: Desk) -> None:
    desk.send(x12(7, "C1"))
    desk.send(x12(8, "C2", sender="ACMEX"))
    desk.deliver()
    listed = answer("edi", "interchanges")
    assert {(one["direction"], one["sets"], one["state"]) for one in listed} == {
        ("in", "180", "received"),
        ("in", "180", "unknown_partner"),
        ("out", "997", "sent"),
        ("out", "180", "awaiting"),
    }
    open_ = answer("edi", "interchanges", "--open", "--system", "acme_edi")
    assert [one["state"] for one in open_] == ["awaiting", "unknown_partner"]
    # what somebody has settled needs nobody any more
    (letter,) = desk.letters()
    run("deadletters", "discard", str(letter["id"]), "--note", "not ours")
    open_ = answer("edi", "interchanges", "--open", "--system", "acme_edi")
    assert [one["state"] for one in open_] == ["awaiting"]
    assert answer("edi", "interchanges", "--system", "nobody") == []
    shown = run("edi", "interchanges").output
    assert "unknown partner" in shown


def test_an_alert_that_is_settled_is_closed_by_somebody_and_comes_again_with_its_cause(desk: Desk) -> None:
    desk.send(ack(900, (777, "A", [])), flow="acme_acks_in")
    (alert,) = answer("alerts", "list")
    assert alert["cause"] == "ack orphan acme_edi group 777"
    assert alert["cause"] in run("alerts", "list").output
    assert answer("alerts", "close", alert["cause"], "--note", "asked them") == {"closed": alert["cause"]}
    assert answer("alerts", "list") == []
    again = CliRunner().invoke(app, ["alerts", "close", alert["cause"]])
    assert again.exit_code == 1
    assert desk.rows("SELECT detail FROM audit WHERE action = 'alert closed'") == [('{"note":"asked them"}',)]
    desk.send(ack(901, (777, "A", [])), flow="acme_acks_in")
    assert [one["count"] for one in answer("alerts", "list")] == [1]


def test_acknowledgements_and_clocks_are_told_and_traced(desk: Desk) -> None:
    desk.send(x12(7, "C1"))
    desk.deliver()
    desk.rows("UPDATE interchanges SET ack_due = now() - interval '1 hour' WHERE state = 'awaiting'")
    (missing,) = answer("edi", "clocks")
    assert answer("edi", "clocks") == []
    (group,) = desk.rows(
        "SELECT control FROM interchange_groups WHERE interchange_id = %s", int(missing["id"])
    )[0]
    desk.send(ack(900, (int(group), "A", [])), flow="acme_acks_in")
    (entered,) = answer("edi", "acknowledgements")
    assert (entered["kind"], entered["verdict"], entered["outcome"]) == ("997", "accepted", "late")
    assert "late" in run("edi", "acknowledgements").output
    (way,) = answer("trace", "C1")["returns"]
    (sent,) = [one for effect in way["effects"] for one in effect["interchanges"]]
    assert (sent["control"], sent["state"]) == (missing["control"], "late")
    assert "Interchanges" in run("trace", "C1").output
