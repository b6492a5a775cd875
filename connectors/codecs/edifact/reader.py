"""Streaming reader: cuts a document into interchanges, groups and messages and checks their envelopes.

Only the segments that carry the envelope are looked at; everything between UNH and UNT is handed on as
bytes. Memory is one chunk and one message, whatever the size of the document.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from connectors.codecs.base import Body, Finding, excerpt
from connectors.codecs.edifact import findings as codes
from connectors.codecs.edifact import fragment
from connectors.codecs.edifact.checks import check_group, check_header, check_trailer
from connectors.codecs.edifact.envelope import Group, Interchange
from connectors.codecs.edifact.fragment import Fragment
from connectors.codecs.edifact.scanner import Scanner
from connectors.codecs.edifact.segments import Block
from connectors.codecs.edifact.service import (
    CHARSETS,
    COMPONENT,
    ELEMENT,
    HEAD,
    HEADER_LIMIT,
    Header,
    Service,
    apart,
    detect,
    part,
)
from connectors.codecs.segmented.window import Segment, Window

_LOOK_AHEAD: Final = HEADER_LIMIT + 128
_PADDING: Final = b" \t\r\n\x00\x1a\xef\xbb\xbf'"
"""May stand around interchanges: white space, NUL, end-of-file and byte order marks, terminators."""
_RESERVE: Final = 32
_NOT_COUNTED: Final = frozenset({b"UNH", b"UNT", b"UNA", b"UNB"})  # with their message; the head before
_JUNK_LIMIT: Final = 65536
"""How much of what is no EDI is kept to be shown."""


class Reader:
    """Reads one document, once.

    `blocks` yields every message in order, the broken ones with findings. `interchanges` grows as it
    goes on; it is complete, with all findings on groups and interchanges, when `blocks` is exhausted.
    """

    def __init__(self, body: Body) -> None:
        self.interchanges: list[Interchange] = []
        self._window = Window(body)
        self._at = 0
        self._padding = _PADDING
        self._told = False  # what comes next belongs to an interchange that was refused

    def blocks(self) -> Iterator[Block]:
        """Yield the messages of all interchanges; never raises for what the document holds."""
        refused = False
        while True:
            junk = self._seek()
            if junk is not None:
                refused = True
                yield junk
            if not self._window.ensure(self._at, _LOOK_AHEAD):
                break
            if (found := self._fragment()) is not None:
                yield from self._inside(_bare(found, self._at), self._window.base + found.start)
                continue
            header = detect(self._window.data, self._at - self._window.base)
            if isinstance(header, str):
                refused = True
                yield self._refused(header)
                continue
            yield from self._inside(_interchange(header, self._at), self._window.base + header.end - 1)
        if not self.interchanges and not refused:
            yield _outside(b"", 0, "The file is empty.")

    def _inside(self, interchange: Interchange, at: int) -> Iterator[Block]:
        self.interchanges.append(interchange)
        inside = _Inside(self._window, interchange, at)
        yield from inside.blocks()
        self._at = self._window.keep = inside.end
        self._padding = _PADDING + interchange.service.segment

    def _fragment(self) -> Fragment | None:
        return fragment.detect(self._window.data, self._at - self._window.base)

    def _seek(self) -> Block | None:
        """Go to the next UNA or UNB; anything but padding in between becomes a block that cannot be read."""
        window = self._window
        self._at = self._window.past(self._at, self._padding, _LOOK_AHEAD)
        if window.ensure(self._at, _LOOK_AHEAD) and not self._told and self._fragment() is not None:
            return None
        begin, junk = self._at, b""
        while window.ensure(self._at, _LOOK_AHEAD):
            match = HEAD.search(window.data, self._at - window.base)
            reserve = 0 if window.ended else _RESERVE
            stop = window.base + match.start() if match else max(self._at, window.end - reserve)
            found = window.slice(self._at, stop)
            if not junk.strip(self._padding):  # only padding so far: it does not count
                begin, junk = self._at + len(found) - len(found.lstrip(self._padding)), b""
                found = found.lstrip(self._padding)
            junk += found[: _JUNK_LIMIT - len(junk)]
            self._at = window.keep = stop
            if match:
                break
        waste = junk.strip(self._padding)
        told, self._told = self._told, False
        if told or not waste:
            return None
        return _outside(waste, begin, f"Expected a UNA or UNB segment, found '{excerpt(waste)}'.")

    def _refused(self, reason: str) -> Block:
        """Give up on the head of an interchange; what follows up to the next one is told with it."""
        window, begin = self._window, self._at
        data, start = window.data, begin - window.base
        behind = start + 3
        if data[start:behind] == b"UNA":  # its UNB is refused with it
            behind = data.index(b"UNB", behind) + 3
        match = HEAD.search(data, behind, start + _LOOK_AHEAD)
        stop = match.start() if match else len(data)
        self._at = window.keep = window.base + min(stop, start + HEADER_LIMIT)
        self._told = True
        return _outside(window.slice(begin, self._at), begin, reason)


class _Inside:
    """Reads one interchange; `end` is where it ended."""

    def __init__(self, window: Window, interchange: Interchange, at: int) -> None:
        self._window = window
        self._interchange = interchange
        self._service: Service = interchange.service
        self._scanner = Scanner(window, interchange.service, at, opened=not interchange.bare)
        self._group: Group | None = None
        self._block: Block | None = None
        self._seen: set[str] = set()  # message references of this group
        window.keep = at
        self.end = at
        self._after = at  # behind the last envelope segment

    def blocks(self) -> Iterator[Block]:
        handlers = {
            b"UNH": self._unh,
            b"UNT": self._stray_unt,
            b"UNG": self._ung,
            b"UNE": self._une,
            b"UNZ": self._unz,
        }
        while (segment := self._scanner.next()) is not None:
            self._interchange.segments += segment.tag not in _NOT_COUNTED
            if segment.tag == b"UNT" and self._block is not None:
                yield self._unt(segment, self._block)
                continue
            # right behind a terminator there is nothing to leave
            if self._block is not None or segment.start - self._after > 1:
                yield from self._leave(segment.start)
            self._after = segment.end
            if segment.tag in {b"UNA", b"UNB"}:
                yield from self._finish(segment.start)
                return
            handlers[segment.tag](segment, self._elements(segment))
            if segment.tag == b"UNZ":
                return
        yield from self._leave(self._window.end)
        yield from self._finish(self._window.end)

    def _elements(self, segment: Segment) -> list[list[str]]:
        return apart(self._window.slice(segment.start, segment.end), self._service)

    def _unh(self, segment: Segment, elements: list[list[str]]) -> None:
        group = self._group
        if group is None:
            group = self._group = Group(offset=segment.start)
            self._interchange.groups.append(group)
            self._seen = set()
        group.received += 1
        block = Block(
            interchange=self._interchange,
            group=group,
            control=part(elements, 1),
            set=part(elements, 2),
            version=":".join(elements[2][1:5] if len(elements) > 2 else ()).rstrip(":"),  # noqa: PLR2004 - S009
            offset=segment.start,
        )
        if block.control in self._seen:
            block.findings.append(_repeated(block))
        self._seen.add(block.control)
        self._block = block
        self._window.keep = segment.start

    def _unt(self, segment: Segment, block: Block) -> Block:
        elements = self._elements(segment)
        self._after = segment.end
        if not segment.closed and part(elements, 2) != block.control:
            return self._cut(segment.end)
        self._take(block, segment.end)
        block.trailer = elements
        return block

    def _stray_unt(self, segment: Segment, _: list[list[str]]) -> None:
        message = "A message trailer (UNT) has no header (UNH)."
        self._interchange.findings.append(_broken(message, "UNH", "UNT", segment.start))

    def _cut(self, end: int) -> Block:
        """The open message has no UNT: hand out what is there of it."""
        block = self._block
        assert block is not None  # noqa: S101 - callers asked
        self._take(block, end)
        texts = block.texts().segments
        last = texts[-1].replace(ELEMENT, "+").replace(COMPONENT, ":") if texts else ""
        message = (
            f"Message {block.control or '?'} has no UNT trailer: it ends after {len(texts)} segments with "
            f"'{excerpt(last, 60)}'. The file may have been cut."
        )
        finding = codes.EdifactFinding(
            code=codes.MESSAGE_TRAILER_MISSING,
            message=message,
            place=f"message {block.control or '?'}",
            expected="UNT",
            found=excerpt(last, 200),
            offset=end,
        )
        block.findings.append(finding)
        return block

    def _take(self, block: Block, end: int) -> None:
        block.raw = self._window.slice(block.offset, end)
        self._block = None
        self._window.keep = end

    def _ung(self, segment: Segment, elements: list[list[str]]) -> None:
        self._close_group(None, segment.start)
        self._group = Group(
            explicit=True,
            functional=part(elements, 1),
            sender=part(elements, 2),
            receiver=part(elements, 3),
            date=part(elements, 4),
            time=part(elements, 4, 2),
            control=part(elements, 5),
            version=":".join([*elements[7], part(elements, 6)][:3]) if len(elements) > 7 else "",  # noqa: PLR2004 - S008
            offset=segment.start,
        )
        self._interchange.groups.append(self._group)
        self._seen = set()
        self._window.keep = segment.end

    def _une(self, segment: Segment, elements: list[list[str]]) -> None:
        if self._group is None or not self._group.explicit:
            message = "A group trailer (UNE) has no header (UNG)."
            self._interchange.findings.append(_broken(message, "UNG", "UNE", segment.start))
        self._close_group(elements, segment.start)
        self._window.keep = segment.end

    def _unz(self, segment: Segment, elements: list[list[str]]) -> None:
        self._close_group(None, segment.start)
        if not self._interchange.bare:
            check_trailer(self._interchange, elements, segment.start)
        self.end = segment.end + (len(self._service.segment) if segment.closed else 0)

    def _leave(self, upto: int) -> Iterator[Block]:
        """End what is open; content outside of any message is not passed over in silence."""
        if self._block is not None:
            yield self._cut(upto)
            return
        found = self._window.slice(self._after, min(upto, self._after + _JUNK_LIMIT))
        waste = found.strip(_PADDING + self._service.segment)
        if waste:
            place = f"interchange {self._interchange.control}"
            message = f"Expected UNH, UNG, UNE or UNZ in {place}, found '{excerpt(waste)}'."
            yield _outside(waste, self._after + found.find(waste), message, "UNH, UNG, UNE or UNZ")

    def _finish(self, offset: int) -> Iterator[Block]:
        """The interchange ends without UNZ; if no message was in it, a block has to tell so."""
        self.end = offset
        self._close_group(None, offset)
        interchange = self._interchange
        if interchange.bare:
            return
        check_trailer(interchange, None, offset)
        if not interchange.received:
            message = f"Interchange {interchange.control} ends before its first message."
            yield _outside(b"", interchange.offset, message)

    def _close_group(self, elements: list[list[str]] | None, offset: int) -> None:
        if self._group is not None:
            check_group(self._group, elements, offset)
        self._group = None


def _interchange(header: Header, offset: int) -> Interchange:
    syntax = header.at(1)
    interchange = Interchange(
        syntax=syntax,
        version=header.at(1, 2),
        sender=header.at(2),
        sender_qualifier=header.at(2, 2),
        receiver=header.at(3),
        receiver_qualifier=header.at(3, 2),
        date=header.at(4),
        time=header.at(4, 2),
        control=header.at(5),
        application=header.at(7),
        ack_requested=header.at(9) == "1",
        agreement=header.at(10),
        test=header.at(11) == "1",
        service=header.service,
        charset=CHARSETS.get(syntax, ""),
        offset=offset,
        segments=1,
    )
    check_header(interchange)
    return interchange


def _bare(found: Fragment, offset: int) -> Interchange:
    """What stands for the interchange of messages that came without one."""
    tag = found.tag.decode("ascii")
    finding = codes.EdifactFinding(
        code=codes.INTERCHANGE_STRUCTURE,
        message=f"There is no UNB before {tag}: nobody knows from whom this is.",
        place=f"byte {offset}",
        expected="an interchange from UNB to UNZ",
        found=tag,
        offset=offset,
    )
    return Interchange(
        syntax="",
        version="",
        sender="",
        receiver="",
        sender_qualifier="",
        receiver_qualifier="",
        date="",
        time="",
        control="",
        application="",
        ack_requested=False,
        agreement="",
        test=False,
        service=found.service,
        charset="",
        offset=offset,
        bare=True,
        findings=[finding],
    )


def _outside(
    waste: bytes, offset: int, reason: str, expected: str = "an interchange from UNB to UNZ"
) -> Block:
    finding = codes.EdifactFinding(
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


def _repeated(block: Block) -> Finding:
    return codes.EdifactFinding(
        code=codes.MESSAGE_REPEATED,
        message=f"The message reference '{block.control}' of UNH occurs twice.",
        place=f"message {block.control}",
        expected="a reference used once",
        found=block.control,
        offset=block.offset,
        fatal=False,
    )
