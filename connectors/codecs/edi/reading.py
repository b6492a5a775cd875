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
from connectors.codecs.edi import verdicts_edifact, verdicts_x12
from connectors.codecs.edi.sniff import HEAD_SIZE, Standard, standard_of
from connectors.codecs.edi.verdicts import Acknowledgement
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
    `acknowledgements` are those that it holds. `trees` holds the decoded messages in order, None for those
    that cannot be read, when they were asked for.
    """

    standard: Standard
    interchange: Interchange | None
    outside: list[Finding] = field(default_factory=list)
    acknowledgements: list[Acknowledgement] = field(default_factory=list)
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
        if not head:
            raise NoEdi("expected X12 (ISA …) or EDIFACT (UNA or UNB …), the file is empty")
        raise NoEdi("expected X12 (ISA …) or EDIFACT (UNA or UNB …), found neither")
    options = {"lenient": "format" not in options, **options}
    if standard is Standard.X12:
        reader: Any = X12Reader(whole)
        return _Gathering(standard, reader.interchanges, options).seen(
            x12_transactions(reader, options), trees=trees
        )
    reader = EdifactReader(whole)
    return _Gathering(standard, reader.interchanges, options).seen(
        edifact_messages(reader, options), trees=trees
    )


def messages_of(interchange: Interchange) -> Iterator[tuple[Any, Message]]:
    """The transactions or messages of an interchange, each with its group."""
    for group in interchange.groups:
        members: Iterable[Message] = (
            group.messages if isinstance(group, edifact.Group) else group.transactions
        )
        for one in members:
            yield group, one


class _Gathering:
    """Interchanges as they become complete: when a message of the next one, or the end, comes."""

    def __init__(self, standard: Standard, found: list[Interchange], options: Mapping[str, Any]) -> None:
        self._standard = standard
        self._found = found
        self._charset = str(options.get("charset") or "")
        self._current = Seen(standard=standard, interchange=None)
        self._given = 0

    def seen(self, blocks: Iterator[tuple[Any, Any]], *, trees: bool) -> Iterator[Seen]:
        for block, examined in blocks:
            if block.interchange is None:
                self._current.outside += block.findings
                continue
            while self._found[self._given] is not block.interchange:
                yield self._complete()
            if trees:
                self._current.trees.append(examined.tree)
            verdicts = verdicts_x12 if self._standard is Standard.X12 else verdicts_edifact
            self._current.acknowledgements += verdicts.of_transaction(block, self._charset)
        while self._given < len(self._found):
            yield self._complete()
        if not self._found:
            yield self._current

    def _complete(self) -> Seen:
        done, self._current = self._current, Seen(standard=self._standard, interchange=None)
        done.interchange = self._found[self._given]
        if isinstance(done.interchange, x12.Interchange):
            done.acknowledgements[:0] = verdicts_x12.of_interchange(done.interchange)
        self._given += 1
        return done


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
