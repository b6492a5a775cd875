"""Interchanges damaged by the thousand: nothing raises, hangs or fills memory; what is refused is answered.

By default 50,000 of them; `pytest --full` reads a million. A failure names the seed that makes it again.
"""

from __future__ import annotations

import random
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest

from connectors.codecs import edifact, x12
from connectors.codecs.base import Finding
from connectors.codecs.edi.acknowledgement import read
from connectors.codecs.edi.answers import answer
from connectors.codecs.registry import codec
from tests.unit.codecs.edi_damage import Seed, damaged, seeds

PARTS: Final = 20
DEFAULT, FULL = 50_000, 1_000_000
_SECONDS: Final = 1.0
"""Processor time of one document, of which most take a thousandth of it."""
_GROWTH: Final = 200_000
"""Kilobytes by which the process may grow in one part."""
_CHUNKS: Final = (1, 2, 7, 64, 1_000)
_NUMBERS: Final = {"control": 1, "group": 1}
_MOMENT: Final = {"date": "20261102", "time": "0801"}


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("part", range(PARTS))
def test_any_damage_is_survived_and_what_is_refused_is_answered(
    part: int, pytestconfig: pytest.Config
) -> None:
    count = (FULL if pytestconfig.getoption("--full") else DEFAULT) // PARTS
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(part * count, (part + 1) * count):
        chance = random.Random(number)  # noqa: S311 - damage, no secret
        seed = chance.choice(seeds())
        body = damaged(seed, chance)
        try:
            with limited():
                check(seed, body, chance)
        except BaseException as error:
            error.add_note(f"seed {number}, made of {seed.name}: {body[:2000]!r}")
            raise
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < _GROWTH


@contextmanager
def limited() -> Iterator[None]:
    """Stop what takes too long; in processor time, so that a busy machine does not."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"more than {_SECONDS:g} s of processor time")

    signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, _SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def check(seed: Seed, body: bytes, chance: random.Random) -> None:
    """Read it whole and, now and then, in chunks; answer it."""
    reader = codec("x12/180-004010" if seed.x12 else "edifact/retann-d96a")
    decoded = reader.decode(body)
    records = list(decoded.records)
    assert len(records) <= len(body) + 1
    for record in records:
        assert (record.tree is None) == any(finding.fatal for finding in record.findings)
    if chance.random() < 0.1:
        size = chance.choice(_CHUNKS)
        chunked = reader.decode(body[at : at + size] for at in range(0, len(body), size))
        assert list(chunked.records) == records
        assert chunked.findings == decoded.findings
    received: list[Any] = [*(x12.envelopes(body) if seed.x12 else edifact.envelopes(body))]
    for one in received:
        if refused(one):
            answered(one)


def refused(one: x12.Interchange | edifact.Interchange) -> bool:
    """Whether there is anything wrong with an interchange."""
    findings: list[Finding] = [*one.findings]
    for group in one.groups:
        findings += group.findings
        for message in group.transactions if isinstance(group, x12.Group) else group.messages:
            findings += message.findings
    return bool(findings)


def answered(one: x12.Interchange | edifact.Interchange) -> None:
    """An acknowledgement that our own reader reads without a word; none where nobody can be answered."""
    kind = "997" if isinstance(one, x12.Interchange) else "CONTRL"
    made = answer(one, kind, _NUMBERS, _MOMENT)  # type: ignore[arg-type]  # one of two literals
    if isinstance(one, x12.Interchange):
        wanted = bool(x12.answered(one))
        told = answer(one, "TA1", _NUMBERS, _MOMENT) if one.findings and not one.acknowledgements else b""
        readable = one.control.isascii() and one.control.isdigit() and len(one.control) <= len("000000000")
        assert not told or len(read(told).acknowledgements) == 1
        assert told or not one.findings or one.acknowledgements or one.bare or not readable
    else:
        sets = [message.set for group in one.groups for message in group.messages]
        wanted = bool(one.control) and any(name != "CONTRL" for name in sets)
    assert made or not wanted
    if made:
        found = read(made)
        assert found.notes == []
        assert found.acknowledgements
        assert [note for each in found.acknowledgements for note in each.notes if note.code == "ack"] == []
