"""An SFTP server: `Source`, `Sink` and `Probe` over a pool of sessions."""

from __future__ import annotations

import io
import stat
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from typing import Any

import paramiko

from connectors.base import Connection, Exchange
from connectors.errors import Contract, Unavailable
from connectors.file_exchange import FileExchange
from connectors.filenames import File, told
from connectors.settings import load
from connectors.sftp.faults import Moment, said_no, translated
from connectors.sftp.sessions import Dialer, SessionPool
from connectors.sftp.settings import SftpSettings

_KEPT = 65_536  # bytes of an upload kept in its exchange
_CHUNK = 32_768  # what one answer of the protocol carries


def connect(system: Mapping[str, Any], connection: Connection) -> SftpConnector:
    """Build the connector; no I/O yet.

    Raises:
        Config: above all, a connection without a pinned host key.
    """
    return SftpConnector(load(SftpSettings, system), connection)


class SftpConnector(FileExchange):
    """Safe for threads; close it once, when done."""

    def __init__(self, settings: SftpSettings, connection: Connection) -> None:
        super().__init__(RemoteFiles(settings, connection), settings)


class RemoteFiles:
    """The files of one SFTP server; the `FileStore` of this connector."""

    def __init__(self, settings: SftpSettings, connection: Connection) -> None:
        dialer = Dialer(connection, settings.sftp)
        self._place, self._redactor = dialer.place, dialer.redactor
        self._pool = SessionPool(dialer, settings.sftp)

    def close(self) -> None:
        """Close all sessions; a second time does nothing."""
        self._pool.close()

    def files(self, folder: str) -> list[File]:
        """The regular files of a folder."""
        with self._pool.session() as session, self._translated(f"LIST {folder}"):
            found = session.sftp.listdir_attr(folder)
            return [_version(one.filename, one) for one in found if _is_file(one.filename, one)]

    def stat(self, path: str) -> File | None:
        """The version that stands there now."""
        with self._pool.session() as session, self._translated(f"STAT {told(path)}"):
            return _standing(session.sftp, path)

    def need(self, folder: str) -> None:
        """Insist that a folder is there."""
        with self._pool.session() as session, self._translated(f"STAT {folder}"):
            session.sftp.stat(_raw(folder))

    def read(self, path: str, most: int) -> bytes | None:
        """Up to `most` bytes; None when it is gone."""
        with self._pool.session() as session, self._translated(f"GET {told(path)}"):
            try:
                return _contents(session.sftp, path, most)
            except FileNotFoundError:
                return None
            except PermissionError as error:
                message = f"GET {told(path)} at {self._place}: expected a file we may read, found {error}"
                raise Contract(message, code="file_unreadable") from None

    def rename(self, old: str, new: str) -> bool:
        """Rename, never over another file; False when `old` is gone or `new` there."""
        with self._pool.session() as session, self._translated(f"RENAME {told(old)} to {told(new)}"):
            try:
                session.sftp.rename(_raw(old), _raw(new))
            except OSError as error:
                answered = said_no(error) or isinstance(error, FileNotFoundError)
                if answered and (not _there(session.sftp, old) or _there(session.sftp, new)):
                    return False
                raise
        return True

    def remove(self, path: str) -> None:
        """Remove a file; one that is gone is no error."""
        with (
            self._pool.session() as session,
            self._translated(f"REMOVE {told(path)}"),
            suppress(FileNotFoundError),
        ):
            session.sftp.remove(_raw(path))

    def put(self, path: str, temporary: str, body: bytes) -> Exchange:
        """Write under a temporary path, then replace `path` in one step.

        Raises:
            ConnectorError: `Unavailable` up to the rename, `Unknown` when its answer is lost.
        """
        started = time.perf_counter()
        with self._pool.session() as session:
            with self._translated(f"PUT {path}"):
                _upload(session.sftp, temporary, body)
            with self._translated(f"RENAME to {path}", Moment.COMMIT):
                _replace(session.sftp, temporary, path)
        return Exchange(
            request=f"PUT {path}",
            request_body=self._redactor.body(body, _KEPT),
            response=f"stored {len(body)} bytes",
            elapsed=time.perf_counter() - started,
        )

    def shown(self, path: str) -> str:
        """The path at the server."""
        return told(path)

    def _translated(self, request: str, moment: Moment = Moment.BEFORE) -> AbstractContextManager[None]:
        return translated(request, self._place, self._redactor, moment)


def _raw(path: str) -> bytes:
    """The bytes of a path, as the server has them."""
    return path.encode("utf-8", "surrogateescape")


def _version(name: str, attributes: paramiko.SFTPAttributes) -> File:
    return File(mtime=int(attributes.st_mtime or 0), name=name, size=int(attributes.st_size or 0))


def _is_file(name: str, attributes: paramiko.SFTPAttributes) -> bool:
    if "/" in name or name in {".", ".."}:
        return False  # a name that would lead out of the folder
    return attributes.st_mode is None or stat.S_ISREG(attributes.st_mode)


def _standing(sftp: paramiko.SFTPClient, path: str) -> File | None:
    name = path.rpartition("/")[2]
    try:
        attributes = sftp.lstat(_raw(path))
    except FileNotFoundError:
        return None
    return _version(name, attributes) if _is_file(name, attributes) else None


def _there(sftp: paramiko.SFTPClient, path: str) -> bool:
    try:
        sftp.lstat(_raw(path))
    except FileNotFoundError:
        return False
    return True


def _contents(sftp: paramiko.SFTPClient, path: str, most: int) -> bytes:
    """Read to the end of the file, or `most` bytes: one more than expected shows that it grew."""
    out = io.BytesIO()
    with sftp.open(_raw(path), "rb") as file:
        file.prefetch(most - 1)  # an answer of nothing, asked for ahead, would hide those before it
        while chunk := file.read(
            min(_CHUNK, most - out.tell())
        ):  # paramiko joins larger ones again and again
            out.write(chunk)
    return out.getvalue()


def _upload(sftp: paramiko.SFTPClient, path: str, body: bytes) -> None:
    try:
        with sftp.open(path, "wb") as file:
            file.set_pipelined(True)
            file.write(body)
        _insist(path, len(body), sftp.stat(path).st_size)
    except Exception:
        with suppress(Exception):  # the first error is the one to tell
            sftp.remove(path)
        raise


def _insist(path: str, expected: int, found: int | None) -> None:
    if found != expected:
        raise Unavailable(f"PUT {path}: expected {expected} bytes there, found {found}", code="short_write")


def _replace(sftp: paramiko.SFTPClient, temporary: str, final: str) -> None:
    try:
        sftp.posix_rename(temporary, final)
    except OSError as error:
        if not said_no(error):
            raise
        # the server lacks the extension: its plain rename refuses to overwrite
        with suppress(FileNotFoundError):
            sftp.remove(final)
        sftp.rename(temporary, final)
