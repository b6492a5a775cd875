"""What is lost in one place and new in another: renamed within its group, or moved to another one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import product
from typing import TypeAlias

from hub.mapping.reads import Names
from hub.mapping.shape import SourceShape, flat, ways

Places: TypeAlias = dict[Names, SourceShape]
"""Shapes by where they stand; none of them below another."""

_ENOUGH = 0.5
"""From here on a name or the values are alike enough to be called the same field."""

_TRIED = 50
"""Places of each side that are compared at most: a source that changed wholly is no set of pairs."""

_LETTER, _DIGITS, _BLANK = re.compile(r"[^\W\d_]+"), re.compile(r"\d+"), re.compile(r"\W|_")


@dataclass(frozen=True, slots=True)
class Pairs:
    """What belongs together, and what is left over.

    Attributes:
        renamed: Old and new place in the same group.
        moved: Old and new place in different groups.
        lost: What is gone.
        new: What came.
    """

    renamed: tuple[tuple[Names, Names], ...]
    moved: tuple[tuple[Names, Names], ...]
    lost: Places
    new: Places


def pair(lost: Places, new: Places) -> Pairs:
    """Find what was renamed or moved.

    Groups are paired by their fields first, so that a renamed group is not taken for fields that moved;
    a field of the same name elsewhere is likelier than another name in the same place.
    """
    lost, new = dict(lost), dict(new)
    groups = _renamed(lost, new, "group")
    moved, lost, new = _moved(lost, new)
    return Pairs((*groups, *_renamed(lost, new, None)), tuple(moved), lost, new)


def _renamed(lost: Places, new: Places, kind: str | None) -> tuple[tuple[Names, Names], ...]:
    """Takes the best pairs within one group out of both sides."""
    scored: list[tuple[float, Names, Names]] = []
    for old, now in _near(lost, new):
        alike = _alike(lost[old], new[now])
        if alike is None or (kind and kind not in _essence(lost[old])):
            continue
        if alike < 1 and (old[-1].isdigit() or now[-1].isdigit()):
            continue  # elements of a segment: their numbers say nothing about what they hold
        score = alike + _names(old[-1], now[-1])
        alone = kind is None and _alone(old, lost) and _alone(now, new) and alike >= 0
        if score >= _ENOUGH or alone:
            scored.append((score, old, now))
    pairs = []
    for _, old, now in sorted(scored, key=lambda one: (-one[0], one[1], one[2])):
        if old in lost and now in new:
            del lost[old], new[now]
            pairs.append((old, now))
    return tuple(pairs)


def _near(lost: Places, new: Places) -> Iterator[tuple[Names, Names]]:
    tried = product(list(lost)[:_TRIED], list(new)[:_TRIED])
    return (one for one in tried if one[0][:-1] == one[1][:-1])


def _alone(way: Names, places: Places) -> bool:
    """Whether no other of its group and kind is there to be confused with."""
    same = [one for one in places if one[:-1] == way[:-1] and _essence(places[one]) == _essence(places[way])]
    return len(same) == 1


def _moved(lost: Places, new: Places) -> tuple[list[tuple[Names, Names]], Places, Places]:
    """The pairs of one name in two groups, and both sides without them."""
    gone: set[Names] = set()
    come: set[Names] = set()
    pairs = []
    sources, places = _below(lost, sure=True), _below(new, sure=False)
    targets = _nearest(places)
    for old in _nearest(sources):
        if _within(old, gone):
            continue
        for now in targets:
            if not _within(now, come) and _same(old, sources[old], now, places[now]):
                pairs.append((old, now))
                gone.add(old)
                come.add(now)
                break
    return pairs, _rest(lost, sources, gone), _rest(new, places, come)


def _nearest(places: Places) -> list[Names]:
    return sorted(places, key=lambda way: (len(way), way))[:_TRIED]


def _same(old: Names, left: SourceShape, now: Names, right: SourceShape) -> bool:
    """Whether a name at another place is the same field: alike, and by more than a number for its name."""
    if old[-1] != now[-1] or old[:-1] == now[:-1]:
        return False
    alike = _alike(left, right)
    return alike is not None and alike >= (1 if old[-1].isdigit() else 0)


def _below(places: Places, *, sure: bool) -> Places:
    """The places and everything under them; `sure`: only what is always there."""
    found = dict(places)
    for way, shape in places.items():
        parents: Places = {(): flat(shape)}
        for below, child in ways(shape):
            parent = parents.get(below[:-1])
            if parent is not None and (not sure or parent.always(below[-1])):
                parents[below] = child
                found[(*way, *below)] = child
    return found


def _rest(tops: Places, everything: Places, taken: set[Names]) -> Places:
    """What is left of each place: itself when nothing under it was taken, else its other single fields."""
    rest: Places = {}
    for way, shape in tops.items():
        under = [one for one in taken if one[: len(way)] == way]
        if not under:
            rest[way] = shape
        elif way not in taken:
            rest |= {
                one: found
                for one, found in everything.items()
                if one[: len(way)] == way and not found.fields and not _within(one, taken)
            }
    return rest


def _within(way: Names, taken: set[Names]) -> bool:
    return any(way[:length] in taken for length in range(1, len(way) + 1))


def _essence(shape: SourceShape) -> frozenset[str]:
    return flat(shape).kinds - {"null", "list"}


def _alike(left: SourceShape, right: SourceShape) -> float | None:
    """How much two values speak for being one field: 1 for, 0 unknown, below 0 against; None: impossible."""
    left, right = flat(left), flat(right)
    if _essence(left) != _essence(right):
        return None
    if left.fields or right.fields:
        shared = len(left.fields.keys() & right.fields.keys())
        share = shared / len(left.fields.keys() | right.fields.keys())
        return 1.0 if share >= _ENOUGH else None
    if not left.codes or not right.codes:
        return 0.0
    if left.codes & right.codes:
        return 1.0
    return _ENOUGH if _patterns(left) & _patterns(right) else -_ENOUGH


def _patterns(shape: SourceShape) -> set[str]:
    """Texts with letters as A and digits as 9: `R-17` is `A-9`."""
    return {_DIGITS.sub("9", _LETTER.sub("A", code)) for code in shape.codes or ()}


def _names(left: str, right: str) -> float:
    """How alike two names are, from 0 to 1; case and separators do not count."""
    plain, other = (_BLANK.sub("", name).casefold() for name in (left, right))
    return float(SequenceMatcher(a=plain, b=other, autojunk=False).ratio())
