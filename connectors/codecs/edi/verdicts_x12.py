"""TA1, 997 and 999 read without a guide: segment by segment, as they come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from connectors.codecs.base import Finding
from connectors.codecs.edi.verdicts import (
    About,
    AckError,
    Acknowledgement,
    Counts,
    Kind,
    TransactionVerdict,
    Verdict,
    error,
)
from connectors.codecs.x12.envelope import Interchange
from connectors.codecs.x12.reader import Reader
from connectors.codecs.x12.segments import Block

_VERDICTS: Final = {
    "A": Verdict.ACCEPTED,
    "E": Verdict.ACCEPTED_WITH_ERRORS,
    "P": Verdict.PARTIALLY_ACCEPTED,
    "R": Verdict.REJECTED,
    "M": Verdict.REJECTED,
    "W": Verdict.REJECTED,
    "X": Verdict.REJECTED,
}
"""AK501 and AK901: M, W and X refuse what was secured wrongly. P is of groups only."""

_KINDS: Final[dict[str, Kind]] = {"997": "997", "999": "999"}
_OF_SEGMENTS: Final = "AK3", "IK3"
_OF_ELEMENTS: Final = "AK4", "IK4"
_OF_TRANSACTIONS: Final = "AK5", "IK5"
_GOOD: Final = frozenset({Verdict.ACCEPTED, Verdict.ACCEPTED_WITH_ERRORS})


def read(data: bytes, charset: str) -> tuple[list[Acknowledgement], list[Finding]]:
    """Read a document; see `acknowledgement.read`."""
    reader = Reader(data)
    found: dict[int, list[Acknowledgement]] = {}
    notes: list[Finding] = []
    for block in reader.blocks():
        if block.interchange is None:
            notes += block.findings
        else:
            found.setdefault(id(block.interchange), []).extend(of_transaction(block, charset))
    listed = []
    for interchange in reader.interchanges:
        mine = of_interchange(interchange) + found.get(id(interchange), [])
        around = [*interchange.findings, *(one for group in interchange.groups for one in group.findings)]
        listed += [replace(one, notes=(*one.notes, *around)) for one in mine]
        notes += around
    return listed, notes


def of_interchange(interchange: Interchange) -> list[Acknowledgement]:
    """The TA1s of an interchange."""
    return [_ta1(interchange, values) for values in interchange.acknowledgements]


def of_transaction(block: Block, charset: str) -> list[Acknowledgement]:
    """What a transaction acknowledges; nothing if it is no acknowledgement."""
    return [_Functional(block, charset).made()] if block.set in _KINDS else []


def _ta1(interchange: Interchange, values: Sequence[str]) -> Acknowledgement:
    control, _date, _time, told, note = [*(value.strip() for value in values), "", "", "", "", ""][:5]
    verdict = _VERDICTS.get(told) if told != "P" else None
    notes = [] if verdict else [_note(f"TA104 is '{told}', expected A, E or R", "TA1")]
    if verdict is None:
        verdict = Verdict.REJECTED if note.strip("0") else Verdict.RECEIVED
    return Acknowledgement(
        kind="TA1",
        sender=interchange.sender,
        receiver=interchange.receiver,
        control=interchange.control,
        test=interchange.test,
        about=About(interchange=control),
        verdict=verdict,
        others=Verdict.REJECTED if verdict is Verdict.REJECTED else Verdict.RECEIVED,
        errors=(error(f"TA105.{note}"),) if note.strip("0") else (),
        notes=tuple(notes),
    )


class _Told(NamedTuple):
    """One AK2 with all that belongs to it; `verdict` is AK501, empty when it is not there."""

    set: str
    control: str
    verdict: str
    errors: list[AckError]


class _Functional:
    """Reads one 997 or 999."""

    def __init__(self, block: Block, charset: str) -> None:
        assert block.interchange is not None  # noqa: S101 - callers asked
        self._block = block
        self._interchange = block.interchange
        self._signs = block.interchange.delimiters.text
        self._about = About()
        self._told: list[_Told] = []
        self._group: list[str] | None = None  # AK9
        self._segment = AckError(code="", message="")  # AK3 as told, for the AK4s behind it
        self._notes: list[Finding] = list(block.findings)
        self._counted = False
        texts = block.segments(charset)
        stated = (*block.trailer, "", "")[1].strip()
        if block.trailer and stated.lstrip("0") != str(len(texts)):
            self._note(f"SE01 counts '{stated}' segments, but {len(texts)} are there", "SE")
        for number, text in enumerate(texts[1:-1] if block.trailer else texts[1:], 2):
            values = [value.strip() for value in text.split(self._signs.element)]
            self._take(number, values[0], [*values[1:], *[""] * 10])

    def _take(self, number: int, tag: str, values: list[str]) -> None:
        if tag == "AK1":
            self._about = About("", values[1], values[0])
        elif tag == "AK2":
            self._told.append(_Told(values[0], values[1], "", []))
        elif tag == "AK9":
            self._group = values
        elif tag in _OF_TRANSACTIONS and self._told and self._told[-1].verdict not in _VERDICTS:
            self._close(tag, values)
        elif tag in _OF_SEGMENTS and self._told:
            self._of_segment(number, tag, values)
        elif tag in _OF_ELEMENTS and self._told and self._segment.code:
            self._of_element(number, tag, values)
        elif tag == "CTX" and self._told and self._told[-1].errors:
            self._context(values)
        else:
            self._note(f"{tag or 'An empty segment'} at segment {number} is not expected there", tag)

    def _of_segment(self, number: int, tag: str, values: list[str]) -> None:
        segment, place, loop, code = values[:4]
        made = error(
            f"{tag}04.{code or '8'}",
            segment=self._first(segment),
            number=self._number(place, f"{tag}02 at segment {number}"),
            loop=loop,
        )
        self._segment = made
        self._told[-1].errors.append(made)

    def _of_element(self, number: int, tag: str, values: list[str]) -> None:
        place, reference, code, found = values[:4]
        parts = [*(self._first(place).split(self._signs.component or None)), "", ""]
        where = f"{tag}01 at segment {number}"
        of, errors = self._segment, self._told[-1].errors
        if errors and errors[-1] is of and of.code.endswith("04.8"):
            errors.pop()  # it said no more than that elements follow
        made = error(
            f"{tag}03.{code}",
            segment=of.segment,
            number=of.number,
            loop=of.loop,
            place=(self._number(parts[0], where), self._number(parts[1], where) if parts[1] else 0),
            reference=reference,
            found=found,
        )
        errors.append(made)

    def _context(self, values: list[str]) -> None:
        """What a 999 says about the circumstances goes into the sentence."""
        errors = self._told[-1].errors
        last = errors[-1]
        words = [value.replace(self._signs.component or " ", " ") for value in values if value]
        errors[-1] = replace(last, message=f"{last.message}, context: {', '.join(words)}")
        if self._segment is last:
            self._segment = errors[-1]

    def _close(self, tag: str, values: list[str]) -> None:
        one = self._told[-1]
        codes = [code for code in values[1:6] if code]
        told = one.errors and codes in (["5"], ["I5"])  # the errors say it better
        errors = one.errors if told else [*one.errors, *(error(f"{tag}02.{code}") for code in codes)]
        self._told[-1] = one._replace(verdict=values[0] or "?", errors=errors)
        self._segment = AckError(code="", message="")

    def made(self) -> Acknowledgement:
        """The acknowledgement, once all segments were taken."""
        group = self._group or [""] * 20
        told = _VERDICTS.get(group[0])
        transactions = tuple(self._transaction(one, told) for one in self._told)
        if told is None:
            found = f"'{group[0]}'" if self._group else "missing"
            self._note(f"AK901 is {found}, expected A, E, P or R", "AK9")
        counts = Counts(*(self._count(value, at) for at, value in enumerate(group[1:4], 2)))
        verdict = self._verdict(told, transactions, counts)
        if not self._about.group:
            self._note("No AK1 says which functional group this is about", "AK1")
        return Acknowledgement(
            kind=_KINDS[self._block.set],
            sender=self._interchange.sender,
            receiver=self._interchange.receiver,
            control=self._interchange.control,
            test=self._interchange.test,
            about=self._about,
            verdict=verdict,
            others=_others(told or Verdict.RECEIVED),
            counts=counts,
            transactions=transactions,
            errors=tuple(error(f"AK905.{code}") for code in group[4:9] if code),
            notes=tuple(self._notes),
        )

    def _transaction(self, one: _Told, group: Verdict | None) -> TransactionVerdict:
        verdict = _VERDICTS.get(one.verdict)
        if verdict is None or verdict is Verdict.PARTIALLY_ACCEPTED:
            found = f"is '{one.verdict}'" if one.verdict else "is missing"
            verdict = _unsaid(group, one)
            message = f"The verdict on transaction {one.control} {found}; read as {verdict}"
            self._note(message, "AK5")
        return TransactionVerdict(set=one.set, control=one.control, verdict=verdict, errors=tuple(one.errors))

    def _verdict(
        self, told: Verdict | None, transactions: Sequence[TransactionVerdict], counts: Counts
    ) -> Verdict:
        """AK901, unless it says all is well and a transaction was refused."""
        good = sum(one.verdict in _GOOD for one in transactions)
        named = transactions and counts.received == len(transactions)
        if named and counts.accepted is not None and counts.accepted != good:
            message = f"AK904 counts {counts.accepted} accepted transactions, but {good} are named so"
            self._note(message, "AK9")
        if told is None:
            return _told_by(transactions, good, whole=bool(self._block.trailer))
        if told in _GOOD and good < len(transactions):
            self._note("AK901 says that all was accepted, but a transaction was rejected", "AK9")
            return Verdict.PARTIALLY_ACCEPTED
        return told

    def _first(self, text: str) -> str:
        """The first of repeated values: there can be only one."""
        return text.split(self._signs.repetition, maxsplit=1)[0] if self._signs.repetition else text

    def _number(self, text: str, where: str) -> int:
        text = self._first(text)
        if text.isascii() and text.isdigit() and len(text) <= 9:  # noqa: PLR2004 - no position is longer
            return int(text)
        self._note(f"{where} is '{text[:40]}', expected a number", where[:3])
        return 0

    def _count(self, text: str, at: int) -> int | None:
        if not self._group:
            return None
        if not text:
            self._note(f"AK90{at} is missing, expected a number", "AK9")
            return None
        return self._number(text, f"AK90{at}")

    def _note(self, message: str, found: str) -> None:
        self._notes.append(_note(message, found, f"{self._block.set} {self._block.control}"))


def _unsaid(group: Verdict | None, one: _Told) -> Verdict:
    """A transaction without AK5: where some of its group were refused, it may have been one of them."""
    if group is None:
        return Verdict.RECEIVED
    if group in _GOOD:
        return Verdict.ACCEPTED_WITH_ERRORS if one.errors else Verdict.ACCEPTED
    return Verdict.REJECTED


def _told_by(transactions: Sequence[TransactionVerdict], good: int, *, whole: bool) -> Verdict:
    """A group without AK9 is what its transactions are, if those are all known."""
    if not transactions or any(one.verdict is Verdict.RECEIVED for one in transactions):
        return Verdict.RECEIVED
    if good == len(transactions):
        if not whole:  # the next one may have been rejected
            return Verdict.RECEIVED
        errors = any(one.verdict is not Verdict.ACCEPTED for one in transactions)
        return Verdict.ACCEPTED_WITH_ERRORS if errors else Verdict.ACCEPTED
    return Verdict.PARTIALLY_ACCEPTED if good else Verdict.REJECTED


def _others(group: Verdict) -> Verdict:
    """Transactions that are not named: where some are refused, those are named."""
    return Verdict.ACCEPTED if group is Verdict.PARTIALLY_ACCEPTED else group


def _note(message: str, found: str, place: str = "") -> Finding:
    return Finding(code="ack", message=f"{message}.", place=place, found=found, fatal=False)
