"""Placing segments in the loops of a guide.

Where segments go depends on their ids alone, so it is worked out once for each sequence of ids (a
"shape") and kept as a plan. Files hold many transactions of few shapes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from connectors.codecs.segmented.guide import Guide, Node, SegmentDef


class Step(NamedTuple):
    """Where one segment goes: its definition, the node it is under (0 is the root), one or many there."""

    segment: SegmentDef
    parent: int
    many: bool
    loop: str


class Misplaced(NamedTuple):
    """A structural finding. `before` is the segment it is about or missing before, 0 is the first one.

    `code` is the format's own; `absent` says that the segment is not there.
    """

    code: str
    before: int
    segment: str
    loop: str
    message: str
    absent: bool = False


class Plan(NamedTuple):
    """How to build the tree of one shape."""

    steps: tuple[Step, ...]
    misplaced: tuple[Misplaced, ...]


@dataclass(slots=True)
class _Scope:
    """An open loop: its children, how far we are in them, and how often the current one was seen."""

    nodes: tuple[Node, ...]
    owner: int  # node number in the tree
    loop: str
    at: int = 0
    count: int = 0
    keys: set[str] = field(default_factory=set)


class _Planner:
    def __init__(self, guide: Guide) -> None:
        self.guide = guide
        self.faults = guide.family.faults
        self.whole = guide.family.whole
        self.scopes = [_Scope(guide.structure, 0, "")]
        self.steps: list[Step] = []
        self.misplaced: list[Misplaced] = []

    def place(self, index: int, name: str) -> None:
        """Put one segment where the guide has it, from the innermost open loop outwards."""
        for depth in range(len(self.scopes) - 1, -1, -1):
            found = _ahead(self.scopes[depth], name)
            if found is not None:
                self._leave(depth + 1, index)
                self._enter(self.scopes[depth], found, index)
                return
        self._misfit(index, name)

    def finish(self, index: int) -> None:
        """Tell what is missing at the end."""
        self._leave(0, index)

    def _leave(self, depth: int, index: int) -> None:
        for scope in reversed(self.scopes[depth:]):
            self._skipped(scope, len(scope.nodes), index)
        del self.scopes[max(depth, 1) :]

    def _skipped(self, scope: _Scope, upto: int, index: int) -> None:
        begin = scope.at + (1 if scope.count else 0)
        for node in scope.nodes[begin:upto]:
            if node.mandatory:
                inside = f" in loop {scope.loop}" if scope.loop else ""
                message = f"The mandatory segment {node.id}{inside} is missing"
                self.misplaced.append(
                    Misplaced(self.faults.missing, index, node.id, scope.loop, message, absent=True)
                )

    def _enter(self, scope: _Scope, position: int, index: int) -> None:
        if position != scope.at:
            self._skipped(scope, position, index)
            scope.at, scope.count = position, 0
        scope.count += 1
        node = scope.nodes[position]
        loop = node.id if node.children else scope.loop
        if scope.count > node.most:
            code = self.faults.loop_too_often if node.children else self.faults.too_often
            what = "Loop" if node.children else "Segment"
            message = f"{what} {node.id} occurs {scope.count} times, at most {node.most} are allowed"
            self.misplaced.append(Misplaced(code, index, node.id, loop, message))
        self._step(scope, node.segment, loop, many=node.most > 1)
        if node.children:
            self.scopes.append(_Scope(node.children, len(self.steps), node.id))

    def _step(self, scope: _Scope, segment: SegmentDef, loop: str, *, many: bool) -> None:
        scope.keys.add(segment.id)
        self.steps.append(Step(segment, scope.owner, many, loop))

    def _misfit(self, index: int, name: str) -> None:
        """No place for it ahead: keep its data in the loop that knows it, else in the one that is open."""
        for depth in range(len(self.scopes) - 1, -1, -1):
            node = next((node for node in self.scopes[depth].nodes if node.id == name), None)
            if node is not None:
                self._leave(depth + 1, index)
                self._belated(self.scopes[depth], node, index)
                return
        scope = self.scopes[-1]
        code, message = self._stranger(name, scope.loop)
        self.misplaced.append(Misplaced(code, index, name, scope.loop, message))
        segment = self.guide.segments.get(name, SegmentDef(id=name, known=False))
        self._step(scope, segment, scope.loop, many=True)

    def _belated(self, scope: _Scope, node: Node, index: int) -> None:
        where = f"loop {scope.loop}" if scope.loop else f"the {self.whole}"
        if node.most == 1 and node.id in scope.keys:
            code, message = self.faults.too_often, f"Segment {node.id} occurs more than once in {where}"
            segment, many = (
                SegmentDef(id=f"{node.id}+", known=False),
                True,
            )  # what is there is not overwritten
        else:
            code, message = self.faults.out_of_order, f"Segment {node.id} is not in its place in {where}"
            segment, many = node.segment, node.most > 1
        self.misplaced.append(Misplaced(code, index, node.id, scope.loop, message))
        self._step(scope, segment, scope.loop, many=many)
        if node.children:
            self.scopes.append(_Scope(node.children, len(self.steps), node.id))

    def _stranger(self, name: str, loop: str) -> tuple[str, str]:
        if not self.guide.family.segment_id.fullmatch(name):
            return self.faults.unrecognized, f"'{name[:20]}' is no segment id"
        where = f"loop {loop}" if loop else f"the {self.whole}"
        if _occurs(name, self.guide.structure):
            return self.faults.unexpected, f"Segment {name} is not expected in {where}"
        what = f"{self.guide.family.kind} {self.guide.set}"
        return self.faults.not_in_set, f"Segment {name} does not belong to {what}"


def _ahead(scope: _Scope, name: str) -> int | None:
    """Return the position of the next node of that id, the current one if it may come again."""
    last = None
    for position in range(scope.at, len(scope.nodes)):
        node = scope.nodes[position]
        if node.id != name:
            continue
        if position == scope.at and scope.count >= node.most:
            last = position  # too often, unless it is allowed again further on
            continue
        return position
    return last if last is None or scope.nodes[last].most > 1 else None


def _occurs(name: str, nodes: Sequence[Node]) -> bool:
    return any(node.id == name or _occurs(name, node.children) for node in nodes)


def plan(guide: Guide, shape: Sequence[str]) -> Plan:
    """Work out the plan for a sequence of segment ids; those of the envelope are left out."""
    planner = _Planner(guide)
    for index, name in enumerate(shape):
        planner.place(index, name)
    planner.finish(len(shape))
    return Plan(tuple(planner.steps), tuple(planner.misplaced))


class Hang(NamedTuple):
    """One key of a node: the node it is in, the nodes under it; `more` is None when it holds just one."""

    parent: int
    key: str
    first: int
    more: tuple[int, ...] | None


def hangs(made: Plan) -> tuple[Hang, ...]:
    """The nodes under each key together, in the order in which keys first occur."""
    found: dict[tuple[int, str], list[int]] = {}
    single = set()
    for node, step in enumerate(made.steps, 1):
        place = (step.parent, step.segment.id)
        found.setdefault(place, []).append(node)
        if not step.many:
            single.add(place)
    return tuple(
        Hang(parent, key, nodes[0], None if (parent, key) in single else tuple(nodes[1:]))
        for (parent, key), nodes in found.items()
    )
