import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]

Edit = Callable[[str, str, str], None]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project's declarations that a test may break."""
    for folder in ("mappings", "policies", "dags/flows"):
        shutil.copytree(PROJECT / folder, tmp_path / folder)
    return tmp_path


@pytest.fixture
def edit(project: Path) -> Edit:
    """Replace text that must be there in one of the project's files."""

    def replace(file: str, before: str, after: str) -> None:
        path = project / file
        text = path.read_text(encoding="utf-8")
        assert before in text
        path.write_text(text.replace(before, after, 1), encoding="utf-8")

    return replace
