"""The tree of a transaction, built and checked in one pass.

The fast way: split every segment, look up the plan for this sequence of segment ids, accept each
segment with one regular expression, hang it where the plan says. Only what is not accepted at once is
looked at closely.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import lru_cache, partial
from itertools import compress
from typing import Any, Final, NamedTuple

from connectors.codecs.base import printable
from connectors.codecs.segmented.guide import Element, Guide, SegmentDef
from connectors.codecs.segmented.quick import Known, Marks, Quick, Writing
from connectors.codecs.segmented.structure import Hang, Misplaced, Plan, Step, hangs, plan
from connectors.codecs.x12.delimiters import Separators
from connectors.codecs.x12.elements import accepting, components, matcher, problems, repeats
from connectors.codecs.x12.findings import ELEMENT_MISSING, SET_SEGMENTS_IN_ERROR, X12Finding
from connectors.codecs.x12.segments import Block

KEYS: Final = ("@", *(f"{position:02d}" for position in range(1, 1000)))
"""Names of the elements of a segment; "@" is its number in the transaction."""

_FINDINGS_LIMIT: Final = 200
_PLANS_LIMIT: Final = 200_000  # steps kept in plans, a few dozen MB
_RELATIONS_LIMIT: Final = 4096

Node = dict[str, Any]


class _Ready(NamedTuple):
    """A plan made ready to run: per segment its matcher; relations to look up; what hangs where."""

    plan: Plan
    accepts: tuple[Callable[[str], object], ...]
    related: tuple[tuple[int, set[tuple[str, ...]]], ...]
    hangs: tuple[Hang, ...]


class Builder:
    """Builds trees by one guide for one set of separators. Use `builder` to get one."""

    def __init__(self, guide: Guide, signs: Separators) -> None:
        self.guide = guide
        self._signs = signs
        self._plans: dict[tuple[str, ...], _Ready] = {}
        self._size = 0
        self._related: dict[str, set[tuple[str, ...]]] = {}
        self._quick = Quick(
            guide,
            Marks(signs.segment, signs.element, kept=signs.component + signs.repetition),
            _Short(signs).write,
        )

    def quickly(self, content: str) -> tuple[Node, int] | None:
        """The tree of a transaction of a known kind without fault, and the number of its segments.

        Args:
            content: Its segments with terminators between them, ST and SE left out.

        Returns:
            None when it has to be built, and perhaps learnt.
        """
        return self._quick.tree(content)

    def learn(self, texts: list[str]) -> None:
        """Remember a transaction that was built without any finding."""
        shape = tuple([text.split(self._signs.element, 1)[0] for text in texts])
        ready = self._plans.get(shape)
        if ready is not None:
            self._quick.learn(texts, ready.plan.steps)

    def build(
        self, texts: list[str], block: Block, tolerate: Collection[str] = ()
    ) -> tuple[Node, list[X12Finding]]:
        """Build the tree of a transaction.

        Args:
            texts: Its segments without ST and SE.
            block: Where they come from, for findings.
            tolerate: Ids of segments that may be where they do not belong; "*" is all of them.

        Returns:
            The tree, and what is wrong; with a fatal finding the tree is only good for showing.
        """
        mark = self._signs.element
        split: list[list[Any]] = [text.split(mark) for text in texts]
        shape = tuple([values[0] for values in split])
        ready = self._plans.get(shape) or self._prepare(shape)
        number = 1
        for values in split:
            number += 1
            values[0] = number
        root: Node = {"@": 1}
        nodes = [root]
        nodes += [
            # `strict` would cost a quarter of the time of this line
            dict(compress(zip(KEYS, values), values)) if "" in values else dict(zip(KEYS, values))  # noqa: B905
            for values in split
        ]
        accepted = [accepts(text) for accepts, text in zip(ready.accepts, texts)]  # noqa: B905 - as above
        # places of segments to be looked at, and whether their text is odd, not only what is there of it
        suspects = dict.fromkeys(
            (at for at, match in enumerate(accepted) if match is None) if None in accepted else (), True
        )
        for at, known in ready.related:
            if tuple(nodes[at + 1]) not in known:
                suspects.setdefault(at, False)
        for parent, key, first, more in ready.hangs:
            if more is None:
                nodes[parent][key] = nodes[first]
            else:
                nodes[parent][key] = [nodes[first], *[nodes[at] for at in more]] if more else [nodes[first]]
        if not suspects and not ready.plan.misplaced:
            return root, []
        return root, self._findings(ready.plan, split, suspects, nodes, block, tolerate)

    def _prepare(self, shape: tuple[str, ...]) -> _Ready:
        made = plan(self.guide, shape)
        # by identity: the hash of a definition goes through all its elements
        once = {id(step.segment): step.segment for step in made.steps}
        accepts = {key: matcher(segment, self._signs) for key, segment in once.items()}
        ready = _Ready(
            made,
            tuple(accepts[id(step.segment)] for step in made.steps),
            tuple(
                (at, self._related.setdefault(step.segment.id, set()))
                for at, step in enumerate(made.steps)
                if step.segment.notes
            ),
            hangs(made),
        )
        if self._size + len(shape) > _PLANS_LIMIT:
            self._plans.clear()
            self._size = 0
        if len(shape) <= _PLANS_LIMIT:
            self._size += len(shape)
            self._plans[shape] = ready
        return ready

    def _findings(
        self,
        made: Plan,
        split: list[list[Any]],
        suspects: Mapping[int, bool],
        nodes: list[Node],
        block: Block,
        tolerate: Collection[str],
    ) -> list[X12Finding]:
        found = [_structural(item, block, tolerate) for item in made.misplaced[:_FINDINGS_LIMIT]]
        for at, odd in sorted(suspects.items()):
            step = made.steps[at]
            known = self._related.get(step.segment.id, ())  # grows while this transaction is looked at
            if len(found) < _FINDINGS_LIMIT and (odd or tuple(nodes[at + 1]) not in known):
                found += self._look(at + 2, step, split[at][1:], block)
            self._compose(step.segment, nodes[at + 1])
        found = sorted(found[:_FINDINGS_LIMIT], key=lambda finding: finding.number)
        return [*found, _too_many(block)] if len(found) == _FINDINGS_LIMIT else found

    def _look(self, number: int, step: Step, values: list[str], block: Block) -> Iterator[X12Finding]:
        clean = True
        where = f"transaction {block.control}, segment {number} ({step.segment.id})"
        for problem in problems(step.segment, values, self._signs):
            clean = False
            yield X12Finding(
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
        known = self._related.get(step.segment.id)
        if clean and known is not None and len(known) < _RELATIONS_LIMIT:
            known.add(("@", *(KEYS[at] for at, value in enumerate(values, 1) if value)))

    def _compose(self, segment: SegmentDef, node: Node) -> None:
        """Give composites their components: {"03": "EA:2"} becomes {"03": {"01": "EA", "02": "2"}}.

        An element that may be repeated is a list.
        """
        for position, element in enumerate(segment.elements, 1):
            value = node.get(KEYS[position])
            if not isinstance(value, str) or not (element.components or element.repeat > 1):
                continue
            many = [self._parts(element, one) for one in repeats(element, value, self._signs)]
            node[KEYS[position]] = many if element.repeat > 1 else many[0]

    def _parts(self, element: Element, value: str) -> str | Node:
        if not element.components:
            return value
        parts = value.split(self._signs.component) if self._signs.component else [value]
        return {key: part for key, part in zip(KEYS[1:], parts) if part}  # noqa: B905 - a thousand are enough


class _Short:
    """Code for the elements of a segment whose presence and relations were found right."""

    def __init__(self, signs: Separators) -> None:
        self._signs = signs
        self._known: dict[Element, Any] = {}

    def write(self, segment: SegmentDef, text: str, writing: Writing) -> str | None:
        """See `connectors.codecs.segmented.quick.Write`."""
        entries = []
        for position, value in enumerate(text.split(self._signs.element)[1:], 1):
            name = writing.take()
            if not value:
                continue
            if segment.known:
                if position > len(segment.elements) or segment.elements[position - 1].repeat > 1:
                    return None
                name = self._checked(segment.elements[position - 1], name, writing)
            entries.append(f"{KEYS[position]!r}: {name}")
        return ", ".join(entries)

    def _checked(self, element: Element, name: str, writing: Writing) -> str:
        if element.components:
            made = f"{name}c"
            taken = writing.constant(partial(components, element, signs=self._signs))
            writing.require(f"({made} := {taken}({name})) is not None")
            return made
        if element.kind == "AN" or (element.kind == "ID" and not element.codes):
            low = f"{element.low} <= " if element.low > 1 else ""
            writing.require(f"{low}len({name}) <= {element.high}")
            return name
        if element not in self._known:
            self._known[element] = Known(accepting(element, self._signs))
        writing.require(f"{writing.constant(self._known[element])}[{name}]")
        return name


def _structural(item: Misplaced, block: Block, tolerate: Collection[str]) -> X12Finding:
    number = item.before + 2
    tolerated = not item.absent and ("*" in tolerate or item.segment in tolerate)
    return X12Finding(
        code=item.code,
        message=printable(f"{item.message} (segment {number} of transaction {block.control})."),
        place=f"transaction {block.control}, segment {number} ({item.segment})",
        expected=item.segment if item.absent else "",
        found="" if item.absent else item.segment,
        offset=block.offset_of(number),
        fatal=not tolerated,
        segment=item.segment,
        number=number,
        loop=item.loop,
    )


def _too_many(block: Block) -> X12Finding:
    """Beyond the limit nothing is looked at any more, so nobody can say the rest is fine."""
    return X12Finding(
        code=SET_SEGMENTS_IN_ERROR,
        message=f"Transaction {block.control} has {_FINDINGS_LIMIT} errors or more; no more are looked for.",
        place=f"transaction {block.control}",
        offset=block.offset,
    )


def flat(texts: Iterable[str], signs: Separators) -> Node:
    """The tree of a transaction that no guide describes: under each segment id a list, in order.

    Only what is written as one is a composite: `{"03": "EA"}`, but `{"03": {"01": "EA", "02": "2"}}`.
    """
    root: Node = {"@": 1}
    for number, text in enumerate(texts, 2):
        name, *values = text.split(signs.element)
        node: Node = {"@": number}
        for key, value in zip(KEYS[1:], values):  # noqa: B905 - a thousand elements are enough
            parts = value.split(signs.component) if signs.component and signs.component in value else ()
            if parts:
                node[key] = {name: part for name, part in zip(KEYS[1:], parts) if part}  # noqa: B905 - as above
            elif value:
                node[key] = value
        root.setdefault(name, []).append(node)
    return root


@lru_cache(maxsize=32)
def builder(guide: Guide, signs: Separators) -> Builder:
    """Return the builder for a guide and separators; what it has learnt of shapes is kept."""
    return Builder(guide, signs)
