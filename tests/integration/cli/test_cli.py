"""The command line against a real database and real partners: what people read, and what machines read."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from hub.cli import letters
from hub.cli.main import app
from hub.deadletters import DeadLetter, write
from hub.settings import PROJECT_DIR
from hub.store.database import Database
from sandboxes.play import Options, play

Run = Callable[..., Result]


@pytest.fixture
def run(hub_database: str, partners: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """`returns-hub` with its environment; connections come from `AIRFLOW_CONN_*` as in Airflow."""
    erp, wms, sftp = (partners.endpoints[name] for name in ("erp", "wms", "sftp"))
    common = {"host": "127.0.0.1", "schema": "http"}
    environment = {
        "RETURNS_HUB_DATABASE_URL": hub_database,
        "RETURNS_HUB_HOME": str(tmp_path / "home"),
        "AIRFLOW_CONN_SAP_S4": json.dumps(
            {**common, "port": erp["port"], "login": erp["login"], "password": erp["password"]}
        ),
        "AIRFLOW_CONN_WMS": json.dumps({**common, "port": wms["port"], "extra": {"token": wms["token"]}}),
        "AIRFLOW_CONN_ACME_EDI": json.dumps(
            {
                "host": sftp["host"],
                "port": sftp["port"],
                "login": sftp["login"],
                "password": sftp["password"],
                "extra": {"host_key": sftp["host_key"]},
            }
        ),
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    runner = CliRunner()

    def invoke(*arguments: str, code: int = 0) -> Result:
        result = runner.invoke(app, list(arguments))
        assert result.exit_code == code, (result.output, result.exception)
        return result

    return invoke


def answer(result: Result) -> Any:
    return json.loads(result.stdout)


@pytest.fixture
def filled(run: Run, tmp_path: Path) -> Run:
    """A hub that has taken in ACME's files, with two dead letters."""
    options = Options(directory=tmp_path / "partners", returns=30, outage=0, pace=0, faults=False)
    player = threading.Thread(target=play, args=(options, lambda _: None))
    player.start()
    player.join()
    run("run", "acme_returns_in")
    return run


def test_help_names_every_command(run: Run) -> None:
    text = run("--help").output
    for name in (
        "up",
        "demo",
        "check",
        "map",
        "run",
        "read",
        "send",
        "find",
        "trace",
        "deadletters",
        "rebuild",
    ):
        assert name in text


def test_check_finds_nothing_wrong_with_the_project(run: Run) -> None:
    assert answer(run("check", "--json")) == {"problems": [], "todo": []}


def test_check_names_file_line_and_column(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "project"
    for folder in ("dags/flows", "mappings", "policies"):
        (project / folder).parent.mkdir(parents=True, exist_ok=True)
        (project / folder).symlink_to(PROJECT_DIR / folder)
    (project / "dags/flows").unlink()
    (project / "dags/flows").mkdir()
    good = (PROJECT_DIR / "dags/flows/wms_receipts_in.yaml").read_text(encoding="utf-8")
    (project / "dags/flows/wms_receipts_in.yaml").write_text(good.replace("15 seconds", "now and then"))
    line = 1 + good[: good.index("15 seconds")].count("\n")
    monkeypatch.setenv("RETURNS_HUB_PROJECT", str(project))
    problems = answer(run("check", "--json", code=1))["problems"]
    assert ("dags/flows/wms_receipts_in.yaml", line) in {(one["file"], one["line"]) for one in problems}


def test_map_shows_the_way_of_every_field(run: Run) -> None:
    file = str(PROJECT_DIR / "mappings/acme_edi/return_notice.yaml")
    shown = answer(run("map", file, "--sample", "two_lines", "--json"))
    fields = {one["target"]: one for one in shown["documents"][0]["fields"]}
    assert shown["mapping"] == "acme.return_notice@1"
    assert fields["lines[0].requested"]["steps"][0]["call"].startswith("decimal")
    assert shown["documents"][0]["value"]["lines"][0]["requested"] == fields["lines[0].requested"]["value"]
    assert "two_lines" in run("map", file, "--sample", "two_lines").output


def test_map_without_such_a_sample_names_those_there_are(run: Run) -> None:
    file = str(PROJECT_DIR / "mappings/acme_edi/return_notice.yaml")
    error = answer(run("map", file, "--sample", "nope", "--json", code=1))["error"]
    assert "two_lines" in error["message"]


def test_a_flow_runs_without_airflow_and_adds_up(filled: Run) -> None:
    totals = answer(filled("status", "--json"))
    flow = totals["flows"]["acme_returns_in"]
    assert totals["problems"] == []
    assert flow["received"] == flow["admitted"] + flow["repeat"] + flow["dead"] > 20
    delivered = answer(filled("run", "erp_rma", "--json"))
    assert delivered["deliver"]["confirmed"] > 10
    assert "Messages: received" in filled("status").output


def test_run_of_an_unknown_flow_names_those_there_are(run: Run) -> None:
    error = answer(run("run", "nope", "--json", code=1))["error"]
    assert "acme_returns_in" in error["message"]


def test_trace_finds_a_return_by_its_purchase_order(filled: Run) -> None:
    key = filled_po(filled)
    found = answer(filled("trace", key, "--json"))
    assert [fact["type"] for fact in found["returns"][0]["facts"]] == [
        "return.requested",
        "authorization.decided",
    ]
    assert "authorization.decided" in filled("trace", key).output


def test_trace_of_an_unknown_key_says_so(run: Run) -> None:
    assert "nothing is known" in run("trace", "NO-SUCH-KEY", code=1).output


def filled_po(run: Run) -> str:
    """Some purchase order the hub knows."""
    effects = answer(run("status", "--json"))["targets"]["sap_s4"]
    assert effects
    for number in range(1, 31):
        key = f"ACME-PO-7{number:05d}"
        result = CliRunner().invoke(app, ["trace", key, "--json"])
        if result.exit_code == 0:
            return key
    raise AssertionError("no purchase order of ACME is known")


def test_dead_letters_are_listed_shown_replayed_and_discarded(filled: Run) -> None:
    letters = answer(filled("deadletters", "list", "--json"))
    reasons = {letter["step"]: letter for letter in letters}
    assert set(reasons) == {"decode", "map"}
    shown = answer(filled("deadletters", "show", reasons["map"]["id"], "--json"))
    assert "'ZZ' is not in lookup" in shown["errors"][0]["message"]
    assert '"BGN"' in shown["tree"]
    again = answer(filled("deadletters", "replay", reasons["map"]["id"], "--json", code=1))
    assert again["state"] == "parked"
    assert "'ZZ'" in again["problem"]
    parked = answer(filled("deadletters", "list", "--state", "parked", "--json"))[0]
    filled("deadletters", "discard", parked["id"], "--note", "ACME sent it by mistake")
    error = answer(filled("deadletters", "replay", parked["id"], "--json", code=1))["error"]
    assert "discarded" in error["message"]
    assert answer(filled("status", "--json"))["problems"] == []


def test_dead_letters_are_one_line_each_and_name_their_document(filled: Run) -> None:
    letters = answer(filled("deadletters", "list", "--json"))
    lines = filled("deadletters", "list").output.splitlines()
    assert len(lines) == len(letters) + 2
    for letter, line in zip(letters, lines[1:-1], strict=True):
        assert line.startswith(str(letter["id"])[-8:])
        assert letter["document_key"] in line
        assert len(line) <= 160
        assert letter["document_key"] in filled("deadletters", "show", str(letter["id"])[-8:]).output


def test_dead_letters_are_replayed_by_short_ids_or_all_of_a_kind(filled: Run) -> None:
    letters = answer(filled("deadletters", "list", "--json"))
    ids = [letter["id"] for letter in letters]
    several = answer(filled("deadletters", "replay", ids[0][-8:], ids[1][:-1], "--json", code=1))
    assert (several["states"], several["dead"]) == ({"parked": 2}, 2)
    code = letters[0]["code"]
    of_code = [letter for letter in letters if letter["code"] == code]
    shown = filled("deadletters", "replay", "--code", code, "--flow", "acme_returns_in", code=1).output
    assert f"{len(of_code)} still dead" in shown
    assert answer(filled("deadletters", "replay", "--all", "--json", code=1))["dead"] == len(letters)
    assert "no open dead letter" in filled("deadletters", "replay", "--flow", "wms_receipts_in").output


def test_a_replay_without_a_choice_or_with_an_unclear_id_is_refused(filled: Run) -> None:
    first = answer(filled("deadletters", "list", "--json"))[0]["id"]
    assert "--all" in filled("deadletters", "replay", code=1).output
    assert "--all" in filled("deadletters", "replay", first, "--all", code=1).output
    assert "may be any of" in filled("deadletters", "replay", first[:6], code=1).output


def test_trace_shows_why_a_message_died_and_what_to_do(filled: Run) -> None:
    letters = answer(filled("deadletters", "list", "--json"))
    [unmapped] = [letter for letter in letters if letter["step"] == "map"]
    [message] = answer(filled("trace", key_of(filled, unmapped), "--json"))["messages"]
    assert (message["dead_letter_id"], message["reason"]) == (unmapped["id"], unmapped["summary"])
    text = filled("trace", key_of(filled, unmapped)).output
    assert unmapped["summary"] in text
    assert f"returns-hub deadletters show {unmapped['id']}" in text
    assert f"ZZ=…, then returns-hub deadletters replay {unmapped['id'][-8:]}" in text
    shown = filled("deadletters", "show", unmapped["id"]).output
    assert f"ZZ=…, then returns-hub deadletters replay {unmapped['id'][-8:]}" in shown


def key_of(run: Run, letter: dict[str, Any]) -> str:
    """The number by which the partner knows a dead letter's document."""
    tree = json.loads(answer(run("deadletters", "show", letter["id"], "--json"))["tree"])
    return str(tree["BGN"]["02"])


def test_trace_finds_what_only_a_dead_letter_names(filled: Run) -> None:
    [undecoded] = [
        letter for letter in answer(filled("deadletters", "list", "--json")) if letter["step"] == "decode"
    ]
    text = " ".join(str(value) for error in undecoded["errors"] for value in error.values())
    word = max(re.findall(r"(?<![\w-])[\w-]{4,}(?![\w-])", text), key=len)
    found = answer(filled("trace", word, "--json"))["messages"]
    assert undecoded["id"] in {message["dead_letter_id"] for message in found}
    assert "nothing is known" in filled("trace", word[:-1], code=1).output


def test_a_run_names_what_waits_and_what_its_totals_count(filled: Run) -> None:
    text = filled("run", "acme_returns_in").output
    assert "in all so far" in text
    assert "→ returns-hub deadletters list --flow acme_returns_in" in text
    assert "'ZZ' is not in lookup" in text
    assert (
        "→ returns-hub new codes return_reason x12 ZZ=…, then returns-hub deadletters replay --flow" in text
    )


def test_different_errors_at_one_field_are_counted_and_the_oldest_is_the_example(
    run: Run, hub_database: str
) -> None:
    said = [
        *("expected a date as %d, found '2'", "expected a date as %d, found '1'", "nothing present"),
        "'PERDU' is not in lookup 'day' (codes/day.csv, shop -> canonical)",
    ]
    run("migrate")
    with closing(Database(hub_database)) as database:
        for number, message in enumerate(said):
            letter = DeadLetter(
                flow="wms_receipts_in",
                step="map",
                error_class="Contract",
                code="mapping",
                errors=[{"path": f"lines[{number}].day", "message": message}],
                summary=f"lines[{number}].day: {message}",
            )
            with database.transaction() as tx:
                write(tx, [letter])
        [group] = database.rows(
            "console_letter_groups", {"states": ["open"], "run": "", "flow": "", "limit": 9}
        )
    example = f"3 different errors, e.g. lines[0].day: {said[0]}"
    assert (group["letters"], letters.example(group)) == (4, example)
    assert example in run("status").output
    assert f"4 of mapping: {example}" in run("run", "wms_receipts_in").output


def test_the_heading_of_a_trace_says_who_and_how_much(filled: Run) -> None:
    key = filled_po(filled)
    state = answer(filled("trace", key, "--json"))["returns"][0]["return"]
    heading, decision = filled("trace", key).output.splitlines()[:2]
    assert state["origin"]["id"] in heading
    assert f"{len(state['lines'])} line" in heading
    assert f"({state['decision']['policy']['name']}, rule {state['decision']['policy']['rule']})" in decision


def test_the_projection_is_what_the_facts_say(filled: Run) -> None:
    assert answer(filled("rebuild", "--json"))["changed"] == 0
    assert answer(filled("audit", "--json"))["whole"] is True


def test_read_prints_what_a_partner_offers_and_stores_nothing(filled: Run) -> None:
    filled("run", "sap_s4")
    filled("run", "wms")
    documents: list[Any] = []
    while not documents:
        documents = answer(filled("read", "wms", "receipts", "--json"))
    assert json.loads(documents[0]["body"])["items"]
    assert answer(filled("status", "--json"))["flows"]["wms_receipts_in"]["received"] == 0


def test_send_and_find_show_what_crossed_the_wire(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "announcement.json"
    file.write_text(
        json.dumps(
            {
                "rma": "R-1",
                "site": "DC01",
                "customer": "1",
                "lines": [{"line_no": 1, "sku": "A", "quantity": 1, "uom": "EA"}],
            }
        )
    )
    assert answer(run("find", "wms", "expect_receipt", "--key", "R-1", "--json", code=1)) == {"found": False}
    sent = answer(run("send", "wms", "expect_receipt", str(file), "--key", "R-1", "--json"))
    assert sent["exchange"]["request"].startswith("PUT ")
    assert sent["exchange"]["response"].startswith("201")
    found = answer(run("find", "wms", "expect_receipt", "--key", "R-1", "--json"))
    assert found["reference"] == sent["reference"]
    assert "R-1" in run("find", "wms", "expect_receipt", "--key", "R-1").output


def test_nothing_that_is_printed_holds_a_credential(run: Run, partners: Any, tmp_path: Path) -> None:
    file = tmp_path / "odd.json"
    file.write_text("{}")
    secrets = [partners.endpoints["wms"]["token"], partners.endpoints["erp"]["password"]]
    output = run("send", "wms", "expect_receipt", str(file), "--key", "R-2", code=1).output
    output += run(
        "send", "sap_s4", "create_customer_return", str(file), "--key", "R-2", "--json", code=1
    ).output
    assert not [secret for secret in secrets if secret in output]


def test_a_missing_connection_is_one_sentence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_WMS")
    error = answer(run("read", "wms", "receipts", "--json", code=1))["error"]
    assert "AIRFLOW_CONN_WMS" in error["message"]
    form = """{"host": "…", "schema": "https", "extra": {"token": "…"}}"""
    assert error["message"].endswith(f"; export AIRFLOW_CONN_WMS='{form}'")
