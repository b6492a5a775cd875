"""One set of folders behind each way to exchange files: this machine, the sandbox's server, OpenSSH's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paramiko
import pytest

from connectors.base import Batch, Connection, Document
from connectors.file_exchange import FileExchange
from connectors.files.client import connect as connect_files
from connectors.sftp.client import connect as connect_sftp
from sandboxes import sftp
from sandboxes.serving import listener

FOLDERS = ("in", "out", "done", "taken")
_SERVERS = ("/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server")
OPENSSH = next(
    (path for path in (*_SERVERS, shutil.which("sftp-server")) if path and Path(path).exists()), ""
)


@dataclass
class Exchange:
    """Folders `in`, `out`, `done`, `taken` under `root`, and how to make a connector that sees them."""

    kind: str
    root: Path
    connection: Connection
    make: Callable[[dict[str, Any], Connection], FileExchange]
    prefix: str = ""
    stack: ExitStack = field(default_factory=ExitStack)

    def connect(self, **resource: Any) -> FileExchange:
        """A connector whose resource `in` has these settings; closed with the test."""
        entry = {"folder": "/in", "archive": "/done", "stable_seconds": 0, **resource}
        for name in ("folder", "archive", "claim"):
            if str(entry.get(name) or "").startswith("/"):
                entry[name] = self.prefix + entry[name]
        operation = {"folder": f"{self.prefix}/out", "name": "{key}.edi", "find_in": [f"{self.prefix}/done"]}
        settings = {"attempts": 1}
        system = {
            "system": "depot",
            "retry": settings,
            "resources": {"in": entry},
            "operations": {"up": operation},
        }
        return self.stack.enter_context(self.make(system, self.connection))

    def put(self, name: str | bytes, body: bytes, mtime: int = 1_795_176_000) -> Path:
        """A file in `in`, whole at once."""
        path = Path(os.fsdecode(os.fsencode(self.root / "in") + b"/" + os.fsencode(name)))
        path.write_bytes(body)
        os.utime(path, (mtime, mtime))
        return path

    def names(self, folder: str) -> list[str]:
        """What is in a folder."""
        return sorted(path.name for path in (self.root / folder).iterdir() if path.is_file())


def read(connector: FileExchange, cursor: Any = None) -> list[Document]:
    """All documents of the resource `in`."""
    return [document for batch in batches(connector, cursor) for document in batch.documents]


def batches(connector: FileExchange, cursor: Any = None) -> Iterator[Batch]:
    """The batches of the resource `in`."""
    return connector.read("in", cursor)


class _Subsystem(paramiko.SubsystemHandler):
    """Runs OpenSSH's sftp-server behind paramiko's transport."""

    def start_subsystem(self, name: str, transport: Any, channel: paramiko.Channel) -> None:  # noqa: ARG002 - paramiko's signature
        with subprocess.Popen(  # noqa: S603 - a path of our own list
            [OPENSSH], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            threading.Thread(target=_pump, args=(channel, process), daemon=True).start()
            while data := os.read(process.stdout.fileno(), 65_536):
                channel.sendall(data)


def _pump(channel: paramiko.Channel, process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    with process.stdin as pipe:
        while data := channel.recv(65_536):
            pipe.write(data)
            pipe.flush()


class _Anybody(paramiko.ServerInterface):
    def check_auth_password(self, username: str, password: str) -> int:  # noqa: ARG002 - paramiko's signature
        return paramiko.AUTH_SUCCESSFUL

    def check_channel_request(self, kind: str, chanid: int) -> int:  # noqa: ARG002 - paramiko's signature
        return paramiko.OPEN_SUCCEEDED


@contextmanager
def openssh() -> Iterator[Connection]:
    """OpenSSH's SFTP server on loopback; it sees the whole machine."""
    key = paramiko.ECDSAKey.generate()
    sock = listener(0)
    transports: list[paramiko.Transport] = []

    def accept() -> None:
        while True:
            try:
                client, _ = sock.accept()
            except OSError:
                return
            transport = paramiko.Transport(client)
            transports.append(transport)
            transport.add_server_key(key)
            transport.set_subsystem_handler("sftp", _Subsystem)
            transport.start_server(event=threading.Event(), server=_Anybody())

    threading.Thread(target=accept, daemon=True).start()
    extra = {"host_key": f"{key.get_name()} {key.get_base64()}"}
    port = sock.getsockname()[1]
    try:
        yield Connection(id="depot", host="127.0.0.1", port=port, login="hub", password="x", extra=extra)
    finally:
        sock.close()
        for transport in transports:
            transport.close()


@pytest.fixture(params=["files", "sandbox", "openssh"])
def exchange(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Exchange]:
    with ExitStack() as stack:
        if request.param == "files":
            root, prefix = tmp_path, ""
            connection = Connection(id="depot", extra={"path": str(root)})
            make: Callable[[dict[str, Any], Connection], FileExchange] = connect_files
        elif request.param == "sandbox":
            server = stack.enter_context(sftp.serve(tmp_path, users={"hub": "x"}))
            root, prefix, make = server.root, "", connect_sftp
            extra = {"host_key": server.host_key}
            connection = Connection(
                id="depot", host="127.0.0.1", port=server.port, login="hub", password="x", extra=extra
            )
        else:
            if not OPENSSH:
                pytest.skip("OpenSSH's sftp-server is not installed")
            root, prefix, make = tmp_path, str(tmp_path), connect_sftp
            connection = stack.enter_context(openssh())
        for name in FOLDERS:
            (root / name).mkdir(exist_ok=True)
        inner = stack.enter_context(ExitStack())
        yield Exchange(request.param, root, connection, make, prefix, inner)
