"""Samples of a mapping: `samples/<name>.<ext>` beside the file becomes `samples/<name>.expected.json`.

A sample in JSON is the document itself; any other extension is decoded by the codec of the
mapping's `from:` type. One document is expected as one object, several as a list.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

from hub.mapping.compile import CompiledMapping

Decode: TypeAlias = Callable[[str, bytes], Sequence[Any]]
"""Document type and bytes to decoded trees; the caller knows the codecs."""


@dataclass(frozen=True, slots=True)
class SampleResult:
    """One sample's outcome.

    Attributes:
        name: Name of the sample.
        actual: What the mapping made: an object, or a list when the file holds several documents.
        expected: What the expected file says, None when it is missing.
        problems: Errors of fields, or a missing file; empty when everything mapped.
    """

    name: str
    actual: Any
    expected: Any
    problems: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether everything mapped as expected."""
        return not self.problems and self.actual == self.expected


def run_sample(compiled: CompiledMapping, path: Path, name: str, decode: Decode) -> SampleResult:
    """Map one sample of the mapping file at `path`."""
    folder = path.parent / "samples"
    found = [file for file in sorted(folder.glob(f"{name}.*")) if not file.name.endswith(".expected.json")]
    if len(found) != 1:
        count = f"{len(found)} files" if found else "none"
        return SampleResult(
            name, None, None, (f"expected one sample {folder.name}/{name}.<ext>, found {count}",)
        )
    trees = read_sample(found[0], compiled.source_type, decode)
    mapped = [compiled.apply(tree) for tree in trees]
    problems = [str(error) for one in mapped for error in one.errors]
    actual = [jsonable(one.value) for one in mapped]
    expected_file = folder / f"{name}.expected.json"
    if not expected_file.is_file():
        problems.append(f"{folder.name}/{expected_file.name} is missing")
        return SampleResult(name, _single(actual), None, tuple(problems))
    expected = parse_json(expected_file.read_bytes())
    return SampleResult(name, _single(actual), expected, tuple(problems))


def read_sample(file: Path, source_type: str, decode: Decode) -> Sequence[Any]:
    """The documents of one sample file."""
    body = file.read_bytes()
    return [parse_json(body)] if file.suffix == ".json" else decode(source_type, body)


def parse_json(body: bytes) -> Any:
    """JSON with exact numbers."""
    return json.loads(body, parse_float=Decimal)


def jsonable(value: Any) -> Any:
    """A mapped value as `parse_json` would read it back: `2.50` and `2.5` are the same number."""
    if isinstance(value, dict):
        return {name: jsonable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [jsonable(item) for item in value]
    return int(value) if isinstance(value, Decimal) and value == value.to_integral_value() else value


def _single(documents: list[Any]) -> Any:
    return documents[0] if len(documents) == 1 else documents
