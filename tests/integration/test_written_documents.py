"""Deliveries leave in the format of their operation; a cross reference that they lack can be mended."""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from connectors.base import Connection, Document
from hub.bootstrap import bootstrap
from hub.crossrefs import Put
from hub.pipeline import admit, crossrefs, deliver, replay
from hub.pipeline.context import Hub
from hub.settings import PROJECT_DIR, Settings

SYSTEM = """\
system: depot
title: A depot that takes files
connector: files
connection: depot
operations:
  csv:  {format: csv, folder: /out, name: "{key}.csv", repeat: replace, options: {delimiter: ";"}}
  xml:  {format: xml, folder: /out, name: "{key}.xml", repeat: replace, options: {doctype: "urn:depot.dtd"}}
  xlsx: {format: xlsx, folder: /out, name: "{key}.xlsx", repeat: replace, options: {sheet: Returns}}
"""
ROWS = """\
rows:
    each: fact.data.lines as line
    map:
      sku: line.item.sku
      qty: line.requested | number
"""
FLOW = """\
flow:  depot_{name}
owner: test
fact:  return.requested
to:    {{system: depot, operation: {name}}}
map:   depot.{name}@1
key:   return.return_id
commutes: true
"""
MAPS = {
    "csv": f"  customer: fact.data.parties.ids.value | lookup(customer)\n  {ROWS}",
    "xlsx": f"  {ROWS}",
    "xml": """\
  ret:Return:
    "@xmlns:ret": = urn:depot:returns
    "@no": return.origin.id
    Line:
      each: fact.data.lines as line
      map:
        Sku: line.item.sku
        Quantity: {"@unit": line.uom, "#text": line.requested}
""",
}


@pytest.fixture
def hub(hub_database: str, tmp_path: Path) -> Iterator[Hub]:
    """This project, with a depot that is told of every return requested in the portal."""
    folder = tmp_path / "project"
    for part in ("mappings", "policies", "dags/flows"):
        shutil.copytree(PROJECT_DIR / part, folder / part)
    flow = folder / "dags/flows/portal_returns_in.yaml"
    flow.write_text(re.sub(r"(?m)^enrich:.*\n", "", flow.read_text()))
    for kind in ("xref", "depot"):
        (folder / "mappings" / kind).mkdir()
    (folder / "mappings/xref/customer.csv").write_text("canonical,depot\n17100014,N-14\n")
    (folder / "mappings/depot/system.yaml").write_text(SYSTEM)
    for name, body in MAPS.items():
        lookups = "lookups:\n  customer: xref/customer[depot]\n" if "customer" in body else ""
        mapping = f"mapping: depot.{name}@1\nfrom: return.requested@1\nto: {name}/depot.{name}\n"
        (folder / f"mappings/depot/{name}.yaml").write_text(f"{mapping}{lookups}map:\n{body}")
        (folder / f"dags/flows/depot_{name}.yaml").write_text(FLOW.format(name=name))
    (tmp_path / "share/out").mkdir(parents=True)
    known = Connection(id="depot", extra={"path": str(tmp_path / "share")})
    settings = Settings(project_dir=folder, home=tmp_path / "home", database_url=hub_database)
    with bootstrap(settings, connections=lambda _: known) as made:
        yield made


@pytest.fixture
def told(hub: Hub, tmp_path: Path) -> dict[str, bytes]:
    """What lies in the depot's folder, by ending, after a return came in."""
    tree = json.loads((PROJECT_DIR / "mappings/portal/samples/credit.json").read_text())
    client = tree.pop("document")
    body = json.dumps(tree).encode()
    document = Document(source_key="1", body=body, media_type="application/json", attributes=client)
    assert admit.receive(hub, "portal_returns_in", document, "test:1")["messages"][0]["state"] == "admitted"
    deliver.deliver(hub, "depot", "test:1", budget=5)
    return written(tmp_path)


def written(folder: Path) -> dict[str, bytes]:
    return {file.suffix: file.read_bytes() for file in (folder / "share/out").iterdir()}


def test_xml_and_spreadsheets_are_written_with_the_options_of_their_operation(told: dict[str, bytes]) -> None:
    assert told[".xml"].decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE ret:Return SYSTEM "urn:depot.dtd">\n'
        '<ret:Return xmlns:ret="urn:depot:returns" no="webshop/WEB-000321">'
        '<Line><Sku>614141000067</Sku><Quantity unit="EA">2</Quantity></Line>'
        '<Line><Sku>614141000074</Sku><Quantity unit="KGM">1.5</Quantity></Line></ret:Return>'
    )
    sheet: Any = openpyxl.load_workbook(io.BytesIO(told[".xlsx"]))["Returns"]
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["sku", "qty"],
        ["614141000067", 2],
        ["614141000074", 1.5],
    ]


def test_a_delivery_that_lacks_a_reference_goes_out_once_somebody_set_it(
    hub: Hub, told: dict[str, bytes], tmp_path: Path
) -> None:
    assert ".csv" not in told
    [letter] = hub.database.rows("dead_letters", {"state": "open", "flow": "", "run_id": "", "limit": 9})
    assert letter["summary"].endswith("to add it: returns-hub xref set customer depot <code> 17100014")
    crossrefs.put(hub, "customer", Put("depot", "N-14", "17100014"), "test")
    assert replay.replay(hub, letter["id"], "test")["targets"] == ["depot"]
    deliver.deliver(hub, "depot", "test:2", budget=5)
    assert written(tmp_path)[".csv"] == (
        b"customer;sku;qty\r\nN-14;614141000067;2\r\nN-14;614141000074;1.5\r\n"
    )
