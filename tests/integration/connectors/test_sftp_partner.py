"""The SFTP connector against a partner's server that misbehaves."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import paramiko
import pytest

from connectors.base import Connection, Document
from connectors.errors import Config, ConnectorError, Contract, Unavailable, Unknown
from connectors.sftp.client import SftpConnector, connect
from hub.testing.contract import leaks
from sandboxes import sftp

SYSTEM: dict[str, Any] = {
    "system": "acme",
    "connector": "sftp",
    "retry": {"attempts": 1},
    "sftp": {"connections": 3},
    "resources": {
        "in": {
            "folder": "/outbox",
            "pattern": "*.edi",
            "archive": "/archive",
            "stable_seconds": 0,
            "max_bytes": 5_000_000,
        }
    },
    "operations": {
        "up": {"folder": "/inbox", "name": "180_{key}.edi", "repeat": "replace", "find_in": ["/archive"]}
    },
}

OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIBIwVTBmlpZr6HvEJfrrDvrKpjb8ebpt7hHtZgz8ZPs"


@pytest.fixture
def partner(tmp_path: Path) -> Iterator[sftp.Sftp]:
    with sftp.serve(tmp_path, users={"hub": "canary-pass"}) as server:
        yield server


def sign_in(partner: sftp.Sftp, **changes: Any) -> Connection:
    known = {"login": "hub", "password": "canary-pass", "extra": {"host_key": partner.host_key}}
    return Connection(id="acme", host="127.0.0.1", port=partner.port, **{**known, **changes})


@pytest.fixture
def acme(partner: sftp.Sftp) -> Iterator[SftpConnector]:
    with connect(SYSTEM, sign_in(partner)) as connector:
        yield connector


def put(partner: sftp.Sftp, name: str, body: bytes, mtime: int = 1795176000) -> Path:
    path = partner.root / "outbox" / name
    path.write_bytes(body)
    os.utime(path, (mtime, mtime))
    return path


def doc(body: bytes = b"ISA~") -> Document:
    return Document(source_key="k", body=body, media_type="application/edi-x12")


def inbox(partner: sftp.Sftp) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (partner.root / "inbox").iterdir()}


def read(acme: SftpConnector) -> list[Document]:
    return [document for batch in acme.read("in", None) for document in batch.documents]


# Reading


def test_files_come_whole_oldest_first_and_by_pattern(partner: sftp.Sftp, acme: SftpConnector) -> None:
    put(partner, "b.edi", b"second", 1795176001)
    put(partner, "a.edi", b"third", 1795176002)
    put(partner, "c.edi", b"", 1795176000)
    put(partner, "a.tmp", b"no")
    (partner.root / "outbox" / "folder.edi").mkdir()
    assert [(one.source_key, one.body) for one in read(acme)] == [
        ("c.edi@1795176000-0", b""),
        ("b.edi@1795176001-6", b"second"),
        ("a.edi@1795176002-5", b"third"),
    ]


def test_a_large_file_comes_byte_for_byte(partner: sftp.Sftp, acme: SftpConnector) -> None:
    body = os.urandom(4_000_000)
    put(partner, "large.edi", body)
    assert read(acme)[0].body == body


def test_a_file_above_the_cap_holds_up_no_other(partner: sftp.Sftp, acme: SftpConnector) -> None:
    put(partner, "huge.edi", b"x" * 5_000_001, 1)
    put(partner, "fine.edi", b"x", 2)
    got: list[str] = []
    with pytest.raises(Contract, match=r"huge\.edi: expected at most 5000000 bytes, found 5000001"):
        got.extend(one.body.decode() for batch in acme.read("in", None) for one in batch.documents)
    assert got == ["x"]


def test_a_growing_file_is_left_until_it_stands_still(partner: sftp.Sftp) -> None:
    resource = {**SYSTEM["resources"]["in"], "stable_seconds": 0.05}
    with connect({**SYSTEM, "resources": {"in": resource}}, sign_in(partner)) as acme:
        put(partner, "a.edi", b"IS", 100)
        (first,) = acme.read("in", None)
        put(partner, "a.edi", b"ISA~", 101)
        (second,) = acme.read("in", first.cursor)
        time.sleep(0.06)
        (third,) = acme.read("in", second.cursor)
    assert [len(batch.documents) for batch in (first, second, third)] == [0, 0, 1]
    assert third.documents[0].body == b"ISA~"


def test_released_files_are_archived_under_a_name_of_their_own(
    partner: sftp.Sftp, acme: SftpConnector
) -> None:
    put(partner, "a.edi", b"one")
    documents = read(acme)
    acme.release("in", documents)
    acme.release("in", documents)
    put(partner, "a.edi", b"two")  # same second, same size: another file under the same name
    acme.release("in", read(acme))
    assert {path.name: path.read_bytes() for path in (partner.root / "archive").iterdir()} == {
        "20261120T120000Z-3-a.edi": b"one",
        "20261120T120000Z-3-a.edi.1": b"two",
    }
    assert list((partner.root / "outbox").iterdir()) == []


def test_a_file_that_was_replaced_since_is_not_released(partner: sftp.Sftp, acme: SftpConnector) -> None:
    put(partner, "a.edi", b"one", 100)
    documents = read(acme)
    put(partner, "a.edi", b"newer", 200)
    acme.release("in", documents)
    assert [one.body for one in read(acme)] == [b"newer"]


def test_a_folder_that_is_not_there_is_a_config_error(partner: sftp.Sftp) -> None:
    system = {**SYSTEM, "resources": {"in": {"folder": "/nowhere"}}}
    with connect(system, sign_in(partner)) as acme, pytest.raises(Config) as caught:
        list(acme.read("in", None))
    assert caught.value.code == "no_such_path"


# Writing


def test_an_upload_appears_whole_under_its_name_and_nothing_else_stays(
    partner: sftp.Sftp, acme: SftpConnector
) -> None:
    body = os.urandom(300_000)
    receipt = acme.write("up", doc(body), "RH-1")
    assert inbox(partner) == {"180_RH-1.edi": body}
    assert (receipt.reference, receipt.body["size"]) == ("180_RH-1.edi", 300_000)
    assert receipt.exchange is not None
    assert receipt.exchange.request == "PUT /inbox/180_RH-1.edi"


def test_a_repeat_replaces_the_whole_file(partner: sftp.Sftp, acme: SftpConnector) -> None:
    acme.write("up", doc(b"a longer first version"), "RH-1")
    acme.write("up", doc(b"second"), "RH-1")
    assert inbox(partner) == {"180_RH-1.edi": b"second"}


def test_a_strange_key_stays_one_harmless_name(partner: sftp.Sftp, acme: SftpConnector) -> None:
    acme.write("up", doc(), "../RH:1*")
    assert list(inbox(partner)) == ["180_..%2FRH%3A1%2A.edi"]
    assert acme.find("up", "../RH:1*") is not None


@pytest.mark.parametrize(
    ("rule", "kind", "visible"),
    [
        ({"match": "WRITE /inbox", "action": "drop"}, Unavailable, False),
        ({"match": "CLOSE /inbox", "action": "drop"}, Unavailable, False),
        ({"match": "WRITE /inbox", "action": "status"}, Unavailable, False),
        ({"match": "RENAME /inbox", "action": "drop"}, Unknown, False),
        ({"match": "RENAME /inbox", "action": "commit_then_drop"}, Unknown, True),
    ],
    ids=["cut on opening", "cut after sending", "refused", "cut before the rename", "cut after the rename"],
)
def test_only_the_rename_can_leave_the_outcome_unknown(
    partner: sftp.Sftp,
    acme: SftpConnector,
    rule: dict[str, Any],
    kind: type[ConnectorError],
    visible: bool,  # noqa: FBT001 - a parameter of the case
) -> None:
    partner.faults.load([{**rule, "nth": 1}])
    with pytest.raises(ConnectorError) as caught:
        acme.write("up", doc(), "RH-1")
    assert type(caught.value) is kind
    assert ("180_RH-1.edi" in inbox(partner)) is visible
    assert (acme.find("up", "RH-1") is not None) is visible
    acme.write("up", doc(), "RH-1")
    assert inbox(partner)["180_RH-1.edi"] == b"ISA~"


def test_a_server_without_atomic_rename_still_gets_whole_files(
    partner: sftp.Sftp, acme: SftpConnector
) -> None:
    acme.write("up", doc(b"first"), "RH-1")
    partner.faults.load([{"match": "RENAME /inbox", "action": "status", "nth": 1}])
    acme.write("up", doc(b"second"), "RH-1")
    assert inbox(partner) == {"180_RH-1.edi": b"second"}


def test_a_probe_also_looks_where_the_partner_moves_what_it_took(
    partner: sftp.Sftp, acme: SftpConnector
) -> None:
    acme.write("up", doc(), "RH-1")
    (partner.root / "inbox/180_RH-1.edi").rename(partner.root / "archive/180_RH-1.edi")
    receipt = acme.find("up", "RH-1")
    assert receipt is not None
    assert receipt.body["path"] == "/archive/180_RH-1.edi"


def test_a_probe_never_takes_a_missing_folder_for_a_missing_file(partner: sftp.Sftp) -> None:
    operations = {"up": {"folder": "/nowhere", "name": "{key}.edi"}}
    with connect({**SYSTEM, "operations": operations}, sign_in(partner)) as acme, pytest.raises(Config):
        acme.find("up", "RH-1")


def test_more_threads_than_connections_take_turns(partner: sftp.Sftp, acme: SftpConnector) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: acme.write("up", doc(b"%d" % n), f"RH-{n}"), range(24)))
    assert inbox(partner) == {f"180_RH-{n}.edi": b"%d" % n for n in range(24)}


# Connecting


def test_a_session_that_the_server_ended_is_replaced(partner: sftp.Sftp, acme: SftpConnector) -> None:
    acme.write("up", doc(), "RH-1")
    partner.server.stop()
    with pytest.raises(Unavailable):
        acme.write("up", doc(), "RH-2")
    partner.server.start()
    acme.write("up", doc(), "RH-2")
    assert sorted(inbox(partner)) == ["180_RH-1.edi", "180_RH-2.edi"]


def test_another_host_key_is_refused_before_anything_secret_is_sent(partner: sftp.Sftp) -> None:
    extra = {"host_key": OTHER_KEY}
    with connect(SYSTEM, sign_in(partner, extra=extra)) as acme, pytest.raises(Config) as caught:
        acme.write("up", doc(), "RH-1")
    assert caught.value.code == "host_key_mismatch"
    assert "SHA256:" in caught.value.message


def test_a_host_key_of_another_kind_is_a_config_error(partner: sftp.Sftp) -> None:
    key = paramiko.ECDSAKey.generate()
    extra = {"host_key": f"{key.get_name()} {key.get_base64()}"}
    with connect(SYSTEM, sign_in(partner, extra=extra)) as acme, pytest.raises(Config):
        acme.write("up", doc(), "RH-1")


def test_one_of_several_pinned_keys_is_enough_while_a_partner_changes_its_key(partner: sftp.Sftp) -> None:
    new = paramiko.ECDSAKey.generate()
    keys = [f"{new.get_name()} {new.get_base64()}", partner.host_key]
    with connect(SYSTEM, sign_in(partner, extra={"host_key": keys})) as acme:
        acme.write("up", doc(), "RH-1")


def test_a_wrong_password_is_a_config_error_that_does_not_show_it(partner: sftp.Sftp) -> None:
    with connect(SYSTEM, sign_in(partner, password="canary-wrong")) as acme, pytest.raises(Config) as caught:
        acme.write("up", doc(), "RH-1")
    assert caught.value.code == "sign_in_refused"
    assert leaks(caught.value, ["canary-wrong"]) == []


def test_a_server_that_is_not_there_is_unavailable(partner: sftp.Sftp, acme: SftpConnector) -> None:
    partner.server.stop()
    with pytest.raises(Unavailable) as caught:
        acme.find("up", "RH-1")
    assert caught.value.code == "connect_failed"
