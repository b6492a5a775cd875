"""`$filter` of OData V2: comparisons, `and`, `or`, `not`, parentheses; compiled to SQL over stored JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

_TOKEN = re.compile(
    r"\s*(?:(?P<open>\()|(?P<close>\))|(?P<typed>(?:datetime|guid)'[^']*')|(?P<text>'(?:[^']|'')*')"
    r"|(?P<number>-?\d+(?:\.\d+)?[mMdDfFlL]?)|(?P<word>[A-Za-z_][A-Za-z0-9_]*))"
)
_OPERATORS = {"eq": "=", "ne": "<>", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_DEPTH = 50

Compiled = tuple[str, list[Any]]
"""A SQL condition and the values of its question marks."""


class FilterError(ValueError):
    """A filter that cannot be understood; the message gives the position and what was expected."""


class _Parser:
    """Recursive descent over the tokens of one filter."""

    def __init__(self, text: str, columns: Mapping[str, str]) -> None:
        self._text = text
        self._columns = columns
        self._tokens = list(_tokens(text))
        self._at = 0
        self._depth = 0

    def parse(self) -> Compiled:
        compiled = self._or()
        if self._at < len(self._tokens):
            raise self._wrong("the end or 'and'/'or'")
        return compiled

    def _or(self) -> Compiled:
        sql, values = self._and()
        while self._word("or"):
            more, added = self._and()
            sql, values = f"({sql} OR {more})", values + added
        return sql, values

    def _and(self) -> Compiled:
        sql, values = self._one()
        while self._word("and"):
            more, added = self._one()
            sql, values = f"({sql} AND {more})", values + added
        return sql, values

    def _one(self) -> Compiled:
        if self._word("not"):
            sql, values = self._one()
            return f"NOT {sql}", values
        if self._take("open") is None:
            return self._comparison()
        self._depth += 1
        if self._depth > _DEPTH:
            raise FilterError(f"$filter: expected at most {_DEPTH} parentheses inside each other, found more")
        sql, values = self._or()
        if self._take("close") is None:
            raise self._wrong("')'")
        self._depth -= 1
        return f"({sql})", values

    def _comparison(self) -> Compiled:
        name = self._take("word")
        if name is None or name not in self._columns:
            raise self._wrong("a property" if name is None else f"a known property instead of '{name}'")
        operator = self._take("word")
        if operator not in _OPERATORS:
            raise self._wrong("one of " + ", ".join(_OPERATORS))
        column, value = self._literal(self._columns[name])
        if value is None:
            return f"{column} IS {'NOT ' if operator == 'ne' else ''}NULL", []
        return f"{column} {_OPERATORS[operator]} ?", [value]

    def _literal(self, column: str) -> tuple[str, Any]:
        if (text := self._take("text")) is not None:
            return column, text[1:-1].replace("''", "'")
        if (number := self._take("number")) is not None:
            return f"CAST({column} AS NUMERIC)", _number(number)
        if (typed := self._take("typed")) is not None:
            return _typed(typed, column)
        word = self._take("word")
        if word not in ("true", "false", "null"):
            raise self._wrong("a literal")
        return column, {"true": 1, "false": 0, "null": None}[word]

    def _take(self, kind: str) -> str | None:
        if self._at < len(self._tokens) and self._tokens[self._at][0] == kind:
            self._at += 1
            return self._tokens[self._at - 1][1]
        return None

    def _word(self, word: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at][:2] == ("word", word):
            self._at += 1
            return True
        return False

    def _wrong(self, expected: str) -> FilterError:
        place = self._tokens[self._at][2] if self._at < len(self._tokens) else len(self._text)
        found = self._text[place : place + 20].strip() or "the end"
        return FilterError(f"$filter at position {place}: expected {expected}, found '{found}'")


def _tokens(text: str) -> list[tuple[str, str, int]]:
    tokens, at, text = [], 0, text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            found = text[at : at + 20].strip()
            raise FilterError(f"$filter at position {at}: expected a property or a literal, found '{found}'")
        tokens.append((match.lastgroup, match.group(match.lastgroup), match.start(match.lastgroup)))
        at = match.end()
    return tokens


def _number(text: str) -> int | str:
    digits = text.rstrip("mMdDfFlL")
    return digits if "." in digits else int(digits)


def _typed(text: str, column: str) -> tuple[str, Any]:
    if text.startswith("guid"):
        return column, text[5:-1].lower()
    try:
        moment = datetime.fromisoformat(text[9:-1])
    except ValueError as error:
        raise FilterError(f"$filter: expected datetime'2026-11-20T00:00:00', found {text}") from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    milliseconds = int(moment.timestamp()) * 1000
    # stored as /Date(milliseconds)/: the number starts at the seventh character
    return f"CAST(substr({column}, 7) AS INTEGER)", milliseconds


def compile_filter(text: str, columns: Mapping[str, str]) -> Compiled:
    """Compile a filter to SQL; `columns` gives the SQL expression of each property. Raises FilterError."""
    return _Parser(text, columns).parse()
