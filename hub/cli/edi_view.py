"""How EDI looks in a terminal: overviews, reports with the place underlined, nested segments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text
from rich.tree import Tree

from connectors.codecs.base import Finding
from connectors.codecs.edi.excerpts import excerpt_of
from connectors.codecs.edi.reading import Interchange, Message, Seen, messages_of

_MARKS = {
    "accepted": ("✓", "green"),
    "accepted_with_errors": ("!", "yellow"),
    "partially_accepted": ("!", "yellow"),
    "rejected": ("✗", "red"),
}
_MOST = 20  # findings of one transaction that are shown
_WINDOW = 100  # characters of a segment around the place


def overview(told: Mapping[str, Any]) -> RenderableType:
    """An interchange in a few lines: from whom to whom, which transactions, how many findings."""
    parts: list[RenderableType] = [_title(told), *_envelope(told)]
    for group in told["groups"]:
        parts.append(_group(group))
        for status, members in groupby(group["transactions"], key=lambda one: (one["set"], one["status"])):
            parts.append(_counted(status[0], status[1], list(members)))
    parts += [_ack(one) for one in told["acks"]]
    parts += [_told(one["code"], one["message"], fatal=one["fatal"]) for one in told["findings"]]
    return Group(*parts, Text())


def report(body: bytes, seen: Seen, told: Mapping[str, Any]) -> RenderableType:
    """An interchange with everything that is wrong, each under the segment it is about."""
    parts: list[RenderableType] = [_title(told), *_envelope(told)]
    parts += [_told(one["code"], one["message"], fatal=one["fatal"]) for one in told["findings"]]
    if seen.interchange is not None:
        current = None
        for (group, one), (shown, transaction) in zip(
            messages_of(seen.interchange), _pairs(told), strict=True
        ):
            if group is not current:
                parts.append(_group(shown))
                current = group
            parts.append(_transaction(transaction))
            parts += _findings(body, seen.interchange, one)
            missing = (error["message"] for error in transaction["errors"] if error["code"] == "required")
            parts += [Padding(Text(message, "red"), (0, 0, 0, 8)) for message in missing]
    parts += [_ack(one) for one in told["acks"]]
    return Group(*parts, Text())


def nested(one: Mapping[str, Any]) -> RenderableType:
    """A transaction as a tree of segments and loops."""
    head = Text.assemble((f"{one['set']} {one['control']}", "bold"), (f"  {one['format']}", "dim"))
    if one["tree"] is None:
        return Group(head, *(Text(f"  ✗ {message}", "red") for message in one["errors"]), Text())
    root = Tree(head, guide_style="dim")
    _grow(root, one["tree"])
    return Group(root, *(Text(f"  ! {message}", "yellow") for message in one["errors"]), Text())


def _title(told: Mapping[str, Any]) -> Text:
    mark, colour = _MARKS[told["status"]]
    words = told["status"].replace("_", " ")
    what = f"interchange {told['control'] or '(without number)'}" if told["delimiters"] else "no interchange"
    return Text.assemble((f"{mark} ", colour), (f"{told['format']} {what}", "bold"), (f"  {words}", colour))


def _envelope(told: Mapping[str, Any]) -> Iterator[Text]:
    if not told["delimiters"]:
        return
    parties = [
        f"{told[name]} ({told[f'{name}_qualifier']})" if told[f"{name}_qualifier"] else told[name] or "?"
        for name in ("sender", "receiver")
    ]
    kind = "  test" if told["test"] else ""
    version = f"version {told['version'] or '?'}"
    yield Text(f"  {parties[0]} → {parties[1]}   {told['date'] or 'no date'}   {version}{kind}")
    signs = "  ".join(f"{name} {_sign(sign)}" for name, sign in told["delimiters"].items() if sign)
    yield Text(f"  {told['segments']} segments   {signs}   {told['charset']}", "dim")


def _sign(sign: str) -> str:
    return "".join(char if char.isprintable() and not char.isspace() else repr(char)[1:-1] for char in sign)


def _group(group: Mapping[str, Any]) -> Text:
    name = (
        f"group {group['id']} {group['control']}" if group["explicit"] else f"{group['id']} outside of groups"
    )
    return Text.assemble("  ", (name.strip(), "bold"), f"   version {group['version'] or '?'}")


def _counted(kind: str, status: str, members: list[Mapping[str, Any]]) -> Text:
    mark, colour = _MARKS[status]
    first, last = members[0]["control"], members[-1]["control"]
    numbers = first if len(members) == 1 else f"{first} … {last}"
    checked = (
        f"checked by {members[0]['guide']}"
        if members[0]["guide"]
        else "not checked: there is no guide for it"
    )
    wrong = sum(len(one["errors"]) for one in members)
    words = status.replace("_", " ") + (f", {wrong} finding{'s' if wrong > 1 else ''}" if wrong else "")
    counts = f"{len(members)} of {kind}" if len(members) > 1 else kind
    segments = sum(one["segments"] for one in members)
    return Text.assemble(
        (f"    {mark} ", colour),
        f"{counts} {numbers}   {segments} segments   ",
        (words, colour),
        (f"   {checked}", "dim"),
    )


def _transaction(one: Mapping[str, Any]) -> Text:
    return _counted(one["set"], one["status"], [one])


def _pairs(told: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    for group in told["groups"]:
        for one in group["transactions"]:
            yield group, one


def _ack(one: Mapping[str, Any]) -> Text:
    said = Text.assemble("  ", (f"{one['kind']} ", "bold"), one["sentence"])
    for error in one["errors"]:
        said.append(f"\n      {error['message']}", "yellow")
    for each in one["transactions"]:
        mark, colour = _MARKS.get(each["verdict"], ("·", "dim"))
        said.append(f"\n    {mark} ", colour).append(f"{each['set']} {each['control']}   ")
        said.append(each["verdict"].replace("_", " "), colour)
        for error in each["errors"]:
            said.append(f"\n        {error['message']}", "yellow")
    for note in one["notes"]:
        said.append(f"\n      {note}", "dim")
    return said


def _told(code: str, message: str, *, fatal: bool) -> Text:
    colour = "red" if fatal else "yellow"
    return Text.assemble(("  ✗ " if fatal else "  ! ", colour), f"{message} ", (code, "dim"))


def _findings(body: bytes, interchange: Interchange, one: Message) -> Iterator[RenderableType]:
    for finding in one.findings[:_MOST]:
        yield Padding(_finding(body, interchange, finding), (0, 0, 0, 8))
    if len(one.findings) > _MOST:
        yield Text(f"        … and {len(one.findings) - _MOST} more: --json has them all", "dim")


def _finding(body: bytes, interchange: Interchange, finding: Finding) -> Text:
    colour = "red" if finding.fatal else "yellow"
    said = Text.assemble((finding.message, colour), (f"  {finding.code}", "dim"))
    if finding.expected and finding.expected not in finding.message:
        said.append(f"\nexpected {finding.expected}", "dim")
    found = excerpt_of(body, interchange, finding) if getattr(finding, "number", 0) else None
    if found is not None:
        text, begin, end = _cut(found.text, found.begin, found.end)
        whole = (begin, end) == (0, 0) and bool(finding.found)  # what is missing is missing before this
        said.append(f"\nbyte {finding.offset}: ", "dim")
        said.append(text)
        pad = len(f"byte {finding.offset}: ")
        width = max(len(text) if whole else end - begin, 1)
        said.append("\n" + " " * (pad + begin) + "^" * width, colour)
    return said


def _cut(text: str, begin: int, end: int) -> tuple[str, int, int]:
    """Long segments are shown around the place only."""
    if len(text) <= _WINDOW:
        return text, begin, end
    first = max(0, min(begin - _WINDOW // 3, len(text) - _WINDOW))
    last = first + _WINDOW
    head, tail = "…" if first else "", "…" if last < len(text) else ""
    shift = len(head) - first
    return (
        f"{head}{text[first:last]}{tail}",
        begin + shift if end else 0,
        min(end, last) + shift if end else 0,
    )


def _grow(branch: Tree, node: Mapping[str, Any]) -> None:
    for name, value in node.items():
        if name == "@" or name.isdigit():
            continue
        for one in value if isinstance(value, list) else [value]:
            _grow(branch.add(_segment(name, one)), one)


def _segment(name: str, node: Mapping[str, Any]) -> Text:
    line = Text.assemble((name, "bold cyan"), (f" {node.get('@', '')}", "dim"))
    for key, value in node.items():
        if key.isdigit():
            text = (
                ":".join(f"{value.get(f'{at:02d}', '')}" for at in range(1, _last(value) + 1))
                if isinstance(value, dict)
                else value
            )
            line.append(f"  {key}", "dim").append(f" {text}")
    return line


def _last(value: Mapping[str, Any]) -> int:
    return max((int(key) for key in value if key.isdigit()), default=0)
