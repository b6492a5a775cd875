"""An SFTP server: `Source`, `Sink` and `Probe` over a pool of sessions."""

from __future__ import annotations

import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import partial
from pathlib import PurePosixPath
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import paramiko

from connectors import filenames
from connectors.base import Batch, Connection, Cursor, Document, Exchange, Operation, Receipt
from connectors.errors import Config, ConnectorError, Contract, Unavailable
from connectors.filenames import File
from connectors.folders import FileOperation, FolderResource
from connectors.retry import ShortRetry
from connectors.settings import check_key, load, operation_of, resource_of
from connectors.sftp.faults import Moment, said_no, translated
from connectors.sftp.sessions import Dialer, SessionPool
from connectors.sftp.settings import SftpSettings

_KEPT = 65_536  # bytes of an upload kept in its exchange
_MOST_COPIES = 1000


def connect(system: Mapping[str, Any], connection: Connection) -> SftpConnector:
    """Build the connector; no I/O yet.

    Raises:
        Config: above all, a connection without a pinned host key.
    """
    return SftpConnector(load(SftpSettings, system), connection)


class SftpConnector:
    """Safe for threads; close it once, when done."""

    def __init__(self, settings: SftpSettings, connection: Connection) -> None:
        self._settings = settings
        dialer = Dialer(connection, settings.sftp)
        self._place, self._redactor = dialer.place, dialer.redactor
        self._pool = SessionPool(dialer, settings.sftp)
        self._retry = ShortRetry(settings.retry)
        self._operations = settings.declared()

    def __enter__(self) -> Self:
        """Nothing to open: sessions are made on first use."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all sessions."""
        self.close()

    def close(self) -> None:
        """Close all sessions; a second time does nothing."""
        self._pool.close()

    # Source

    def read(self, resource: str, cursor: Cursor | None) -> Iterator[Batch]:
        """Yield whole files, oldest first; the cursor remembers files that may still be growing.

        A file that cannot be taken (above the cap, not readable) holds up no other: it is raised
        when all the others are out.

        Raises:
            Contract: a file is above `max_bytes`.
            Config: a folder or file that we may not read.
            Unavailable: the server cannot be reached, or a file changed under our hands.
        """
        entry = resource_of(self._settings.resources, resource)
        files = self._retry(lambda: self._list(entry))
        ready, after = filenames.stable(files, cursor, time.time(), entry.stable_seconds)
        troubles: list[ConnectorError] = [
            _too_large(entry, file) for file in ready if file.size > entry.max_bytes
        ]
        taken = False
        for group in filenames.groups([file for file in ready if file.size <= entry.max_bytes]):
            found = [
                document for file in group if (document := self._fetched(resource, entry, file, troubles))
            ]
            if found:
                taken = True
                yield Batch(documents=tuple(found), cursor=after)
        if not taken and after != dict(cursor or {}):
            yield Batch(documents=(), cursor=after)
        if troubles:
            raise troubles[0]

    def _list(self, entry: FolderResource) -> list[File]:
        with self._pool.session() as session, self._translated(f"LIST {entry.folder}"):
            found = session.sftp.listdir_attr(entry.folder)
            return [
                _version(attributes.filename, attributes)
                for attributes in found
                if _is_file(attributes) and fnmatchcase(attributes.filename, entry.pattern)
            ]

    def _fetched(
        self, resource: str, entry: FolderResource, file: File, troubles: list[ConnectorError]
    ) -> Document | None:
        try:
            return self._retry(lambda: self._fetch(resource, entry, file))
        except Config as error:
            troubles.append(error)
            return None

    def _fetch(self, resource: str, entry: FolderResource, file: File) -> Document | None:
        """Read one version of a file; None when it is gone or another version stands there."""
        path = f"{entry.folder.rstrip('/')}/{file.name}"
        with self._pool.session() as session, self._translated(f"GET {path}"):
            try:
                body = _contents(session.sftp, path, file.size)
                still = _version(file.name, session.sftp.stat(path))
            except FileNotFoundError:
                return None
        if still != file:
            return None
        if len(body) != file.size:
            raise Unavailable(
                f"GET {path} at {self._place}: expected {file.size} bytes, found {len(body)}",
                code="short_read",
            )
        return Document(
            source_key=file.source_key,
            body=body,
            media_type=entry.media_type,
            attributes={"resource": resource, "name": file.name, "modified": _moment(file.mtime)},
        )

    def release(self, resource: str, documents: Sequence[Document]) -> None:
        """Archive or delete files that are durable here; what has changed since stays for reading."""
        entry = resource_of(self._settings.resources, resource)
        if entry.archive is None and not entry.delete:
            return
        for document in documents:
            self._retry(partial(self._release, entry, document.source_key))

    def _release(self, entry: FolderResource, source_key: str) -> None:
        try:
            file = filenames.of_source_key(source_key)
        except ValueError as error:
            raise Contract(f"release from {entry.folder}: {error}", code="source_key_unusable") from None
        path = f"{entry.folder.rstrip('/')}/{file.name}"
        with self._pool.session() as session, self._translated(f"RELEASE {path}"):
            try:
                if _version(file.name, session.sftp.stat(path)) != file:
                    return
            except FileNotFoundError:
                return  # released before
            if entry.archive is None:
                session.sftp.remove(path)
                return
            target = _free_name(session.sftp, entry.archive, file)
            session.sftp.rename(path, target)
            if _version(file.name, session.sftp.stat(target)) != file:
                session.sftp.rename(target, path)  # replaced just before the rename: it must be read first

    # Sink and Probe

    @property
    def operations(self) -> Mapping[str, Operation]:
        """What can be done, by name."""
        return self._operations

    def write(self, operation: str, document: Document, key: str) -> Receipt:
        """Upload under a temporary name, then rename to the key's own name in one step.

        Raises:
            ConnectorError: `Unavailable` up to the rename, `Unknown` when its answer is lost.
        """
        entry = operation_of(self._settings.operations, operation)
        check_key(key, entry.key_length)
        name = filenames.final_name(entry.name, key)
        return self._retry(lambda: self._put(entry, name, document))

    def find(self, operation: str, key: str) -> Receipt | None:
        """Look for the key's file where we put it, and where the partner moves what it has taken."""
        entry = operation_of(self._settings.operations, operation)
        check_key(key, entry.key_length)
        name = filenames.final_name(entry.name, key)
        return self._retry(lambda: self._stat(entry, name))

    def _put(self, entry: FileOperation, name: str, document: Document) -> Receipt:
        started = time.perf_counter()
        folder = entry.folder.rstrip("/")
        final, temporary = f"{folder}/{name}", f"{folder}/{filenames.temporary_name(name, uuid4().hex)}"
        with self._pool.session() as session:
            with self._translated(f"PUT {final}"):
                _upload(session.sftp, temporary, document.body)
            with self._translated(f"RENAME to {final}", Moment.COMMIT):
                _replace(session.sftp, temporary, final)
        size = len(document.body)
        exchange = Exchange(
            request=f"PUT {final}",
            request_body=self._redactor.body(document.body, _KEPT),
            response=f"stored {size} bytes",
            elapsed=time.perf_counter() - started,
        )
        return Receipt(reference=name, body={"name": name, "path": final, "size": size}, exchange=exchange)

    def _stat(self, entry: FileOperation, name: str) -> Receipt | None:
        with self._pool.session() as session:
            for folder in (entry.folder, *entry.find_in):
                path = str(PurePosixPath(folder, name))
                with self._translated(f"STAT {path}"):
                    try:
                        file = _version(name, session.sftp.stat(path))
                    except FileNotFoundError:
                        continue
                body = {"name": name, "path": path, "size": file.size, "modified": _moment(file.mtime)}
                exchange = Exchange(request=f"STAT {path}", response=f"found {file.size} bytes")
                return Receipt(reference=name, body=body, exchange=exchange, found=True)
            with self._translated(f"STAT {entry.folder}"):
                session.sftp.stat(entry.folder)  # a folder that is not there could hide the file
        return None

    def _translated(self, request: str, moment: Moment = Moment.BEFORE) -> Any:
        return translated(request, self._place, self._redactor, moment)


def _version(name: str, attributes: paramiko.SFTPAttributes) -> File:
    return File(mtime=int(attributes.st_mtime or 0), name=name, size=int(attributes.st_size or 0))


def _is_file(attributes: paramiko.SFTPAttributes) -> bool:
    name = attributes.filename
    if "/" in name or name in {".", ".."}:
        return False  # a name that would lead out of the folder
    return attributes.st_mode is None or stat.S_ISREG(attributes.st_mode)


def _contents(sftp: paramiko.SFTPClient, path: str, size: int) -> bytes:
    """Read up to one byte more than `size`: growth shows, and nothing endless is read."""
    with sftp.open(path, "rb") as file:
        file.prefetch(size)
        return file.read(size + 1)


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


def _free_name(sftp: paramiko.SFTPClient, archive: str, file: File) -> str:
    """The file's archive name, with a number when another file of the same second and size has it."""
    for copy in range(_MOST_COPIES):
        path = f"{archive.rstrip('/')}/{file.archived}" + (f".{copy}" if copy else "")
        try:
            sftp.stat(path)
        except FileNotFoundError:
            return path
    raise Config(f"archive {archive}: expected a free name for {file.name}, found none", code="archive_full")


def _too_large(entry: FolderResource, file: File) -> Contract:
    return Contract(
        f"{entry.folder}/{file.name}: expected at most {entry.max_bytes} bytes, found {file.size}",
        code="file_too_large",
    )


def _moment(mtime: int) -> str:
    return datetime.fromtimestamp(mtime, UTC).isoformat().replace("+00:00", "Z")
