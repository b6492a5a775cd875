"""Names and versions of files, and which of them are whole: for all connectors that read folders; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from connectors.base import Cursor
from connectors.errors import Contract

_LONGEST_NAME = 200  # 255 less what a temporary name adds
_GROUP_FILES = 20
_GROUP_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True, order=True)
class File:
    """One version of a file: its time in whole seconds since 1970, its name, its size in bytes."""

    mtime: int
    name: str
    size: int

    @property
    def source_key(self) -> str:
        """The name of these very bytes: `returns.edi@1795201234-512`."""
        return f"{self.name}@{self.mtime}-{self.size}"

    @property
    def archived(self) -> str:
        """The name in the archive, sortable and the same whenever it is asked for."""
        stamp = datetime.fromtimestamp(self.mtime, UTC)
        return f"{stamp:%Y%m%dT%H%M%SZ}-{self.size}-{self.name}"


def of_source_key(source_key: str) -> File:
    """The file version that a source key names.

    Raises:
        ValueError: it names none.
    """
    name, at, version = source_key.rpartition("@")
    mtime, dash, size = version.rpartition("-")
    if not (name and at and dash):
        raise ValueError(f"expected name@mtime-size, found {source_key!r}")
    return File(int(mtime), name, int(size))


def stable(
    files: Iterable[File], cursor: Cursor | None, now: float, seconds: float
) -> tuple[list[File], dict[str, Any]]:
    """Split a listing: files that are whole, oldest first, and the cursor that remembers the others.

    A file is whole when an earlier reading saw the same version at least `seconds` ago by our own
    clock; the server's clock decides nothing.

    Args:
        files: What the folder holds.
        cursor: `{"pending": {source_key: first seen, seconds since 1970}}` of the reading before.
        now: Seconds since 1970.
        seconds: How long a version must have stood; 0 takes everything.
    """
    listing = sorted(files)
    if seconds <= 0:
        return listing, {}
    before: Mapping[str, float] = (cursor or {}).get("pending", {})
    since = {file.source_key: min(float(before.get(file.source_key, now)), now) for file in listing}
    ready = [file for file in listing if now - since[file.source_key] >= seconds]
    return ready, {"pending": since} if since else {}


def groups(files: Sequence[File]) -> Iterator[list[File]]:
    """Files in groups that are committed together: a few, and not too many bytes."""
    group: list[File] = []
    for file in files:
        if group and (
            len(group) == _GROUP_FILES or sum(one.size for one in group) + file.size > _GROUP_BYTES
        ):
            yield group
            group = []
        group.append(file)
    if group:
        yield group


def final_name(template: str, key: str) -> str:
    """The one name under which an effect's file stands; different keys never share one.

    Raises:
        Contract: it is longer than servers store.
    """
    name = template.format(key=quote(key, safe="+,=()"))
    if len(name) > _LONGEST_NAME:
        raise Contract(
            f"expected a file name of at most {_LONGEST_NAME} characters, found {name!r}", code="key_too_long"
        )
    return name


def temporary_name(name: str, salt: str) -> str:
    """A name that no partner's `*.edi` takes: hidden, and with another ending."""
    return f".{name}.{salt}.part"
