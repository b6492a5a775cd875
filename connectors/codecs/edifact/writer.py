"""Trees to EDIFACT: segments in the guide's order, service characters released, envelopes with counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, Final, NamedTuple

from connectors.codecs.base import EncodeError, Tree, excerpt
from connectors.codecs.edifact.elements import problems
from connectors.codecs.edifact.service import CHARSETS, COMPONENT, ELEMENT, REPETITION, SEGMENT
from connectors.codecs.segmented.flags import yes
from connectors.codecs.segmented.guide import Element, Guide, SegmentDef
from connectors.codecs.segmented.structure import plan
from connectors.codecs.segmented.writing import date, loose, segments, time

_MARKS: Final = ELEMENT + COMPONENT
_NAMES_LIMIT: Final = 999
_REFERENCE: Final = 14
_NAME: Final = 35


class Style(NamedTuple):
    """How to write: service characters ("" is none), and what stands at the end of a line."""

    component: str = ":"
    element: str = "+"
    decimal: str = "."
    release: str = "?"
    repetition: str = ""
    segment: str = "'"
    line_end: str = ""

    @classmethod
    def of(cls, envelope: Mapping[str, Any]) -> Style:
        """Read `delimiters`: component, element, decimal, release, repetition, segment, line_end."""
        given = envelope.get("delimiters") or {}
        style = cls(*(str(given.get(name, default)) for name, default in cls._field_defaults.items()))
        used = [sign for sign in (*style[:2], *style[3:6]) if sign]
        plain = all(len(sign) == 1 and sign.isascii() and not sign.isalnum() for sign in used)
        if len(set(used)) != len(used) or not plain or style.decimal not in {".", ","}:
            raise EncodeError(
                "Delimiters must be distinct single signs of ASCII that are no letters or digits, the "
                f"decimal mark a point or a comma: {style[:6]}"
            )
        return cls(*style[:6], line_end=style.line_end)

    @property
    def una(self) -> str:
        """The service string advice."""
        signs = (self.component, self.element, self.decimal, self.release, self.repetition)
        return "UNA" + "".join(sign or " " for sign in signs) + self.segment

    def outer(self, text: str) -> str:
        """Text with inner separators as it is written: service characters inside data are released."""
        table: dict[str, str | int | None] = {
            ELEMENT: self.element,
            COMPONENT: self.component,
            SEGMENT: self.segment,
        }
        for sign in (self.component, self.element, self.release, self.repetition, self.segment):
            if sign:
                table[sign] = self.release + sign
        return text.translate(str.maketrans(table))

    def blocked(self, text: str) -> list[str]:
        """Signs of a text that cannot be written as data."""
        bad = {char for char in text if ord(char) < ord(" ")}
        if not self.release:
            bad |= {sign for sign in (*self[:2], *self[4:6]) if sign and sign in text}
        return sorted(bad)


def write(tree: Tree, guide: Guide, envelope: Mapping[str, Any]) -> bytes:
    """Write one tree, or a list of trees, as an interchange.

    Args:
        tree: A tree as the codec's `decode` makes it; "@" is not looked at.
        guide: The grammar.
        envelope: sender, receiver, control (a reference of at most 14 characters), date (CCYYMMDD) and
            time (HHMM or HHMMSS) are needed; sender_qualifier, receiver_qualifier, transaction (the
            reference of the first message, 1; further ones count on), version (the guide's with agency UN;
            `D:96A:EN:EAN001`), grouped (false: true writes UNG and UNE), group (its reference, the control),
            group_sender and group_receiver (sender, receiver), functional (the message type), application,
            agreement, test (P; true or T is test), ack_requested (false), syntax (UNOC), syntax_version (3),
            delimiters, una (true: UNA is written), charset (that of the syntax).

    Raises:
        EncodeError: Something cannot be written; all such places are named.
    """
    style = Style.of(envelope)
    trees = tree if isinstance(tree, list) else [tree]
    first = str(envelope.get("transaction", "1"))
    if not first.isascii() or not first.isdigit() or len(first) > _REFERENCE:
        raise EncodeError(f"transaction must be a number of 1 to {_REFERENCE} digits, found {first!r}")
    version = str(envelope.get("version") or f"{guide.version}:UN")
    body: list[str] = []
    for at, one in enumerate(trees):
        reference = str(int(first) + at).zfill(len(first))
        body += message(one, guide, f"{reference}{ELEMENT}{_joined(guide.set, version)}", style)
    functional = envelope.get("functional") or guide.set
    return interchange(body, len(trees), {**envelope, "version": version, "functional": functional})


def interchange(body: Sequence[str], count: int, envelope: Mapping[str, Any]) -> bytes:
    """Put messages into an interchange, and into a group where `grouped` says so.

    Args:
        body: The segments of all messages, UNH and UNT included, with inner separators.
        count: How many messages these are.
        envelope: As for `write`; `version` and `functional` are needed for a group.

    Raises:
        EncodeError: Something cannot be written; all such places are named.
    """
    style = Style.of(envelope)
    wrong: list[str] = []
    lines = [*_head(envelope, wrong), *body, *_tail(envelope, count)]
    for line in lines:
        wrong += [f"'{excerpt(line)}' holds {sign!r}" for sign in style.blocked(line.translate(_NO_MARKS))]
    if wrong:
        raise EncodeError("This envelope cannot be written: " + "; ".join(wrong[:20]))
    return _encoded(lines, style, envelope)


_NO_MARKS: Final = str.maketrans("", "", _MARKS)


def message(tree: Tree, guide: Guide, header: str, style: Style) -> list[str]:
    """Write the segments of one message with inner separators and check them against the guide."""
    if not isinstance(tree, dict):
        raise EncodeError(f"A message must be an object of segments, found {type(tree).__name__}")
    wrong: list[str] = []
    values = partial(_values, style=style, wrong=wrong)
    walk = segments(tree, guide.structure, values, wrong) if guide.structure else loose(tree, values, wrong)
    lines = list(walk)
    if guide.structure and not wrong:
        wrong += [one.message for one in plan(guide, [segment.id for segment, _ in lines]).misplaced]
    if wrong:
        raise EncodeError(f"This {guide.set} cannot be written: " + "; ".join(wrong[:20]))
    texts = [ELEMENT.join([segment.id, *values]).rstrip(_MARKS) for segment, values in lines]
    reference = header.split(ELEMENT, maxsplit=1)[0]
    return [f"UNH{ELEMENT}{header}", *texts, f"UNT{ELEMENT}{len(texts) + 2}{ELEMENT}{reference}"]


def _values(
    segment: SegmentDef, node: dict[str, Any], place: str, *, style: Style, wrong: list[str]
) -> list[str]:
    values = []
    for position in range(1, _last(node) + 1):
        element = segment.elements[position - 1] if position <= len(segment.elements) else None
        value = node.get(f"{position:02d}")
        name = f"{place}.{position:02d}"
        if not isinstance(value, dict):
            values.append(_plain(value, name, element, style, wrong))
            continue
        components = element.components if element else ()
        parts = [
            _plain(
                value.get(f"{at:02d}"),
                f"{name}.{at:02d}",
                components[at - 1] if at <= len(components) else None,
                style,
                wrong,
            )
            for at in range(1, _last(value) + 1)
        ]
        values.append(COMPONENT.join(parts).rstrip(COMPONENT))
    wrong += [f"{place} {problem.message}" for problem in problems(segment, values)]
    return values


def _last(node: dict[str, Any]) -> int:
    return max((int(name) for name in node if name.isdigit() and 0 < int(name) <= _NAMES_LIMIT), default=0)


def _plain(value: Any, place: str, element: Element | None, style: Style, wrong: list[str]) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        wrong.append(f"{place} must be text or a number, found {type(value).__name__}")
        return ""
    text = format(value, "f") if isinstance(value, Decimal) else str(value)
    if element is not None and element.kind == "n" and style.decimal == ",":
        text = text.replace(".", ",")
    bad = style.blocked(text)
    if bad:
        listed = ", ".join(map(repr, bad))
        wrong.append(f"{place} '{excerpt(text)}' holds {listed}, which cannot be carried as data here")
        text = "".join(char for char in text if char not in {ELEMENT, COMPONENT, REPETITION, SEGMENT})
    return text


def _head(envelope: Mapping[str, Any], wrong: list[str]) -> Iterator[str]:
    syntax, level = str(envelope.get("syntax", "UNOC")), str(envelope.get("syntax_version", "3"))
    sender, receiver = _name(envelope, "sender", wrong), _name(envelope, "receiver", wrong)
    control, day = _control(envelope, "control", wrong), date(envelope, wrong)
    when = _joined(day if level >= "4" else day[2:], time(envelope, wrong)[:4])
    values = [
        _joined(syntax, level),
        _joined(sender, envelope.get("sender_qualifier")),
        _joined(receiver, envelope.get("receiver_qualifier")),
        when,
        control,
        "",
        str(envelope.get("application") or ""),
        "",
        "1" if yes(envelope.get("ack_requested")) else "",
        str(envelope.get("agreement") or ""),
        "1" if envelope.get("test", "P") == "T" or yes(envelope.get("test")) else "",
    ]
    yield ELEMENT.join(["UNB", *values]).rstrip(ELEMENT)
    if yes(envelope.get("grouped")):
        version = str(envelope.get("version") or "").split(":")
        group = [
            str(envelope.get("functional") or ""),
            str(envelope.get("group_sender") or sender),
            str(envelope.get("group_receiver") or receiver),
            when,
            _control(envelope, _reference(envelope), wrong),
            version[2] if len(version) > 2 else "UN",  # noqa: PLR2004 - version:release:agency
            COMPONENT.join([*version[:2], *version[3:4]]),
        ]
        yield ELEMENT.join(["UNG", *group])


def _tail(envelope: Mapping[str, Any], count: int) -> Iterator[str]:
    grouped = yes(envelope.get("grouped"))
    if grouped:
        yield ELEMENT.join(["UNE", str(count), str(envelope.get(_reference(envelope)))])
    yield ELEMENT.join(["UNZ", "1" if grouped else str(count), str(envelope.get("control"))])


def _reference(envelope: Mapping[str, Any]) -> str:
    """What numbers the group: its own reference, else the interchange's."""
    return "group" if envelope.get("group") else "control"


def _joined(first: str, second: Any) -> str:
    text = str(second or "").replace(":", COMPONENT)
    return f"{first}{COMPONENT}{text}" if text else first


def _name(envelope: Mapping[str, Any], key: str, wrong: list[str]) -> str:
    value = str(envelope.get(key) or "").strip()
    if not 0 < len(value) <= _NAME:
        wrong.append(f"{key} '{value}' must have 1 to {_NAME} characters")
    return value


def _control(envelope: Mapping[str, Any], key: str, wrong: list[str]) -> str:
    value = str(envelope.get(key) or "")
    if not (value.isascii() and value.isalnum() and len(value) <= _REFERENCE):
        wrong.append(f"{key} '{value}' must be a reference of 1 to {_REFERENCE} letters and digits")
    return value


def _encoded(lines: Sequence[str], style: Style, envelope: Mapping[str, Any]) -> bytes:
    told = str(envelope.get("syntax", "UNOC"))
    charset = str(envelope.get("charset") or CHARSETS.get(told, ""))
    if not charset:
        raise EncodeError(f"syntax must be one of {', '.join(CHARSETS)}, found '{told}'")
    text = "".join(style.outer(line + SEGMENT) + style.line_end for line in lines)
    if yes(envelope.get("una", True)) or style[:6] != Style()[:6]:
        text = f"{style.una}{style.line_end}{text}"
    try:
        return text.encode(charset)
    except UnicodeEncodeError as problem:
        found = problem.object[problem.start : problem.end]
        raise EncodeError(f"The character {found!r} cannot be written in {charset} ({told})") from problem
