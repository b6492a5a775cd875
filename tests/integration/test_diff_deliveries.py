"""`returns-hub diff` on what was really sent, and on facts that receipts really stated."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from connectors.base import Connection, Document
from hub.bootstrap import bootstrap
from hub.cli.main import app
from hub.crossrefs import Put
from hub.pipeline import admit, crossrefs, deliver
from hub.pipeline.context import Hub
from hub.settings import PROJECT_DIR, Settings

SYSTEM = """\
system: depot
title: A depot that takes files
connector: files
connection: depot
operations:
  request: {format: json, folder: /out, name: "{key}.json", repeat: replace}
  list:    {format: csv, folder: /out, name: "{key}.csv", repeat: replace, options: {delimiter: ";"}}
  answer:  {format: x12/180-004010, folder: /out, name: "{key}.edi", repeat: replace, key_length: 60}
edi:
  {sender: RETURNSHUB, sender_qualifier: ZZ, receiver: DEPOT, receiver_qualifier: ZZ, version: "004010"}
"""
FLOWS = {
    "request": ("return.requested", "states: {fact: return.authorized, map: depot.accepted@1}\n"),
    "list": ("return.requested", ""),
    "answer": ("return.authorized", ""),
}
FLOW = """\
flow:  depot_{name}
owner: test
fact:  {fact}
to:    {{system: depot, operation: {name}}}
map:   depot.{name}@1
key:   return.origin.id
commutes: true
{more}"""

REQUEST = """\
mapping: depot.request@1
from: return.requested@1
to: json/depot.request
map:
  number: return.origin.id
  version: return.version | number
  customer: fact.data.parties.name
  lines: {each: fact.data.lines as line, map: {sku: line.item.sku, quantity: line.requested | number}}
"""
LIST = """\
mapping: depot.list@1
from: return.requested@1
to: csv/depot.list
lookups: {site: "xref/depot_customer[depot]"}
map:
  customer: fact.data.parties.ids.value | lookup(site)
  rows: {each: fact.data.lines as line, map: {sku: line.item.sku, qty: line.requested}}
"""
ANSWER = """\
mapping: depot.answer@1
from: return.authorized@1
to: x12/180-004010
map:
  BGN: {"01": = 11, "02": return.origin.id, "03": "fact.data.authorized_at | format_date(%Y%m%d, UTC)"}
  N9: [{"01": = RZ, "02": "fact.data.rma_number | slice(1, 30)"}]
  BLI:
    each: return.lines as line
    map: {"01": = UP, "02": line.item.sku, "03": line.requested | decimal, "04": = EA}
"""
ACCEPTED = """\
mapping: depot.accepted@1
from: json/depot.request.receipt
to: return.authorized@1
map: {rma_number: reference, system: = depot, authorized_at: now}
"""
MAPS = {"request": REQUEST, "list": LIST, "answer": ANSWER, "accepted": ACCEPTED}
TABLES = ("payloads", "facts", "effects", "attempts", "control_numbers", "dead_letters", "audit")


@dataclass(frozen=True)
class Sent:
    """A project whose hub has told a depot of two returns, in JSON, CSV and X12."""

    folder: Path
    database: str
    hub: Hub

    def file(self, name: str) -> str:
        return f"mappings/depot/{name}.yaml"

    @property
    def out(self) -> Path:
        return self.folder.parent / "share/out"

    def edit(self, name: str, before: str, after: str) -> None:
        path = self.folder / self.file(name)
        text = path.read_text(encoding="utf-8")
        assert before in text
        path.write_text(text.replace(before, after), encoding="utf-8")

    def text(self, *arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(app, ["diff", *arguments])
        assert result.exit_code == code, (result.output, result.exception)
        return " ".join(result.output.split())

    def diff(self, *arguments: str, code: int = 0) -> Any:
        [flow] = json.loads(self.text(*arguments, "--json", code=code))["flows"]
        return flow


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)  # noqa: S603, S607 - fixed words


def project(folder: Path) -> None:
    for part in ("mappings/portal", "mappings/codes", "policies", "dags/flows"):
        shutil.copytree(PROJECT_DIR / part, folder / part)
    for flow in (folder / "dags/flows").glob("*.yaml"):
        if flow.stem != "portal_returns_in":
            flow.unlink()
    intake = folder / "dags/flows/portal_returns_in.yaml"
    intake.write_text(re.sub(r"(?m)^enrich:.*\n", "", intake.read_text()))
    for name in ("depot", "xref"):
        (folder / "mappings" / name).mkdir()
    (folder / "mappings/xref/depot_customer.csv").write_text("canonical,depot\n17100014,N-14\n")
    (folder / "mappings/depot/system.yaml").write_text(SYSTEM)
    for name, text in MAPS.items():
        (folder / f"mappings/depot/{name}.yaml").write_text(text)
    for name, (fact, more) in FLOWS.items():
        text = FLOW.format(name=name, fact=fact, more=more)
        (folder / f"dags/flows/depot_{name}.yaml").write_text(text)
    git(folder, "init", "-q")
    git(folder, "add", "mappings")
    git(folder, "commit", "-qm", "first")


def bring(hub: Hub, number: str, **changes: Any) -> None:
    tree = json.loads((PROJECT_DIR / "mappings/portal/samples/credit.json").read_text()) | changes
    client = tree.pop("document")
    body = json.dumps({**tree, "reference": number}).encode()
    document = Document(source_key=number, body=body, media_type="application/json", attributes=client)
    assert admit.receive(hub, "portal_returns_in", document, "test:1")["messages"][0]["state"] == "admitted"


def set_customer(hub: Hub, code: str) -> None:
    crossrefs.put(hub, "depot_customer", Put("depot", code, "17100014", sent=True), "test")


@pytest.fixture
def sent(hub_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sent]:
    folder = tmp_path / "project"
    project(folder)
    (tmp_path / "share/out").mkdir(parents=True)
    monkeypatch.setenv("RETURNS_HUB_PROJECT", str(folder))
    monkeypatch.setenv("RETURNS_HUB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RETURNS_HUB_DATABASE_URL", hub_database)
    monkeypatch.chdir(folder)
    known = Connection(id="depot", extra={"path": str(tmp_path / "share")})
    settings = Settings(project_dir=folder, home=tmp_path / "home", database_url=hub_database)
    with bootstrap(settings, connections=lambda _: known) as hub:
        set_customer(hub, "N-14")
        bring(hub, "R-1")
        bring(hub, "R-2", customer={"number": "17100014", "name": "South Tools"})
        for _ in range(2):  # the answer follows from the first round's receipts
            deliver.deliver(hub, "depot", "test:1", budget=5)
        assert len(list((tmp_path / "share/out").iterdir())) == 6
        yield Sent(folder, hub_database, hub)


@pytest.mark.parametrize("name", ["request", "list", "answer", "accepted"])
def test_the_version_that_sent_makes_the_same_again_of_the_return_as_it_was_then(
    sent: Sent, name: str
) -> None:
    found = sent.diff(sent.file(name))
    assert (found["messages"], found["same"], found["fields"]) == (2, 2, [])
    assert found["kind"] == ("receipt" if name == "accepted" else "effect")
    assert found["then"] == {"compared": 2, "others": 0, "versions": 0, "fields": []}
    assert "note" not in sent.text(sent.file(name))


def test_the_return_has_gone_on_since(sent: Sent) -> None:
    [file] = sent.out.glob("*R-1.*.json")
    with psycopg.connect(sent.database) as connection:
        versions = {row[0] for row in connection.execute("SELECT state->>'version' FROM returns").fetchall()}
    assert (json.loads(file.read_text())["version"], versions) == (2, {"3"})


def test_changes_of_a_sent_document_are_grouped_by_field(sent: Sent) -> None:
    sent.edit("request", "customer: fact.data.parties.name", "customer: fact.data.parties.name | upper")
    found = sent.diff(sent.file("request"))
    assert (found["flow"], found["changed"], found["same"]) == ("depot_request", 2, 0)
    [field] = found["fields"]
    assert (field["path"], field["messages"]) == ("customer", 2)
    assert {"before": "South Tools", "after": "SOUTH TOOLS"}.items() <= field["examples"][0].items()
    said = sent.text("depot.request")
    assert "depot_request 2 effects replayed 2 changed" in said
    assert "field effects for example before after" in said


def test_changes_of_a_sent_interchange_are_told_by_segment_and_element(sent: Sent) -> None:
    sent.edit("answer", '"03": line.requested | decimal', '"03": line.requested | round(0)')
    [field] = sent.diff(sent.file("answer"))["fields"]
    assert field["path"] == "BLI[].03"
    assert (field["examples"][0]["before"], field["examples"][0]["after"]) == ("1.5", "2")


def test_what_the_guide_of_the_target_would_refuse_newly_fails(sent: Sent) -> None:
    sent.edit("answer", '"04": = EA', '"04": = PIECE')
    found = sent.diff(sent.file("answer"), code=1)
    assert (found["newly_failing"], found["same"]) == (2, 0)
    assert "BLI" in found["failures"][0]["message"]
    assert "newly fails" in sent.text(sent.file("answer"), code=1)


def test_an_effect_that_could_not_be_composed_is_told_as_mended(sent: Sent) -> None:
    bring(sent.hub, "R-3", customer={"number": "C-UNKNOWN", "name": "North"})
    deliver.deliver(sent.hub, "depot", "test:2", budget=5)
    sent.edit("list", "lookup(site)", "lookup(site, '?')")
    found = sent.diff(sent.file("list"))
    assert (found["newly_passing"], found["same"]) == (1, 2)
    assert ["R-3" in one["key"] for one in found["mended"][0]["examples"]] == [True]
    assert found["then"]["compared"] == 2


def test_changes_of_facts_that_receipts_state_are_told(sent: Sent) -> None:
    sent.edit("accepted", "rma_number: reference", "rma_number: \"receipt.name | split('.', 1)\"")
    found = sent.diff(sent.file("accepted"))
    assert (found["kind"], found["changed"]) == ("receipt", 2)
    assert [one["path"] for one in found["fields"]] == ["rma_number"]


def test_what_a_receipt_states_must_be_a_valid_fact(sent: Sent) -> None:
    sent.edit("accepted", ", authorized_at: now", "")
    found = sent.diff(sent.file("accepted"), code=1)
    assert found["newly_failing"] == 2


def test_what_was_sent_by_another_version_or_with_another_reference_is_told_apart(sent: Sent) -> None:
    sent.edit("list", "qty: line.requested", "qty: line.requested | round(0)")
    git(sent.folder, "commit", "-qam", "second")
    found = sent.diff(sent.file("list"))
    assert (found["same"], found["changed"]) == (2, 0)
    assert found["then"] | {"fields": []} == {"compared": 2, "others": 2, "versions": 2, "fields": []}
    assert [one["path"] for one in found["then"]["fields"]] == ["[].qty"]
    assert "2 composed by another version of the mapping" in sent.text(sent.file("list"))

    set_customer(sent.hub, "N-15")
    found = sent.diff(sent.file("list"), "--against", "HEAD~1")
    assert (found["then"]["others"], found["then"]["versions"]) == (2, 0)
    assert "[].customer" in [one["path"] for one in found["then"]["fields"]]
    assert "2 composed by this one, from something that has changed since" in sent.text(
        sent.file("list"), "--against", "HEAD~1"
    )


def test_a_mapping_that_no_flow_uses_yet_is_compared_on_the_flow_that_is_named(sent: Sent) -> None:
    new = sent.folder / "mappings/depot/request_v2.yaml"
    new.write_text(REQUEST.replace("depot.request@1", "depot.request@2").replace("number:", "no:", 1))
    found = sent.diff("depot.request@2", "--against", "depot.request@1", "--flow", "depot_request")
    assert [one["path"] for one in found["fields"]] == ["no", "number"]
    told = sent.text("depot.accepted", "--against", "depot.accepted", "--flow", "depot_list", code=1)
    assert "depot_list states nothing of its receipts" in told


def test_limit_and_since_narrow_what_is_replayed(sent: Sent) -> None:
    assert sent.diff(sent.file("request"), "--limit", "1")["messages"] == 1
    with psycopg.connect(sent.database) as connection:
        connection.execute(
            "UPDATE effects SET created_at = now() - interval '3 days' WHERE business_key LIKE '%R-1.%'"
        )
    assert sent.diff(sent.file("request"), "--since", "2d")["messages"] == 1


@pytest.mark.parametrize("name", ["request", "answer", "accepted"])
def test_nothing_is_written_and_no_control_number_taken(sent: Sent, name: str) -> None:
    def contents() -> list[Any]:
        asked = "SELECT count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM {} t"
        with psycopg.connect(sent.database) as connection:
            return [connection.execute(asked.format(table).encode()).fetchone() for table in TABLES]

    before = contents()
    sent.diff(sent.file(name))
    assert contents() == before
