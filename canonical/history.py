"""Which facts of a return count, and in which order.

Facts may come in any order, more than once, corrected, restated, or broken. This module reduces them to those
that count, sorted by (occurred_at, precedence of type, id), and opens a case for whatever it leaves out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple
from uuid import UUID

from canonical import validation
from canonical.cases import Cases
from canonical.facts import Fact
from canonical.vocabulary import (
    AUTHORIZED,
    CREDITED,
    DECIDED,
    DISPOSED,
    FACT_TYPES,
    INSPECTED,
    NOTIFIED,
    POSTED,
    RECEIVED,
    REPLACED,
    REQUESTED,
    CaseCode,
)

# What a source calls the statement. A second statement under the same name restates the first.
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    REQUESTED: (),
    DECIDED: ("decision_id",),
    AUTHORIZED: ("system", "rma_number"),
    RECEIVED: ("receipt_id",),
    INSPECTED: ("inspection_id",),
    DISPOSED: ("disposition_id",),
    POSTED: ("system", "document"),
    CREDITED: ("system", "document"),
    REPLACED: ("system", "document"),
    NOTIFIED: ("notification_id",),
}
_LAST: Final = 1_000_000
_REMEMBERED: Final = 2_000
_valid: Final[dict[UUID, tuple[Mapping[str, object], str, int]]] = {}


class History(NamedTuple):
    """The facts that count.

    Attributes:
        return_id: The return; None when there are no facts at all.
        facts: By type, each in order.
        version: Number of distinct facts, those that do not count included.
        revisions: Ids of facts that replaced an earlier, different statement.
    """

    return_id: UUID | None
    facts: Mapping[str, list[Fact]]
    version: int
    revisions: frozenset[UUID]


def order(fact: Fact) -> tuple[datetime, int, int]:
    """Sort key of the fold: when it happened, precedence of its type, id."""
    known = FACT_TYPES.get(fact.type)
    return utc(fact.occurred_at), known.precedence if known else _LAST, fact.id.int


def recorded(fact: Fact) -> tuple[datetime, int]:
    """Sort key of what was said last."""
    return utc(fact.recorded_at), fact.id.int


def read(facts: Iterable[Fact], cases: Cases) -> History:
    """Reduce facts to those that count; a pure function of the set of facts."""
    distinct = sorted(_distinct(facts, cases), key=order)
    if not distinct:
        return History(None, {}, 0, frozenset())
    return_id = _subject(distinct)
    usable = [fact for fact in distinct if _usable(fact, return_id, cases)]
    current = _corrected(usable, cases)
    standing = _restated(current, cases)
    by_type: dict[str, list[Fact]] = {}
    for fact in standing:
        by_type.setdefault(fact.type, []).append(fact)
    revisions = {fact.id for fact in standing if fact.corrects is not None}
    revisions.update(_replacing(current, standing))
    return History(return_id, by_type, len(distinct), frozenset(revisions))


def utc(time: datetime) -> datetime:
    """The moment in UTC, as a database gives it back; a time without offset counts as UTC."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _distinct(facts: Iterable[Fact], cases: Cases) -> list[Fact]:
    """Each id once. Two different facts under one id cannot be: the one recorded last counts."""
    distinct: dict[UUID, Fact] = {}
    conflicting: set[UUID] = set()
    for fact in facts:
        known = distinct.setdefault(fact.id, fact)
        if known is not fact and known != fact:
            distinct[fact.id] = max(known, fact, key=_content)
            conflicting.add(fact.id)
    for fact_id in sorted(conflicting):
        message = "two different facts bear this id; the one recorded last counts"
        cases.open(CaseCode.CONFLICTING_FACT, message, fact_id)
    return list(distinct.values())


def _content(fact: Fact) -> tuple[datetime, str]:
    return utc(fact.recorded_at), repr(fact)


def _subject(facts: list[Fact]) -> UUID:
    """The return that most facts are about; of equals the lowest id."""
    count: dict[UUID, int] = {}
    for fact in facts:
        count[fact.return_id] = count.get(fact.return_id, 0) + 1
    return facts[0].return_id if len(count) == 1 else max(sorted(count), key=count.__getitem__)


def _usable(fact: Fact, return_id: UUID, cases: Cases) -> bool:
    if fact.return_id != return_id:
        message = f"expected facts of return {return_id}, found one of {fact.return_id}"
        cases.open(CaseCode.FOREIGN_FACT, message, fact.id)
        return False
    if fact.type in FACT_TYPES and _is_valid(fact):
        return True
    cases.open(CaseCode.UNUSABLE_FACT, f"{fact.type} {fact.version}: {_broken(fact)}", fact.id)
    return False


def _is_valid(fact: Fact) -> bool:
    """Remembered for the data itself: a fact is folded once more with each one that follows it."""
    known = _valid.get(fact.id)
    if known is not None and known[0] is fact.data and known[1:] == (fact.type, fact.version):
        return True
    if not validation.is_valid(fact.type, fact.version, fact.data):
        return False
    remember_valid(fact)
    return True


def remember_valid(fact: Fact) -> None:
    """Tell the fold that a fact was just validated against its schema, and not changed since."""
    if len(_valid) >= _REMEMBERED:
        _valid.clear()
    _valid[fact.id] = (fact.data, fact.type, fact.version)


def _broken(fact: Fact) -> str:
    if fact.type not in FACT_TYPES:
        return f"expected a type of fact, found {fact.type!r}"
    found = validation.violations(fact.type, fact.version, fact.data)
    return "; ".join(f"{each.path} {each.message}, found {each.found}" for each in found)


def _corrected(facts: list[Fact], cases: Cases) -> list[Fact]:
    """Leave out what was corrected. Corrections of corrections form a family, of which one member counts."""
    if all(fact.corrects is None for fact in facts):
        return facts
    links = _links(facts, cases)
    families: dict[UUID, list[Fact]] = {}
    for fact in facts:
        families.setdefault(_root(fact.id, links), []).append(fact)
    replaced = frozenset(links.values())
    counting = {_spokesman(family, replaced, cases).id for family in families.values()}
    return [fact for fact in facts if fact.id in counting]


def _links(facts: list[Fact], cases: Cases) -> dict[UUID, UUID]:
    """From each correction to what it corrects, as far as that can be."""
    by_id = {fact.id: fact for fact in facts}
    links = {}
    for fact in facts:
        if fact.corrects is None:
            continue
        original = by_id.get(fact.corrects)
        if original is None:
            message = f"corrects {fact.corrects}, which is not among the usable facts of this return"
            cases.open(CaseCode.CORRECTION_WITHOUT_ORIGINAL, message, fact.id)
        elif original is fact or original.type != fact.type:
            message = f"expected to correct another {fact.type}, found {original.type} {original.id}"
            cases.open(CaseCode.CORRECTION_OF_OTHER_TYPE, message, fact.id)
        else:
            links[fact.id] = original.id
    return links


def _root(fact_id: UUID, links: Mapping[UUID, UUID]) -> UUID:
    """The first statement of a family; of a circle, its lowest id."""
    path: dict[UUID, None] = {}
    while fact_id in links and fact_id not in path:
        path[fact_id] = None
        fact_id = links[fact_id]
    if fact_id not in path:
        return fact_id
    steps = list(path)
    return min(steps[steps.index(fact_id) :])


def _spokesman(family: list[Fact], replaced: frozenset[UUID], cases: Cases) -> Fact:
    uncorrected = [fact for fact in family if fact.id not in replaced]
    last = max(uncorrected or family, key=recorded)
    if len(uncorrected) != 1:
        message = f"{len(family)} facts correct each other in more than one way; the one recorded last counts"
        cases.open(CaseCode.COMPETING_CORRECTIONS, message, last.id)
    return last


def _restated(facts: list[Fact], cases: Cases) -> list[Fact]:
    """One statement per name the source gave it: of equal ones the first, of different ones the last."""
    named: dict[tuple[str, ...], list[Fact]] = {}
    for fact in facts:
        named.setdefault(_name(fact), []).append(fact)
    if len(named) == len(facts):
        return facts
    counting = {_statement(same, cases).id for same in named.values()}
    return [fact for fact in facts if fact.id in counting]


def _name(fact: Fact) -> tuple[str, ...]:
    fields = _NAMES.get(fact.type)
    if fields is None:
        return (str(fact.id),)
    return (fact.type, *[fact.data[field] for field in fields])


def _statement(same: list[Fact], cases: Cases) -> Fact:
    choose: Callable[..., Fact] = max if any(fact.data != same[0].data for fact in same) else min
    chosen = choose(same, key=recorded)
    if choose is max:
        message = f"{chosen.type} was stated {len(same)} times with different content; the last counts"
        cases.open(CaseCode.RESTATED, message, chosen.id)
    return chosen


def _replacing(current: list[Fact], standing: list[Fact]) -> set[UUID]:
    """Facts that stand for others of the same name and other content."""
    if len(current) == len(standing):
        return set()
    left_out = {fact.id for fact in current} - {fact.id for fact in standing}
    others = [(_name(fact), fact.data) for fact in current if fact.id in left_out]
    return {
        fact.id
        for fact in standing
        if any(name == _name(fact) and data != fact.data for name, data in others)
    }
