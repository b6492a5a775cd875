"""A trading partner's SFTP server: /outbox (partner → hub), /inbox (hub → partner), /archive.

The hub signs in as `hub`, the partner's own system as `acme` (or as `users` says); both see the same
folders. Fault rules name operations instead of HTTP methods: LIST, READ, WRITE (opening), CLOSE (after an
upload), RENAME (with the new name), REMOVE, MKDIR, RMDIR, SETSTAT.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.applications import Starlette

from sandboxes.control import Control
from sandboxes.faults import FaultPlan
from sandboxes.serving import HttpServer
from sandboxes.sftp.books import books
from sandboxes.sftp.journal import Journal
from sandboxes.sftp.server import SftpServer

DATABASE = "sftp.sqlite"
FOLDERS = ("outbox", "inbox", "archive")
DEFAULT_USERS = {"hub": "sandbox", "acme": "sandbox"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sftp:
    """A running SFTP server and its control port."""

    server: SftpServer
    control: HttpServer
    journal: Journal
    root: Path
    host_key: str
    users: Mapping[str, str]

    @property
    def port(self) -> int:
        """The SSH port on loopback."""
        return self.server.port

    @property
    def url(self) -> str:
        """The base address of the control port (HTTP)."""
        return self.control.url

    @property
    def faults(self) -> FaultPlan:
        """The fault plan of the SFTP operations."""
        return self.server.plan

    def books(self) -> dict[str, Any]:
        """What was received, see `sandboxes.sftp.books`."""
        return books(self.root, self.journal)

    def down(self, seconds: float) -> None:
        """Refuse SSH connections for a while; the control port stays up."""
        self.server.down(seconds)

    def stop(self) -> None:
        """Stop listening and close the file."""
        self.server.stop()
        self.control.stop()
        self.journal.close()


def start(
    directory: Path, *, port: int = 0, control_port: int = 0, users: Mapping[str, str] | None = None
) -> Sftp:
    """Start a server over `directory`/files; its Ed25519 host key is made once and kept there."""
    root = directory / "files"
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    users = dict(users or DEFAULT_USERS)
    journal = Journal(directory / DATABASE)
    key = _host_key(directory / "host_key")
    server = SftpServer(root, key, users, journal, port)
    routes = Control(
        books=lambda: {**books(root, journal), "faults": server.plan.report()["fired"]},
        seed=lambda body: _seed(root, body),
        down=server.down,
        plan=server.plan,
    ).routes()
    control = HttpServer(FaultPlan(), control_port, "sftp-control")
    host_key = f"{key.get_name()} {key.get_base64()}"
    server.start()
    control.start(Starlette(routes=routes))
    return Sftp(server=server, control=control, journal=journal, root=root, host_key=host_key, users=users)


def _host_key(path: Path) -> paramiko.PKey:
    if not path.exists():
        private = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.OpenSSH,
            serialization.NoEncryption(),
        )
        path.touch(mode=0o600)
        path.write_bytes(private)
    return paramiko.Ed25519Key.from_private_key_file(str(path))


def _seed(root: Path, body: Mapping[str, Any]) -> dict[str, int]:
    """`{"files": {"outbox/a.edi": text}}`: files that are there before the first exchange."""
    files = body.get("files", {})
    for name, text in files.items():
        path = (root / name).resolve()
        if root.resolve() not in path.parents:
            raise ValueError(f"files: expected a name below {', '.join(FOLDERS)}, found {name!r}")
        path.write_text(text, encoding="latin-1", newline="")
    return {"files": len(files)}


@contextmanager
def serve(directory: Path, **options: Any) -> Iterator[Sftp]:
    """Run a server for the length of a `with` block; options as in `start`."""
    sftp = start(directory, **options)
    try:
        yield sftp
    finally:
        sftp.stop()
