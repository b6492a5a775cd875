"""Cross references on real PostgreSQL: a record that lacks one dies, says how to mend it, passes a replay."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from connectors.base import Connection, Document
from hub import audit, crossrefs
from hub.bootstrap import bootstrap
from hub.cli.main import app
from hub.crossrefs import Put, direction
from hub.pipeline import admit, replay
from hub.pipeline.context import Hub
from hub.settings import PROJECT_DIR, Settings
from hub.store.database import Database

Run = Callable[..., Any]

FLOW = "portal_returns_in"
DECLARED = "canonical,portal,sap_s4,title\n17100014,N-14,,Northside\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """This project, with a portal that calls customers by numbers of its own."""
    folder = tmp_path / "project"
    for part in ("mappings", "policies", "dags/flows"):
        shutil.copytree(PROJECT_DIR / part, folder / part)
    mapping = folder / "mappings/portal/return_request.yaml"
    text = mapping.read_text()
    for old, new in (
        ("value: customer.number}", 'value: "customer.number | lookup(customer)"}'),
        ("lookups:\n", "lookups:\n  customer: xref/customer[portal]\n"),
    ):
        assert old in text
        text = text.replace(old, new)
    mapping.write_text(text)
    for file in (folder / "mappings/portal/samples").glob("*.json"):
        file.write_text(file.read_text().replace('"number": "17100014"', '"number": "N-14"'))
    flow = folder / f"dags/flows/{FLOW}.yaml"
    flow.write_text(re.sub(r"(?m)^enrich:.*\n", "", flow.read_text()))
    (folder / "mappings/xref").mkdir(exist_ok=True)
    (folder / "mappings/xref/customer.csv").write_text(DECLARED)
    return folder


@pytest.fixture
def hub(project: Path, hub_database: str, tmp_path: Path) -> Any:
    settings = Settings(project_dir=project, home=tmp_path / "home", database_url=hub_database)
    with bootstrap(settings, connections=lambda name: Connection(id=name)) as made:
        yield made


@pytest.fixture
def run(project: Path, hub_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("RETURNS_HUB_DATABASE_URL", hub_database)
    monkeypatch.setenv("RETURNS_HUB_PROJECT", str(project))
    monkeypatch.setenv("RETURNS_HUB_HOME", str(tmp_path / "home"))

    def invoke(*arguments: str, code: int = 0) -> Any:
        result = CliRunner().invoke(app, ["xref", *arguments, "--json"])
        assert result.exit_code == code, (result.output, result.exception)
        return json.loads(result.stdout)

    return invoke


def receive(hub: Hub, reference: str, customer: str) -> Any:
    tree = json.loads((PROJECT_DIR / "mappings/portal/samples/credit.json").read_text())
    tree["reference"], tree["customer"]["number"] = reference, customer
    client = tree.pop("document")
    body = json.dumps(tree).encode()
    document = Document(source_key=reference, body=body, media_type="application/json", attributes=client)
    return admit.receive(hub, FLOW, document, "test:1")["messages"][0]


def test_a_record_that_lacks_a_reference_passes_once_somebody_set_it(hub: Hub, run: Run) -> None:
    dead = receive(hub, "WEB-1", "4711")
    assert dead["state"] == "dead"
    [letter] = hub.database.rows("dead_letter", {"id": dead["dead_letter_id"]})
    command = "returns-hub xref set customer portal 4711 <ours>"
    assert letter["summary"].endswith(f"(portal -> canonical); to add it: {command}")

    changed = run("set", "customer", "portal", "4711", "C100", "--note", "by phone")
    assert changed["changes"] == [
        {"system": "portal", "code": "4711", "before": None, "ours": "C100", "sent": True}
    ]
    assert replay.replay(hub, dead["dead_letter_id"], "test")["state"] == "admitted"
    [fact] = hub.database.rows("trace_return", {"return_id": receive(hub, "WEB-2", "4711")["return_id"]})
    assert fact["state"]["parties"][0]["ids"] == [{"scheme": "sap_s4", "value": "C100"}]


def test_the_database_counts_at_run_time_not_the_rows_of_the_file(hub: Hub, run: Run, project: Path) -> None:
    assert receive(hub, "WEB-1", "N-14")["state"] == "dead"
    file = project / "mappings/xref/customer.csv"
    assert run("import", "customer", str(file)) == {
        "reference": "customer", "added": 1, "changed": 0, "removed": 0,
    }  # fmt: skip
    assert receive(hub, "WEB-2", "N-14")["state"] == "admitted"
    run("remove", "customer", "portal", "N-14")
    assert receive(hub, "WEB-3", "N-14")["state"] == "dead"


def test_what_a_mapping_is_called_does_not_change_with_rows(hub: Hub, run: Run) -> None:
    run("set", "customer", "portal", "1", "C1")
    receive(hub, "WEB-1", "1")
    run("set", "customer", "portal", "2", "C2")
    receive(hub, "WEB-2", "2")
    with hub.database.transaction() as tx:
        refs = tx.execute("SELECT DISTINCT mapping FROM messages").fetchall()
    assert len(refs) == 1


def test_who_changed_what_is_in_the_audit_log(run: Run, database: Database) -> None:
    run("set", "customer", "portal", "4711", "C1")
    run("set", "customer", "portal", "4711", "C2")
    run("remove", "customer", "portal", "4711")
    entries = database.rows("audit_of", {"subjects": ["customer/portal/4711"]})
    assert [entry["action"] for entry in entries] == ["cross reference set"] * 2 + ["cross reference removed"]
    assert all(entry["actor"].startswith("cli:") for entry in entries)
    detail = json.loads(entries[1]["detail"])
    assert (detail["before"]["ours"], detail["after"]["ours"]) == ("C1", "C2")
    assert audit.verify(database) == []


def test_what_is_exported_is_imported_again(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_text(
        "canonical,portal,sap_s4,note\nC1,4711 0815 <0816,10001,main account\nC2,,10002,\nC3,<99,,\n"
    )
    assert run("import", "customer", str(file))["added"] == 6
    before = run("show", "customer")
    text = run("export", "customer")["csv"]
    assert text == (
        "canonical,portal,sap_s4,note\nC1,4711 0815 0816,10001,main account\nC2,,10002,\nC3,<99,,\n"
    )
    file.write_text(text)
    counts = run("import", "customer", str(file), "--replace")
    assert (counts["added"], counts["changed"], counts["removed"]) == (0, 0, 0)
    assert run("show", "customer") == before
    file.write_text("canonical,portal\nC1,0815\n")
    counts = run("import", "customer", str(file), "--replace")
    assert (counts["added"], counts["changed"], counts["removed"]) == (0, 1, 5)
    [row] = run("show", "customer")
    assert (row["code"], row["sent"], row["note"]) == ("0815", True, "main account")


def test_a_file_with_one_bad_line_changes_nothing(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    for text, message in (
        ("canonical,portal\nC1,1\nC2,1\n", "'1' in column portal is already on line 2"),
        ("canonical,portl\nC1,1\n", "no column 'portl', expected one of: portal, sap_s4"),
        ("canonical,portal\nC1,>1\n", "customers.csv:2: column portal: expected 1 to 200 characters"),
        ("canonical,portal\nC1\n", "customers.csv:2:1: expected 2 cells, found 1"),
    ):
        file.write_text(text)
        assert message in run("import", "customer", str(file), code=1)["error"]["message"]
    assert run("show", "customer") == []


def test_only_declared_references_and_systems_can_be_set(run: Run) -> None:
    unknown = run("set", "custmer", "portal", "1", "C1", code=1)["error"]["message"]
    assert "expected a file mappings/xref/custmer.csv, known: customer" in unknown
    system = run("set", "customer", "portl", "1", "C1", code=1)["error"]["message"]
    assert "expected one of: portal, sap_s4" in system
    assert "without blanks" in run("set", "customer", "portal", "1 2", "C1", code=1)["error"]["message"]
    assert "no code '1' of portal" in run("remove", "customer", "portal", "1", code=1)["error"]["message"]
    [one] = run("list")
    assert (one["reference"], one["systems"], one["rows"]) == ("customer", ["portal", "sap_s4"], 0)


def test_the_sent_mark_moves_between_codes_in_one_transaction(database: Database) -> None:
    puts = [Put("acme", code, "C1") for code in "abc"]
    with database.transaction() as tx:
        crossrefs.change(tx, "customer", puts=puts, actor="test")
    for code in "bca":
        with database.transaction() as tx:
            changes = crossrefs.change(
                tx, "customer", puts=[Put("acme", code, "C1", sent=True)], actor="test"
            )
            assert len(changes) == 2
            assert direction(crossrefs.read(tx, "customer"), "canonical", "acme") == {"C1": code}
