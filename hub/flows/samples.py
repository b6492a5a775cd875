"""A mapping's samples: files of its source type beside what they must become.

`samples/<name>.<ext>` is decoded as a document of the mapping's `from:` type, with the options of the
resource in `system.yaml`, mapped and compared with `samples/<name>.expected.json`: one document, or a list
when the file holds several records. A `.json` file is the decoded tree itself where the type is not JSON; for
delivery mappings it is the whole scope `{key, fact, return}`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from canonical.validation import schemas, violations
from connectors.codecs.base import EncodeError
from connectors.codecs.registry import codec, known
from connectors.trees import parse_json
from hub.mapping import yaml_strict
from hub.mapping.compile import CompiledMapping
from hub.mapping.errors import MappingFailed
from hub.mapping.yaml_strict import YamlError

EXPECTED = ".expected.json"
_LONGEST = 200
"""Characters of a value that a difference shows."""

_ENVELOPE = {"sender": "SENDER", "receiver": "RECEIVER", "control": 1, "date": "20261101", "time": "1200"}


class _Nothing:
    """Stands for what one side lacks."""

    def __repr__(self) -> str:
        return "nothing"


NOTHING = _Nothing()


def _brief(value: Any) -> str:
    """A value for a message: whole documents are cut."""
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


@dataclass(frozen=True, slots=True)
class Difference:
    """A place where a result is other than expected; `NOTHING` where one side lacks it."""

    path: str
    expected: Any
    found: Any

    def __str__(self) -> str:
        return f"{self.path}: expected {_brief(self.expected)}, found {_brief(self.found)}"


@dataclass(frozen=True, slots=True)
class SampleRun:
    """One sample, mapped and compared.

    Attributes:
        name: Name of the sample.
        source: Its file, None when there is none.
        trees: The decoded documents.
        actual: What the mapping made: an object, or a list when the file holds several documents.
        expected: What the expected file says, `NOTHING` when there is no such file.
        errors: What stands against the result: of decoding, of the mapping, of the target's schema.
        unreadable: What is wrong with the expected file itself, empty when it could be read.
        differences: Between `expected` and `actual`.
    """

    name: str
    source: Path | None
    trees: tuple[Any, ...] = ()
    actual: Any = NOTHING
    expected: Any = NOTHING
    errors: tuple[str, ...] = ()
    unreadable: str = ""
    differences: tuple[Difference, ...] = ()

    @property
    def problems(self) -> tuple[str, ...]:
        """Everything that is wrong, in words."""
        expected = (self.unreadable,) if self.unreadable else ()
        return (*self.errors, *expected, *map(str, self.differences))

    @property
    def passed(self) -> bool:
        """Whether everything mapped, and as expected."""
        return not self.problems


def sample_files(mapping_file: Path, name: str) -> list[Path]:
    """The files that could be a sample's source; one is right."""
    found = sorted((mapping_file.parent / "samples").glob(f"{name}.*"))
    return [path for path in found if not path.name.endswith(EXPECTED)]


def expected_file(mapping_file: Path, name: str) -> Path:
    """Where the result of a sample is written down."""
    return mapping_file.parent / "samples" / f"{name}{EXPECTED}"


def run_sample(mapping: CompiledMapping, mapping_file: Path, name: str) -> SampleRun:
    """Map one sample and compare it; never raises for what the files hold."""
    sources, wanted_file = sample_files(mapping_file, name), expected_file(mapping_file, name)
    if len(sources) != 1:
        found = ", ".join(path.name for path in sources) or "none"
        return SampleRun(name, None, errors=(f"expected a file samples/{name}.*, found {found}",))
    trees, errors = read_trees(mapping.source_type, sources[0], mapping_file)
    results = []
    for tree in trees:
        value, wrong = _mapped(mapping, tree)
        results.append(value)
        errors += wrong
    actual = results[0] if len(results) == 1 else results
    expected, unreadable = _expected(wanted_file)
    different = () if expected is NOTHING else tuple(compared(expected, actual))
    return SampleRun(name, sources[0], tuple(trees), actual, expected, tuple(errors), unreadable, different)


def sample_trees(mapping: CompiledMapping, mapping_file: Path) -> list[tuple[str, Any]]:
    """The decoded documents of all samples that can be read, with the names of their samples."""
    found = []
    for name in mapping.samples:
        for source in sample_files(mapping_file, name):
            trees, _ = read_trees(mapping.source_type, source, mapping_file)
            found += [(name, tree) for tree in trees]
    return found


def read_trees(source_type: str, source: Path, mapping_file: Path) -> tuple[list[Any], list[str]]:
    """Decode a file as documents of a type, and say what cannot be decoded.

    Args:
        source_type: The `from:` of a mapping.
        source: The file.
        mapping_file: The mapping beside which systems and their resources are found.
    """
    body = source.read_bytes()
    form = format_of(source_type)
    if source.suffix == ".json" and not form.startswith("json"):
        try:
            return [parse_json(body)], []
        except ValueError as error:
            return [], [f"{source.name} is not JSON: {error}"]
    trees, problems = [], []
    # a sample in JSON is one record, not the page of them that the resource reads
    options = {} if form == "json" else _options(source_type, mapping_file)
    for record in codec(form).decode(body, options).records:
        problems += [finding.said for finding in record.findings]
        if record.tree is not None:
            trees.append(record.tree)
    return trees, problems


@lru_cache(maxsize=256)
def format_of(document_type: str) -> str:
    """A format of its own, or the plain one before the slash of `csv/shop.returns`; facts are JSON."""
    plain = document_type.partition("/")[0]
    return next((form for form in (document_type, plain) if known(form)), "json")


def compared(wanted: Any, found: Any, path: str = "") -> Iterator[Difference]:
    """Where two trees differ; whole numbers and decimals of the same value are the same."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for name in [*wanted, *(name for name in found if name not in wanted)]:
            below = f"{path}.{name}" if path else str(name)
            yield from compared(wanted.get(name, NOTHING), found.get(name, NOTHING), below)
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for position, (left, right) in enumerate(zip(wanted, found, strict=True)):
            yield from compared(left, right, f"{path}[{position}]")
    elif _kind(wanted) is not _kind(found) or wanted != found:
        yield Difference(path or "the document", wanted, found)


def differences(wanted: Any, found: Any) -> Iterator[str]:
    """Where two trees differ, as `lines[0].uom: expected 'EA', found 'CS'`."""
    return map(str, compared(wanted, found))


def target_problems(target_type: str, value: dict[str, Any]) -> list[str]:
    """Facts must fit their schema, documents of a format must be writable in it."""
    name, _, version = target_type.partition("@")
    if version and (name, int(version)) in schemas():
        return [f"{each.path}: {each.message}" for each in violations(name, int(version), value)]
    try:
        codec(format_of(target_type)).encode(value, _ENVELOPE)
    except EncodeError as error:
        return [str(error)]
    return []


def _expected(file: Path) -> tuple[Any, str]:
    """What an expected file says, or `NOTHING` and why it cannot be read."""
    try:
        return parse_json(file.read_bytes()), ""
    except FileNotFoundError:
        return NOTHING, f"expected a file samples/{file.name}, found none"
    except ValueError as error:
        return NOTHING, f"samples/{file.name} is not JSON: {error}"


def _mapped(mapping: CompiledMapping, tree: Any) -> tuple[Any, list[str]]:
    mapped = mapping.apply(tree)
    problems = [str(error) for error in mapped.errors]
    # what is left out for an error would be told twice
    problems = problems or target_problems(mapping.target_type, mapped.value)
    if mapping.has_key:
        try:
            mapping.key(tree)
        except MappingFailed as error:
            problems.append(str(error))
    return mapped.value, problems


def _kind(value: Any) -> type:
    """Whole numbers and decimals are one kind, texts and truth values are others."""
    return Decimal if type(value) is int else type(value)


def _options(source_type: str, mapping_file: Path) -> Mapping[str, Any]:
    """The options of the resource that a plain type (`csv/shop.returns`) names; none when there is none."""
    system, _, resource = source_type.partition("/")[2].partition(".")
    file = mapping_file.parent.parent / system / "system.yaml"
    if not resource or not file.is_file():
        return {}
    try:
        tree: Any = yaml_strict.load(file).plain()
    except YamlError:  # told where systems are read
        return {}
    resources = tree.get("resources") if isinstance(tree, dict) else None
    own = resources.get(resource) if isinstance(resources, dict) else None
    options = own.get("options") if isinstance(own, dict) else None
    return {**own, **(options if isinstance(options, dict) else {})} if isinstance(own, dict) else {}
