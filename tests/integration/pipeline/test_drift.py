"""A source changes its shape: judged by the flow's mode, nothing lost, admitted once it is accepted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.audit import verify
from hub.pipeline import admit, drift
from hub.pipeline.replay import replay
from tests.integration.pipeline.drift_shop import BREAKING, CHANGES, DOCUMENT, MAPPING, Shop, lines, same

MODES = ("strict", "quarantine", "accept-additive")


@pytest.fixture
def shop(hub_database: str, tmp_path: Path) -> Iterator[Callable[[str], Shop]]:
    made: list[Shop] = []

    def make(mode: str) -> Shop:
        made.append(Shop(tmp_path / f"project{len(made)}", mode, hub_database))
        return made[-1]

    yield make
    for one in made:
        one.hub.close()


@pytest.mark.parametrize("mode", MODES[1:])
@pytest.mark.parametrize("kind", BREAKING)
def test_a_breaking_change_is_a_dead_letter_that_names_the_field(
    shop: Callable[[str], Shop], kind: str, mode: str
) -> None:
    edit, path = BREAKING[kind]
    world = shop(mode)
    assert world.send(same, edit) == ["admitted", "dead"]
    (letter,) = world.letters()
    assert (letter["class"], letter["step"], letter["code"], letter["path"]) == ("Drift", "drift", kind, path)
    assert letter["errors"][0]["path"] == path
    assert "read for" in letter["errors"][0]["message"]
    assert letter["errors"][0]["expected"] != letter["errors"][0]["found"]
    assert [(one.kind, one.path, one.breaking) for one in world.pending()["changes"]] == [(kind, path, True)]
    (alert,) = world.alerts()
    assert path in alert
    assert "returns-hub drift show shop_in" in alert


@pytest.mark.parametrize("mode", MODES[1:])
@pytest.mark.parametrize("kind", CHANGES)
def test_other_changes_are_admitted_and_known_from_then_on(
    shop: Callable[[str], Shop], kind: str, mode: str
) -> None:
    edit, path = CHANGES[kind][1]
    world = shop(mode)
    assert world.send(edit) == ["admitted"]
    assert world.send(edit, same) == ["admitted", "admitted"]
    assert world.letters() == []
    # known once, also by the next process; told once, as the mode says
    world.restart()
    assert world.send(edit) == ["admitted"]
    learnt = [row for row in _audit(world) if row["action"] == "shape learnt"]
    assert len(learnt) == 1
    assert path in learnt[0]["detail"]
    assert [path in alert for alert in world.alerts()] == ([True] if mode == "quarantine" else [])
    assert world.pending()["changes"] == ()


@pytest.mark.parametrize("kind", CHANGES)
def test_a_strict_flow_stops_the_document_at_any_change_and_goes_on_when_it_is_accepted(
    shop: Callable[[str], Shop], kind: str
) -> None:
    edit, path = CHANGES[kind][1]
    world = shop("strict")
    assert world.send(same) == ["admitted"]
    assert world.send(same, edit) == []
    assert world.documents() == {"done": 1, "halted": 1}
    assert world.letters() == []
    assert path in world.alerts()[0]
    assert {(one.kind, one.path) for one in world.pending()["changes"]} == {(kind, path)}

    assert {(one.kind, one.path) for one in world.accept()} == {(kind, path)}
    assert world.alerts() == []
    assert admit.resume(world.hub, "shop_in", "tester") == 1
    admit.admit(world.hub, "shop_in", "again")
    assert world.documents() == {"done": 2}
    assert world.states() == {"admitted": 3}
    assert world.send(edit) == ["admitted"]


@pytest.mark.parametrize("kind", BREAKING)
def test_a_strict_flow_burns_nothing_at_a_breaking_change(shop: Callable[[str], Shop], kind: str) -> None:
    edit, path = BREAKING[kind]
    world = shop("strict")
    assert world.send(edit, same) == []
    assert world.documents() == {"halted": 1}
    assert world.states() == {}
    assert [(one.kind, one.path, one.breaking) for one in world.pending()["changes"]] == [(kind, path, True)]


def test_a_replay_parks_until_the_shape_is_accepted_and_then_admits(shop: Callable[[str], Shop]) -> None:
    world = shop("quarantine")
    # the mapping reads numbers as text too: only the shape stands in the way
    edit = BREAKING["retyped"][0]
    world.send(edit, same)
    assert replay(world.hub, world.letters()[0]["id"], "tester")["state"] == "parked"
    (parked,) = [one for one in world.letters() if one["state"] == "parked"]
    assert parked["step"] == "drift"
    assert [one.path for one in world.accept()] == ["items.quantity"]
    assert replay(world.hub, parked["id"], "tester")["state"] == "admitted"
    assert world.states() == {"admitted": 2}
    assert world.send(edit) == ["admitted"]
    assert verify(world.hub.database) == []


def test_a_mapping_that_reads_the_new_name_admits_on_replay_without_acceptance(
    shop: Callable[[str], Shop],
) -> None:
    world = shop("quarantine")
    assert world.send(BREAKING["renamed"][0]) == ["dead"]
    file = world.folder / "mappings/shop/return_request.yaml"
    file.write_text(MAPPING.replace("item.article", "item.article_no"), encoding="utf-8")
    sample = json.dumps(DOCUMENT).replace("article", "article_no")
    (world.folder / "mappings/shop/samples/one.json").write_text(sample, encoding="utf-8")
    world.restart()
    assert replay(world.hub, world.letters()[0]["id"], "tester")["state"] == "admitted"
    assert world.pending()["changes"] == ()


@pytest.mark.parametrize("mode", ["off", "quarantine"])
def test_a_record_that_had_lost_its_key_has_its_name_once_the_mapping_finds_it(
    shop: Callable[[str], Shop], mode: str
) -> None:
    world = shop(mode)

    def edit(document: dict[str, Any]) -> None:
        document["number"] = document.pop("id")

    assert world.send(edit) == ["dead"]
    (letter,) = world.letters()
    assert letter["path"] == ("key" if mode == "off" else "id")
    file = world.folder / "mappings/shop/return_request.yaml"
    text = MAPPING.replace("key:     id", "key:     number, id").replace("id: id}", 'id: "number, id"}')
    file.write_text(text, encoding="utf-8")
    world.restart()
    assert replay(world.hub, letter["id"], "tester")["state"] == "admitted"
    (message,) = world.hub.database.rows("message", {"id": letter["message_id"]})
    assert message["source_key"] == "R-1"
    # the same record sent again is the one we have
    world.count = 0
    world.send(edit, same)
    assert world.states() == {"admitted": 2}


@pytest.mark.parametrize("mode", ["off", ""])
def test_a_flow_that_says_off_or_nothing_looks_at_nothing(shop: Callable[[str], Shop], mode: str) -> None:
    world = shop(mode)
    assert world.send(CHANGES["added"][1][0]) == ["admitted"]
    assert world.send(BREAKING["removed"][0]) == ["dead"]
    assert {letter["step"] for letter in world.letters()} == {"map"}
    assert world.hub.database.rows("source_shape", {"flow": "shop_in"}) == []
    assert world.hub.guards == {}


def test_when_most_of_a_document_drifts_the_breaker_halts_it_and_the_diff_is_there(
    shop: Callable[[str], Shop],
) -> None:
    world = shop("quarantine")
    assert world.send(*[BREAKING["renamed"][0]] * 25) == []
    assert world.documents() == {"halted": 1}
    assert [one.path for one in world.pending()["changes"]] == ["items.article"]
    assert "items.article: renamed to 'items.article_no'" in " ".join(world.alerts())


def test_a_source_without_samples_is_known_by_its_first_record(shop: Callable[[str], Shop]) -> None:
    world = shop("strict")
    file = world.folder / "mappings/shop/return_request.yaml"
    file.write_text(MAPPING.replace("samples: [one]\n", ""), encoding="utf-8")
    world.restart()
    assert world.send(same, same) == ["admitted", "admitted"]
    assert world.send(CHANGES["added"][1][0]) == []


def test_forgetting_leaves_what_the_samples_say(shop: Callable[[str], Shop]) -> None:
    world = shop("strict")
    edit = CHANGES["added"][1][0]
    world.send(edit)
    world.accept()
    assert world.send(edit) == ["admitted"]
    assert drift.forget(world.hub, world.hub.catalog.intake["shop_in"], "tester")
    assert world.send(edit) == []
    assert world.pending()["changes"]
    assert drift.forget(world.hub, world.hub.catalog.intake["shop_in"], "tester")
    assert not drift.forget(world.hub, world.hub.catalog.intake["shop_in"], "tester")


def test_what_is_stored_holds_no_text_of_a_partner_but_codes(shop: Callable[[str], Shop]) -> None:
    world = shop("quarantine")
    world.send(lines(lambda x: x.update(reason="ODOUR", contact="Somebody")), same)
    world.accept()
    (row,) = world.hub.database.rows("source_shape", {"flow": "shop_in"})
    assert "ODOUR" in row["shape"]
    assert "contact" in row["shape"]
    assert "Somebody" not in row["shape"]
    assert "wet" not in row["shape"]


def test_odd_names_reach_the_dead_letter_as_text(shop: Callable[[str], Shop]) -> None:
    world = shop("quarantine")
    odd = "a\x00b"

    def edit(document: dict[str, Any]) -> None:
        document[odd] = 1
        document.pop("created")

    assert world.send(edit, same) == ["dead", "admitted"]
    assert {error["path"] for error in world.letters()[0]["errors"]} == {"created", "a\\0b"}
    assert world.accept()


def _audit(world: Shop) -> list[dict[str, Any]]:
    return world.hub.database.rows("audit_entries", {"after": 0, "limit": 999})
