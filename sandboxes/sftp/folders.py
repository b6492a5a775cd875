"""The SFTP subsystem over a real folder: what OpenSSH's server does, with a journal and planned faults."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import paramiko
from paramiko import SFTPAttributes, SFTPHandle, SFTPServer, SFTPServerInterface
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
)
from paramiko.sftp import SFTP_FAILURE, SFTP_OK
from typing_extensions import Buffer

from sandboxes.faults import Action, FaultPlan
from sandboxes.sftp.journal import Journal

Answer = int
"""A code of the protocol: SFTP_OK, SFTP_NO_SUCH_FILE, SFTP_FAILURE …"""


class Account(paramiko.ServerInterface):
    """Who signed in, over which connection, and what they may see."""

    def __init__(
        self,
        passwords: dict[str, str],
        root: Path,
        journal: Journal,
        plan: FaultPlan,
        hang_up: Callable[[], None],
    ) -> None:
        self.root = root
        self.journal = journal
        self.plan = plan
        self.hang_up = hang_up
        self.user = ""
        self._passwords = passwords

    def check_auth_password(self, username: str, password: str) -> int:
        """Accept known users."""
        if self._passwords.get(username) != password:
            return AUTH_FAILED
        self.user = username
        return AUTH_SUCCESSFUL

    def get_allowed_auths(self, username: str) -> str:  # noqa: ARG002 -- paramiko's signature
        """Passwords only."""
        return "password"

    def check_channel_request(self, kind: str, chanid: int) -> int:  # noqa: ARG002 -- paramiko's signature
        """Accept sessions, no forwarding."""
        if kind == "session":
            return OPEN_SUCCEEDED
        return OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED


class _File(SFTPHandle):
    """An open file; what was written is entered in the journal on closing."""

    def __init__(self, folders: Folders, path: str, real: Path, descriptor: int, flags: int) -> None:
        super().__init__(flags)
        self._folders = folders
        self._path = path
        self._real = real
        self._written = False
        self.readfile = self.writefile = os.fdopen(descriptor, _mode(flags), buffering=0)

    def write(self, offset: int, data: Buffer) -> Answer:
        """Write a block."""
        self._written = True
        return super().write(offset, data)

    def stat(self) -> SFTPAttributes | Answer:
        """Size and times of the open file."""
        return SFTPAttributes.from_stat(os.fstat(self.readfile.fileno()))

    def chattr(self, attr: SFTPAttributes) -> Answer:
        """Set what the client asked for."""
        SFTPServer.set_file_attr(str(self._real), attr)
        return SFTP_OK

    def close(self) -> None:
        """Close, and note an upload."""
        super().close()
        if self._written:
            self._written = False
            self._folders.uploaded(self._path, self._real)


def _mode(flags: int) -> str:
    if flags & os.O_RDWR:
        return "r+b"
    return "wb" if flags & os.O_WRONLY else "rb"


class Folders(SFTPServerInterface):
    """One client's view of the folder. Every operation first meets the fault plan, as `OPERATION /path`."""

    def __init__(self, server: Account, *_: object) -> None:
        super().__init__(server)
        self._account = server

    def _real(self, path: str) -> Path:
        # canonicalize() keeps the path inside: it resolves ".." before the root is put in front
        return self._account.root / self.canonicalize(path).lstrip("/")

    def _do(self, operation: str, path: str, work: Callable[[], Answer]) -> Answer:
        fault = self._account.plan.next(operation, self.canonicalize(path))
        if fault is not None and fault.action in (Action.DROP, Action.STATUS):
            if fault.action is Action.DROP:
                self._account.hang_up()
            return SFTP_FAILURE
        try:
            answer = work()
        except OSError as error:
            return SFTPServer.convert_errno(error.errno or 0)
        if fault is not None and fault.action is Action.COMMIT_THEN_DROP:
            self._account.hang_up()
        if fault is not None and fault.action is Action.ERROR_AFTER_COMMIT:
            return SFTP_FAILURE
        return answer

    def list_folder(self, path: str) -> list[SFTPAttributes] | Answer:
        """Names with size and times."""
        found: list[SFTPAttributes] = []

        def work() -> Answer:
            for entry in sorted(self._real(path).iterdir()):
                with suppress(FileNotFoundError):  # renamed by another client while we look
                    found.append(SFTPAttributes.from_stat(entry.stat(), entry.name))
            return SFTP_OK

        answer = self._do("LIST", path, work)
        return found if answer == SFTP_OK else answer

    def stat(self, path: str) -> SFTPAttributes | Answer:
        """Size and times."""
        try:
            return SFTPAttributes.from_stat(self._real(path).stat())
        except OSError as error:
            return SFTPServer.convert_errno(error.errno or 0)

    def lstat(self, path: str) -> SFTPAttributes | Answer:
        """There are no links here."""
        return self.stat(path)

    def open(self, path: str, flags: int, attr: SFTPAttributes) -> SFTPHandle | Answer:  # noqa: ARG002 -- paramiko's signature
        """Open for reading or writing."""
        opened: list[_File] = []

        def work() -> Answer:
            real = self._real(path)
            descriptor = os.open(real, flags, 0o644)
            opened.append(_File(self, self.canonicalize(path), real, descriptor, flags))
            return SFTP_OK

        writing = flags & (os.O_WRONLY | os.O_RDWR)
        answer = self._do("WRITE" if writing else "READ", path, work)
        return opened[0] if answer == SFTP_OK else answer

    def uploaded(self, path: str, real: Path) -> None:
        """A file was written and closed."""

        def work() -> Answer:
            content = real.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            self._account.journal.note(self._account.user, "WRITTEN", path, size=len(content), sha256=digest)
            return SFTP_OK

        self._do("CLOSE", path, work)

    def remove(self, path: str) -> Answer:
        """Delete a file."""

        def work() -> Answer:
            self._real(path).unlink()
            self._account.journal.note(self._account.user, "REMOVED", self.canonicalize(path))
            return SFTP_OK

        return self._do("REMOVE", path, work)

    def rename(self, oldpath: str, newpath: str) -> Answer:
        """Rename; fails onto an existing name, as version 3 of the protocol wants it."""
        if self._real(newpath).exists():
            return SFTP_FAILURE
        return self.posix_rename(oldpath, newpath)

    def posix_rename(self, oldpath: str, newpath: str) -> Answer:
        """Rename, replacing an existing file at once."""

        def work() -> Answer:
            self._real(oldpath).replace(self._real(newpath))
            old, new = self.canonicalize(oldpath), self.canonicalize(newpath)
            self._account.journal.note(self._account.user, "RENAMED", new, was=old)
            return SFTP_OK

        return self._do("RENAME", newpath, work)

    def mkdir(self, path: str, attr: SFTPAttributes) -> Answer:  # noqa: ARG002 -- paramiko's signature
        """Make a folder."""

        def work() -> Answer:
            self._real(path).mkdir()
            return SFTP_OK

        return self._do("MKDIR", path, work)

    def rmdir(self, path: str) -> Answer:
        """Remove an empty folder."""

        def work() -> Answer:
            self._real(path).rmdir()
            return SFTP_OK

        return self._do("RMDIR", path, work)

    def chattr(self, path: str, attr: SFTPAttributes) -> Answer:
        """Set times, size or mode."""

        def work() -> Answer:
            SFTPServer.set_file_attr(str(self._real(path)), attr)
            return SFTP_OK

        return self._do("SETSTAT", path, work)
