"""Trees to X12: segments in the guide's order, envelopes with their counts and padding.

X12 has no escape: a delimiter inside data cannot be written. It is an `EncodeError` that names the element,
or, where the partner agreed to one, a replacement character.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, Final, NamedTuple

from connectors.codecs.base import EncodeError, Tree, excerpt
from connectors.codecs.segmented.flags import yes
from connectors.codecs.segmented.guide import Guide, SegmentDef
from connectors.codecs.segmented.structure import plan
from connectors.codecs.segmented.writing import date, loose, segments, time
from connectors.codecs.x12.delimiters import Separators
from connectors.codecs.x12.elements import problems

_REPETITION_SINCE: Final = "00402"
_NAMES_LIMIT: Final = 999


class Written(NamedTuple):
    """A transaction as segment texts, ST and SE included."""

    set: str
    control: str
    segments: list[str]


class Style(NamedTuple):
    """How to write: separators, the character that replaces them in data ("" refuses), and line ends."""

    signs: Separators
    replacement: str = ""
    line_end: str = ""

    @classmethod
    def of(cls, envelope: Mapping[str, Any]) -> Style:
        """Read `delimiters`: element, component, repetition, segment, replacement, line_end."""
        given = envelope.get("delimiters") or {}
        signs = Separators(
            *(
                str(given.get(name, default))
                for name, default in zip(Separators._fields, Separators(), strict=True)
            )
        )
        used = [sign for sign in signs if sign]
        if len(set(used)) != len(used) or any(len(sign) != 1 or sign.isalnum() for sign in used):
            raise EncodeError(
                f"Delimiters must be distinct single characters that are no letters or digits: {signs}"
            )
        return cls(signs, str(given.get("replacement", "")), str(given.get("line_end", "")))


def write(tree: Tree, guide: Guide, envelope: Mapping[str, Any]) -> bytes:
    """Write one tree, or a list of trees, as an interchange with one group.

    Args:
        tree: A tree as the codec's `decode` makes it; "@" is not looked at.
        guide: The grammar.
        envelope: sender, receiver, control, date (CCYYMMDD) and time (HHMM or HHMMSS) are needed;
            sender_qualifier, receiver_qualifier (ZZ), group (control), transaction (0001; further ones count
            on), version (the guide's), functional (the guide's), group_sender and group_receiver
            (sender, receiver), test (P; true or T is test), interchange_version (that of the version),
            ack_requested (false), delimiters, charset (utf-8).

    Raises:
        EncodeError: Something cannot be written; all such places are named.
    """
    labels = {"version": guide.version, "functional": guide.functional, **envelope}
    outer = _completed(envelope, str(labels["version"]))
    style = Style.of(outer)
    first = _number(envelope, "transaction", "1")
    trees = tree if isinstance(tree, list) else [tree]
    sets = [transaction(one, guide, f"{first + at:04d}", style) for at, one in enumerate(trees)]
    return interchange([(labels, sets)], outer)


def _completed(envelope: Mapping[str, Any], version: str) -> dict[str, Any]:
    """The envelope with what follows from its version: the interchange's, and a separator it must have."""
    outer = {"interchange_version": version[:5] or "00401", **envelope}
    if str(outer["interchange_version"]) >= _REPETITION_SINCE:
        outer["delimiters"] = {"repetition": "^", **(envelope.get("delimiters") or {})}
    return outer


def transaction(tree: Tree, guide: Guide, control: str, style: Style) -> Written:
    """Write the segments of one transaction and check them against the guide."""
    if not isinstance(tree, dict):
        raise EncodeError(f"A transaction must be an object of segments, found {type(tree).__name__}")
    wrong: list[str] = []
    values = partial(_values, style=style, wrong=wrong)
    walk = segments(tree, guide.structure, values, wrong) if guide.structure else loose(tree, values, wrong)
    lines = list(walk)
    if guide.structure and not wrong:
        wrong += [one.message for one in plan(guide, [segment.id for segment, _ in lines]).misplaced]
    if wrong:
        raise EncodeError(f"This {guide.set} cannot be written: " + "; ".join(wrong[:20]))
    texts = [segment_text(segment.id, values, style) for segment, values in lines]
    mark = style.signs.element
    head, tail = f"ST{mark}{guide.set}{mark}{control}", f"SE{mark}{len(texts) + 2}{mark}{control}"
    return Written(guide.set, control, [head, *texts, tail])


def _values(
    segment: SegmentDef, node: dict[str, Any], place: str, *, style: Style, wrong: list[str]
) -> list[str]:
    numbers = [int(name) for name in node if name.isdigit() and 0 < int(name) <= _NAMES_LIMIT]
    values = []
    for position in range(1, max(numbers, default=0) + 1):
        value = node.get(f"{position:02d}")
        name = f"{place}.{position:02d}"
        many = [value]
        if isinstance(value, list) and (len(value) == 1 or style.signs.repetition):
            many = value
        texts = [_element(one, name, style, wrong) for one in many]
        values.append(style.signs.repetition.join(texts))
    wrong += [f"{place} {problem.message}" for problem in problems(segment, values, style.signs)]
    return values


def _element(value: Any, name: str, style: Style, wrong: list[str]) -> str:
    if not isinstance(value, dict):
        return _plain(value, name, style, wrong)
    parts = [
        _plain(value.get(f"{at:02d}"), f"{name}.{at:02d}", style, wrong)
        for at in range(1, max((int(key) for key in value if key.isdigit()), default=0) + 1)
    ]
    return style.signs.component.join(parts)


def _plain(value: Any, place: str, style: Style, wrong: list[str]) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        wrong.append(f"{place} must be text or a number, found {type(value).__name__}")
        return ""
    text = format(value, "f") if isinstance(value, Decimal) else str(value)
    return clean(text, place, style, wrong)


def clean(text: str, place: str, style: Style, wrong: list[str]) -> str:
    """The text without anything a reader would take for a delimiter."""
    if text.isalnum():
        return text
    bad = {sign for sign in style.signs if sign and sign in text} | {
        char for char in text if ord(char) < ord(" ")
    }
    if not bad:
        return text
    if not style.replacement:
        listed = ", ".join(sorted(map(repr, bad)))
        wrong.append(f"{place} '{excerpt(text)}' holds {listed}, which X12 cannot carry as data here")
    for char in bad:
        text = text.replace(char, style.replacement or " ")
    return text


def segment_text(name: str, values: Iterable[str], style: Style) -> str:
    """One segment without its terminator; empty elements at its end are left out."""
    mark = style.signs.element
    return mark.join([name, *values]).rstrip(mark)


def interchange(
    groups: Sequence[tuple[Mapping[str, Any], Sequence[Written]]],
    envelope: Mapping[str, Any],
    *,
    head: Sequence[str] = (),
) -> bytes:
    """Put transactions into groups and an interchange; group labels default to the envelope's.

    `head` are segments between ISA and the first group (TA1).
    """
    style = Style.of(envelope)
    wrong: list[str] = []
    control = f"{_number(envelope, 'control'):09d}"
    lines = [_isa(envelope, control, style, wrong), *head]
    for at, (labels, sets) in enumerate(groups):
        merged = {**envelope, **labels}
        number = str(_number(merged, "group", str(int(control) + at)))
        lines.append(_gs(merged, number, style, wrong))
        for written in sets:
            lines += written.segments
        lines.append(segment_text("GE", [str(len(sets)), number], style))
    lines.append(segment_text("IEA", [str(len(groups)), control], style))
    if wrong:
        raise EncodeError("This envelope cannot be written: " + "; ".join(wrong))
    ending = style.signs.segment + style.line_end
    charset = str(envelope.get("charset", "utf-8"))
    try:
        return "".join(line + ending for line in lines).encode(charset)
    except UnicodeEncodeError as problem:
        found = problem.object[problem.start : problem.end]
        raise EncodeError(f"The character {found!r} cannot be written in {charset}") from problem


def _isa(envelope: Mapping[str, Any], control: str, style: Style, wrong: list[str]) -> str:
    version = str(envelope.get("interchange_version", "00401"))
    repetition = style.signs.repetition if version >= _REPETITION_SINCE else ""
    day, moment = date(envelope, wrong), time(envelope, wrong)
    fixed = [
        ("ISA01", "00", 2),
        ("ISA02", "", 10),
        ("ISA03", "00", 2),
        ("ISA04", "", 10),
        ("sender_qualifier", envelope.get("sender_qualifier", "ZZ"), 2),
        ("sender", _needed(envelope, "sender", wrong), 15),
        ("receiver_qualifier", envelope.get("receiver_qualifier", "ZZ"), 2),
        ("receiver", _needed(envelope, "receiver", wrong), 15),
        ("date", day[2:], 6),
        ("time", moment[:4], 4),
        ("standards", repetition or envelope.get("standards", "U"), 1),
        ("interchange_version", version, 5),
        ("control", control, 9),
        ("ack_requested", "1" if yes(envelope.get("ack_requested")) else "0", 1),
        ("test", _usage(envelope), 1),
        ("component", style.signs.component, 1),
    ]
    values = []
    for name, given, width in fixed:
        value = str(given)
        checked = value if name in {"component", "standards"} else clean(value, name, style, wrong)
        if len(checked) > width or (name == "component" and not value):
            wrong.append(f"{name} '{value}' must have {'at most ' if width > 9 else ''}{width} characters")  # noqa: PLR2004
        values.append(checked.ljust(width))
    return style.signs.element.join(["ISA", *values])


def _gs(labels: Mapping[str, Any], number: str, style: Style, wrong: list[str]) -> str:
    values = [
        str(labels.get("functional", "")),
        str(labels.get("group_sender") or labels.get("sender", "")),
        str(labels.get("group_receiver") or labels.get("receiver", "")),
        date(labels, wrong),
        time(labels, wrong),
        number,
        "X",
        str(labels.get("version", "")),
    ]
    checked = [clean(value, f"GS{at:02d}", style, wrong) for at, value in enumerate(values, 1)]
    wrong += [f"GS{at:02d} is empty" for at, value in enumerate(values, 1) if not value]
    return segment_text("GS", checked, style)


def _needed(envelope: Mapping[str, Any], name: str, wrong: list[str]) -> str:
    value = str(envelope.get(name) or "")
    if not value.strip():
        wrong.append(f"{name} is needed in the envelope")
    return value


def _usage(envelope: Mapping[str, Any]) -> str:
    given = envelope.get("test", "P")
    if isinstance(given, bool):
        return "T" if given else "P"
    return str(given)


def _number(envelope: Mapping[str, Any], name: str, default: str | None = None) -> int:
    value = str(envelope.get(name, default))
    if not value.isascii() or not value.isdigit() or not 0 < len(value.lstrip("0") or "0") <= 9:  # noqa: PLR2004
        raise EncodeError(f"{name} must be a control number of 1 to 9 digits, found {value!r}")
    return int(value)
