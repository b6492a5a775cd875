"""What a mapping makes of one file, with the way of every field: `returns-hub map`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.authoring.fields import unfilled, unknown
from hub.authoring.library import compile_in, shown
from hub.authoring.todos import todos
from hub.flows.check_mappings import check_mapping, unkeyed
from hub.flows.documents import SCHEMAS, Documents
from hub.flows.draft import CODES, SYSTEM_FILE, Draft
from hub.flows.problems import Problem
from hub.flows.sample_schemas import against_schema
from hub.flows.samples import read_trees, sample_files, target_problems
from hub.mapping import yaml_strict
from hub.mapping.compile import CompiledMapping
from hub.mapping.coverage import Unused, unused
from hub.mapping.errors import FieldError, FieldTrace, MappingFailed
from hub.mapping.yaml_strict import Node

_TOLD = frozenset(
    ("unknown-source-field", "unknown-target-field", "required-optional", "no-key", "invalid-schema")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One document of the file.

    Attributes:
        key: The source's own identity, empty when the mapping has no key or the record none.
        value: The result, without the fields in error.
        fields: How each field got its value, in the order of the target.
        errors: Every field in error, the key among them.
        refused: What the target's schema says against the result; only asked when there are no errors.
        unused: Source fields that the mapping does not read.
    """

    key: str
    value: dict[str, Any]
    fields: tuple[FieldTrace, ...]
    errors: tuple[FieldError, ...]
    refused: tuple[str, ...]
    unused: tuple[Unused, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """A mapping on a file.

    Attributes:
        mapping: The compiled mapping.
        source: The file.
        documents: One per record.
        undecodable: What could not be decoded.
        missing: Required target fields that no rule fills, of those that are known.
        unknown: Rules for fields that the target does not know.
        known: Whether a schema or guide says what the target must be.
        told: What `check` says of the file's fields, source's and target's, and of a missing key.
        file: The mapping's file, as people call it.
        todo: Lines of the mapping on which a question is open.
    """

    mapping: CompiledMapping
    source: Path
    documents: tuple[Shown, ...]
    undecodable: tuple[str, ...]
    missing: tuple[str, ...]
    unknown: tuple[str, ...]
    known: bool
    told: tuple[Problem, ...] = ()
    file: str = ""
    todo: tuple[int, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether every document became a valid one."""
        wrong = any(one.severity == "error" for one in self.told)
        faults = self.undecodable or self.missing or self.unknown or wrong or not self.documents
        return not faults and not any(one.errors or one.refused for one in self.documents)


def show(project_dir: Path, file: Path, sample: str) -> Showing:
    """Map a file.

    Args:
        project_dir: Folder with `mappings/`.
        file: The mapping file.
        sample: A sample's name or the path of a document; empty: the mapping's first sample.

    Raises:
        InvalidMapping: The file cannot be compiled; all problems.
        LookupError: There is no such sample; the message names those there are.
    """
    mapping = compile_in(project_dir, file)
    source = sample_of(file, sample or next(iter(mapping.samples), ""))
    trees, undecodable = read_trees(mapping.source_type, source, file)
    root, documents = _alone(project_dir, file.resolve(), mapping)
    target, form = mapping.plan.document.target, documents.target(mapping)
    schema = documents.schema_file(mapping, mapping.target_type)
    return Showing(
        mapping=mapping,
        source=source,
        documents=tuple(_shown(mapping, tree, schema) for tree in trees),
        undecodable=tuple(undecodable),
        missing=tuple(dict.fromkeys(unfilled(target, form))),
        unknown=tuple(dict.fromkeys(unknown(target, form))),
        known=form is not None,
        told=_told(mapping, root, documents),
        file=shown(project_dir, file),
        todo=todos(file),
    )


def sample_of(file: Path, name: str) -> Path:
    """The file of a sample of a mapping, or the file itself when it is the path of one."""
    if not name:
        raise LookupError(f"{file} names no samples: say which document to map with --sample")
    if Path(name).is_file():
        return Path(name)
    found = sample_files(file, name)
    if len(found) != 1:
        folder = file.parent / "samples"
        known = ", ".join(sorted({path.name.split(".")[0] for path in folder.glob("*")})) or "none"
        files = ", ".join(path.name for path in found) or "none"
        raise LookupError(f"expected one sample {folder}/{name}.*, found {files}; there are: {known}")
    return found[0]


def sources_of(project_dir: Path, file: Path, sample: str) -> list[Path]:
    """Files and folders whose change can change what `show` says."""
    mappings = project_dir / "mappings"
    own = [file, file.parent / "samples", file.parent / SCHEMAS, file.parent / SYSTEM_FILE, mappings / CODES]
    return [path.resolve() for path in [*own, *([Path(sample)] if sample else [])] if path.exists()]


def _alone(project_dir: Path, file: Path, mapping: CompiledMapping) -> tuple[Node, Documents]:
    """A mapping file as it is written and the forms of its documents, without the rest of the project."""
    alone = Draft(project_dir, mappings={mapping.ref: mapping}, paths={mapping.ref: file})
    return yaml_strict.load(file, shown(project_dir, file)), Documents(alone)


def _told(mapping: CompiledMapping, root: Node, documents: Documents) -> tuple[Problem, ...]:
    found = {*check_mapping(mapping, root, documents), *unkeyed(mapping, root), *documents.problems}
    return tuple(sorted(one for one in found if one.code in _TOLD))


def _shown(mapping: CompiledMapping, tree: Any, schema: Path | None) -> Shown:
    mapped = mapping.apply(tree)
    errors, key = list(mapped.errors), ""
    if mapping.has_key:
        try:
            key = mapping.key(tree)
        except MappingFailed as error:
            errors += error.errors
    return Shown(
        key=key,
        value=mapped.value,
        fields=tuple(mapping.explain(tree)),
        errors=tuple(errors),
        refused=() if errors else tuple(_refused(mapping, mapped.value, schema)),
        unused=unused(mapping, tree),
    )


def _refused(mapping: CompiledMapping, value: dict[str, Any], schema: Path | None) -> Iterator[str]:
    yield from target_problems(mapping.target_type, value)
    if schema is not None:
        yield from against_schema(schema, value)
