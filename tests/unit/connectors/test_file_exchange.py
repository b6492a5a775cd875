"""Races with a partner: somebody moves, replaces or links a file at the worst moment."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Connection, Document
from connectors.errors import Config, Unavailable
from connectors.file_exchange import FileExchange
from connectors.filenames import File
from connectors.files.client import LocalFiles
from connectors.files.settings import FilesSettings
from connectors.registry import capabilities


class Meddled(LocalFiles):
    """Real files; before the first call of a kind something happens to them."""

    def __init__(self, root: Path, before: str, what: Callable[[], object]) -> None:
        super().__init__(Connection(id="depot", extra={"path": str(root)}))
        self._before, self._what = before, what
        self.reads = 0

    def _meddle(self, call: str) -> None:
        if self._before == call:
            self._before = ""
            self._what()

    def stat(self, path: str) -> File | None:
        self._meddle("stat")
        return super().stat(path)

    def read(self, path: str, most: int) -> bytes | None:
        self._meddle("read")
        self.reads += 1
        body = super().read(path, most)
        self._meddle("after read")
        return body

    def rename(self, old: str, new: str) -> bool:
        self._meddle("rename")
        done = super().rename(old, new)
        self._meddle("after rename")
        return done


def exchange(root: Path, before: str, what: Callable[[], object], **resource: Any) -> FileExchange:
    for name in ("in", "done", "taken"):
        (root / name).mkdir(exist_ok=True)
    entry = {"folder": "/in", "archive": "/done", "stable_seconds": 0, **resource}
    settings = FilesSettings.model_validate(
        {"system": "depot", "resources": {"in": entry}, "retry": {"attempts": 1}}
    )
    return FileExchange(Meddled(root, before, what), settings)


def put(path: Path, body: bytes, mtime: int) -> None:
    path.write_bytes(body)
    os.utime(path, (mtime, mtime))


def read(connector: FileExchange) -> list[Document]:
    return [document for batch in connector.read("in", None) for document in batch.documents]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


MOMENTS = pytest.mark.parametrize(
    ("before", "claim"),
    [("stat", None), ("read", None), ("stat", "/taken"), ("rename", "/taken"), ("read", "/taken")],
)


@MOMENTS
def test_a_file_that_vanishes_is_skipped_and_the_others_come(
    tmp_path: Path, before: str, claim: str | None
) -> None:
    def gone() -> None:
        for path in (tmp_path / "in", tmp_path / "taken"):
            for file in path.glob("*a.edi"):
                file.unlink()

    connector = exchange(tmp_path, before, gone, claim=claim)
    put(tmp_path / "in/a.edi", b"1", 100)
    put(tmp_path / "in/b.edi", b"2", 101)
    assert [one.body for one in read(connector)] == [b"2"]


@MOMENTS
def test_a_file_that_is_replaced_is_read_whole_as_what_it_is_by_then(
    tmp_path: Path, before: str, claim: str | None
) -> None:
    connector = exchange(
        tmp_path, before, lambda: put(tmp_path / "in/a.edi", b"newer", 200), claim=claim, claim_seconds=0
    )
    put(tmp_path / "in/a.edi", b"1", 100)
    found = {one.source_key: one.body for _ in range(3) for one in _released(connector)}
    assert found["a.edi@200-5"] == b"newer"
    assert found.keys() <= {"a.edi@100-1", "a.edi@200-5"}
    assert (names(tmp_path / "in"), names(tmp_path / "taken")) == ([], [])
    assert len(names(tmp_path / "done")) == len(found)


def _released(connector: FileExchange) -> list[Document]:
    found = read(connector)
    connector.release("in", found)
    return found


@pytest.mark.parametrize("end", [{"archive": "/done"}, {"archive": None, "delete": True}])
def test_a_file_replaced_between_the_look_and_the_release_is_given_back_unread(
    tmp_path: Path, end: dict[str, Any]
) -> None:
    connector = exchange(
        tmp_path, "rename", lambda: put(tmp_path / "in/a.edi", b"newer", 200), marker=".ok", **end
    )
    put(tmp_path / "in/a.edi", b"1", 100)
    put(tmp_path / "in/a.edi.ok", b"", 100)
    connector.release("in", read(connector))
    assert names(tmp_path / "in") == ["a.edi", "a.edi.ok"]
    assert [one.body for one in read(connector)] == [b"newer"]


def test_a_newer_file_is_never_overwritten_by_one_that_is_given_back(tmp_path: Path) -> None:
    def twice() -> None:
        put(tmp_path / "taken" / names(tmp_path / "taken")[0], b"second", 200)
        put(tmp_path / "in/a.edi", b"third!!", 300)

    connector = exchange(tmp_path, "after rename", twice, claim="/taken", claim_seconds=0)
    put(tmp_path / "in/a.edi", b"1", 100)
    bodies = [one.body for _ in range(3) for one in _released(connector)]
    assert sorted(bodies) == [b"second", b"third!!"]
    assert len(names(tmp_path / "done")) == 2


def test_a_link_put_in_the_place_of_a_file_is_not_followed(tmp_path: Path) -> None:
    def linked() -> None:
        (tmp_path / "in/a.edi").unlink()
        (tmp_path / "in/a.edi").symlink_to(tmp_path / "secret")

    put(tmp_path / "secret", b"1", 100)  # the same size and time
    connector = exchange(tmp_path, "read", linked)
    put(tmp_path / "in/a.edi", b"2", 100)
    assert read(connector) == []


def test_a_file_above_the_limit_is_not_opened(tmp_path: Path) -> None:
    connector = exchange(tmp_path, "", lambda: None)
    with (tmp_path / "in/a.edi").open("wb") as file:
        file.truncate(2 * 1024**3)
    reading = connector.read("in", None)
    with pytest.raises(Exception, match="expected at most 104857600 bytes, found 2147483648"):
        next(reading)
    assert isinstance(connector._store, Meddled)  # noqa: SLF001 - to ask what was opened
    assert connector._store.reads == 0  # noqa: SLF001 - same


def test_a_file_cut_while_it_is_read_is_no_document(tmp_path: Path) -> None:
    def cut() -> None:
        path = tmp_path / "in/a.edi"
        os.truncate(path, 1)
        os.utime(path, (100, 100))

    connector = exchange(tmp_path, "read", cut)
    put(tmp_path / "in/a.edi", b"123", 100)
    assert read(connector) == []


def test_a_store_that_gives_fewer_bytes_than_it_says_is_asked_again(tmp_path: Path) -> None:
    class Short(Meddled):
        def read(self, path: str, most: int) -> bytes | None:
            body = super().read(path, most)
            return body[:1] if body and self.reads == 1 else body

    connector = exchange(tmp_path, "", lambda: None)
    connector._store = Short(tmp_path, "", lambda: None)  # noqa: SLF001 - a server that answers short
    put(tmp_path / "in/a.edi", b"123", 100)
    with pytest.raises(Unavailable, match="expected 3 bytes, found 1"):
        read(connector)
    assert [one.body for one in read(connector)] == [b"123"]


@pytest.mark.parametrize("connector", ["files", "sftp"])
@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"claim": "/taken"}, "'archive' or 'delete' beside 'claim'"),
        ({"claim": "/in", "delete": True}, "a 'claim' other than"),
        ({"claim": "/done", "archive": "/done"}, "a 'claim' other than"),
        ({"claim": ".ok", "marker": ".ok", "delete": True}, "a 'claim' other than"),
        ({"claim": "taken", "delete": True}, "claim"),
        ({"marker": "done"}, "marker"),
        ({"marker": ".a/b"}, "marker"),
        ({"unpack": "tar"}, "unpack"),
        ({"max_members": 0}, "max_members"),
    ],
)
def test_wrong_settings_are_named(connector: str, entry: dict[str, Any], expected: str) -> None:
    system = {"system": "x", "connector": connector, "resources": {"in": {"folder": "/in", **entry}}}
    with pytest.raises(Config) as caught:
        capabilities(system)
    assert expected in caught.value.message


@pytest.mark.parametrize("connector", ["files", "sftp"])
def test_both_connectors_take_the_same_settings(connector: str) -> None:
    entry = {
        "folder": "/in",
        "archive": "/done",
        "marker": ".done",
        "claim": "/in/.taken",
        "unpack": "true",
        "max_members": 5,
    }
    system = {"system": "x", "connector": connector, "resources": {"in": entry}}
    assert capabilities(system).resources == {"in"}
