"""A folder of files: `Source`, `Sink` and `Probe`."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from connectors import filenames
from connectors.base import Batch, Connection, Cursor, Document, Exchange, Operation, Receipt
from connectors.errors import Config, ConnectorError, Contract, Unavailable
from connectors.filenames import File
from connectors.files.settings import FilesExtra, FilesSettings, Resource
from connectors.folders import FileOperation
from connectors.retry import ShortRetry
from connectors.settings import check_key, load, load_extra, operation_of, resource_of

_KEPT = 65_536  # bytes of a written file kept in its exchange
_MOST_COPIES = 1000
_OURS = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.EROFS, errno.EISDIR})


def connect(system: Mapping[str, Any], connection: Connection) -> FilesConnector:
    """Build the connector; no I/O yet.

    Raises:
        Config: Settings or connection that do not fit.
    """
    return FilesConnector(load(FilesSettings, system), connection)


class FilesConnector:
    """Safe for threads: it holds nothing open."""

    def __init__(self, settings: FilesSettings, connection: Connection) -> None:
        self._settings = settings
        self._connection = connection
        self._root = Path(load_extra(FilesExtra, connection).path)
        self._retry = ShortRetry(settings.retry)
        self._operations = settings.declared()
        self._closed = False

    def __enter__(self) -> Self:
        """Nothing to open."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Nothing is open; what comes afterwards is refused."""
        self._closed = True

    # Source

    def read(self, resource: str, cursor: Cursor | None) -> Iterator[Batch]:
        """Yield whole files, oldest first; the cursor remembers files that may still be growing.

        A file that cannot be taken holds up no other: it is raised when all the others are out.

        Raises:
            Contract: A file is above `max_bytes`.
            Config: A folder or file that is not there or that we may not read.
            Unavailable: The share does not answer.
        """
        entry = resource_of(self._settings.resources, resource)
        files = self._retry(lambda: self._list(entry))
        ready, after = filenames.stable(files, cursor, time.time(), entry.stable_seconds)
        troubles: list[ConnectorError] = [
            _too_large(entry, file) for file in ready if file.size > entry.max_bytes
        ]
        taken = False
        for group in filenames.groups([file for file in ready if file.size <= entry.max_bytes]):
            fetched = (self._fetched(resource, entry, file, troubles) for file in group)
            found = [document for document in fetched if document]
            if found:
                taken = True
                yield Batch(documents=tuple(found), cursor=after)
        if not taken and after != dict(cursor or {}):
            yield Batch(documents=(), cursor=after)
        if troubles:
            raise troubles[0]

    def _list(self, entry: Resource) -> list[File]:
        folder = self._folder(entry.folder)
        with self._translated(f"list {folder}"), os.scandir(folder) as entries:
            found = {one.name: one for one in entries if one.is_file(follow_symlinks=False)}
            names = [
                name
                for name in found
                if fnmatchcase(name, entry.pattern)
                and not (entry.marker and (name.endswith(entry.marker) or name + entry.marker not in found))
            ]
            return [version for name in names if (version := _version(Path(found[name].path)))]

    def _fetched(
        self, resource: str, entry: Resource, file: File, troubles: list[ConnectorError]
    ) -> Document | None:
        try:
            return self._retry(lambda: self._fetch(resource, entry, file))
        except Config as error:
            troubles.append(error)
            return None

    def _fetch(self, resource: str, entry: Resource, file: File) -> Document | None:
        """Read one version of a file; None when it is gone or another version stands there."""
        path = self._folder(entry.folder) / file.name
        with self._translated(f"read {path}"):
            try:
                with path.open("rb") as stream:
                    body = stream.read(file.size + 1)
            except FileNotFoundError:
                return None
        if _version(path) != file or len(body) != file.size:
            return None
        attributes = {"resource": resource, "name": file.name, "modified": _moment(file.mtime)}
        return Document(
            source_key=file.source_key, body=body, media_type=entry.media_type, attributes=attributes
        )

    def release(self, resource: str, documents: Sequence[Document]) -> None:
        """Archive or delete files that are durable here; what has changed since stays for reading."""
        entry = resource_of(self._settings.resources, resource)
        if entry.archive is None and not entry.delete:
            return
        for document in documents:
            self._retry(partial(self._release, entry, document.source_key))

    def _release(self, entry: Resource, source_key: str) -> None:
        try:
            file = filenames.of_source_key(source_key)
        except ValueError as error:
            raise Contract(f"release from {entry.folder}: {error}", code="source_key_unusable") from None
        path = self._folder(entry.folder) / file.name
        with self._translated(f"release {path}"):
            if _version(path) != file:
                return  # released before, or replaced since: it must be read first
            if entry.archive is None:
                path.unlink()
            else:
                archive = self._folder(entry.archive)
                with self._translated(f"archive {path} in {archive}"):
                    path.rename(_free_name(archive, file))
            if entry.marker:
                path.with_name(path.name + entry.marker).unlink(missing_ok=True)

    # Sink and Probe

    @property
    def operations(self) -> Mapping[str, Operation]:
        """What can be done, by name."""
        return self._operations

    def write(self, operation: str, document: Document, key: str) -> Receipt:
        """Write under a temporary name, then rename to the key's own name in one step.

        Raises:
            ConnectorError: Nothing stands under the key's name then.
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
        final = self._folder(entry.folder) / name
        temporary = final.with_name(filenames.temporary_name(name, uuid4().hex))
        with self._translated(f"write {final}"):
            try:
                with temporary.open("wb") as stream:
                    stream.write(document.body)
                    stream.flush()
                    os.fsync(stream.fileno())
                temporary.replace(final)
            except OSError:
                with suppress(OSError):  # the first error is the one to tell
                    temporary.unlink(missing_ok=True)
                raise
        size = len(document.body)
        exchange = Exchange(
            request=f"write {final}",
            request_body=document.body[:_KEPT],
            response=f"stored {size} bytes",
            elapsed=time.perf_counter() - started,
        )
        return Receipt(
            reference=name, body={"name": name, "path": str(final), "size": size}, exchange=exchange
        )

    def _stat(self, entry: FileOperation, name: str) -> Receipt | None:
        for folder in (entry.folder, *entry.find_in):
            path = self._folder(folder) / name
            with self._translated(f"look for {path}"):
                file = _version(path)
                if file is None:
                    path.parent.stat()  # a folder that is not there could hide the file
                    continue
            body = {"name": name, "path": str(path), "size": file.size, "modified": _moment(file.mtime)}
            exchange = Exchange(request=f"look for {path}", response=f"found {file.size} bytes")
            return Receipt(reference=name, body=body, exchange=exchange, found=True)
        return None

    def _folder(self, name: str) -> Path:
        """A folder under the root.

        Raises:
            Config: It leads out of the root, or the connector is closed.
        """
        if self._closed:
            raise Config(f"connection {self._connection.id!r} is closed", code="closed")
        folder = self._root / name.lstrip("/")
        if ".." in folder.parts:
            raise Config(f"expected a folder under {self._root}, found {name!r}", code="folder_outside")
        return folder

    @contextmanager
    def _translated(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            message = f"{what}: {error.strerror or error}"
            if error.errno in _OURS:
                raise Config(message, code=f"file_{errno.errorcode[error.errno or 0].lower()}") from None
            raise Unavailable(message, code="file_io") from None


def _version(path: Path) -> File | None:
    """The version of a file that stands there now; None when none does."""
    try:
        status = path.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    return File(mtime=int(status.st_mtime), name=path.name, size=status.st_size)


def _free_name(archive: Path, file: File) -> Path:
    """The file's archive name, with a number when another file of the same second and size has it."""
    for copy in range(_MOST_COPIES):
        path = archive / (file.archived + (f".{copy}" if copy else ""))
        if not path.exists():
            return path
    raise Config(f"archive {archive}: expected a free name for {file.name}, found none", code="archive_full")


def _too_large(entry: Resource, file: File) -> Contract:
    return Contract(
        f"{entry.folder}/{file.name}: expected at most {entry.max_bytes} bytes, found {file.size}",
        code="file_too_large",
    )


def _moment(mtime: int) -> str:
    return datetime.fromtimestamp(mtime, UTC).isoformat().replace("+00:00", "Z")
