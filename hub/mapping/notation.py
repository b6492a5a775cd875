"""The parser of the right side: `path, fallback | function | function(argument, …)`.

Grammar (blanks between the parts are free):

    expression := ( "=" text | source { "," source } ) { "|" call }
    each       := expression "as" name
    condition  := path [ ( "=" | "!=" ) value { "|" value } ]
    source     := "position" | path
    path       := step { "." step }
    step       := name { "[" name { "." name } ( "=" | "!=" ) value { "|" value } "]" }
    call       := name { "." name } [ "(" [ argument { "," argument } ] ")" ]
    name       := letters, digits and anything but blanks and . , | ( ) [ ] = ! and quotes; or quoted
    argument   := text up to a comma or parenthesis; or quoted

Quoted text stands in single or double quotes; the quote itself is doubled inside.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NoReturn, TypeVar

from hub.mapping.nodes import (
    Argument,
    Call,
    Condition,
    Constant,
    Expression,
    Literal,
    Path,
    Position,
    Selector,
    Source,
    Step,
)

_Part = TypeVar("_Part")

MAX_LENGTH = 2000
MAX_PARTS = 32
"""Sources, steps, functions, arguments, alternatives of one expression: each at most so many."""

_NAME = re.compile(r"[^\s.,|()\[\]=!'\"]+")
_BLANK = re.compile(r"\s*")
_QUOTED = re.compile(r"'((?:[^']|'')*)'|\"((?:[^\"]|\"\")*)\"")
_ARGUMENT = re.compile(r"[^,()|'\"]+")
_SELECTED = re.compile(r"[^\]|'\"\[]+")
_COMPARED = re.compile(r"[^|'\"]+")
_CONSTANT = re.compile(r"[^|]*")


class NotationError(ValueError):
    """An expression is not notation.

    Attributes:
        message: What was expected and found.
        at: Offset in the expression, from 0.
    """

    def __init__(self, message: str, at: int) -> None:
        super().__init__(f"column {at + 1}: {message}")
        self.message = message
        self.at = at


def parse_expression(text: str, names: Collection[str] = (), operands: Collection[str] = ()) -> Expression:
    """Parse a right side.

    Args:
        text: As written in the file.
        names: The `each … as` names visible here.
        operands: Functions whose bare arguments are paths.

    Raises:
        NotationError: With the offset of the cause.
    """
    reader = _Reader(text, names, operands)
    expression = reader.expression()
    reader.end()
    return expression


def parse_each(
    text: str, names: Collection[str] = (), operands: Collection[str] = ()
) -> tuple[Expression, str]:
    """Parse `expression as name`; the second part is the name."""
    reader = _Reader(text, names, operands)
    expression = reader.expression()
    at = reader.at
    if reader.name("'as' and a name") != "as":
        raise NotationError("expected 'as' and a name", at)
    name = reader.name("a name after 'as'")
    reader.end()
    return expression, name


def parse_condition(text: str, names: Collection[str] = ()) -> Condition:
    """Parse what stands after `where:`."""
    reader = _Reader(text, names, ())
    path = reader.path()
    if reader.done():
        return Condition(text, path, None, negated=False)
    negated = reader.comparison()
    values = reader.alternatives(_COMPARED)
    reader.end()
    return Condition(text, path, values, negated)


class _Reader:
    """A recursive-descent reader over one expression; `at` is the next offset."""

    def __init__(self, text: str, names: Collection[str], operands: Collection[str]) -> None:
        if len(text) > MAX_LENGTH:
            raise NotationError(f"longer than {MAX_LENGTH} characters", MAX_LENGTH)
        self._text = text
        self._names = names
        self._operands = operands
        self.at = 0
        self._skip()

    def expression(self) -> Expression:
        if self._peek() == "=":
            sources: tuple[Source, ...] = (self._constant(),)
        else:
            sources = (self._source(),)
            while self._take(","):
                sources = self._more(sources, self._source())
        calls: tuple[Call, ...] = ()
        while self._take("|"):
            calls = self._more(calls, self._call())
        return Expression(self._text[: self.at].strip(), sources, calls)

    def path(self) -> Path:
        start = self.at
        quoted = self._peek() in "'\""
        name = self.name("a path")
        selectors = self._selectors()
        steps: tuple[Step, ...] = ()
        variable = name if name in self._names and not quoted else None
        if variable is None:
            steps, selectors = (Step(name, selectors),), ()
        while self._take("."):
            steps = self._more(steps, Step(self.name("a name after '.'"), self._selectors()))
        return Path(self._text[start : self.at].strip(), variable, selectors, steps)

    def name(self, expected: str) -> str:
        if self._peek() in "'\"":
            return self._quoted()
        found = _NAME.match(self._text, self.at)
        if not found:
            self._fail(expected)
        self.at = found.end()
        self._skip()
        return found.group()

    def comparison(self) -> bool:
        """Read `=` or `!=`; True for the latter."""
        negated = self._take("!")
        if not self._take("="):
            self._fail("'=' or '!='")
        return negated

    def alternatives(self, bare: re.Pattern[str]) -> tuple[str, ...]:
        values: tuple[str, ...] = (self._value(bare),)
        while self._take("|"):
            values = self._more(values, self._value(bare))
        return values

    def done(self) -> bool:
        return self.at >= len(self._text)

    def end(self) -> None:
        if not self.done():
            self._fail("',' or '|' or the end")

    def _source(self) -> Source:
        bare = self._peek() not in "'\""
        path = self.path()
        if bare and path.text == "position":
            if not self._names:
                raise NotationError("'position' is only known inside 'each'", self.at - len(path.text))
            return Position()
        return path

    def _constant(self) -> Constant:
        self._take("=")
        if self._peek() in "'\"":
            return Constant(self._quoted())
        found = _CONSTANT.match(self._text, self.at)
        value = found.group().strip() if found else ""
        if not value:
            self._fail("a text after '=' (write = '' for the empty text)")
        self.at += len(found.group()) if found else 0
        return Constant(value)

    def _call(self) -> Call:
        start = self.at
        name = self.name("a function")
        if self._take("."):  # a connector's function
            name += f".{self.name('a name after the dot')}"
        arguments: tuple[Argument, ...] = ()
        if self._take("(") and not self._take(")"):
            arguments = (self._argument(name),)
            while self._take(","):
                arguments = self._more(arguments, self._argument(name))
            if not self._take(")"):
                self._fail("',' or ')'")
        return Call(name, arguments, self._text[start : self.at].strip(), start)

    def _argument(self, function: str) -> Argument:
        start = self.at
        if self._peek() in "'\"":
            return Literal(self._quoted(), start)
        if function in self._operands:
            source = self._source()
            assert not isinstance(source, Constant)  # noqa: S101 - _source never reads '='
            return source
        return Literal(self._value(_ARGUMENT), start)

    def _selectors(self) -> tuple[Selector, ...]:
        found: tuple[Selector, ...] = ()
        while self._take("["):
            path: tuple[str, ...] = (self.name("a name"),)
            while self._take("."):
                path = self._more(path, self.name("a name after '.'"))
            negated = self.comparison()
            found = self._more(found, Selector(path, self.alternatives(_SELECTED), negated))
            if not self._take("]"):
                self._fail("'|' or ']'")
        return found

    def _value(self, bare: re.Pattern[str]) -> str:
        if self._peek() in "'\"":
            return self._quoted()
        found = bare.match(self._text, self.at)
        if not found or not found.group().strip():
            self._fail("a value")
        self.at = found.end()
        return found.group().strip()

    def _quoted(self) -> str:
        found = _QUOTED.match(self._text, self.at)
        if not found:
            raise NotationError("the quote is not closed", self.at)
        self.at = found.end()
        self._skip()
        single, double = found.groups()
        return str(single).replace("''", "'") if double is None else str(double).replace('""', '"')

    def _more(self, parts: tuple[_Part, ...], part: _Part) -> tuple[_Part, ...]:
        if len(parts) >= MAX_PARTS:
            raise NotationError(f"more than {MAX_PARTS} parts", self.at)
        return (*parts, part)

    def _peek(self) -> str:
        """The next character, or a blank at the end, so that `in` tests stay simple."""
        return self._text[self.at] if self.at < len(self._text) else " "

    def _take(self, character: str) -> bool:
        if self._peek() != character:
            return False
        self.at += 1
        self._skip()
        return True

    def _skip(self) -> None:
        found = _BLANK.match(self._text, self.at)
        self.at = found.end() if found else self.at

    def _fail(self, expected: str) -> NoReturn:
        rest = self._text[self.at : self.at + 20]
        found = f"'{rest}'" if rest else "the end"
        raise NotationError(f"expected {expected}, found {found}", self.at)
