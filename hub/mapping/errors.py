"""What a mapping reports: problems of its file, and errors of one document's fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hub.mapping.values import ABSENT, shown
from hub.mapping.yaml_strict import YamlError


class InvalidMapping(ValueError):  # noqa: N818 - the file is invalid; "Error" would add nothing
    """A mapping file cannot be compiled; holds every problem found, each with its place.

    Attributes:
        problems: At least one `YamlError`, in file order.
    """

    def __init__(self, problems: Sequence[YamlError]) -> None:
        self.problems = tuple(
            sorted(problems, key=lambda problem: (problem.file, problem.line, problem.column))
        )
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True, slots=True)
class FieldError:
    """Why one target field could not be filled.

    Attributes:
        target_path: Place in the result, lists counted from 0 (`lines[1].reason`).
        message: What was expected and found.
        expression: The right side as written.
        source_path: The path that was read (`line.RDR.02`), empty for constants.
        found: The value the path gave, None when nothing was there.
        position: Where it stands in the source (`BLI segment 14, element 2`), in the source's terms.
    """

    target_path: str
    message: str
    expression: str
    source_path: str
    found: Any
    position: str

    def __str__(self) -> str:
        place = f"   ({self.position})" if self.position else ""
        return f"{self.target_path}: {self.message}   <- {self.expression}{place}"


class MappingFailed(ValueError):  # noqa: N818 - reads as what happened
    """A key or match expression has no answer for a document.

    Attributes:
        errors: Why, at least one.
    """

    def __init__(self, errors: Sequence[FieldError]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(str(error) for error in self.errors))


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One function call and the value after it (None when absent)."""

    call: str
    value: Any


@dataclass(frozen=True, slots=True)
class FieldTrace:
    """How one target field got its value.

    Attributes:
        target_path: Place in the result, lists counted from 0.
        expression: The right side as written.
        source_path: The path whose value was taken, or the last one tried.
        found: The value it gave, None when nothing was there.
        position: Where that stands in the source.
        steps: Each function with the value after it.
        value: The result, None when the field is left out.
        error: Why there is no result, when that is an error.
    """

    target_path: str
    expression: str
    source_path: str
    found: Any
    position: str
    steps: tuple[TraceStep, ...]
    value: Any
    error: FieldError | None

    def __str__(self) -> str:
        found = shown(ABSENT if self.found is None else self.found)
        lines = [f"{self.target_path} <- {self.expression}"]
        place = f"   ({self.position})" if self.position else ""
        lines.append(f"    {self.source_path or 'constant'} = {found}{place}")
        lines += [f"    | {step.call} = {shown(step.value)}" for step in self.steps]
        if self.error:
            lines.append(f"    error: {self.error.message}")
        elif self.value is None:
            lines.append("    left out")
        return "\n".join(lines)
