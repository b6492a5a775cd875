"""Looking into a file of either standard, interchange by interchange, without a flow that reads it.

Every interchange is given once it is complete, with all that is wrong in it; a file of any size takes the
memory of its largest interchange. What stands between interchanges is told with the one before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from connectors.codecs import edifact, x12
from connectors.codecs.base import NOTHING, Body, Finding, Tree
from connectors.codecs.edi.sniff import HEAD_SIZE, Standard, standard_of
from connectors.codecs.edifact.codec import looked_into as edifact_messages
from connectors.codecs.edifact.reader import Reader as EdifactReader
from connectors.codecs.x12.codec import looked_into as x12_transactions
from connectors.codecs.x12.reader import Reader as X12Reader

Interchange = x12.Interchange | edifact.Interchange
Message = x12.Transaction | edifact.Message


@dataclass(slots=True, kw_only=True)
class Seen:
    """One interchange of a file.

    `interchange` is None for a file in which there is none. `outside` is what stood around it and is no EDI.
    `trees` holds the decoded messages in order, None for those that cannot be read, when they were asked for.
    """

    standard: Standard
    interchange: Interchange | None
    outside: list[Finding] = field(default_factory=list)
    trees: list[Tree] = field(default_factory=list)


class NoEdi(ValueError):  # noqa: N818 - reads as what it is
    """A file that is neither X12 nor EDIFACT."""


def interchanges(body: Body, options: Mapping[str, Any] = NOTHING, *, trees: bool = False) -> Iterator[Seen]:
    """Read a file and give its interchanges.

    Args:
        body: The file, whole or in chunks.
        options: As for the codec of its standard; without `format` and `versions` whatever is there is read,
            by the guide that fits best.
        trees: Whether the decoded messages are wanted too.

    Raises:
        NoEdi: It is neither X12 nor EDIFACT.
    """
    head, whole = _peeked(body)
    standard = standard_of(head)
    if standard is None:
        raise NoEdi("expected X12 (ISA …) or EDIFACT (UNA or UNB …), found neither")
    options = {"lenient": "format" not in options, **options}
    if standard is Standard.X12:
        reader: Any = X12Reader(whole)
        blocks: Any = x12_transactions(reader, options)
    else:
        reader = EdifactReader(whole)
        blocks = edifact_messages(reader, options)
    return _gathered(standard, reader.interchanges, blocks, trees=trees)


def messages_of(interchange: Interchange) -> Iterator[tuple[Any, Message]]:
    """The transactions or messages of an interchange, each with its group."""
    for group in interchange.groups:
        members: Iterable[Message] = (
            group.messages if isinstance(group, edifact.Group) else group.transactions
        )
        for one in members:
            yield group, one


def _gathered(
    standard: Standard, found: list[Interchange], blocks: Iterator[tuple[Any, Any]], *, trees: bool
) -> Iterator[Seen]:
    """Interchanges as they become complete: when a message of the next one, or the end, comes."""
    outside: list[Finding] = []
    given = 0
    kept: dict[int, list[Tree]] = {}
    for block, examined in blocks:
        if block.interchange is None:
            outside += block.findings
            continue
        while found[given] is not block.interchange:
            yield _seen(standard, found[given], outside, kept.pop(given, []))
            given += 1
        if trees:
            kept.setdefault(given, []).append(examined.tree)
    for at in range(given, len(found)):
        yield _seen(standard, found[at], outside, kept.pop(at, []))
    if not found:
        yield Seen(standard=standard, interchange=None, outside=outside)


def _seen(standard: Standard, interchange: Interchange, outside: list[Finding], trees: list[Tree]) -> Seen:
    taken = list(outside)
    outside.clear()
    return Seen(standard=standard, interchange=interchange, outside=taken, trees=trees)


def _peeked(body: Body) -> tuple[bytes, Body]:
    """The beginning of a document, and the document still whole."""
    if isinstance(body, bytes):
        return body[:HEAD_SIZE], body
    chunks = iter(body)
    head: list[bytes] = []
    while sum(map(len, head)) < HEAD_SIZE:
        chunk = next(chunks, None)
        if chunk is None:
            break
        head.append(chunk)
    return b"".join(head), chain(head, chunks)
