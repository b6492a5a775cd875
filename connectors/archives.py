"""Zip and gzip files as the documents inside them, within limits; pure.

Names of members are labels and never paths: nothing is ever written under them. Sizes that an archive
declares are believed only when they are above a limit; what is unpacked is counted as it comes.
"""

from __future__ import annotations

import gzip
import io
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from connectors.errors import Contract

Kind = Literal["zip", "gzip"]

RATIO: Final = 200
"""Unpacked bytes per packed byte; files of a trade are at 5 to 50, a bomb at 1,000."""

_ALWAYS_FINE: Final = 1024 * 1024  # bytes up to which nobody asks for the ratio
_CHUNK: Final = 256 * 1024
_ENTRY: Final = b"PK\x01\x02"
_MOST_ENTRIES: Final = (
    20_000  # signatures, also by chance inside stored data, before the index is read at all
)
_METHODS: Final = {zipfile.ZIP_STORED: "stored", zipfile.ZIP_DEFLATED: "deflate"}
_ENCRYPTED: Final = 0x1


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one archive may hold: members, and bytes when unpacked."""

    members: int
    size: int


@dataclass(frozen=True, slots=True)
class Member:
    """One document of an archive; `label` is its name there, printable and unique within the archive."""

    label: str
    body: bytes


def kind_by_name(name: str) -> Kind | None:
    """What a file's ending (`.zip`, `.gz`, in any case) says it is; None for no archive."""
    lower = name.lower()
    if lower.endswith(".zip"):
        return "zip"
    return "gzip" if lower.endswith(".gz") else None


def unpack(place: str, name: str, body: bytes, kind: Kind, limits: Limits) -> list[Member]:
    """The documents of an archive, in its own order; all of them or none.

    Archives inside the archive stay as they are. Folders are passed over.

    Args:
        place: The archive as an operator knows it (`/in/returns.zip`), for messages.
        name: Its file name; a gzip file's one member is called so, without `.gz`.
        body: Its bytes.
        kind: What it must be.
        limits: What it may hold.

    Raises:
        Contract: It is damaged, encrypted, empty, or above a limit; told with member, expected and found.
    """
    if kind == "gzip":
        return [Member(_gzip_label(name), _gunzipped(place, body, limits))]
    try:
        with zipfile.ZipFile(io.BytesIO(_sane(place, body, limits))) as archive:
            return list(_members(place, archive, limits))
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, UnicodeDecodeError) as error:
        raise _damaged(place, "a whole zip file", error) from None


def _gzip_label(name: str) -> str:
    return _printable(name[:-3] if name.lower().endswith(".gz") and len(name) > len(".gz") else name)


def _gunzipped(place: str, body: bytes, limits: Limits) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as stream:
            return _read(place, stream.read, len(body), limits.size, limits)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise _damaged(place, "a whole gzip file", error) from None


def _sane(place: str, body: bytes, limits: Limits) -> bytes:
    """The body, when reading its index costs little: an index of millions of entries is a bomb of its own."""
    entries = body.count(_ENTRY)
    if entries > _MOST_ENTRIES:
        raise _above(place, "members", limits.members, f"an index of {entries}")
    return body


def _members(place: str, archive: zipfile.ZipFile, limits: Limits) -> Iterator[Member]:
    entries = [entry for entry in archive.infolist() if not _is_folder(entry)]
    if not entries:
        raise Contract(f"{place}: expected at least one file inside, found none", code="archive_empty")
    if len(entries) > limits.members:
        raise _above(place, "members", limits.members, str(len(entries)))
    declared = sum(entry.file_size for entry in entries)
    if declared > limits.size:
        raise _above(place, "unpacked bytes", limits.size, str(declared))
    labels: set[str] = set()
    left = limits.size
    for entry in entries:
        label = _unique(_printable(entry.filename), labels)
        member = f"{place}: member {label!r}"
        _readable(member, entry)
        try:
            with archive.open(entry) as stream:
                body = _read(member, stream.read, entry.compress_size, left, limits)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
            raise _damaged(member, f"{entry.file_size} whole bytes", error) from None
        left -= len(body)
        yield Member(label, body)


def _is_folder(entry: zipfile.ZipInfo) -> bool:
    return entry.filename.endswith(("/", "\\")) and not entry.file_size


def _readable(member: str, entry: zipfile.ZipInfo) -> None:
    if entry.flag_bits & _ENCRYPTED:
        raise Contract(f"{member}: expected no encryption, found an encrypted file", code="archive_encrypted")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise Contract(f"{member}: expected a file, found a symbolic link", code="archive_link")
    if entry.compress_type not in _METHODS:
        expected = " or ".join(_METHODS.values())
        raise Contract(
            f"{member}: expected {expected}, found compression method {entry.compress_type}",
            code="archive_method",
        )


def _read(member: str, read: Callable[[int], bytes], packed: int, left: int, limits: Limits) -> bytes:
    out = io.BytesIO()
    while chunk := read(_CHUNK):
        out.write(chunk)
        size = out.tell()
        if size > left:
            raise _above(member, "unpacked bytes in all", limits.size, "more")
        if size > _ALWAYS_FINE and size > packed * RATIO:
            raise Contract(
                f"{member}: expected at most {RATIO} times its {packed} packed bytes, found more",
                code="archive_ratio",
            )
    return out.getvalue()


def _printable(label: str) -> str:
    r"""A label that can be stored and shown; what is no printable text as `\x1b` or `\u202e`."""
    return "".join(
        char
        if char.isprintable()
        else f"\\x{ord(char) & 0xFF:02x}"
        if "\udc80" <= char <= "\udcff" or ord(char) < 256  # noqa: PLR2004 - the bytes
        else f"\\u{ord(char):04x}"
        for char in label
    )


def _unique(label: str, taken: set[str]) -> str:
    name, number = label, 1
    while name in taken:
        number += 1
        name = f"{label}#{number}"
    taken.add(name)
    return name


def _above(place: str, what: str, most: int, found: str) -> Contract:
    return Contract(f"{place}: expected at most {most} {what}, found {found}", code="archive_too_large")


def _damaged(place: str, expected: str, error: Exception) -> Contract:
    words = str(error).rstrip(".") or type(error).__name__
    return Contract(f"{place}: expected {expected}, found damage: {words}", code="archive_damaged")
