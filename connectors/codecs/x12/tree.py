"""The tree of a transaction, built and checked in one pass.

The fast way: split every segment, look up the plan for this sequence of segment ids, accept each
segment with one regular expression, hang it where the plan says. Only what is not accepted at once is
looked at closely.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from typing import Any, Final, NamedTuple

from connectors.codecs.x12.delimiters import Separators
from connectors.codecs.x12.elements import matcher, problems
from connectors.codecs.x12.findings import ELEMENT_MISSING, SEGMENT_MISSING, SET_SEGMENTS_IN_ERROR, X12Finding
from connectors.codecs.x12.guide import Guide, SegmentDef
from connectors.codecs.x12.segments import Block
from connectors.codecs.x12.structure import FIRST, SET, Plan, plan

KEYS: Final = ("@", *(f"{position:02d}" for position in range(1, 1000)))
"""Names of the elements of a segment; "@" is its number in the transaction."""

_FINDINGS_LIMIT: Final = 200
_PLANS_LIMIT: Final = 200_000  # steps kept in plans, a few dozen MB
_RELATIONS_LIMIT: Final = 4096

Node = dict[str, Any]


class _Step(NamedTuple):
    accepts: Callable[[str], object]
    related: set[tuple[str, ...]] | None  # combinations of elements known to keep the relations
    segment: SegmentDef
    parent: int
    how: int
    key: str
    loop: str


class _Ready(NamedTuple):
    plan: Plan
    steps: tuple[_Step, ...]


class Builder:
    """Builds trees by one guide for one set of separators. Use `builder` to get one."""

    def __init__(self, guide: Guide, signs: Separators) -> None:
        self.guide = guide
        self._signs = signs
        self._plans: dict[tuple[str, ...], _Ready] = {}
        self._size = 0
        self._related: dict[str, set[tuple[str, ...]]] = {}

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
        split = [text.split(mark) for text in texts]
        shape = tuple([values[0] for values in split])
        ready = self._plans.get(shape) or self._prepare(shape)
        root: Node = {"@": 1}
        nodes = [root]
        suspects: list[int] = []
        number: Any = 1
        for text, values, step in zip(texts, split, ready.steps, strict=True):
            accepts, related, _, parent, how, key, _ = step
            number += 1
            values[0] = number
            if "" in values:
                node = {name: value for name, value in zip(KEYS, values, strict=False) if value != ""}
            else:
                node = dict(zip(KEYS, values, strict=False))
            if accepts(text) is None or (related is not None and tuple(node) not in related):
                suspects.append(number)
            if how == SET:
                nodes[parent][key] = node
            elif how == FIRST:
                nodes[parent][key] = [node]
            else:
                nodes[parent][key].append(node)
            nodes.append(node)
        if not suspects and not ready.plan.misplaced:
            return root, []
        return root, self._findings(ready, split, suspects, nodes, block, tolerate)

    def _prepare(self, shape: tuple[str, ...]) -> _Ready:
        made = plan(self.guide, shape)
        steps = tuple(
            _Step(
                matcher(step.segment, self._signs),
                self._related.setdefault(step.segment.id, set()) if step.segment.notes else None,
                step.segment,
                step.parent,
                step.how,
                step.segment.id,
                step.loop,
            )
            for step in made.steps
        )
        if self._size + len(shape) > _PLANS_LIMIT:
            self._plans.clear()
            self._size = 0
        self._size += len(shape)
        ready = _Ready(made, steps)
        if len(shape) <= _PLANS_LIMIT:
            self._plans[shape] = ready
        return ready

    def _findings(
        self,
        ready: _Ready,
        split: list[list[str]],
        suspects: list[int],
        nodes: list[Node],
        block: Block,
        tolerate: Collection[str],
    ) -> list[X12Finding]:
        found = [_structural(item, block, tolerate) for item in ready.plan.misplaced[:_FINDINGS_LIMIT]]
        for number in suspects:
            step, node = ready.steps[number - 2], nodes[number - 1]
            if len(found) < _FINDINGS_LIMIT:
                found += self._look(number, step, split[number - 2][1:], node, block)
            self._compose(step.segment, node)
        found = sorted(found[:_FINDINGS_LIMIT], key=lambda finding: finding.number)
        return [*found, _too_many(block)] if len(found) == _FINDINGS_LIMIT else found

    def _look(
        self, number: int, step: _Step, values: list[str], node: Node, block: Block
    ) -> Iterator[X12Finding]:
        clean = True
        where = f"transaction {block.control}, segment {number} ({step.segment.id})"
        for problem in problems(step.segment, values, self._signs):
            clean = False
            yield X12Finding(
                code=problem.code,
                message=f"Segment {number} ({step.segment.id}) {problem.message}.",
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
        if clean and step.related is not None and len(step.related) < _RELATIONS_LIMIT:
            step.related.add(tuple(node))

    def _compose(self, segment: SegmentDef, node: Node) -> None:
        """Give composites their components: {"03": "EA:2"} becomes {"03": {"01": "EA", "02": "2"}}."""
        for position, element in enumerate(segment.elements, 1):
            value = node.get(KEYS[position])
            if element.components and isinstance(value, str):
                parts = value.split(self._signs.component) if self._signs.component else [value]
                node[KEYS[position]] = {KEYS[at]: part for at, part in enumerate(parts, 1) if part}


def _structural(item: Any, block: Block, tolerate: Collection[str]) -> X12Finding:
    number = item.before + 2
    tolerated = item.code != SEGMENT_MISSING and ("*" in tolerate or item.segment in tolerate)
    return X12Finding(
        code=item.code,
        message=f"{item.message} (segment {number} of transaction {block.control}).",
        place=f"transaction {block.control}, segment {number} ({item.segment})",
        expected=item.segment if item.code == SEGMENT_MISSING else "",
        found="" if item.code == SEGMENT_MISSING else item.segment,
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


@lru_cache(maxsize=32)
def builder(guide: Guide, signs: Separators) -> Builder:
    """Return the builder for a guide and separators; what it has learnt of shapes is kept."""
    return Builder(guide, signs)
