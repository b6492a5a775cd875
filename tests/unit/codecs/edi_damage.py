"""EDI documents damaged on purpose: seeds, and what happens to them on the way."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.edi_material import announcements, notices
from hub.settings import PROJECT_DIR

SAMPLES: Final = Path(
    os.environ.get("RETURNS_HUB_SAMPLES", Path(__file__).parents[3].parent / "shared" / "samples" / "edi")
)
LARGEST_SEED: Final = 4_000
"""Bytes; larger documents hold nothing that smaller ones do not, and take longer."""

_HUGE: Final = 20_000


class Seed(NamedTuple):
    """A document, its family, and what separates its segments and elements."""

    name: str
    body: bytes
    x12: bool
    terminator: bytes
    element: bytes


@lru_cache
def seeds() -> tuple[Seed, ...]:
    """Our own documents, and those of others where they are beside the project."""
    files = [
        *sorted(Path(__file__).parent.glob("golden/**/*.*")),
        *sorted((PROJECT_DIR / "mappings").glob("*/samples/*.edi")),
        *(sorted(SAMPLES.glob("*.edi")) + sorted(SAMPLES.glob("*.txt")) if SAMPLES.is_dir() else []),
    ]
    bodies = {str(path): path.read_bytes() for path in files}
    bodies |= {
        "notices": b"".join(notices(3)),
        "announcements": b"".join(announcements(3)),
        "binary": _binary(),
        "released": _released(),
    }
    made = (_seed(name, body) for name, body in bodies.items() if len(body) <= LARGEST_SEED)
    return tuple(seed for seed in made if seed is not None)


def _seed(name: str, body: bytes) -> Seed | None:
    x12 = re.search(rb"ISA([^A-Za-z0-9\s])", body)
    if x12:
        found = re.search(rb"(.)\s*GS" + re.escape(x12[1]), body, re.DOTALL)
        return Seed(name, body, True, found[1] if found else b"~", x12[1])  # noqa: FBT003 - a field
    edifact = re.search(rb"UNB(.)", body, re.DOTALL)
    if edifact is None:
        return None
    found = re.search(rb"(.)\s*UNH" + re.escape(edifact[1]), body, re.DOTALL)
    return Seed(name, body, False, found[1] if found else b"'", edifact[1])  # noqa: FBT003 - as above


def _binary() -> bytes:
    head, tail = b"".join(notices(1)).split(b"SE*", 1)
    return head + b"BIN*12*~SE*1*2~ST*X~SE*" + tail


def _released() -> bytes:
    return b"".join(announcements(2)).replace(b"MARKT HAUS", b"M?'A?+R?:K??T ?\n").replace(b"'", b"'\r\n")


def damaged(seed: Seed, chance: random.Random) -> bytes:
    """One to four things done to a document."""
    body = seed.body
    for _ in range(chance.randint(1, 4)):
        body = chance.choice(_DAMAGE)(body, seed, chance)
    return body


Damage = Callable[[bytes, Seed, random.Random], bytes]


def _segments(change: Callable[[list[bytes], int, random.Random], None]) -> Damage:
    def damage(body: bytes, seed: Seed, chance: random.Random) -> bytes:
        segments = body.split(seed.terminator)
        change(segments, chance.randrange(len(segments)), chance)
        return seed.terminator.join(segments)

    return damage


def _elements(change: Callable[[list[bytes], int, random.Random], None]) -> Damage:
    def damage(body: bytes, seed: Seed, chance: random.Random) -> bytes:
        segments = body.split(seed.terminator)
        at = chance.randrange(len(segments))
        elements = segments[at].split(seed.element)
        change(elements, chance.randrange(len(elements)), chance)
        segments[at] = seed.element.join(elements)
        return seed.terminator.join(segments)

    return damage


def _drop(parts: list[bytes], at: int, _: random.Random) -> None:
    del parts[at]


def _repeat(parts: list[bytes], at: int, _: random.Random) -> None:
    parts.insert(at, parts[at])


def _swap(parts: list[bytes], at: int, chance: random.Random) -> None:
    other = chance.randrange(len(parts))
    parts[at], parts[other] = parts[other], parts[at]


def _swell(parts: list[bytes], at: int, chance: random.Random) -> None:
    parts[at] += chance.choice([b"X", b"?", b"9", b" ", b"\x00", b"*", b":"]) * chance.choice([90, _HUGE])


def _odd(parts: list[bytes], at: int, chance: random.Random) -> None:
    parts[at] = chance.choice(
        [
            b"",
            b"0",
            b"-1",
            b"999999999999999999999",
            b"1,5",
            b"20261301",
            b"\xe4\xff",
            b"\xc3\xa4",
            b"?",
            b" ",
        ]
    )


def _escape(parts: list[bytes], at: int, chance: random.Random) -> None:
    place = chance.randint(0, len(parts[at]))
    parts[at] = (
        parts[at][:place] + chance.choice([b"?", b"??", b"?'", b"\\", b"\r\n", b"~"]) + parts[at][place:]
    )


def _number(body: bytes, _: Seed, chance: random.Random) -> bytes:
    """A control number or a count is another one."""
    found = list(re.finditer(rb"[0-9]+", body))
    if not found:
        return body
    one = chance.choice(found)
    return body[: one.start()] + str(chance.randint(0, 10**9)).encode() + body[one.end() :]


def _cut(body: bytes, _: Seed, chance: random.Random) -> bytes:
    at = chance.randint(0, len(body))
    return body[:at] if chance.random() < 0.5 else body[at:]


def _delimiters(body: bytes, seed: Seed, chance: random.Random) -> bytes:
    old = chance.choice([seed.terminator, seed.element, b":", b"*", b"+", b"'", b"\n"])
    new = chance.choice([b"|", b"^", b"\n", b"\r\n", b"\xe2\x80\xa6", b"\x1d", b"", b"A", b" ", seed.element])
    return body.replace(old, new, chance.choice([1, 5, -1]))


def _nested(body: bytes, seed: Seed, chance: random.Random) -> bytes:
    """Another interchange, or its head, in the middle of this one."""
    other = chance.choice(seeds()).body
    at = body.find(seed.terminator, chance.randint(0, len(body)))
    other = other[: chance.choice([60, 120, len(other)])]
    return body[: at + 1] + other + body[at + 1 :] if at >= 0 else body + other


def _bytes(body: bytes, _: Seed, chance: random.Random) -> bytes:
    made = bytearray(body)
    for _ in range(chance.randint(1, 8)):
        at = chance.randint(0, len(made))
        made[at : at + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
    return bytes(made)


def _charset(body: bytes, _: Seed, chance: random.Random) -> bytes:
    text = body.decode("latin-1")
    return text.encode(chance.choice(["utf-16", "utf-8-sig", "utf-7", "cp500"]), "replace")


def _wrap(body: bytes, _: Seed, chance: random.Random) -> bytes:
    width = chance.choice([1, 7, 80])
    return b"\n".join(body[at : at + width] for at in range(0, len(body), width))


_DAMAGE: Final[tuple[Damage, ...]] = (
    *(_segments(change) for change in (_drop, _repeat, _swap, _swell, _escape)),
    *(_elements(change) for change in (_drop, _repeat, _swap, _swell, _odd, _escape)),
    *(_number, _number, _cut, _delimiters, _nested, _bytes, _bytes, _charset, _wrap),
)
