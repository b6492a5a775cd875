"""What to do about errors of fields, from their own words: so that those which are stored get hints, too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from shlex import quote
from typing import TypeAlias

from hub.mapping.errors import InvalidMapping
from hub.mapping.yaml_strict import YamlError

Said: TypeAlias = tuple[str, str]
"""The message of an error and the right side that it is about; either may be empty."""

_HOLE = re.compile(r"'([^']+)' is not in lookup '[^']*' \(codes/(\w+)\.csv, (\w+) -> (\w+)\)")
_UNKNOWN = re.compile(r"no lookup '(.+)' in this mapping, known: (.*)")
_COMMA = re.compile(r"expected a number, found '[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+'")
_NOTHING = re.compile(r"nothing present( \(and \d+ more\))?$")
_WORDS = re.compile(r"[\w-]+")
_LOST = re.compile(r"the file may have been cut off\.")
_DISCARD = "returns-hub deadletters discard"
_ID = "<id>"
_CUT = "…"
_OURS = "canonical"


def hints(errors: Iterable[Said], replay: str = "") -> list[str]:
    """What can be done, each once; codes that one table lacks are one command.

    Args:
        errors: Messages with their expressions.
        replay: What `returns-hub deadletters replay` is then called with; nothing died when it is empty.
    """
    holes: dict[tuple[str, str, str], dict[str, None]] = {}
    others: dict[str, None] = {}
    for message, expression in errors:
        if hole := _HOLE.search(message):
            code, *table = hole.groups()
            holes.setdefault((table[0], table[1], table[2]), {})[code] = None
        elif _LOST.search(message):
            letter = _ID if replay.startswith("-") else replay or _ID
            others[f'ask for the file again, then {_DISCARD} {letter} --note "sent again"'] = None
        elif other := _other(message, expression):
            others[other] = None
    commands = [_codes(*table, list(codes)) for table, codes in holes.items()]
    then = f", then returns-hub deadletters replay {replay}" if replay else ""
    return [*(f"{command}{then}" for command in filter(None, commands)), *others]


def hinted(error: InvalidMapping, folder: Path) -> InvalidMapping:
    """The same problems, each with its hint, for people.

    Args:
        error: Of a file that cannot be compiled.
        folder: `mappings/<system>` of the file.
    """
    return InvalidMapping(
        [
            YamlError(one.file, one.line, one.column, f"{one.message}; hint: {hint}") if hint else one
            for one in error.problems
            for hint in [of_file(one.message, folder)]
        ]
    )


def of_file(message: str, folder: Path) -> str:
    """What to do about a problem of a mapping file in `folder`; empty when nobody knows."""
    unknown = _UNKNOWN.search(message)
    if not unknown:
        return ""
    name, known = unknown.groups()
    if near := get_close_matches(name, known.split(", "), n=1):
        return f"did you mean '{near[0]}'?"
    line = f"'  {name}: codes/{_table(name, folder)}.csv[{folder.name}]'"
    return f"write {line} under lookups:" if known != "none" else f"write 'lookups:' and, under it, {line}"


def _table(name: str, folder: Path) -> str:
    """The code table that a lookup of this name probably wants: of several, one that knows the system."""
    files = sorted((folder.parent / "codes").glob("*.csv"))
    fit = [file for file in files if name == file.stem or file.stem.endswith(f"_{name}")]
    knowing = [file for file in fit if folder.name in _header(file)]
    ours = [file for file in fit if file.stem == f"return_{name}"]
    near = get_close_matches(name, [file.stem for file in files], n=1)
    return next((file.stem for file in (*knowing, *ours, *fit)), next(iter(near), name))


def _header(file: Path) -> list[str]:
    try:
        lines = file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError:
        return []
    return next((line.split(",") for line in lines if line and not line.startswith("#")), [])


def _other(message: str, expression: str) -> str:
    if _NOTHING.search(message) and "| optional" not in expression:
        absent = 'add "| optional" if it may be absent'
        fixed = f'a fixed text is written "= {expression}"' if _WORDS.fullmatch(expression) else ""
        return "; ".join(filter(None, (absent, fixed)))
    if _COMMA.search(message) and "decimal(comma)" not in expression:
        return "a decimal comma: decimal(comma)"
    return ""


def _codes(table: str, column: str, target: str, codes: Sequence[str]) -> str:
    """The command that gives codes their meaning; empty for codes that are not known whole."""
    if any(code.endswith(_CUT) for code in codes):
        return ""
    pairs = [f"{code}=…" if column != _OURS else f"…={code}" for code in codes]
    system = column if column != _OURS else target
    return f"returns-hub new codes {table} {system} {' '.join(_word(pair) for pair in pairs)}"


def _word(pair: str) -> str:
    plain = pair.replace("=", "").replace(_CUT, "")
    return pair if quote(plain) == plain else quote(pair)
