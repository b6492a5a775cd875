"""The tree of a message, built and checked in one pass.

The fast way: split every segment, look up the plan for this sequence of segment ids, accept each
segment with one regular expression, hang it where the plan says. Only what is not accepted at once is
looked at closely.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from connectors.codecs.base import printable
from connectors.codecs.edifact.elements import accepting, matcher, problems
from connectors.codecs.edifact.findings import ELEMENT_MISSING, MESSAGE_SEGMENTS_IN_ERROR, EdifactFinding
from connectors.codecs.edifact.segments import Block
from connectors.codecs.edifact.service import COMPONENT, ELEMENT, REPETITION, SEGMENT
from connectors.codecs.segmented.guide import Element, Guide, SegmentDef
from connectors.codecs.segmented.quick import Known, Marks, Quick, Writing
from connectors.codecs.segmented.structure import Hang, Misplaced, Plan, Step, hangs, plan

KEYS: Final = tuple(f"{position:02d}" for position in range(1, 1000))
"""Names of elements and components."""

_FINDINGS_LIMIT: Final = 200
_PLANS_LIMIT: Final = 200_000  # steps kept in plans, a few dozen MB

Node = dict[str, Any]


class _Ready(NamedTuple):
    """A plan made ready to run: per segment its matcher and its composites; what hangs where."""

    plan: Plan
    accepts: tuple[Callable[[str], object], ...]
    composites: tuple[tuple[bool, ...], ...]
    hangs: tuple[Hang, ...]


class Builder:
    """Builds trees by one guide. Use `builder` to get one."""

    def __init__(self, guide: Guide) -> None:
        self.guide = guide
        self._plans: dict[tuple[str, ...], _Ready] = {}
        self._size = 0
        self._quick = Quick(guide, Marks(SEGMENT, ELEMENT, COMPONENT), _Short().write)

    def quickly(self, content: str) -> tuple[Node, int] | None:
        """The tree of a message of a known kind without fault, and the number of its segments.

        Args:
            content: Its segments with inner separators and terminators between them, UNH and UNT left out.

        Returns:
            None when it has to be built, and perhaps learnt.
        """
        return self._quick.tree(content)

    def learn(self, texts: Sequence[str]) -> None:
        """Remember a message that was built without any finding."""
        ready = self._plans.get(tuple([text.split(ELEMENT, 1)[0] for text in texts]))
        if ready is not None:
            self._quick.learn(texts, ready.plan.steps)

    def build(
        self, texts: Sequence[str], block: Block, tolerate: Collection[str] = ()
    ) -> tuple[Node, list[EdifactFinding]]:
        """Build the tree of a message.

        Args:
            texts: Its segments with inner separators, without UNH and UNT.
            block: Where they come from, for findings.
            tolerate: Ids of segments that may be where they do not belong; "*" is all of them.

        Returns:
            The tree, and what is wrong; with a fatal finding the tree is only good for showing.
        """
        split = [text.split(ELEMENT) for text in texts]
        # behind the id there may be numbers of repetition and nesting, which say what the order says
        shape = tuple([one[0] if COMPONENT not in one[0] else one[0].split(COMPONENT)[0] for one in split])
        ready = self._plans.get(shape) or self._prepare(shape)
        nodes: list[Node] = [{"@": 1}]
        nodes += [
            _node(number, values, composites)
            for number, (values, composites) in enumerate(zip(split, ready.composites, strict=True), 2)
        ]
        suspects = [
            at
            for at, (accepts, text) in enumerate(zip(ready.accepts, texts, strict=True))
            if accepts(text) is None
        ]
        for at, text in enumerate(texts):
            if "," in text:
                _point(nodes[at + 1], ready.plan.steps[at].segment)
        found = _closely(ready.plan, split, suspects, nodes, block) if suspects else []
        found += [_structural(item, block, tolerate) for item in ready.plan.misplaced[:_FINDINGS_LIMIT]]
        _hang(nodes, ready.hangs)
        if len(found) >= _FINDINGS_LIMIT:
            found = [*found[:_FINDINGS_LIMIT], _too_many(block)]
        return nodes[0], sorted(found, key=lambda finding: finding.number) if len(found) > 1 else found

    def _prepare(self, shape: tuple[str, ...]) -> _Ready:
        made = plan(self.guide, shape)
        ready = _Ready(
            made,
            tuple(matcher(step.segment) for step in made.steps),
            tuple(tuple(bool(one.components) for one in step.segment.elements) for step in made.steps),
            hangs(made),
        )
        if self._size + len(shape) > _PLANS_LIMIT:
            self._plans.clear()
            self._size = 0
        if len(shape) <= _PLANS_LIMIT:
            self._size += len(shape)
            self._plans[shape] = ready
        return ready


def flat(texts: Sequence[str]) -> Node:
    """The tree of a message that no guide describes: under each segment id a list, in order.

    Only what is written as one is a composite: `{"01": "9"}`, but `{"01": {"01": "137", "02": "20261101"}}`.
    """
    root: Node = {"@": 1}
    for number, text in enumerate(texts, 2):
        name, *values = text.split(ELEMENT)
        node: Node = {"@": number}
        for key, value in zip(KEYS, values):  # noqa: B905 - a thousand elements are enough
            if COMPONENT in value:
                node[key] = {at: part for at, part in zip(KEYS, value.split(COMPONENT)) if part}  # noqa: B905
            elif value:
                node[key] = value
        root.setdefault(name.split(COMPONENT)[0], []).append(node)
    return root


class _Short:
    """Code for the elements of a segment whose presence was found right."""

    def __init__(self) -> None:
        self._known: dict[Element, Any] = {}

    def write(self, segment: SegmentDef, text: str, writing: Writing) -> str | None:
        """See `connectors.codecs.segmented.quick.Write`."""
        name, *values = text.split(ELEMENT)
        if not segment.known or name != segment.id or len(values) > len(segment.elements):
            return None
        entries = []
        for key, value, element in zip(KEYS, values, segment.elements):  # noqa: B905 - there may be fewer values
            parts = value.split(COMPONENT)
            names = [writing.take() for _ in parts]
            places = element.components or (element,)
            if len(parts) > len(places):
                return None
            found = [
                (inner, self._checked(place, name, writing))
                for inner, part, name, place in zip(KEYS, parts, names, places)  # noqa: B905 - as above
                if part
            ]
            inside = ", ".join(f"{inner!r}: {code}" for inner, code in found)
            if found:
                entries.append(f"{key!r}: {{{inside}}}" if element.components else f"{key!r}: {found[0][1]}")
        return ", ".join(entries)

    def _checked(self, element: Element, name: str, writing: Writing) -> str:
        if element.kind == "an" and not element.codes:
            low = f"{element.low} <= " if element.low > 1 else ""
            writing.require(f"{low}len({name}) <= {element.high}")
            return name
        if element not in self._known:
            pointed = (lambda text: text.replace(",", ".")) if element.kind == "n" else str
            self._known[element] = Known(accepting(element), pointed)
        taken = f"{writing.constant(self._known[element])}[{name}]"
        if element.kind != "n":
            writing.require(taken)
            return name
        writing.require(f"({name}p := {taken})")
        return f"{name}p"


def _closely(
    made: Plan, split: Sequence[Sequence[str]], suspects: Sequence[int], nodes: list[Node], block: Block
) -> list[EdifactFinding]:
    """Look at segments that were not accepted at once; their nodes are made anew, as they came."""
    found: list[EdifactFinding] = []
    for at in suspects:
        step = made.steps[at]
        if len(found) < _FINDINGS_LIMIT:
            found += _look(at + 2, step, split[at][1:], block)
        nodes[at + 1] = _loose(at + 2, split[at][1:], step.segment)
    return found


def _node(number: int, values: Sequence[str], composites: Sequence[bool]) -> Node:
    node: Node = {"@": number}
    for key, value, composite in zip(KEYS, values[1:], composites):  # noqa: B905 - what is too much is found by the check
        if not value:
            continue
        if not composite:
            node[key] = value
        elif COMPONENT in value:
            parts = value.split(COMPONENT)
            group = {name: part for name, part in zip(KEYS, parts) if part}  # noqa: B905 - as above
            if group:
                node[key] = group
        else:
            node[key] = {"01": value}
    return node


def _loose(number: int, values: Sequence[str], segment: SegmentDef) -> Node:
    """A segment as it came: repeated elements as lists, components where there are some."""
    node: Node = {"@": number}
    for at, value in enumerate(values[: len(KEYS)]):
        element = segment.elements[at] if at < len(segment.elements) else None
        many = [_value(one, element) for one in value.split(REPETITION)]
        if REPETITION in value:
            node[KEYS[at]] = [one for one in many if one]
        elif many[0]:
            node[KEYS[at]] = many[0]
    _point(node, segment)
    return node


def _value(text: str, element: Element | None) -> str | Node:
    if COMPONENT not in text and not (text and element and element.components):
        return text
    return {key: part for key, part in zip(KEYS, text.split(COMPONENT)) if part}  # noqa: B905 - a thousand are enough


def _point(node: Node, segment: SegmentDef) -> None:
    """Numbers with a decimal comma get a point: both mean the same."""
    for key, element in zip(KEYS, segment.elements):  # noqa: B905 - a thousand are enough
        value = node.get(key)
        if isinstance(value, str) and element.kind == "n":
            node[key] = value.replace(",", ".")
        elif isinstance(value, dict):
            for name, component in zip(KEYS, element.components):  # noqa: B905 - as above
                if component.kind == "n" and name in value:
                    value[name] = value[name].replace(",", ".")


def _hang(nodes: list[Node], places: Sequence[Hang]) -> None:
    for parent, key, first, more in places:
        if more is None:
            nodes[parent][key] = nodes[first]
        else:
            nodes[parent][key] = [nodes[first], *[nodes[at] for at in more]]


def _look(number: int, step: Step, values: Sequence[str], block: Block) -> Iterator[EdifactFinding]:
    where = f"message {block.control}, segment {number} ({step.segment.id})"
    for problem in problems(step.segment, values):
        yield EdifactFinding(
            code=problem.code,
            message=printable(f"Segment {number} ({step.segment.id}) {problem.message}."),
            place=f"{where}, element {problem.element:02d}",
            expected=problem.expected,
            found=problem.found[:200],
            offset=block.offset_of(number),
            fatal=problem.code == ELEMENT_MISSING,
            segment=step.segment.id,
            number=number,
            loop=step.loop,
            element=problem.element,
            component=problem.component,
            reference=problem.reference,
        )


def _structural(item: Misplaced, block: Block, tolerate: Collection[str]) -> EdifactFinding:
    number = item.before + 2
    tolerated = not item.absent and ("*" in tolerate or item.segment in tolerate)
    return EdifactFinding(
        code=item.code,
        message=printable(f"{item.message} (segment {number} of message {block.control})."),
        place=f"message {block.control}, segment {number} ({item.segment})",
        expected=item.segment if item.absent else "",
        found="" if item.absent else item.segment,
        offset=block.offset_of(number),
        fatal=not tolerated,
        segment=item.segment,
        number=number,
        loop=item.loop,
    )


def _too_many(block: Block) -> EdifactFinding:
    """Beyond the limit nothing is looked at any more, so nobody can say the rest is fine."""
    return EdifactFinding(
        code=MESSAGE_SEGMENTS_IN_ERROR,
        message=f"Message {block.control} has {_FINDINGS_LIMIT} errors or more; no more are looked for.",
        place=f"message {block.control}",
        offset=block.offset,
    )


@lru_cache(maxsize=32)
def builder(guide: Guide) -> Builder:
    """Return the builder for a guide; what it has learnt of shapes is kept."""
    return Builder(guide)
