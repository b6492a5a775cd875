from __future__ import annotations

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import paramiko
import pytest

from sandboxes import sftp
from sandboxes.sftp import Sftp

PARTIES = "ZZ*RETURNSHUB     *ZZ*ACME           "
ISA = f"ISA*00*          *00*          *{PARTIES}*261120*0930*U*00401*000000007*0*P*>~"
ACK = (
    f"{ISA}GS*FA*RETURNSHUB*ACME*20261120*0930*7*X*004010~ST*997*0001~AK1*AN*1001~"
    "AK2*180*0001~AK5*A~AK2*180*0002~AK5*R*5~AK9*P*2*2*1~SE*8*0001~GE*1*7~IEA*1*000000007~"
)
RESPONSE = (
    f"{ISA}GS*AN*RETURNSHUB*ACME*20261120*0930*8*X*004010~ST*180*0001~BGN*11*CLM000001*20261120~RDR*RA~"
    "N9*RZ*60000001~BLI*UP*614141000418*2*EA~RDR*RA~SE*7*0001~GE*1*8~IEA*1*000000007~"
)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Sftp]:
    with sftp.serve(tmp_path) as one:
        yield one


@contextmanager
def session(running: Sftp, user: str = "hub") -> Iterator[paramiko.SFTPClient]:
    kind, _, text = running.host_key.partition(" ")
    client = paramiko.SSHClient()
    entry = paramiko.hostkeys.HostKeyEntry.from_line(f"[127.0.0.1]:{running.port} {kind} {text}")
    assert entry is not None
    assert entry.key is not None
    client.get_host_keys().add(f"[127.0.0.1]:{running.port}", kind, entry.key)
    client.connect("127.0.0.1", running.port, user, "sandbox", look_for_keys=False, allow_agent=False)
    with client, client.open_sftp() as opened:
        yield opened


def put(client: paramiko.SFTPClient, path: str, text: str) -> None:
    client.putfo(io.BytesIO(text.encode()), path)


def test_a_wrong_password_is_refused(running: Sftp) -> None:
    transport = paramiko.Transport(("127.0.0.1", running.port))
    with pytest.raises(paramiko.AuthenticationException):
        transport.connect(username="hub", password="wrong")
    transport.close()


def test_the_host_key_is_ed25519_and_survives_a_restart(tmp_path: Path) -> None:
    with sftp.serve(tmp_path) as one:
        key, port = one.host_key, one.port
    with sftp.serve(tmp_path, port=port) as again:
        assert again.host_key == key
        assert key.startswith("ssh-ed25519 AAAA")


def test_both_sides_see_the_same_folders(running: Sftp) -> None:
    with session(running, "acme") as acme:
        put(acme, "/outbox/.a.edi.tmp", "text")
        acme.posix_rename("/outbox/.a.edi.tmp", "/outbox/a.edi")
    with session(running) as hub:
        assert hub.listdir("/outbox") == ["a.edi"]
        with hub.open("/outbox/a.edi") as file:
            assert file.read() == b"text"
        hub.posix_rename("/outbox/a.edi", "/archive/a.edi")
        assert hub.stat("/archive/a.edi").st_size == 4
    books = running.books()
    assert (books["outbox"], books["archive"]) == ({"a.edi": 1}, ["a.edi"])


def test_rename_keeps_an_existing_file_and_posix_rename_replaces_it(running: Sftp) -> None:
    with session(running) as hub:
        put(hub, "/inbox/a", "old")
        put(hub, "/inbox/b", "new")
        with pytest.raises(OSError, match="Failure"):
            hub.rename("/inbox/b", "/inbox/a")
        hub.posix_rename("/inbox/b", "/inbox/a")
        with hub.open("/inbox/a") as file:
            assert file.read() == b"new"


def test_nobody_leaves_the_folder(running: Sftp, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    with session(running) as hub:
        for path in ("/../secret", "../../secret", "/outbox/../../secret"):
            with pytest.raises(FileNotFoundError):
                hub.open(path)


def test_large_files_travel_whole(running: Sftp) -> None:
    content = bytes(range(256)) * 20_000
    with session(running) as hub:
        hub.putfo(io.BytesIO(content), "/inbox/large")
        with hub.open("/inbox/large") as file:
            file.prefetch()
            assert file.read() == content
        hub.remove("/inbox/large")


def test_the_books_read_acknowledgements_and_responses(running: Sftp) -> None:
    with session(running) as hub:
        put(hub, "/inbox/997_1001.edi", ACK)
        put(hub, "/inbox/180_1.edi", RESPONSE)
        put(hub, "/inbox/.180_2.edi.x.part", RESPONSE)
    books = httpx.get(running.url + "/_sandbox/books").json()
    assert books["acknowledgements"]["1001"] == [
        {"file": "997_1001.edi", "status": "P", "transactions": {"0001": "A", "0002": "R"}}
    ]
    response = books["responses"]["CLM000001"][0]
    assert (response["decision"], response["purpose"], response["references"]) == (
        "RA",
        "11",
        {"RZ": "60000001"},
    )
    assert books["duplicates"] == []


def test_a_claim_answered_in_two_files_is_a_duplicate_but_a_replaced_file_is_none(running: Sftp) -> None:
    with session(running) as hub:
        put(hub, "/inbox/180_1.edi", RESPONSE)
        put(hub, "/inbox/180_1.edi", RESPONSE)
        assert running.books()["duplicates"] == []
        put(hub, "/inbox/180_2.edi", RESPONSE)
        assert running.books()["duplicates"] == ["CLM000001"]


def test_a_rename_can_be_done_and_its_answer_lost(running: Sftp) -> None:
    running.faults.load([{"match": "RENAME /inbox", "nth": 1, "action": "commit_then_drop"}])
    with session(running) as hub:
        put(hub, "/inbox/.a.part", "text")
        with pytest.raises((paramiko.SSHException, OSError, EOFError)):
            hub.posix_rename("/inbox/.a.part", "/inbox/a")
    assert (running.root / "inbox" / "a").read_text() == "text"


def test_down_refuses_connections_and_comes_back_on_the_same_port(running: Sftp) -> None:
    httpx.post(running.url + "/_sandbox/faults", json={"down": 0.4})
    with pytest.raises((paramiko.SSHException, OSError)), session(running):
        pass
    time.sleep(0.6)
    with session(running) as hub:
        assert hub.listdir("/") == ["archive", "inbox", "outbox"]


def test_files_can_be_seeded_but_only_inside(running: Sftp) -> None:
    url = running.url + "/_sandbox/seed"
    assert httpx.post(url, json={"files": {"outbox/a.edi": "x"}}).json() == {"files": 1}
    assert httpx.post(url, json={"files": {"../a.edi": "x"}}).status_code == 400
