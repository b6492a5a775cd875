"""EDI documents of many returns: the same bytes on every run, no two returns alike, in several shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

CHUNK: Final = 65_536
"""Bytes handed to a reader at once."""

_REASONS: Final = ("DA", "DR", "WG", "NA", "EO", "PF")
_STATES: Final = ("4", "17", "6")
_TEXTS: Final = (
    "STOPS UNDER LOAD AFTER A MINUTE",
    "DENT IN THE HOUSING",
    "NOT WHAT WAS ORDERED",
    "CARTON WET ON ARRIVAL",
)
_ARTICLES: Final = (
    "CORDLESS DRILL 18 V, TWO BATTERIES",
    "DRILL BIT SET, 19 PIECES, IN A CASE",
    "WORK LIGHT WITH STAND, 30 WATTS",
    "HEX KEY SET 1.5-10 MM, WITH HOLDER",
)
_DAYS: Final = 28


def notices(count: int) -> Iterator[bytes]:
    """An X12 interchange with `count` 180s of 620 bytes, two to six articles each: 100,000 are 62 MB."""
    yield (
        f"ISA*00*{'':10}*00*{'':10}*ZZ*{'ACME':15}*ZZ*{'RETURNSHUB':15}*261101*0930*U*00401*000000001*0*P*>~"
        "GS*AN*ACME*RETURNSHUB*20261101*0930*1*X*004010~"
    ).encode()
    yield from _chunks(_notice(number) for number in range(1, count + 1))
    yield f"GE*{count}*1~IEA*1*000000001~".encode()


def announcements(count: int) -> Iterator[bytes]:
    """An EDIFACT interchange with `count` RETANN of some 620 bytes, one to four articles each, in chunks."""
    yield b"UNA:+.? 'UNB+UNOC:3+4399999000015:14+4299999000018:14+261101:0830+I1++RETANN'"
    yield from _chunks(_announcement(number) for number in range(1, count + 1))
    yield f"UNZ+{count}+I1'".encode()


def write(path: Path, made: Callable[[int], Iterable[bytes]], count: int) -> int:
    """Put a document on disk; gives its size."""
    with path.open("wb") as file:
        for chunk in made(count):
            file.write(chunk)
    return path.stat().st_size


def read(path: Path) -> Iterator[bytes]:
    """A document from disk, a chunk at a time."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _chunks(texts: Iterable[str]) -> Iterator[bytes]:
    held: list[str] = []
    size = 0
    for text in texts:
        held.append(text)
        size += len(text)
        if size >= CHUNK:
            yield "".join(held).encode()
            held, size = [], 0
    yield "".join(held).encode()


def _notice(number: int) -> str:
    day = 1 + number % _DAYS
    segments = [
        f"BGN*00*CLM{number:07d}*202610{day:02d}*{8 + number % 10:02d}{number % 60:02d}",
        f"PRF*ACME-PO-{number:07d}",
        f"DTM*050*202609{day:02d}",
        f"N9*IA*{number % 90_000 + 10_000}",
        f"N1*BY*ACME HARDWARE AND SUPPLY*92*{17_100_000 + number % 400}",
    ]
    segments += [f"N3*{number % 900} INDUSTRIAL PARK DRIVE", f"N4*DALLAS*TX*{75_000 + number % 900}*US"]
    if number % 2:
        segments += [f"PER*RE*RETURNS DESK*TE*214555{number % 10_000:04d}"]
    if number % 5 == 0:
        segments += [f"N1*SF**92*S{number % 70:03d}"]
    for line in range(2 + number * 7 % 5):
        segments += _article(number, line)
    control = f"{number:09d}"
    body = "".join(f"{segment}~" for segment in segments)
    return f"ST*180*{control}~{body}SE*{len(segments) + 2}*{control}~"


def _article(number: int, line: int) -> list[str]:
    kind = (number * 3 + line * 5) % 7
    sku = f"6141410{(number * 5 + line) % 100_000:05d}"
    price = f"*UCP*{10 + number % 90}.{number % 100:02d}" if kind % 3 == 0 else ""
    segments = [f"BLI*UP*{sku}*{1 + (number + line) % 9}*EA{price}"]
    segments += [f"N9*SE*SN-{number:07d}-{at}" for at in range(kind % 3)]
    segments += [f"N9*LT*L{number % 50_000:05d}"] if kind == 6 else []  # noqa: PLR2004 - one kind in seven
    segments += [f"PID*F****{_ARTICLES[(number + line) % len(_ARTICLES)]}"] if kind % 2 else []
    reason = _REASONS[(number + line) % len(_REASONS)]
    text = f"**{_TEXTS[number % len(_TEXTS)]}*Y" if kind > 3 else ""  # noqa: PLR2004 - three kinds in seven
    segments += [f"RDR*CR*{reason}{text}" if kind % 2 else f"RDR**{reason}{text}"]
    segments += [f"DTM*036*202611{1 + number % _DAYS:02d}"] if kind == 1 else []
    return [*segments, f"QTY*38*{1 + (number + line) % 9}"]


def _announcement(number: int) -> str:
    day = 1 + number % _DAYS
    segments = [
        f"BGM+70E::9+RA-{number:08d}+9",
        f"DTM+137:202610{day:02d}:102",
        "CUX+2:EUR:4",
        f"RFF+DQ:DN-{number:07d}",
        f"DTM+171:202609{day:02d}:102",
        f"RFF+ON:PO-{number:07d}",
        f"NAD+BY+{4_399_999_000_000 + number % 400}::9++MARKT {'?+ ' if number % 9 == 0 else ''}HAUS",
        *([f"LOC+14+{4_399_999_100_000 + number % 400}::9"] if number % 2 else []),
        "NAD+SU+4299999000018::9",
    ]
    lines = 1 + number * 7 % 4
    for line in range(lines):
        segments += _announced(number, line)
    segments += ["UNS+S", f"CNT+2:{lines}"]
    body = "".join(f"{segment}'" for segment in segments)
    return f"UNH+M{number}+RETANN:D:96A:EN:EAN001'{body}UNT+{len(segments) + 2}+M{number}'"


def _announced(number: int, line: int) -> list[str]:
    kind = (number * 3 + line * 5) % 7
    segments = [
        f"LIN+{line + 1}++{4_299_999_000_000 + (number * 5 + line) % 100_000}:EN",
        f"PIA+1+6141410{(number * 5 + line) % 100_000:05d}:SA",
        *([f"PIA+1+L{number % 50_000:05d}:NB"] if kind == 6 else []),  # noqa: PLR2004 - one kind in seven
        *([f"IMD+F++:::{_ARTICLES[(number + line) % len(_ARTICLES)]}"] if kind % 2 else []),
        *([f"PRI+AAA:{10 + number % 90}.{number % 100:02d}"] if kind % 3 == 0 else []),
        f"QTY+61:{1 + (number + line) % 9}:PCE",
        "CDI+3E+12E::9",
    ]
    text = f":::{_TEXTS[number % len(_TEXTS)]}" if kind > 3 else ""  # noqa: PLR2004 - three kinds in seven
    segments += [f"CDI+1+{_STATES[(number + line) % len(_STATES)]}{text}"]
    if kind % 3:
        segments += ["PAC+1", "PCI+33E", *(f"GIN+BN+SN-{number:07d}-{at}" for at in range(kind % 3))]
    return segments
