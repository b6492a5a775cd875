"""The project as git sees it: what is tracked, and what would be with the next commit."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hub.settings import PROJECT_DIR


@pytest.fixture(scope="session")
def root() -> Path:
    return PROJECT_DIR


@pytest.fixture(scope="session")
def files(root: Path) -> list[Path]:
    """All files of the project that git does not ignore, relative to its folder."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout  # noqa: S603 - fixed
    paths = [Path(name) for name in listed.decode().split("\0") if name]
    return sorted({path for path in paths if (root / path).is_file()})


@pytest.fixture(scope="session")
def modules(files: list[Path]) -> list[Path]:
    return [path for path in files if path.suffix == ".py"]


@pytest.fixture(scope="session")
def pages(files: list[Path]) -> list[Path]:
    return [path for path in files if path.suffix == ".md"]
