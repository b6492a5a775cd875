"""Names and versions of files, and which of them may be taken: for connectors that exchange files; pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any, Final, TypeVar
from urllib.parse import quote

from connectors.base import Cursor
from connectors.errors import Contract

UNFINISHED: Final = (".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".swp", "~")
"""Endings, in any case, of files that a program is still writing; so is every name with a leading dot."""

GROUP_BYTES: Final = 8 * 1024 * 1024
"""Bytes of the files that are committed together; a larger file is committed alone."""

_LONGEST_NAME = 200  # 255 less what a temporary name adds
_GROUP_FILES = 20

_CLAIMED = re.compile(r"(?P<at>\d{1,12})-\d{8}T\d{6}Z-\d+-(?P<name>.+)", re.DOTALL)
_UNTOLD = re.compile("[\\\\\ud800-\udfff]")  # the backslash too, so that there is a way back
_TOLD = re.compile(r"\\x([0-9a-f]{2})")

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, order=True)
class File:
    """One version of a file: its time in whole seconds since 1970, its name, its size in bytes.

    Bytes of a name that are not UTF-8 are lone surrogates, as Python has them for the file system.
    """

    mtime: int
    name: str
    size: int

    @property
    def source_key(self) -> str:
        """The name of these very bytes: `returns.edi@1795201234-512`."""
        return f"{told(self.name)}@{self.mtime}-{self.size}"

    def member_key(self, label: str) -> str:
        """The name of one document in this archive: `returns.zip@1795201234-512!monday.edi`."""
        return f"{self.source_key}!{label.replace('%', '%25').replace('@', '%40')}"

    @property
    def archived(self) -> str:
        """The name in the archive, sortable and the same whenever it is asked for."""
        stamp = datetime.fromtimestamp(self.mtime, UTC)
        return f"{stamp:%Y%m%dT%H%M%SZ}-{self.size}-{self.name}"


def of_source_key(source_key: str) -> File:
    """The file version that a source key names; for a member of an archive, that of the archive.

    Raises:
        ValueError: It names none.
    """
    name, at, version = source_key.rpartition("@")
    mtime, dash, size = version.partition("!")[0].rpartition("-")
    if not (name and at and dash):
        raise ValueError(f"expected name@mtime-size, found {source_key!r}")
    return File(int(mtime), untold(name), int(size))


def told(name: str) -> str:
    r"""A name as text that can be stored and shown: `caf\xe9.csv` where bytes are not UTF-8."""
    return _UNTOLD.sub(lambda found: f"\\x{ord(found[0]) & 0xFF:02x}", name)


def untold(name: str) -> str:
    """The name that `told` was given."""
    return _TOLD.sub(lambda found: _byte(int(found[1], 16)), name)


def _byte(value: int) -> str:
    return "\\" if value == ord("\\") else bytes([value]).decode("utf-8", "surrogateescape")


def matching(files: Iterable[File], pattern: str, marker: str | None = None) -> list[File]:
    """Those of a folder's files that are meant for us: by name, finished, and marked where that is asked for.

    Args:
        files: What the folder holds.
        pattern: `*.edi`; case counts. One that itself ends as unfinished files do takes these.
        marker: Ending of the file that says its neighbour is whole; such files are never taken themselves.
    """
    listing = list(files)
    names = {file.name for file in listing}
    return [
        file
        for file in listing
        if fnmatchcase(file.name, pattern)
        and not _unfinished(file.name, pattern)
        and not (marker and (file.name.endswith(marker) or file.name + marker not in names))
    ]


def _unfinished(name: str, pattern: str) -> bool:
    hidden = name.startswith(".") and not pattern.startswith(".")
    lower = name.lower()
    return hidden or any(
        lower.endswith(ending) and not pattern.lower().endswith(ending) for ending in UNFINISHED
    )


def claimed_name(file: File, at: float) -> str:
    """The name under which a file is held since `at` (seconds since 1970): `1795201300-20261120T…-a.edi`."""
    return f"{int(at)}-{file.archived}"


def of_claimed_name(name: str) -> tuple[int, str] | None:
    """Since when a file is held, and what its name was; None for a name that says neither."""
    found = _CLAIMED.fullmatch(name)
    return (int(found["at"]), found["name"]) if found else None


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


def groups(items: Sequence[Item], weight: Callable[[Item], int]) -> Iterator[list[Item]]:
    """Files in groups that are committed together: a few, and not too many bytes (`weight`)."""
    group: list[Item] = []
    held = 0
    for item in items:
        size = weight(item)
        if group and (len(group) == _GROUP_FILES or held + size > GROUP_BYTES):
            yield group
            group, held = [], 0
        group.append(item)
        held += size
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
