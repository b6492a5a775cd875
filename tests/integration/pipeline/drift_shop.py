"""A project of one flow whose source changes its shape, on a real database."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

from connectors.base import Document
from hub.bootstrap import bootstrap
from hub.mapping.drift import Change
from hub.pipeline import admit, drift
from hub.pipeline.context import Hub
from hub.settings import PROJECT_DIR, Settings

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
        self.count = 0
        self.hub: Hub = bootstrap(self._settings)

    def restart(self) -> None:
        """Another process: files are read again, nothing is remembered."""
        self.hub.close()
        self.hub = bootstrap(self._settings)

    def send(self, *edits: Callable[[dict[str, Any]], Any]) -> list[str]:
        """One document with a record per edit; the states of its messages."""
        records = []
        for edit in edits:
            self.count += 1
            record = {**deepcopy(DOCUMENT), "id": f"R-{self.count}"}
            edit(record)
            records.append(record)
        name = f"doc{self.count}.json"
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


BREAKING = {kind: pair[0] for kind, pair in CHANGES.items() if pair[0] is not None}
