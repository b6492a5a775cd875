"""`returns-hub diff` on returns that were really taken in, from a folder into PostgreSQL."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from hub.authoring.writing import new_flow, new_mapping, new_system
from hub.cli.main import app
from hub.settings import PROJECT_DIR

CSV = """\
return_no,return_date,article,quantity,reason,remark
R-1,2026-11-01,4711,2,damaged,wet
R-2,2026-11-01,4712,1,wrong_item,
R-3,2026-11-01,x4713,3,damaged,torn
"""
FILE = "mappings/nordwind/returns.yaml"


@dataclass(frozen=True)
class Stored:
    """A project whose hub has taken in three returns."""

    folder: Path
    database: str

    def edit(self, before: str, after: str) -> None:
        path = self.folder / FILE
        text = path.read_text(encoding="utf-8")
        assert before in text
        path.write_text(text.replace(before, after), encoding="utf-8")

    def text(self, *arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(app, ["diff", *arguments])
        assert result.exit_code == code, (result.output, result.exception)
        return result.output

    def diff(self, *arguments: str, code: int = 0) -> Any:
        [flow] = json.loads(self.text(*arguments, "--json", code=code))["flows"]
        return flow


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)  # noqa: S603, S607 - fixed words


@pytest.fixture
def stored(tmp_path: Path, hub_database: str, monkeypatch: pytest.MonkeyPatch) -> Stored:
    for folder in ("mappings", "policies", "dags/flows"):
        shutil.copytree(PROJECT_DIR / folder, tmp_path / folder)
    (tmp_path / "first.csv").write_text(CSV, encoding="utf-8")
    new_system(tmp_path, "nordwind", "files", "returns", tmp_path / "first.csv")
    new_mapping(
        tmp_path,
        "nordwind.returns",
        tmp_path / "first.csv",
        "return.requested@1",
        system="",
        resource="",
        zone="UTC",
    )
    new_flow(tmp_path, "nordwind_in", "nordwind", "returns", "nordwind.returns", "us")
    system = tmp_path / "mappings/nordwind/system.yaml"
    system.write_text(system.read_text().replace("stable_seconds: 60", "stable_seconds: 0"), encoding="utf-8")
    for name in ("in", "done"):
        (tmp_path / "drop" / name).mkdir(parents=True)
    shutil.copy(tmp_path / "first.csv", tmp_path / "drop/in")
    monkeypatch.setenv("RETURNS_HUB_PROJECT", str(tmp_path))
    monkeypatch.setenv("RETURNS_HUB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RETURNS_HUB_DATABASE_URL", hub_database)
    monkeypatch.setenv("AIRFLOW_CONN_NORDWIND", json.dumps({"extra": {"path": str(tmp_path / "drop")}}))
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "mappings")
    git(tmp_path, "commit", "-qm", "first")
    result = CliRunner().invoke(app, ["run", "nordwind_in", "--json"])
    assert json.loads(result.output)["admit"]["admitted"] == 3, result.output
    return Stored(tmp_path, hub_database)


def test_a_version_that_makes_the_same_changes_nothing(stored: Stored) -> None:
    found = stored.diff(FILE)
    assert (found["kind"], found["messages"], found["same"], found["fields"]) == ("message", 3, 3, [])


def test_changes_are_grouped_by_field_with_examples(stored: Stored) -> None:
    stored.edit("sku: article", "sku: article | upper")
    found = stored.diff(FILE)
    assert (found["same"], found["changed"]) == (2, 1)
    assert found["fields"] == [
        {
            "path": "lines[].item.sku",
            "message": "",
            "messages": 1,
            "examples": [{"key": "R-3", "before": "x4713", "after": "X4713"}],
        }
    ]
    said = stored.text("nordwind.returns")
    assert "HEAD:mappings/nordwind/returns.yaml" in said
    assert "lines[].item.sku" in said


def test_messages_that_would_newly_fail_are_told_with_the_reason_and_end_with_1(stored: Stored) -> None:
    stored.edit("sku: article", "sku: \"article | match('[0-9]+')\"")
    found = stored.diff(FILE, code=1)
    assert (found["newly_failing"], found["same"]) == (1, 2)
    [failure] = found["failures"]
    assert failure["path"] == "lines[].item.sku"
    assert [one["key"] for one in failure["examples"]] == ["R-3"]
    assert "newly fails" in stored.text(FILE, code=1)


def test_what_failed_before_is_told_as_mended(stored: Stored) -> None:
    other = stored.folder / "strict.yaml"
    text = (stored.folder / FILE).read_text(encoding="utf-8")
    other.write_text(text.replace("sku: article", "sku: \"article | match('[0-9]+')\""), encoding="utf-8")
    found = stored.diff(FILE, "--against", str(other))
    assert (found["newly_passing"], found["same"]) == (1, 2)
    assert found["mended"][0]["path"] == "lines[].item.sku"


def test_a_changed_code_table_of_the_revision_counts_too(stored: Stored) -> None:
    table = stored.folder / "mappings/codes/return_reason.csv"
    lines = table.read_text(encoding="utf-8").splitlines()
    moved = [line.replace(",damaged,", ",,") if line.startswith("damaged,") else line for line in lines]
    table.write_text(
        "\n".join(line.replace(",,Defective merch", ",damaged,Defective merch") for line in moved) + "\n",
        encoding="utf-8",
    )
    found = stored.diff(FILE)
    assert found["changed"] == 2
    assert "lines[].reason.canonical" in [one["path"] for one in found["fields"]]


def test_a_changed_key_is_a_change(stored: Stored) -> None:
    stored.edit("key:     return_no", "key:     return_no | lower")
    assert [one["path"] for one in stored.diff(FILE)["fields"]] == ["key"]


def test_a_mapping_that_is_not_in_git_yet_is_answered_with_what_to_do(stored: Stored) -> None:
    new = stored.folder / "mappings/nordwind/second.yaml"
    new.write_text((stored.folder / FILE).read_text().replace("returns@1", "returns@2"), encoding="utf-8")
    said = " ".join(stored.text(str(new), code=1).split())
    assert "mappings/nordwind/second.yaml does not stand in git revision 'HEAD': commit it first" in said


def test_limit_and_since_narrow_what_is_replayed(stored: Stored) -> None:
    assert stored.diff(FILE, "--limit", "2")["messages"] == 2
    assert stored.diff(FILE, "--since", "1h")["messages"] == 3
    with psycopg.connect(stored.database) as connection:
        connection.execute(
            "UPDATE messages SET received_at = now() - interval '3 days' WHERE source_key = 'R-1'"
        )
    assert stored.diff(FILE, "--since", "2d")["messages"] == 2
    assert "expected --since as" in stored.text(FILE, "--since", "soon", code=1)


def test_nothing_is_written(stored: Stored) -> None:
    tables = ("payloads", "documents", "messages", "facts", "effects", "runs", "audit")

    def contents() -> list[Any]:
        asked = "SELECT count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM {} t"
        with psycopg.connect(stored.database) as connection:
            return [connection.execute(asked.format(name).encode()).fetchone() for name in tables]

    before = contents()
    stored.edit("sku: article", "sku: article | upper")
    stored.diff(FILE)
    assert contents() == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nordwind.retruns",), "expected a mapping's file or name"),
        ((FILE, "--against", "no_such_branch"), "expected a file, a mapping or a git revision"),
        ((FILE, "--against=-x"), "expected a file, a mapping or a git revision"),
        ((FILE, "--flow", "nope"), "expected a flow"),
        (("sap_s4.sales_order", "--against", "sap_s4.sales_order"), "no flow takes in"),
    ],
)
def test_what_cannot_be_compared_is_told_with_what_there_is(
    stored: Stored, arguments: tuple[str, ...], says: str
) -> None:
    assert says in " ".join(json.loads(stored.text(*arguments, "--json", code=1))["error"]["message"].split())
