"""What is wrong with a project's files, and where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError

from hub.mapping.yaml_strict import Node, YamlError
from hub.policy.csvfile import TableError

Model = TypeVar("Model", bound=BaseModel)

Severity: TypeAlias = Literal["error", "warning"]

Code: TypeAlias = Literal[
    "unknown-source-field",
    "never-selected",
    "unknown-target-field",
    "missing-target-field",
    "required-optional",
    "unknown-constant",
    "type-clash",
    "lookup-outside-target",
    "invalid-schema",
    "repeated-path",
    "unreachable-fallback",
    "lookup-hole",
    "no-sample",
    "sample-fails",
    "sample-outside-schema",
    "blank-canonical",
    "unknown-canonical",
    "repeated-code",
    "unused-column",
    "invalid-code-table",
    "unknown-name",
    "wrong-name",
    "wrong-mapping-type",
    "no-key",
    "unknown-enrich-path",
    "unknown-when",
    "impossible-when",
    "unreachable-when",
    "overlapping-flows",
    "unsure-key",
    "colliding-keys",
    "unknown-key",
    "missing-value",
    "invalid-value",
    "invalid-flow",
    "unknown-word",
    "unknown-input",
    "missing-column",
    "unreachable-rule",
    "missing-table",
    "unsafe-default",
    "invalid-table",
    "invalid-yaml",
    "invalid-mapping",
    "duplicate-mapping",
    "invalid-system",
    "unknown-format",
]
"""Stable names of the kinds of fault; `docs/checks.md` says how to mend each."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One fault.

    Attributes:
        file: Relative to the project.
        line: From 1.
        column: From 1; in a CSV file the number of the cell, as a spreadsheet counts.
        message: What was expected and found.
        code: Which kind of fault it is.
        severity: A warning fails `check` only with `--strict`.
        hint: How to mend it, when that can be guessed.
    """

    file: str
    line: int
    column: int
    message: str
    code: Code
    severity: Severity = "error"
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class CatalogError(ValueError):
    """A project that cannot be run; `problems` holds everything that is wrong, in file order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def of_yaml(error: YamlError, code: Code = "invalid-yaml") -> Problem:
    """A fault of YAML itself, or of what stands in it."""
    return Problem(error.file, error.line, error.column, error.message, code)


def of_table(error: TableError, file: str) -> Iterator[Problem]:
    """The faults of a decision table."""
    for fault in error.faults:
        yield Problem(file, fault.line, fault.column, fault.message, "invalid-table")


def of_model(error: ValidationError, node: Node) -> Iterator[Problem]:
    """The faults that a model found, each at the value it is about."""
    for item in error.errors(include_url=False):
        yield _problem(node, tuple(item["loc"]), dict(item))


def at(
    node: Node,
    *path: str | int,
    message: str,
    code: Code,
    severity: Severity = "error",
    hint: str = "",
) -> Problem:
    """A fault at the value under `path`, or as near to it as the file goes."""
    found = node
    for step in path:
        below = _below(found, step)
        if below is None:
            break
        found = below
    return Problem(found.place.file, found.line, found.column, message, code, severity, hint)


def build(model: type[Model], node: Node) -> Model | list[Problem]:
    """Read a node as a model, or say everything that is wrong with it."""
    try:
        return model.model_validate(node.plain())
    except ValidationError as error:
        return list(of_model(error, node))


def _problem(node: Node, path: tuple[str | int, ...], item: dict[str, Any]) -> Problem:
    name = ".".join(str(step) for step in path)
    prefix = f"{name}: " if name else ""
    if item["type"] == "extra_forbidden":
        parent = node
        for step in path[:-1]:
            parent = _below(parent, step) or parent
        place = parent.keys.get(str(path[-1]), parent.place)
        message = f"{prefix}expected a known key, found {path[-1]!r}"
        return Problem(place.file, place.line, place.column, message, "unknown-key")
    if item["type"] == "missing":
        return at(node, *path, message=f"{prefix}a value is required, found none", code="missing-value")
    found = "" if item["type"] == "value_error" else f", found {item['input']!r}"
    said = str(item["msg"]).removeprefix("Value error, ")
    return at(node, *path, message=f"{prefix}{said}{found}", code="invalid-value")


def _below(node: Node, step: str | int) -> Node | None:
    if isinstance(node.value, dict):
        return node.value.get(str(step))
    if isinstance(node.value, list) and isinstance(step, int) and step < len(node.value):
        return node.value[step]
    return None
