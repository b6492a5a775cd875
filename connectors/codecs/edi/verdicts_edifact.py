"""CONTRL read without a guide, of any syntax version: segment by segment, as they come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from connectors.codecs.base import Finding
from connectors.codecs.edi.verdicts import (
    About,
    AckError,
    Acknowledgement,
    GroupVerdict,
    TransactionVerdict,
    Verdict,
    error,
)
from connectors.codecs.edifact.reader import Reader
from connectors.codecs.edifact.segments import Block
from connectors.codecs.edifact.service import COMPONENT, ELEMENT, part

_ACTIONS: Final = {
    "1": Verdict.ACCEPTED,
    "2": Verdict.ACCEPTED_WITH_ERRORS,
    "3": Verdict.PARTIALLY_ACCEPTED,
    "4": Verdict.REJECTED,
    "5": Verdict.ACCEPTED,
    "6": Verdict.REJECTED,
    "7": Verdict.ACCEPTED,
    "8": Verdict.RECEIVED,
}
"""0083. Syntax 3 and 4 have 4, 7 and 8; the others are older, and still sent."""

_GOOD: Final = frozenset({Verdict.ACCEPTED, Verdict.ACCEPTED_WITH_ERRORS})

Elements = list[list[str]]


def read(data: bytes, charset: str) -> tuple[list[Acknowledgement], list[Finding]]:
    """Read a document; see `acknowledgement.read`."""
    reader = Reader(data)
    found: dict[int, list[Acknowledgement]] = {}
    notes: list[Finding] = []
    for block in reader.blocks():
        if block.interchange is None:
            notes += block.findings
        elif block.set == "CONTRL":
            made = _Control(block, charset).made()
            found.setdefault(id(block.interchange), []).extend(made.acknowledgements)
            notes += made.notes
    listed = []
    for interchange in reader.interchanges:
        around = [*interchange.findings, *(one for group in interchange.groups for one in group.findings)]
        mine = found.get(id(interchange), [])
        listed += [replace(one, notes=(*one.notes, *around)) for one in mine]
        notes += around
    return listed, notes


def of_transaction(block: Block, charset: str) -> list[Acknowledgement]:
    """What a message acknowledges; nothing if it is no acknowledgement."""
    return _Control(block, charset).made().acknowledgements if block.set == "CONTRL" else []


class _Made(NamedTuple):
    acknowledgements: list[Acknowledgement]
    notes: list[Finding]


class _Level(NamedTuple):
    """One UCI, UCF or UCM with what is told about it; `set` is of messages only."""

    tag: str
    reference: str
    set: str
    action: str
    errors: list[AckError]
    group: str = ""


class _Control:
    """Reads one CONTRL."""

    def __init__(self, block: Block, charset: str) -> None:
        assert block.interchange is not None  # noqa: S101 - callers asked
        self._block = block
        self._interchange = block.interchange
        self._notes: list[Finding] = list(block.findings)
        self._levels: list[_Level] = []
        self._group = ""
        self._segment = 0  # UCS 0096
        self._open = False  # a UCM came since the last UCI or UCF
        texts = block.texts(charset).segments
        stated = part(block.trailer, 1)
        if block.trailer and stated.lstrip("0") != str(len(texts)):
            self._note(f"UNT counts '{stated}' segments, but {len(texts)} are there", "UNT")
        for number, text in enumerate(texts[1:-1] if block.trailer else texts[1:], 2):
            values = [value.split(COMPONENT) for value in text.split(ELEMENT)]
            self._take(number, values)

    def _take(self, number: int, values: Elements) -> None:
        tag = values[0][0]
        if tag in {"UCI", "UCF"}:
            self._level(tag, values, at=4)
        elif tag == "UCM":
            self._level(tag, values, at=3)
        elif tag == "UCS" and self._open:
            self._of_segment(number, values)
        elif tag == "UCD" and self._open and self._segment:
            self._of_element(number, values)
        else:
            self._note(f"{tag or 'An empty segment'} at segment {number} is not expected there", tag)

    def _level(self, tag: str, values: Elements, at: int) -> None:
        """Action, error, segment and position stand together, `at` says from where on."""
        reference, action, code, segment = (part(values, position) for position in (1, at, at + 1, at + 2))
        errors = []
        if code:
            place = self._place(values, at + 3)
            errors.append(error(f"{tag}.{code}", segment=segment, place=place))
        if tag != "UCM":
            self._group = reference if tag == "UCF" else ""
        kind = part(values, 2) if tag == "UCM" else ""
        self._levels.append(_Level(tag, reference, kind, action, errors, self._group))
        self._open, self._segment = tag == "UCM", 0

    def _of_segment(self, number: int, values: Elements) -> None:
        self._segment = self._number(part(values, 1), f"UCS at segment {number}")
        code = part(values, 2)
        if code:
            self._levels[-1].errors.append(error(f"UCS.{code}", number=self._segment))

    def _of_element(self, number: int, values: Elements) -> None:
        code, place = part(values, 1), self._place(values, 2)
        if not place[0]:
            self._note(f"UCD at segment {number} does not say which element is in error", "UCD")
        self._levels[-1].errors.append(error(f"UCD.{code}", number=self._segment, place=place))

    def _place(self, values: Elements, at: int) -> tuple[int, int]:
        """S011: the segment tag is position 1, so the first element is 2."""
        element, component = part(values, at), part(values, at, 2)
        if not element:
            return 0, 0
        number = self._number(element, f"0098 of {values[0][0]}")
        return max(number - 1, 0), self._number(component, f"0104 of {values[0][0]}") if component else 0

    def made(self) -> _Made:
        """One acknowledgement for each UCI; without any there is none, only notes."""
        if not self._levels or self._levels[0].tag != "UCI":
            self._note("No UCI says which interchange this is about", "CONTRL")
        answers: list[list[_Level]] = []
        for level in self._levels:
            if level.tag == "UCI":
                answers.append([level])
            elif answers:
                answers[-1].append(level)
        made = [self._acknowledgement(one[0], one[1:]) for one in answers]
        return _Made([replace(one, notes=tuple(self._notes)) for one in made], [] if made else self._notes)

    def _acknowledgement(self, head: _Level, rest: Sequence[_Level]) -> Acknowledgement:
        action = self._action(head)
        transactions = tuple(
            TransactionVerdict(
                set=one.set,
                control=one.reference,
                verdict=_with_errors(self._action(one), one.errors),
                group=one.group,
                errors=tuple(one.errors),
            )
            for one in rest
            if one.tag == "UCM"
        )
        groups = tuple(self._grouped(one, transactions) for one in rest if one.tag == "UCF")
        below = [*(one.verdict for one in groups), *(one.verdict for one in transactions)]
        return Acknowledgement(
            kind="CONTRL",
            sender=self._interchange.sender,
            receiver=self._interchange.receiver,
            control=self._interchange.control,
            test=self._interchange.test,
            about=About(interchange=head.reference),
            verdict=self._if_whole(_overall(_with_errors(action, head.errors), below)),
            others=self._if_whole(_others(action)),
            transactions=transactions,
            groups=groups,
            errors=tuple(head.errors),
        )

    def _grouped(self, group: _Level, transactions: Sequence[TransactionVerdict]) -> GroupVerdict:
        action = self._action(group)
        below = [one.verdict for one in transactions if one.group == group.reference]
        return GroupVerdict(
            control=group.reference,
            verdict=self._if_whole(_overall(_with_errors(action, group.errors), below)),
            others=self._if_whole(_others(action)),
            errors=tuple(group.errors),
        )

    def _if_whole(self, verdict: Verdict) -> Verdict:
        """Accepted is only what nothing in the part that was cut off could reject."""
        return Verdict.RECEIVED if verdict in _GOOD and not self._block.trailer else verdict

    def _action(self, level: _Level) -> Verdict:
        verdict = _ACTIONS.get(level.action)
        if verdict is not None:
            return verdict
        verdict = Verdict.REJECTED if level.errors else Verdict.RECEIVED
        found = f"is '{level.action}'" if level.action else "is missing"
        self._note(f"The action in {level.tag} {level.reference} {found}; read as {verdict}", level.tag)
        return verdict

    def _number(self, text: str, where: str) -> int:
        if text.isascii() and text.isdigit() and len(text) <= 9:  # noqa: PLR2004 - no position is longer
            return int(text)
        self._note(f"{where} is '{text[:40]}', expected a number", text[:40])
        return 0

    def _note(self, message: str, found: str) -> None:
        place = f"message {self._block.control or '?'}"
        self._notes.append(Finding(code="ack", message=f"{message}.", place=place, found=found, fatal=False))


def _with_errors(verdict: Verdict, errors: Sequence[AckError]) -> Verdict:
    return Verdict.ACCEPTED_WITH_ERRORS if verdict is Verdict.ACCEPTED and errors else verdict


def _overall(own: Verdict, below: Sequence[Verdict]) -> Verdict:
    """A level that is accepted, in the light of what is said about those inside of it."""
    if own in _GOOD and any(one not in _GOOD for one in below):
        return Verdict.PARTIALLY_ACCEPTED
    if own is Verdict.ACCEPTED and Verdict.ACCEPTED_WITH_ERRORS in below:
        return Verdict.ACCEPTED_WITH_ERRORS
    return own


def _others(action: Verdict) -> Verdict:
    """What is not named below: where some are refused, those are named."""
    return Verdict.ACCEPTED if action in {*_GOOD, Verdict.PARTIALLY_ACCEPTED} else action
