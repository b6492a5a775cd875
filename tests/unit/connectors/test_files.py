from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Connection, Document
from connectors.errors import Config, Contract
from connectors.files.client import FilesConnector, connect


def depot(root: Path, **resource: Any) -> FilesConnector:
    for name in ("in", "out", "done"):
        (root / name).mkdir(exist_ok=True)
    entry = {"folder": "/in", "pattern": "*.csv", "archive": "/done", "stable_seconds": 0, **resource}
    system = {
        "system": "depot",
        "connector": "files",
        "resources": {"returns": entry},
        "operations": {"write": {"folder": "/out", "name": "{key}.csv", "find_in": ["/done"]}},
    }
    return connect(system, Connection(id="depot", extra={"path": str(root)}))


def names(connector: FilesConnector, cursor: Any = None) -> list[str]:
    batches = connector.read("returns", cursor)
    return [document.attributes["name"] for batch in batches for document in batch.documents]


def test_only_visible_files_that_match_are_read_and_links_are_not_followed(tmp_path: Path) -> None:
    connector = depot(tmp_path)
    (tmp_path / "in/a.csv").write_text("1")
    (tmp_path / "in/b.txt").write_text("2")
    (tmp_path / "in/folder.csv").mkdir()
    (tmp_path / "secret").write_text("3")
    (tmp_path / "in/link.csv").symlink_to(tmp_path / "secret")
    assert names(connector) == ["a.csv"]


def test_a_file_waits_until_it_has_stood_still(tmp_path: Path) -> None:
    connector = depot(tmp_path, stable_seconds=60)
    (tmp_path / "in/a.csv").write_text("1")
    [first] = connector.read("returns", None)
    assert first.documents == ()
    [key] = first.cursor["pending"]
    assert names(connector, {"pending": {key: first.cursor["pending"][key] - 61}}) == ["a.csv"]


def test_a_file_replaced_before_its_release_stays_to_be_read(tmp_path: Path) -> None:
    connector = depot(tmp_path)
    (tmp_path / "in/a.csv").write_text("1")
    [batch] = connector.read("returns", None)
    (tmp_path / "in/a.csv").write_text("other")
    connector.release("returns", batch.documents)
    assert names(connector) == ["a.csv"]


def test_the_archive_never_loses_a_file_to_one_of_the_same_name(tmp_path: Path) -> None:
    connector = depot(tmp_path)
    for text in ("1", "2"):
        path = tmp_path / "in/a.csv"
        path.write_text(text)
        os.utime(path, (1_800_000_000, 1_800_000_000))
        [batch] = connector.read("returns", None)
        connector.release("returns", batch.documents)
    assert sorted(path.read_text() for path in (tmp_path / "done").iterdir()) == ["1", "2"]


def test_a_file_that_is_too_large_is_told_after_the_others_are_out(tmp_path: Path) -> None:
    connector = depot(tmp_path, max_bytes=3)
    (tmp_path / "in/a.csv").write_text("1234")
    (tmp_path / "in/b.csv").write_text("1")
    reading = connector.read("returns", None)
    assert [one.attributes["name"] for one in next(reading).documents] == ["b.csv"]
    with pytest.raises(Contract, match="expected at most 3 bytes, found 4"):
        next(reading)


def test_a_missing_folder_is_a_config_error_that_names_it(tmp_path: Path) -> None:
    connector = depot(tmp_path)
    (tmp_path / "in").rmdir()
    with pytest.raises(Config, match=r"list .*/in: No such file or directory") as caught:
        names(connector)
    assert caught.value.code == "file_enoent"


def test_a_folder_outside_of_the_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Config, match="expected a folder under"):
        names(depot(tmp_path, folder="/in/../../etc"))


def test_nothing_is_left_of_a_write_that_failed(tmp_path: Path) -> None:
    connector = depot(tmp_path)
    (tmp_path / "out/RH-1.csv").mkdir()  # what a rename cannot replace
    with pytest.raises(Config):
        connector.write("write", Document(source_key="k", body=b"1", media_type="text/csv"), "RH-1")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["RH-1.csv"]


def test_a_probe_also_looks_where_the_partner_moves_files(tmp_path: Path) -> None:
    connector = depot(tmp_path)
    connector.write("write", Document(source_key="k", body=b"1", media_type="text/csv"), "RH-1")
    (tmp_path / "out/RH-1.csv").rename(tmp_path / "done/RH-1.csv")
    found = connector.find("write", "RH-1")
    assert found is not None
    assert found.body["path"] == str(tmp_path / "done/RH-1.csv")
    (tmp_path / "done/RH-1.csv").unlink()
    (tmp_path / "out").rmdir()
    with pytest.raises(Config):
        connector.find("write", "RH-1")


def test_the_connection_must_name_an_absolute_path() -> None:
    with pytest.raises(Config, match=r"extra\.path"):
        connect({"system": "depot", "connector": "files"}, Connection(id="depot"))
    with pytest.raises(Config, match=r"extra\.path: must be an absolute path, found 'dupont'"):
        connect({"system": "depot", "connector": "files"}, Connection(id="depot", extra={"path": "dupont"}))
