"""A path with selectors as a Python function: what `paths.walk` does for any path, written out for one.

The function expects documents as codecs make them: it starts at a group, an element of a segment is a text or
a group, anything else a group or a list of groups. Where one is otherwise, `paths.walk` is asked after all.
Lists are counted where they are long; looking at a few elements costs nothing worth counting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

from hub.mapping.limits import VISIT, Meter, spend
from hub.mapping.nodes import Path, Selector
from hub.mapping.paths import items_of, selected, walk

Walk: TypeAlias = Callable[[Meter, Any], Any]
"""`walk(meter, start)`: None when nothing is there."""

_LONG: Final = (8, 2)
"""Elements of a list from which on they are counted: of the outermost one, and of those within."""

_DEEPEST: Final = 8
"""Steps up to which a path is written out; Python has a limit for loops within loops."""

_GIVEN: Final = {
    "items_of": items_of,
    "selected": selected,
    "spend": spend,
    "__builtins__": {"dict": dict, "len": len, "list": list, "str": str, "type": type},
}


def walker(path: Path, *, one: bool) -> Walk:
    """A function that finds all matches of a path from where it starts.

    Args:
        path: With or without selectors.
        one: Whether a single text is given as it is; else, and whenever there are others, a list is given.
    """
    if not 0 < len(path.steps) <= _DEEPEST:
        return _general(path, one=one)
    source, constants = written(path, one=one)
    scope: dict[str, Any] = {**_GIVEN, **constants, "other": _general(path, one=one)}
    exec(compile(source, "<path>", "exec"), scope)  # noqa: S102 - written below
    made: Walk = scope["walk"]
    return made


def _general(path: Path, *, one: bool) -> Walk:
    def other(meter: Meter, start: Any) -> Any:
        found = walk(start, path.selectors, path.steps, meter)
        return found[0] if one and len(found) == 1 and type(found[0]) is str else found or None

    return other


def written(path: Path, *, one: bool) -> tuple[str, dict[str, Any]]:
    """The source of `walker`, and the constants that it names."""
    writer = _Writer(path, one=one)
    writer.line(0, "def walk(meter, start):")
    writer.line(1, "if type(start) is not dict: return other(meter, start)")
    writer.line(1, "found = None" if one else "found = []")
    writer.steps(writer.chosen(1, "start", path.selectors), "start", 0)
    writer.line(1, "return found" if one else "return found or None")
    return "\n".join(writer.lines), writer.constants


class _Writer:
    """Lines of the function; what an author wrote is in them as literals of `repr` only."""

    def __init__(self, path: Path, *, one: bool) -> None:
        self.lines: list[str] = []
        self.constants: dict[str, Any] = {}
        self._path = path
        self._one = one

    def line(self, depth: int, code: str) -> None:
        self.lines.append("    " * depth + code)

    def steps(self, depth: int, group: str, level: int) -> None:
        """All steps from one on, below a group."""
        if level == len(self._path.steps):
            self.line(depth, "return other(meter, start)" if self._one else f"found.append({group})")
            return
        step = self._path.steps[level]
        value, item = f"v{level}", f"i{level}"
        self.line(depth, f"{value} = {group}.get({step.name!r})")
        if level + 1 == len(self._path.steps) and not step.selectors:
            self._match(depth, value)
        elif step.name.isdigit():  # an element: with components it is a group, but never several
            self.line(depth, f"if type({value}) is dict:")
            self.steps(self.chosen(depth + 1, value, step.selectors), value, level + 1)
            self.line(depth, f"elif {value} is not None: return other(meter, start)")
        else:
            long = _LONG[min(level, 1)]
            self.line(depth, f"if {value} is not None:")
            self.line(depth + 1, f"if type({value}) is not list: {value} = ({value},)")
            self.line(depth + 1, f"elif len({value}) > {long}: spend(meter, {VISIT} * len({value}))")
            self.line(depth + 1, f"for {item} in {value}:")
            self.line(depth + 2, f"if type({item}) is dict:")
            self.steps(self.chosen(depth + 3, item, step.selectors), item, level + 1)
            self.line(depth + 2, f"elif {item} is not None: return other(meter, start)")

    def _match(self, depth: int, value: str) -> None:
        self.line(depth, f"if type({value}) is str:")
        if self._one:
            self.line(depth + 1, f"if {value}:")
            self.line(depth + 2, "if found is not None: return other(meter, start)")
            self.line(depth + 2, f"found = {value}")
            self.line(depth, f"elif {value} is not None: return other(meter, start)")
        else:
            self.line(depth + 1, f"if {value}: found.append({value})")
            self.line(depth, f"elif {value} is not None: found.extend(items_of({value}))")

    def chosen(self, depth: int, item: str, selectors: tuple[Selector, ...]) -> int:
        """Ask whether a group satisfies all selectors; gives the depth of what is for those that do."""
        for selector in selectors:
            name = f"c{len(self.constants)}"
            self.constants[name] = (selector,)
            for code in _text_at(item, selector.path):
                self.line(depth, code)
            same = (
                f"q == {selector.values[0]!r}" if len(selector.values) == 1 else f"q in {selector.values!r}"
            )
            if selector.negated:
                test = (
                    f"not ({same}) if type(q) is str and q else q is None or selected({item}, {name}, meter)"
                )
            else:
                test = (
                    f"{same} if type(q) is str and q else q is not None and selected({item}, {name}, meter)"
                )
            self.line(depth, f"if ({test}):")
            depth += 1
        return depth


def _text_at(item: str, names: tuple[str, ...]) -> Iterator[str]:
    """Lines that put what stands below a group into `q`: None for nothing, no text when it is odd."""
    yield f"q = {item}.get({names[0]!r})"
    for name in names[1:]:
        yield f"q = q.get({name!r}) if type(q) is dict else None if type(q) is str else q"
