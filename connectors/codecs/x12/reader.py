"""Streaming reader: cuts a document into interchanges, groups and transactions and checks their envelopes.

Only the segments that carry the envelope are looked at; everything between ST and SE is handed on as
bytes. Memory is one chunk and one transaction, whatever the size of the document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from connectors.codecs.base import Body, Finding, excerpt
from connectors.codecs.segmented.window import Segment, Window
from connectors.codecs.x12 import findings as codes
from connectors.codecs.x12 import fragment
from connectors.codecs.x12.checks import (
    CONTROL_LENGTH,
    check_group,
    check_header,
    check_trailer,
    doubtful_control,
)
from connectors.codecs.x12.delimiters import HEADER_LIMIT, Delimiters, Header, detect
from connectors.codecs.x12.envelope import Group, Interchange
from connectors.codecs.x12.fragment import Fragment
from connectors.codecs.x12.scanner import Scanner
from connectors.codecs.x12.segments import Block, split

_LOOK_AHEAD: Final = HEADER_LIMIT + 128
_PADDING: Final = b" \t\r\n\x00\x1a\xef\xbb\xbf"
"""May stand around interchanges: white space, NUL, end-of-file marks and byte order marks."""
_ISA: Final = re.compile(rb"ISA[^A-Za-z0-9\s]")
_DELIVERY: Final = re.compile(rb"(?:ISB|ISE|TA3)[^A-Za-z0-9\s]")
_NOT_COUNTED: Final = frozenset({b"ST", b"SE", b"ISA"})  # with their transaction; the head before
_JUNK_LIMIT: Final = 65536
"""How much of what is no EDI is kept to be shown."""


class Reader:
    """Reads one document, once.

    `blocks` yields every transaction in order, the broken ones with findings. `interchanges` grows as
    it goes on; it is complete, with all findings on groups and interchanges, when `blocks` is exhausted.
    """

    def __init__(self, body: Body) -> None:
        self.interchanges: list[Interchange] = []
        self._window = Window(body)
        self._at = 0
        self._padding = _PADDING

    def blocks(self) -> Iterator[Block]:
        """Yield the transactions of all interchanges; never raises for what the document holds."""
        empty = True
        while True:
            junk = self._seek()
            if junk is not None:
                empty = False
                yield junk
            if not self._window.ensure(self._at, _LOOK_AHEAD):
                break
            empty = False
            if (fragment := self._fragment()) is not None:
                yield from self._inside(_bare(fragment, self._at), self._at)
                continue
            header = detect(self._window.data, self._at - self._window.base)
            if isinstance(header, str):
                yield self._refused(header)
                continue
            end = self._window.base + header.end
            yield from self._inside(_interchange(header, self._at), end - len(header.delimiters.segment))
        if empty:
            yield _outside(b"", 0, "The file is empty.")

    def _inside(self, interchange: Interchange, at: int) -> Iterator[Block]:
        self.interchanges.append(interchange)
        inside = _Inside(self._window, interchange, at)
        yield from inside.blocks()
        self._at = self._window.keep = inside.end
        self._padding = _PADDING + interchange.delimiters.segment  # a terminator too many is no content

    def _fragment(self) -> Fragment | None:
        return fragment.detect(self._window.data, self._at - self._window.base)

    def _seek(self) -> Block | None:
        """Go to the next ISA; anything but padding in between becomes a block that cannot be read."""
        self._at = self._window.past(self._at, self._padding, _LOOK_AHEAD)
        if self._fragment() is not None:
            return None
        begin = self._at
        waste = self._upto_next(b"").strip(self._padding)
        return (
            _outside(waste, begin, f"Expected an ISA segment, found '{excerpt(waste)}'.") if waste else None
        )

    def _upto_next(self, junk: bytes) -> bytes:
        """Go to the next ISA; gives what lies before it, as far as it is kept, behind what was there."""
        window = self._window
        while window.ensure(self._at, _LOOK_AHEAD):
            match = _ISA.search(window.data, self._at - window.base)
            reserve = 0 if window.ended else len(b"ISA")
            stop = window.base + match.start() if match else max(self._at, window.end - reserve)
            junk += window.slice(self._at, stop)[: _JUNK_LIMIT - len(junk)]
            self._at = window.keep = stop
            if match:
                break
        return junk

    def _refused(self, reason: str) -> Block:
        begin = self._at
        self._at += len(b"ISA")
        return _outside(self._upto_next(b"ISA"), begin, reason)


class _Inside:
    """Reads one interchange; `end` is where it ended."""

    def __init__(self, window: Window, interchange: Interchange, at: int) -> None:
        self._window = window
        self._interchange = interchange
        self._delimiters: Delimiters = interchange.delimiters
        self._element, self._component = self._delimiters.text[:2]
        self._scanner = Scanner(window, interchange.delimiters, at, opened=not interchange.bare)
        self._group: Group | None = None
        self._block: Block | None = None
        self._seen: set[str] = set()  # control numbers of this group
        window.keep = at
        self.end = at
        self._after = at  # behind the last envelope segment

    def blocks(self) -> Iterator[Block]:
        handlers = {
            b"ST": self._st,
            b"SE": self._stray_se,
            b"GS": self._gs,
            b"GE": self._ge,
            b"TA1": self._ta1,
            b"IEA": self._iea,
        }
        while (segment := self._scanner.next()) is not None:
            tag = segment.tag
            if tag == b"SE" and self._block is not None:
                yield self._se(segment, self._block)
                continue
            self._interchange.segments += tag not in _NOT_COUNTED
            # right behind a terminator there is nothing to leave
            if self._block is not None or segment.start - self._after > len(self._delimiters.segment):
                yield from self._leave(segment.start)
            self._after = segment.end
            if tag == b"ISA":
                yield from self._finish(segment.start)
                return
            handlers[tag](segment, self._elements(segment))
            if tag == b"IEA":
                return
        yield from self._leave(self._window.end)
        yield from self._finish(self._window.end)

    def _elements(self, segment: Segment) -> tuple[str, ...]:
        raw = self._window.slice(segment.start, segment.end)
        text = raw.decode("latin-1")
        if not text.isascii() or "\n" in text or "\r" in text:
            text = next(iter(split(raw, self._delimiters)), "")
        if self._component and text.endswith(self._component):
            text = text.rstrip(self._component)
        return tuple(text.split(self._element))

    def _st(self, segment: Segment, elements: tuple[str, ...]) -> None:
        group = self._group
        if group is None:
            group = self._group = Group(offset=segment.start, explicit=False)
            self._interchange.groups.append(group)
            if not self._interchange.bare:
                message = "A transaction (ST) begins outside of any functional group (GS)."
                group.findings.append(_broken(message, "GS", "ST", segment.start))
        group.received += 1
        control = elements[2].strip() if len(elements) > 2 else ""  # noqa: PLR2004 - ST02
        block = Block(
            interchange=self._interchange,
            group=group,
            set=elements[1].strip() if len(elements) > 1 else "",
            control=control,
            own_version=elements[3].strip() if len(elements) > 3 else "",  # noqa: PLR2004 - ST03
            offset=segment.start,
        )
        if control in self._seen or len(control) > CONTROL_LENGTH:
            block.findings.append(doubtful_control(control, group, segment.start))
        self._seen.add(control)
        self._block = block
        self._window.keep = segment.start
        self._scanner.binary.clear()

    def _se(self, segment: Segment, block: Block) -> Block:
        elements = self._elements(segment)
        self._after = segment.end
        if not segment.closed and elements[2:3] != (block.control,):
            return self._cut(segment.end)
        self._take(block, segment.end)
        block.trailer = elements
        return block

    def _stray_se(self, segment: Segment, _: tuple[str, ...]) -> None:
        message = "A transaction trailer (SE) has no header (ST)."
        self._interchange.findings.append(_broken(message, "ST", "SE", segment.start))

    def _cut(self, end: int) -> Block:
        """The open transaction has no SE: hand out what is there of it."""
        block = self._block
        assert block is not None  # noqa: S101 - callers asked
        self._take(block, end)
        texts = block.segments()
        message = (
            f"Transaction {block.control or '?'} has no SE trailer: it ends after {len(texts)} segments with "
            f"'{excerpt(texts[-1] if texts else '', 60)}'. The file may have been cut."
        )
        finding = codes.X12Finding(
            code=codes.SET_TRAILER_MISSING,
            message=message,
            place=f"transaction {block.control or '?'}",
            expected="SE",
            found=excerpt(texts[-1] if texts else "", 200),
            offset=end,
        )
        block.findings.append(finding)
        return block

    def _take(self, block: Block, end: int) -> None:
        block.raw = self._window.slice(block.offset, end)
        if self._scanner.binary:
            block.binary = [(a - block.offset, b - block.offset) for a, b in self._scanner.binary]
        self._block = None
        self._window.keep = end

    def _gs(self, segment: Segment, elements: tuple[str, ...]) -> None:
        self._close_group(None, segment.start)
        names = [element.strip() for element in elements[1:]] + [""] * 8
        functional, sender, receiver, date, time, control, _agency, version = names[:8]
        self._group = Group(
            functional=functional,
            sender=sender,
            receiver=receiver,
            date=date,
            time=time,
            control=control,
            version=version,
            offset=segment.start,
        )
        self._interchange.groups.append(self._group)
        self._seen = set()
        self._window.keep = segment.end

    def _ge(self, segment: Segment, elements: tuple[str, ...]) -> None:
        if self._group is None:
            message = "A group trailer (GE) has no header (GS)."
            self._interchange.findings.append(_broken(message, "GS", "GE", segment.start))
        self._close_group(elements, segment.start)
        self._window.keep = segment.end

    def _ta1(self, segment: Segment, elements: tuple[str, ...]) -> None:
        self._interchange.acknowledgements.append(elements[1:])
        self._window.keep = segment.end

    def _iea(self, segment: Segment, elements: tuple[str, ...]) -> None:
        self._close_group(None, segment.start)
        if not self._interchange.bare:
            check_trailer(self._interchange, elements, segment.start)
        self.end = segment.end + (len(self._delimiters.segment) if segment.closed else 0)

    def _leave(self, upto: int) -> Iterator[Block]:
        """End what is open; content outside of any transaction is not passed over in silence."""
        if self._block is not None:
            yield self._cut(upto)
            return
        found = self._window.slice(self._after, min(upto, self._after + _JUNK_LIMIT))
        waste = self._undelivered(found).strip(_PADDING + self._delimiters.segment)
        if waste:
            place = f"interchange {self._interchange.control}"
            message = f"Expected ST, GS, GE or IEA in {place}, found '{excerpt(waste)}'."
            yield _outside(waste, self._after + found.find(waste), message, "ST, GS, GE or IEA")

    def _undelivered(self, found: bytes) -> bytes:
        """Content without the segments that only ask for a way of delivery, as ISB does: they are counted."""
        terminator = self._delimiters.segment
        pieces = found.split(terminator) if _DELIVERY.search(found) else []
        strange = [piece for piece in pieces if not _DELIVERY.match(piece.strip())]
        self._interchange.segments += len(pieces) - len(strange)
        return terminator.join(strange) if pieces else found

    def _finish(self, offset: int) -> Iterator[Block]:
        """The interchange ends without IEA; if no transaction was in it, a block has to tell so."""
        self.end = offset
        self._close_group(None, offset)
        interchange = self._interchange
        if interchange.bare:
            return
        check_trailer(interchange, None, offset)
        if not interchange.acknowledgements and not any(group.received for group in interchange.groups):
            message = f"Interchange {interchange.control} ends before its first transaction."
            yield _outside(b"", interchange.offset, message)

    def _close_group(self, elements: tuple[str, ...] | None, offset: int) -> None:
        if self._group is not None and self._group.explicit:
            check_group(self._group, elements, offset)
        self._group = None


def _interchange(header: Header, offset: int) -> Interchange:
    isa = header.elements
    interchange = Interchange(
        sender_qualifier=isa[4],
        sender=isa[5],
        receiver_qualifier=isa[6],
        receiver=isa[7],
        date=isa[8],
        time=isa[9],
        standards=isa[10],
        version=isa[11],
        control=isa[12],
        ack_requested=isa[13] == "1",
        usage=isa[14],
        delimiters=header.delimiters,
        offset=offset,
        segments=1,
    )
    check_header(interchange, header)
    return interchange


def _bare(found: Fragment, offset: int) -> Interchange:
    """What stands for the interchange of transactions that came without one."""
    finding = codes.X12Finding(
        code=codes.INTERCHANGE_STRUCTURE,
        message=f"There is no ISA before {found.tag.decode('ascii')}: nobody knows from whom this is.",
        place=f"byte {offset}",
        expected="an ISA segment with 16 elements",
        found=found.tag.decode("ascii"),
        offset=offset,
    )
    return Interchange(
        sender="",
        receiver="",
        sender_qualifier="",
        receiver_qualifier="",
        control="",
        date="",
        time="",
        version="",
        standards="",
        ack_requested=False,
        usage="",
        delimiters=found.delimiters,
        offset=offset,
        bare=True,
        findings=[finding],
    )


def _outside(
    waste: bytes, offset: int, reason: str, expected: str = "an ISA segment with 16 elements"
) -> Block:
    finding = codes.X12Finding(
        code=codes.INTERCHANGE_STRUCTURE,
        message=reason,
        place=f"byte {offset}",
        expected=expected,
        found=excerpt(waste),
        offset=offset,
    )
    return Block(interchange=None, group=Group(), raw=waste, offset=offset, findings=[finding])


def _broken(message: str, expected: str, found: str, offset: int) -> Finding:
    return Finding(
        code=codes.INTERCHANGE_CONTENT,
        message=message,
        expected=expected,
        found=found,
        offset=offset,
        fatal=False,
    )
