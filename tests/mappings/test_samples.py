"""Every mapping in the tree makes of its samples what their expected files say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from canonical.validation import violations
from canonical.vocabulary import FACT_TYPES
from hub.authoring.fields import unfilled, unknown
from hub.flows.documents import Documents
from hub.flows.draft import Draft
from hub.flows.samples import SampleRun, run_sample
from hub.mapping.compile import CompiledMapping, compile_file
from hub.mapping.errors import InvalidMapping

ROOT = Path(__file__).resolve().parents[2]
MAPPINGS = ROOT / "mappings"
FILES = [file for file in sorted(MAPPINGS.glob("*/*.yaml")) if file.name != "system.yaml"]


def compiled_files() -> Iterator[tuple[Path, CompiledMapping]]:
    """Every mapping that compiles; one that does not fails in a test of its own, not in collection."""
    for file in FILES:
        with suppress(InvalidMapping):
            yield file, compile_file(file, MAPPINGS)


def name(file: Path) -> str:
    return f"{file.parent.name}/{file.stem}"


COMPILED = list(compiled_files())
FACTS = [file for file, compiled in COMPILED if compiled.target_type.partition("@")[0] in FACT_TYPES]
SAMPLES = [
    pytest.param(file, sample, id=f"{name(file)}/{sample}")
    for file, compiled in COMPILED
    for sample in compiled.samples
]


def result_of(file: Path, sample: str) -> SampleRun:
    return run_sample(compile_file(file, MAPPINGS), file, sample)


@pytest.mark.parametrize("file", FILES, ids=name)
def test_every_mapping_has_a_sample(file: Path) -> None:
    assert compile_file(file, MAPPINGS).samples


@pytest.mark.parametrize(("file", "sample"), SAMPLES)
def test_a_sample_becomes_what_is_expected(file: Path, sample: str) -> None:
    assert result_of(file, sample).problems == ()


@pytest.mark.parametrize(("file", "sample"), [sample for sample in SAMPLES if sample.values[0] in FACTS])
def test_a_sample_that_becomes_a_fact_is_a_valid_one(file: Path, sample: str) -> None:
    target, _, version = compile_file(file, MAPPINGS).target_type.partition("@")
    actual = result_of(file, sample).actual
    for document in actual if isinstance(actual, list) else [actual]:
        assert violations(target, int(version), document) == []


@pytest.mark.parametrize("file", FILES, ids=name)
def test_a_mapping_fills_every_field_that_its_target_requires_and_no_unknown_one(file: Path) -> None:
    compiled = compile_file(file, MAPPINGS)
    form = Documents(Draft(ROOT, paths={compiled.ref: file})).target(compiled)
    target = compiled.plan.document.target
    assert file not in FACTS or form is not None
    assert list(unfilled(target, form)) == []
    assert list(unknown(target, form)) == []
