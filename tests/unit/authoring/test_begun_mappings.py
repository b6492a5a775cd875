"""Whatever sample a mapping is begun from: it compiles, runs, and says what is left to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hub.authoring.payload import recognise
from hub.authoring.writing import new_mapping
from hub.flows.samples import EXPECTED
from hub.mapping.compile import compile_file
from hub.settings import PROJECT_DIR

SAMPLES = [
    path
    for path in sorted((PROJECT_DIR / "mappings").glob("*/samples/*"))
    if not path.name.endswith(EXPECTED) and path.suffix != ".xlsx"
]
TARGETS = (
    "return.requested@1",
    "receipt.recorded@1",
    "inspection.recorded@1",
    "shipment.updated@1",
    "order@1",
)


@pytest.fixture(scope="module")
def codes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(PROJECT_DIR / "mappings/codes", folder / "mappings/codes")
    return folder


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: f"{path.parent.parent.name}/{path.name}")
def test_a_mapping_begun_from_any_sample_compiles_and_runs(codes: Path, sample: Path) -> None:
    payload = recognise(sample)
    if set(payload.options) - {"items"}:
        pytest.skip("its options stand in a system.yaml: test_new has that")
    for number, target in enumerate(TARGETS):
        name = f"s{SAMPLES.index(sample)}.m{number}"
        begun = new_mapping(codes, name, sample, target, system="", resource="", zone="UTC")
        mapping = compile_file(begun.files[0], codes / "mappings")
        for tree in payload.trees:
            # what nobody decided yet is a TODO in the file, never a crash
            mapped = mapping.apply(tree)
            assert isinstance(mapped.value, dict)
        assert begun.draft is not None
        assert mapping.has_key or any(words.startswith("key:") for words in begun.draft.todo)
