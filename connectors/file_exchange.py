"""File exchange with a partner, whatever carries it: `Source`, `Sink` and `Probe` over a store of files.

A connector gives its `FileStore`, in which all I/O and the translation of errors is; what is done with the
files, in which order, and what is never done, is here and the same for all.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from typing import Self
from uuid import uuid4

from connectors import archives, filenames
from connectors.archives import Kind, Limits
from connectors.base import Batch, Cursor, Document, Exchange, Operation, Receipt
from connectors.errors import Config, ConnectorError, Contract, Unavailable
from connectors.file_store import FileSettings, FileStore
from connectors.filenames import File
from connectors.folders import FileOperation, FolderResource
from connectors.retry import ShortRetry
from connectors.settings import check_key, operation_of, resource_of

_MOST_COPIES = 1000
_MOST_TOLD = 5  # files in error that one message names


@dataclass(frozen=True, slots=True)
class _Found:
    """A file version and where it stands; `known` tells that it is what the name of its claim says."""

    file: File
    path: str
    known: bool = True


class FileExchange:
    """Safe for threads when its store is; close it once, when done."""

    def __init__(self, store: FileStore, settings: FileSettings) -> None:
        self._store = store
        self._settings = settings
        self._retry = ShortRetry(settings.retry)
        self._operations = settings.declared()

    def __enter__(self) -> Self:
        """Nothing to open: connections are made on first use."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close the store; a second time does nothing."""
        self._store.close()

    # Source

    def read(self, resource: str, cursor: Cursor | None) -> Iterator[Batch]:
        """Yield whole files, oldest first; the cursor remembers files that may still be growing.

        Files that a reader claimed and left come before all others. The members of an archive come in one
        batch. A file that cannot be taken holds up no other: it stays, and is told when all others are out.

        Raises:
            Contract: Files above `max_bytes`, damaged archives, files that we may not read.
            Config: A folder that is not there or that we may not read.
            Unavailable: The partner cannot be reached, or a file changed under our hands.
        """
        entry = resource_of(self._settings.resources, resource)
        left = self._retry(lambda: self._left_behind(entry))
        waiting = self._retry(lambda: self._waiting(entry))
        ready, after = filenames.stable(waiting, cursor, time.time(), entry.stable_seconds)
        found = [*left, *(_Found(file, _join(entry.folder, file.name)) for file in ready)]
        troubles = [self._too_large(entry, one) for one in found if one.file.size > entry.max_bytes]
        small = [one for one in found if one.file.size <= entry.max_bytes]
        taken = False
        for group in filenames.groups(small, partial(_weight, entry)):
            documents = [one for item in group for one in self._fetched(resource, entry, item, troubles)]
            if documents:
                taken = True
                yield Batch(documents=tuple(documents), cursor=after)
        if not taken and after != dict(cursor or {}):
            yield Batch(documents=(), cursor=after)
        if troubles:
            raise _together(troubles)

    def _waiting(self, entry: FolderResource) -> list[File]:
        files = self._store.files(entry.folder)
        if entry.claim_ending:
            files = [file for file in files if _claim_of(entry, file) is None]
        return filenames.matching(files, entry.pattern, entry.marker)

    def _left_behind(self, entry: FolderResource) -> list[_Found]:
        """Files that were claimed so long ago that their reader must be gone."""
        if entry.claim_folder is None:
            return []
        now, found = time.time(), []
        for file in self._store.files(entry.claim_folder):
            claim = _claim_of(entry, file)
            if claim is not None and now - claim[0] >= entry.claim_seconds:
                version = File(file.mtime, claim[1], file.size)
                known = file.name == filenames.claimed_name(version, claim[0]) + entry.claim_ending
                found.append(_Found(version, _join(entry.claim_folder, file.name), known))
        return sorted(found, key=lambda one: one.file)

    def _fetched(
        self, resource: str, entry: FolderResource, found: _Found, troubles: list[Contract]
    ) -> list[Document]:
        path = self._retry(lambda: self._claim(entry, found))
        if path is None or not found.known:  # replaced while it was claimed: it must stand still first
            return []
        try:
            return self._retry(lambda: self._fetch(resource, entry, found.file, path))
        except Contract as error:
            troubles.append(error)
            if entry.claim:
                with suppress(ConnectorError):  # it stays claimed then, and comes again as one left behind
                    self._give_back(entry, found.file, path)
            return []

    def _claim(self, entry: FolderResource, found: _Found) -> str | None:
        """Rename a file so that it is ours; None when somebody was faster, or it is not that version now."""
        if entry.claim_folder is None:
            return found.path
        name = filenames.claimed_name(found.file, time.time()) + entry.claim_ending
        path = _join(entry.claim_folder, name)
        if path == found.path:
            return path
        if self._store.stat(path) is not None or not self._store.rename(found.path, path):
            return None
        if not self._same(path, found.file):
            self._store.rename(path, found.path)  # replaced since it was listed: it waits like any new one
            return None
        if entry.marker:
            self._store.rename(found.path + entry.marker, path + entry.marker)
        return path

    def _give_back(self, entry: FolderResource, file: File, path: str) -> None:
        origin = _join(entry.folder, file.name)
        if self._store.stat(origin) is None and self._store.rename(path, origin) and entry.marker:
            self._store.rename(path + entry.marker, origin + entry.marker)

    def _fetch(self, resource: str, entry: FolderResource, file: File, path: str) -> list[Document]:
        """Read one version of a file; nothing when it is gone or another version stands there."""
        body = self._store.read(path, file.size + 1)
        if body is None or not self._same(path, file):
            return []
        if len(body) != file.size:
            raise Unavailable(
                f"{self._store.shown(path)}: expected {file.size} bytes, found {len(body)}", code="short_read"
            )
        name = filenames.told(file.name)
        attributes = {"resource": resource, "name": name, "modified": _moment(file.mtime)}
        if entry.claim:
            attributes["claimed"] = filenames.told(path.rpartition("/")[2])
        kind = _kind(entry, file)
        if kind is None:
            return [_document(entry, file.source_key, body, attributes)]
        limits = Limits(members=entry.max_members, size=entry.max_bytes)
        place = self._store.shown(_join(entry.folder, name))
        return [
            _document(
                entry,
                file.member_key(member.label),
                member.body,
                {**attributes, "name": member.label, "archive": name},
            )
            for member in archives.unpack(place, name, body, kind, limits)
        ]

    def release(self, resource: str, documents: Sequence[Document]) -> None:
        """Archive or delete files that are durable here; what has changed since stays for reading.

        Raises:
            Contract: A document that did not come from here.
        """
        entry = resource_of(self._settings.resources, resource)
        if entry.archive is None and not entry.delete:
            return
        for file, path in dict.fromkeys(_origin(entry, document) for document in documents):
            self._retry(partial(self._release, entry, file, path))

    def _release(self, entry: FolderResource, file: File, path: str) -> None:
        if not self._same(path, file):
            return  # released before, or replaced since: it must be read first
        target = self._target(entry, file)
        # the marker goes first: left behind, it would call the partner's next file of this name whole
        markers = (path + entry.marker, target + entry.marker) if entry.marker else None
        if markers and not self._store.rename(*markers):
            self._store.remove(markers[0])  # an earlier release came as far as the marker
        if not self._store.rename(path, target):
            return
        if not self._same(target, file):  # replaced just before the rename: it must be read first
            self._store.rename(target, path)
            if markers:
                self._store.rename(*reversed(markers))
        elif entry.delete:
            self._store.remove(target)
            if markers:
                self._store.remove(markers[1])

    def _target(self, entry: FolderResource, file: File) -> str:
        """Its name in the archive, numbered when another has it; a hidden one when it is to be deleted."""
        if entry.archive is None:
            return _join(entry.claim_folder or entry.folder, filenames.temporary_name(file.name, uuid4().hex))
        for copy in range(_MOST_COPIES):
            path = _join(entry.archive, file.archived + (f".{copy}" if copy else ""))
            if self._store.stat(path) is None:
                return path
        raise Config(
            f"archive {self._store.shown(entry.archive)}: expected a free name for {file.name}, found none",
            code="archive_full",
        )

    def _same(self, path: str, file: File) -> bool:
        found = self._store.stat(path)
        return found is not None and (found.mtime, found.size) == (file.mtime, file.size)

    def _too_large(self, entry: FolderResource, found: _Found) -> Contract:
        place = self._store.shown(_join(entry.folder, filenames.told(found.file.name)))
        return Contract(
            f"{place}: expected at most {entry.max_bytes} bytes, found {found.file.size}",
            code="file_too_large",
        )

    # Sink and Probe

    @property
    def operations(self) -> Mapping[str, Operation]:
        """What can be done, by name."""
        return self._operations

    def write(self, operation: str, document: Document, key: str) -> Receipt:
        """Write under a temporary name, then rename to the key's own name in one step.

        Raises:
            ConnectorError: Nothing stands under the key's name then, unless it is `Unknown`.
        """
        entry, name = self._named(operation, key)
        return self._retry(lambda: self._put(entry, name, document.body))

    def find(self, operation: str, key: str) -> Receipt | None:
        """Look for the key's file where we put it, and where the partner moves what it has taken."""
        entry, name = self._named(operation, key)
        return self._retry(lambda: self._seen(entry, name))

    def _named(self, operation: str, key: str) -> tuple[FileOperation, str]:
        entry = operation_of(self._settings.operations, operation)
        check_key(key, entry.key_length)
        return entry, filenames.final_name(entry.name, key)

    def _put(self, entry: FileOperation, name: str, body: bytes) -> Receipt:
        path = _join(entry.folder, name)
        temporary = _join(entry.folder, filenames.temporary_name(name, uuid4().hex))
        exchange = self._store.put(path, temporary, body)
        told = {"name": name, "path": self._store.shown(path), "size": len(body)}
        return Receipt(reference=name, body=told, exchange=exchange)

    def _seen(self, entry: FileOperation, name: str) -> Receipt | None:
        for folder in (entry.folder, *entry.find_in):
            path = _join(folder, name)
            file = self._store.stat(path)
            if file is None:
                continue
            shown = self._store.shown(path)
            told = {"name": name, "path": shown, "size": file.size, "modified": _moment(file.mtime)}
            exchange = Exchange(request=f"STAT {shown}", response=f"found {file.size} bytes")
            return Receipt(reference=name, body=told, exchange=exchange, found=True)
        for folder in (entry.folder, *entry.find_in):
            self._store.need(folder)  # a folder that is not there could hide the file
        return None


def _join(folder: str, name: str) -> str:
    return f"{folder.rstrip('/')}/{name}"


def _kind(entry: FolderResource, file: File) -> Kind | None:
    if isinstance(entry.unpack, bool):
        return archives.kind_by_name(file.name) if entry.unpack else None
    return entry.unpack


def _weight(entry: FolderResource, found: _Found) -> int:
    """Bytes of a file in its group; an archive has a group of its own."""
    return filenames.GROUP_BYTES if _kind(entry, found.file) else found.file.size


def _claim_of(entry: FolderResource, file: File) -> tuple[int, str] | None:
    """Since when a file is claimed and its name before; None when it is not claimed."""
    if not file.name.endswith(entry.claim_ending) or (entry.marker and file.name.endswith(entry.marker)):
        return None
    return filenames.of_claimed_name(file.name.removesuffix(entry.claim_ending))


def _origin(entry: FolderResource, document: Document) -> tuple[File, str]:
    """The file a document came from, and where it stands."""
    claimed = filenames.untold(document.attributes.get("claimed", ""))
    try:
        file = filenames.of_source_key(document.source_key)
    except ValueError as error:
        raise Contract(f"release from {entry.folder}: {error}", code="source_key_unusable") from None
    if "/" in file.name + claimed or file.name in {".", ".."}:
        found = f"found {document.source_key!r}"
        raise Contract(
            f"release from {entry.folder}: expected a file of this folder, {found}",
            code="source_key_unusable",
        )
    if entry.claim_folder and claimed:
        return file, _join(entry.claim_folder, claimed)
    return file, _join(entry.folder, file.name)


def _document(entry: FolderResource, key: str, body: bytes, attributes: dict[str, str]) -> Document:
    return Document(source_key=key, body=body, media_type=entry.media_type, attributes=attributes)


def _together(troubles: Sequence[Contract]) -> Contract:
    """One error for all files that could not be taken."""
    told = [error.message for error in troubles[:_MOST_TOLD]]
    more = len(troubles) - len(told)
    return Contract("; ".join([*told, *([f"and {more} more"] if more else [])]), code=troubles[0].code)


def _moment(mtime: int) -> str:
    return datetime.fromtimestamp(mtime, UTC).isoformat().replace("+00:00", "Z")
