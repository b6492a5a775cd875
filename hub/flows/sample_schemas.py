"""Do samples, and what becomes of them, fit the schema files beside their mapping?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import jsonschema_rs

from hub.flows.documents import RECEIPT, Documents
from hub.flows.draft import Draft
from hub.flows.problems import Problem
from hub.flows.samples import sample_trees
from hub.mapping.compile import CompiledMapping
from hub.mapping.paths import dotted

_ALONGSIDE = "document"
"""What the intake API adds to a record; no part of the source's own document."""

_LONGEST = 160


def sample_schemas(found: Draft, documents: Documents) -> Iterator[Problem]:
    """Yield what a schema file does not allow of a sample or of its result."""
    for ref, mapping in found.mappings.items():
        source = documents.schema_file(mapping, mapping.source_type)
        target = documents.schema_file(mapping, mapping.target_type)
        file = found.relative(found.paths[ref])
        trees = sample_trees(mapping, found.paths[ref]) if source or target else []
        for name, tree in trees:
            mapped = mapping.apply(tree)
            sides = [(source, _own(mapping, tree))]
            sides += [] if mapped.errors else [(target, mapped.value)]
            for schema, document in sides:
                for said in against_schema(schema, document) if schema else ():
                    message = f"sample {name}: {said}"
                    yield Problem(file, 1, 1, message, "sample-outside-schema")


def _own(mapping: CompiledMapping, tree: Any) -> Any:
    """The part of a sample that the schema of its type describes."""
    if not isinstance(tree, dict):
        return tree
    if mapping.source_type.endswith(RECEIPT):
        return tree.get("receipt")
    return {name: value for name, value in tree.items() if name != _ALONGSIDE}


def against_schema(path: Path, document: Any) -> Iterator[str]:
    """What a schema file does not allow of a document; nothing when the file itself cannot be used."""
    try:
        schema = json.loads(path.read_text("utf-8"))
        validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True, retriever=_refused)
    except (ValueError, OSError):  # told as `invalid-schema`
        return
    for error in validator.iter_errors(document):
        said = error.message if len(error.message) <= _LONGEST else f"{error.message[:_LONGEST]}…"
        place = dotted(tuple(error.instance_path)) or "the document"
        yield f"{place}: {said} ({path.parent.name}/{path.name})"


def _refused(address: str) -> NoReturn:
    """A check reads the project and nothing else."""
    raise LookupError(f"{address} is not in the project")
