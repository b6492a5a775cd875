"""File intake: what partners really do with files, over every way we exchange them."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from connectors.errors import Config, Contract
from tests.integration.connectors.conftest import Exchange, batches, read

HALF, WHOLE = b"ISA*00*", b"ISA*00*~"


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return out.getvalue()


# Whole files only


def test_a_growing_file_is_read_once_and_whole(exchange: Exchange) -> None:
    connector = exchange.connect(stable_seconds=60)
    cursor: dict[str, dict[str, float]] = {}
    bodies = []
    for body, mtime in ((HALF, 100), (WHOLE, 101), (WHOLE, 101), (WHOLE, 101)):
        exchange.put("a.edi", body, mtime)
        for batch in batches(connector, cursor):
            bodies += [one.body for one in batch.documents]
            # a minute passes between two readings
            cursor = {"pending": {key: at - 61 for key, at in batch.cursor["pending"].items()}}
            connector.release("in", batch.documents)
    assert bodies == [WHOLE, WHOLE]  # the second is the same file, put there again
    assert exchange.names("in") == []


def test_files_under_temporary_names_are_left_alone(exchange: Exchange) -> None:
    for name in ("a.edi.tmp", "b.part", "c.FILEPART", ".d.edi", "e~"):
        exchange.put(name, HALF)
    exchange.put("f.edi", WHOLE)
    assert [one.attributes["name"] for one in read(exchange.connect())] == ["f.edi"]


@pytest.mark.parametrize("size", [0, 1, 32_768, 65_536, 1_000_000])
def test_every_byte_comes_whatever_the_size(exchange: Exchange, size: int) -> None:
    body = os.urandom(size)
    exchange.put("a.edi", body)
    [document] = read(exchange.connect())
    assert document.body == body
    assert document.source_key == f"a.edi@1795176000-{size}"


def test_the_same_name_with_new_content_is_a_new_version_and_the_same_content_a_new_document(
    exchange: Exchange,
) -> None:
    connector = exchange.connect()
    keys = []
    for name, body, mtime in (("a.edi", b"1", 100), ("a.edi", b"2", 101), ("b.edi", b"2", 101)):
        exchange.put(name, body, mtime)
        [document] = read(connector)
        keys.append(document.source_key)
        connector.release("in", [document])
    assert keys == ["a.edi@100-1", "a.edi@101-1", "b.edi@101-1"]
    assert exchange.names("done") == [
        "19700101T000140Z-1-a.edi",
        "19700101T000141Z-1-a.edi",
        "19700101T000141Z-1-b.edi",
    ]


@pytest.mark.parametrize("delete", [False, True])
def test_a_file_replaced_before_its_release_stays_with_its_marker(exchange: Exchange, delete: bool) -> None:  # noqa: FBT001 - a parameter of the case
    connector = exchange.connect(marker=".ok", archive=None if delete else "/done", delete=delete)
    exchange.put("a.edi", b"1", 100)
    exchange.put("a.edi.ok", b"")
    documents = read(connector)
    exchange.put("a.edi", b"newer", 101)
    connector.release("in", documents)
    assert exchange.names("in") == ["a.edi", "a.edi.ok"]
    assert [one.body for one in read(connector)] == [b"newer"]


# Markers


@pytest.mark.parametrize("claim", [None, "/taken", ".taken"])
def test_a_marker_is_archived_with_its_file(exchange: Exchange, claim: str | None) -> None:
    connector = exchange.connect(marker=".ok", claim=claim)
    exchange.put("a.edi", b"1")
    assert read(connector) == []
    exchange.put("a.edi.ok", b"1 record")
    exchange.put("b.edi.ok", b"early")
    documents = read(connector)
    assert [one.body for one in documents] == [b"1"]
    connector.release("in", documents)
    connector.release("in", documents)
    assert exchange.names("done") == ["20261120T120000Z-1-a.edi", "20261120T120000Z-1-a.edi.ok"]
    assert (exchange.names("in"), exchange.names("taken")) == (["b.edi.ok"], [])
    assert (exchange.root / "done/20261120T120000Z-1-a.edi.ok").read_bytes() == b"1 record"


@pytest.mark.parametrize("claim", [None, "/taken", ".taken"])
def test_a_marker_is_deleted_with_its_file(exchange: Exchange, claim: str | None) -> None:
    connector = exchange.connect(marker=".ok", archive=None, delete=True, claim=claim)
    exchange.put("a.edi", b"1")
    exchange.put("a.edi.ok", b"")
    connector.release("in", read(connector))
    assert [exchange.names(folder) for folder in ("in", "taken", "done")] == [[], [], []]


# Claims


@pytest.mark.parametrize("claim", ["/taken", ".taken"])
def test_two_readers_never_take_the_same_file(exchange: Exchange, claim: str) -> None:
    for number in range(40):
        exchange.put(f"{number}.edi", b"%d" % number)
    readers = [exchange.connect(claim=claim) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(read, readers))
    keys = [one.source_key for documents in found for one in documents]
    assert sorted(keys) == sorted(f"{number}.edi@1795176000-{len(str(number))}" for number in range(40))
    for reader, documents in zip(readers, found, strict=True):
        reader.release("in", documents)
    assert len(exchange.names("done")) == 40
    assert (exchange.names("in"), exchange.names("taken")) == ([], [])


@pytest.mark.parametrize("claim", ["/taken", ".taken"])
def test_what_a_dead_reader_claimed_comes_first_under_the_same_key(exchange: Exchange, claim: str) -> None:
    exchange.put("z.edi", b"1", 200)
    [document] = read(exchange.connect(claim=claim))  # and dies
    exchange.put("a.edi", b"2", 100)
    assert [one.body for one in read(exchange.connect(claim=claim))] == [b"2"]  # the reader may be alive yet
    exchange.put("b.edi", b"3", 100)
    heir = exchange.connect(claim=claim, claim_seconds=0)
    found = read(heir)
    assert [one.body for one in found] == [b"2", b"1", b"3"]
    assert found[1].source_key == document.source_key == "z.edi@200-1"
    heir.release("in", found)
    assert (exchange.names("in"), exchange.names("taken"), len(exchange.names("done"))) == ([], [], 3)


def test_a_new_file_of_a_claimed_name_is_another_file(exchange: Exchange) -> None:
    connector = exchange.connect(claim="/taken")
    exchange.put("a.edi", b"old", 100)
    first = read(connector)
    exchange.put("a.edi", b"new", 101)
    second = read(connector)
    connector.release("in", first)
    connector.release("in", second)
    assert [one.body for one in (*first, *second)] == [b"old", b"new"]
    assert exchange.names("done") == ["19700101T000140Z-3-a.edi", "19700101T000141Z-3-a.edi"]


def test_a_claimed_file_that_is_still_written_to_waits_until_it_stands_still(exchange: Exchange) -> None:
    path = exchange.put("a.edi", HALF, 100)
    reader = exchange.connect(claim="/taken", claim_seconds=0)
    reading = batches(reader)
    with path.open("ab") as writer:
        next(reading)  # claimed and read as it was; the reader dies here
        writer.write(b"~")
    [claimed] = exchange.names("taken")
    os.utime(exchange.root / "taken" / claimed, (101, 101))
    assert read(reader) == []  # another version than the claim says: not before it stands still
    [document] = read(reader)
    assert (document.source_key, document.body) == ("a.edi@101-8", WHOLE)
    reader.release("in", [document])
    assert exchange.names("done") == ["19700101T000141Z-8-a.edi"]


def test_a_claim_folder_that_is_not_there_is_told_before_any_file_comes(exchange: Exchange) -> None:
    with pytest.raises(Config):
        read(exchange.connect(claim="/nowhere"))


def test_strangers_in_the_claim_folder_are_left_alone(exchange: Exchange) -> None:
    (exchange.root / "taken/README").write_text("do not touch")
    assert read(exchange.connect(claim="/taken", claim_seconds=0)) == []
    assert exchange.names("taken") == ["README"]


# Archives


def test_members_come_together_with_the_archive_in_their_keys(exchange: Exchange) -> None:
    exchange.put("one.zip", zipped(**{"a.edi": b"1", "../b.edi": b"2"}), 100)
    exchange.put("c.edi.gz", gzip.compress(b"3", mtime=0), 101)
    exchange.put("d.edi", b"4", 102)
    connector = exchange.connect(unpack=True, claim="/taken")
    found = list(batches(connector))
    size = (len(zipped(**{"a.edi": b"1", "../b.edi": b"2"})), len(gzip.compress(b"3", mtime=0)))
    assert [[one.source_key for one in batch.documents] for batch in found] == [
        [f"one.zip@100-{size[0]}!a.edi", f"one.zip@100-{size[0]}!../b.edi"],
        [f"c.edi.gz@101-{size[1]}!c.edi"],
        ["d.edi@102-1"],
    ]
    documents = [one for batch in found for one in batch.documents]
    assert [one.body for one in documents] == [b"1", b"2", b"3", b"4"]
    assert [(one.attributes["name"], one.attributes.get("archive")) for one in documents] == [
        ("a.edi", "one.zip"),
        ("../b.edi", "one.zip"),
        ("c.edi", "c.edi.gz"),
        ("d.edi", None),
    ]
    connector.release("in", documents)
    connector.release("in", documents)
    assert (exchange.names("in"), exchange.names("taken"), len(exchange.names("done"))) == ([], [], 3)


@pytest.mark.parametrize("claim", [None, "/taken"])
def test_a_damaged_archive_holds_up_no_other_and_stays(exchange: Exchange, claim: str | None) -> None:
    exchange.put("bad.zip", zipped(**{"a.edi": b"1"})[:-5], 100)
    exchange.put("bomb.gz", gzip.compress(bytes(20_000_000)), 101)
    exchange.put("good.zip", zipped(**{"a.edi": b"2"}), 102)
    connector = exchange.connect(unpack=True, claim=claim)
    reading = batches(connector)
    batch = next(reading)
    connector.release("in", batch.documents)
    with pytest.raises(Contract) as caught:
        next(reading)
    assert [one.body for one in batch.documents] == [b"2"]
    assert "bad.zip: expected a whole zip file, found damage: File is not a zip file" in caught.value.message
    assert "bomb.gz: expected at most 200 times its" in caught.value.message
    assert (exchange.names("in"), exchange.names("taken")) == (["bad.zip", "bomb.gz"], [])


def test_with_a_kind_every_file_must_be_of_it(exchange: Exchange) -> None:
    exchange.put("a.dat", zipped(x=b"1"))
    exchange.put("b.dat", b"no archive")
    connector = exchange.connect(unpack="zip")
    reading = batches(connector)
    assert [one.body for one in next(reading).documents] == [b"1"]
    with pytest.raises(Contract, match=r"b\.dat"):
        next(reading)


def test_without_unpack_an_archive_is_a_document_like_any_other(exchange: Exchange) -> None:
    body = zipped(x=b"1")
    exchange.put("a.zip", body)
    assert [one.body for one in read(exchange.connect())] == [body]


# Names, links, sizes


@pytest.mark.parametrize("claim", [None, "/taken"])
def test_names_that_are_not_utf_8_hold_up_nothing_and_are_archived_byte_for_byte(
    exchange: Exchange, claim: str | None
) -> None:
    if exchange.kind == "sandbox":
        pytest.skip("paramiko's server cannot serve such names")
    raw = "retour_é_ü.edi".encode("latin-1")
    exchange.put(raw, b"1", 100)
    exchange.put("retour_é\\.edi", b"2", 101)
    connector = exchange.connect(claim=claim)
    documents = read(connector)
    assert [one.attributes["name"] for one in documents] == ["retour_\\xe9_\\xfc.edi", "retour_é\\x5c.edi"]
    connector.release("in", documents)
    assert exchange.names("in") == []
    assert b"19700101T000140Z-1-" + raw in [os.fsencode(name) for name in exchange.names("done")]


def test_bytes_are_never_touched(exchange: Exchange) -> None:
    bodies = {
        "bom": b"\xef\xbb\xbfISA",
        "utf-16": "ISA\r\n".encode("utf-16"),
        "latin-1": b"M\xfcller\r\n",
        "ctrl-z": b"ISA\x1a\0",
    }
    for number, (name, body) in enumerate(bodies.items()):
        exchange.put(name, body, number)
    assert {one.attributes["name"]: one.body for one in read(exchange.connect())} == bodies


def test_links_are_not_followed(exchange: Exchange) -> None:
    (exchange.root / "secret").write_bytes(b"secret")
    if exchange.kind == "sandbox":
        pytest.skip("the sandbox has no links")
    (exchange.root / "in/link.edi").symlink_to(exchange.root / "secret")
    (exchange.root / "in/folder.edi").symlink_to(exchange.root)
    (exchange.root / "in/nowhere.edi").symlink_to(exchange.root / "nowhere")
    exchange.put("a.edi", b"1")
    assert [one.body for one in read(exchange.connect())] == [b"1"]


def test_a_document_cannot_name_a_file_outside_of_the_folder(exchange: Exchange) -> None:
    connector = exchange.connect(claim="/taken")
    path = exchange.put("a.edi", b"1", 100)
    [document] = read(connector)
    for key, claimed in (
        ("../out/a.edi@100-1", ""),
        ("a.edi@100-1", "../in/a.edi"),
        ("..@1-1", ""),
        ("x", ""),
    ):
        forged = type(document)(
            source_key=key, body=b"1", media_type="", attributes={"claimed": claimed} if claimed else {}
        )
        with pytest.raises(Contract):
            connector.release("in", [forged])
    assert not path.exists()


_PROBE = """
import sys
sys.path[:0] = {path!r}
from connectors.base import Connection
from connectors.errors import Contract
from connectors.{kind}.client import connect
resource = {{"folder": {folder!r}, "stable_seconds": 0}}
extra = {extra!r}
connection = Connection(id="x", host="127.0.0.1", port={port!r}, login="hub", password="x", extra=extra)
sizes, errors = [], []
with connect({{"system": "x", "resources": {{"in": resource}}}}, connection) as connector:
    try:
        for batch in connector.read("in", None):
            sizes += [len(one.body) for one in batch.documents]
    except Contract as error:
        errors.append(error.message)
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(sizes, int(peak) // 1024, *errors, sep="\\n")
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is measured as Linux tells it")
def test_a_file_at_the_limit_takes_its_own_memory_and_one_above_it_none(
    exchange: Exchange,
) -> None:
    if exchange.kind == "sandbox":
        pytest.skip("OpenSSH's server stands for both")
    limit = 100 * 1024 * 1024
    for name, size in (("limit.edi", limit), ("above.edi", limit + 1), ("huge.edi", 2 * 1024**3)):
        with (exchange.root / "in" / name).open("wb") as file:
            file.truncate(size)  # sparse: it takes no room on the disk
    probe = _PROBE.format(
        path=sys.path,
        kind="files" if exchange.kind == "files" else "sftp",
        folder=f"{exchange.prefix}/in",
        port=exchange.connection.port,
        extra=dict(exchange.connection.extra),
    )
    done = subprocess.run(  # noqa: S603 - this very interpreter
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True
    )
    sizes, peak, message = done.stdout.splitlines()
    assert sizes == str([limit])
    assert int(peak) <= 512
    assert f"above.edi: expected at most {limit} bytes, found {limit + 1}" in message
    assert f"huge.edi: expected at most {limit} bytes, found {2 * 1024**3}" in message
