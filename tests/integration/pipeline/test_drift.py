"""A source changes its shape: judged by the flow's mode, nothing lost, admitted once it is accepted."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Document
from hub.audit import verify
from hub.bootstrap import bootstrap
from hub.mapping.drift import Change
from hub.pipeline import admit, drift
from hub.pipeline.context import Hub
from hub.pipeline.replay import replay
from hub.settings import PROJECT_DIR, Settings

MODES = ("strict", "quarantine", "accept-additive")

SYSTEM = "system: shop\ntitle: A shop\nconnector: inbox\nresources: {returns: {format: json/items}}\n"
FLOW = """\
flow:   shop_in
owner:  tests
on:     arrival
entity: us
read:   {from: shop, resource: returns}
map:    shop.return_request@1
"""
MAPPING = """\
mapping: shop.return_request@1
from:    json/shop.returns
to:      return.requested@1
samples: [one]
key:     id
lookups: {reason: "codes/return_reason.csv[shop]", unit: "codes/unit.csv[shop]"}
map:
  origin:       {system: = shop, id: id}
  return_type:  = customer
  channel:      = portal
  requested_at: created | datetime
  references:
    - {type: = order, number: order.no | optional}
  lines:
    each: items as item
    map:
      line_no:     position
      item:        {sku: item.article}
      requested:   item.quantity | decimal
      uom:         "item.unit | lookup(unit, EA)"
      reason:      item.reason | crosswalk(reason)
      reason_text: item.remark | optional
"""
DOCUMENT: dict[str, Any] = {
    "id": "R-1",
    "created": "2026-11-01T10:00:00+01:00",
    "printed": True,
    "order": {"no": "4711"},
    "items": [
        {"article": "A1", "quantity": 2, "unit": "PC", "reason": "BROKEN", "remark": "wet", "bin": "X1"},
        {"article": "A2", "quantity": 1, "unit": "PC", "reason": "BROKEN", "remark": "torn", "bin": "X2"},
    ],
}


def lines(edit: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    return lambda document: [edit(line) for line in document["items"]]


def rename(group: dict[str, Any], old: str, new: str) -> None:
    group[new] = group.pop(old)


# kind of change -> (what a mapping cannot live with, what it can), each an edit and the field that is named
CHANGES: dict[
    str, tuple[tuple[Callable[[dict[str, Any]], Any], str] | None, tuple[Callable[..., Any], str]]
] = {
    "added": (None, (lines(lambda x: x.update(lot="L1")), "items.lot")),
    "removed": (
        (lines(lambda x: x.pop("quantity")), "items.quantity"),
        (lines(lambda x: x.pop("remark")), "items.remark"),
    ),
    "renamed": (
        (lines(lambda x: rename(x, "article", "article_no")), "items.article"),
        (lines(lambda x: rename(x, "bin", "bin_no")), "items.bin"),
    ),
    "retyped": (
        (lines(lambda x: x.update(quantity=str(x["quantity"]))), "items.quantity"),
        (lambda d: d.update(printed="yes"), "printed"),
    ),
    "nulled": (
        (lines(lambda x: x.update(article=None)), "items.article"),
        (lines(lambda x: x.update(remark=None)), "items.remark"),
    ),
    "new_code": (
        (lines(lambda x: x.update(reason="ODOUR")), "items.reason"),
        (lines(lambda x: x.update(unit="BOX")), "items.unit"),
    ),
    "moved": (
        (lambda d: d.update(head={"created": d.pop("created")}), "created"),
        (lambda d: d.update(head={"printed": d.pop("printed")}), "printed"),
    ),
}


class Shop:
    """A project of one flow on a real database."""

    def __init__(self, folder: Path, mode: str, database_url: str) -> None:
        self.folder = folder
        files = {
            "mappings/shop/system.yaml": SYSTEM,
            "mappings/shop/return_request.yaml": MAPPING,
            "mappings/shop/samples/one.json": json.dumps(DOCUMENT),
            "mappings/codes/return_reason.csv": "canonical,shop\ndamaged,BROKEN\ndefective,DEFECT\n",
            "mappings/codes/unit.csv": "canonical,shop\nEA,PC\n",
            "dags/flows/shop_in.yaml": FLOW + (f"drift: {mode}\n" if mode else ""),
        }
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        shutil.copytree(PROJECT_DIR / "policies", folder / "policies")
        self._settings = Settings(project_dir=folder, home=folder / "home", database_url=database_url)
        self._count = 0
        self.hub: Hub = bootstrap(self._settings)

    def restart(self) -> None:
        """Another process: files are read again, nothing is remembered."""
        self.hub.close()
        self.hub = bootstrap(self._settings)

    def send(self, *edits: Callable[[dict[str, Any]], Any]) -> list[str]:
        """One document with a record per edit; the states of its messages."""
        records = []
        for edit in edits:
            self._count += 1
            record = {**deepcopy(DOCUMENT), "id": f"R-{self._count}"}
            edit(record)
            records.append(record)
        name = f"doc{self._count}.json"
        attributes = {"resource": "returns", "name": name}
        document = Document(
            source_key=name,
            body=json.dumps({"items": records}).encode(),
            media_type="application/json",
            attributes=attributes,
        )
        received = admit.receive(self.hub, "shop_in", document, "run")
        return [message["state"] for message in received["messages"]]

    def letters(self) -> list[dict[str, Any]]:
        found = self.hub.database.rows(
            "dead_letters", {"state": "", "flow": "shop_in", "run_id": "", "limit": 99}
        )
        return [self.hub.database.rows("dead_letter", {"id": one["id"]})[0] for one in reversed(found)]

    def documents(self) -> dict[str, int]:
        return {
            row["state"]: row["documents"]
            for row in self.hub.database.rows("flow_documents", {"flow": "shop_in"})
        }

    def states(self) -> dict[str, int]:
        return {
            row["state"]: row["messages"]
            for row in self.hub.database.rows("flow_messages", {"flow": "shop_in"})
        }

    def alerts(self) -> list[str]:
        return [row["message"] for row in self.hub.database.rows("console_alerts")]

    def accept(self) -> tuple[Change, ...]:
        return drift.accept(self.hub, self.hub.catalog.intake["shop_in"], "tester")

    def pending(self) -> dict[str, Any]:
        return drift.pending(self.hub, self.hub.catalog.intake["shop_in"])


def same(_: dict[str, Any]) -> None:
    """An edit that changes nothing."""


@pytest.fixture
def shop(hub_database: str, tmp_path: Path) -> Iterator[Callable[[str], Shop]]:
    made: list[Shop] = []

    def make(mode: str) -> Shop:
        made.append(Shop(tmp_path / f"project{len(made)}", mode, hub_database))
        return made[-1]

    yield make
    for one in made:
        one.hub.close()


BREAKING = {kind: pair[0] for kind, pair in CHANGES.items() if pair[0] is not None}


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
