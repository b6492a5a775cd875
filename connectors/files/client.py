"""A folder of files: `Source`, `Sink` and `Probe` over the machine's own file system or a mounted share."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from connectors.base import Connection, Exchange
from connectors.errors import Config, Contract, Unavailable
from connectors.file_exchange import FileExchange
from connectors.filenames import File, told
from connectors.files.settings import FilesExtra, FilesSettings
from connectors.settings import load, load_extra

_KEPT = 65_536  # bytes of a written file kept in its exchange
_OURS = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.EROFS, errno.EISDIR})
_NO_LINK = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def connect(system: Mapping[str, Any], connection: Connection) -> FilesConnector:
    """Build the connector; no I/O yet.

    Raises:
        Config: Settings or connection that do not fit.
    """
    return FilesConnector(load(FilesSettings, system), connection)


class FilesConnector(FileExchange):
    """Safe for threads: it holds nothing open."""

    def __init__(self, settings: FilesSettings, connection: Connection) -> None:
        super().__init__(LocalFiles(connection), settings)


class LocalFiles:
    """The files under one folder of this machine; the `FileStore` of this connector."""

    def __init__(self, connection: Connection) -> None:
        self._id = connection.id
        self._root = Path(load_extra(FilesExtra, connection).path)
        self._closed = False

    def close(self) -> None:
        """Nothing is open; what comes afterwards is refused."""
        self._closed = True

    def files(self, folder: str) -> list[File]:
        """The regular files of a folder."""
        path = self._at(folder)
        with _translated(f"list {path}"), os.scandir(path) as entries:
            names = [one.name for one in entries if one.is_file(follow_symlinks=False)]
            return [file for name in names if (file := _version(path / name))]

    def stat(self, path: str) -> File | None:
        """The version that stands there now."""
        with _translated(f"look for {self.shown(path)}"):
            return _version(self._at(path))

    def need(self, folder: str) -> None:
        """Insist that a folder is there."""
        with _translated(f"look for {self.shown(folder)}"):
            self._at(folder).stat()

    def read(self, path: str, most: int) -> bytes | None:
        """Up to `most` bytes; a link that stands there by now is not followed."""
        at = self._at(path)
        with _translated(f"read {told(str(at))}"):
            try:
                descriptor = os.open(at, _NO_LINK)
            except FileNotFoundError:
                return None
            except PermissionError as error:
                message = f"read {told(str(at))}: expected a file we may read, found {error.strerror}"
                raise Contract(message, code="file_unreadable") from None
            except OSError as error:
                if error.errno == errno.ELOOP:
                    return None
                raise
            with open(descriptor, "rb") as stream:  # noqa: PTH123 - only this takes a descriptor
                return stream.read(most) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None

    def rename(self, old: str, new: str) -> bool:
        """Rename, never over another file; False when `old` is gone or `new` there."""
        before, after = self._at(old), self._at(new)
        with _translated(f"rename {told(str(before))} to {told(str(after))}"):
            if os.path.lexists(after):
                return False
            try:
                before.rename(after)
            except FileNotFoundError:
                if os.path.lexists(before):
                    raise  # the folder it should go to is not there
                return False
        return True

    def remove(self, path: str) -> None:
        """Remove a file; one that is gone is no error."""
        with _translated(f"remove {self.shown(path)}"):
            self._at(path).unlink(missing_ok=True)

    def put(self, path: str, temporary: str, body: bytes) -> Exchange:
        """Write and sync under a temporary path, then replace `path` in one step."""
        started = time.perf_counter()
        final, part = self._at(path), self._at(temporary)
        with _translated(f"write {final}"):
            try:
                with part.open("wb") as stream:
                    stream.write(body)
                    stream.flush()
                    os.fsync(stream.fileno())
                part.replace(final)
            except OSError:
                with suppress(OSError):  # the first error is the one to tell
                    part.unlink(missing_ok=True)
                raise
        return Exchange(
            request=f"write {final}",
            request_body=body[:_KEPT],
            response=f"stored {len(body)} bytes",
            elapsed=time.perf_counter() - started,
        )

    def shown(self, path: str) -> str:
        """The whole path on this machine."""
        return told(str(self._root / path.lstrip("/")))

    def _at(self, path: str) -> Path:
        """A path under the root.

        Raises:
            Config: It leads out of the root, or the connector is closed.
        """
        if self._closed:
            raise Config(f"connection {self._id!r} is closed", code="closed")
        at = self._root / path.lstrip("/")
        if ".." in at.parts:
            raise Config(f"expected a folder under {self._root}, found {path!r}", code="folder_outside")
        return at


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = f"{what}: {error.strerror or error}"
        if error.errno in _OURS:
            raise Config(message, code=f"file_{errno.errorcode[error.errno or 0].lower()}") from None
        raise Unavailable(message, code="file_io") from None


def _version(path: Path) -> File | None:
    """The version of a regular file that stands there now; None when none does."""
    try:
        status = path.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return File(mtime=int(status.st_mtime), name=path.name, size=status.st_size)
