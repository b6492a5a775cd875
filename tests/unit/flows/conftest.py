import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]

USED = ("acme_edi", "codes", "portal", "sap_s4", "wms")

Edit = Callable[[str, str, str], None]


LEFT_OUT = ("carrier_", "retail_")


def _unused(folder: str, names: list[str]) -> list[str]:
    """Systems and flows that are left out: to check them again for every broken file shows nothing more."""
    if Path(folder).name == "flows":
        return [name for name in names if name.startswith(LEFT_OUT)]
    if Path(folder).name != "mappings":
        return []
    return [name for name in names if Path(folder, name).is_dir() and name not in USED]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of most of the project's flows and of the declarations they use, which a test may break."""
    shutil.copytree(PROJECT / "mappings", tmp_path / "mappings", ignore=_unused)
    for folder in ("policies", "dags/flows"):
        shutil.copytree(PROJECT / folder, tmp_path / folder, ignore=_unused)
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
