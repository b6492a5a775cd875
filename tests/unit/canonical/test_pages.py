"""The page of the facts' fields."""

import re
from pathlib import Path

import pytest

from canonical.pages import page
from canonical.vocabulary import FACT_TYPES

PAGE = Path(__file__).parents[3] / "docs" / "facts.md"


def test_the_page_in_docs_is_what_the_schemas_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m canonical.pages > docs/facts.md"


@pytest.mark.parametrize("name", FACT_TYPES)
def test_every_fact_has_its_fields_on_the_page(name: str) -> None:
    section = page().partition(f"## {name}@")[2].partition("\n## ")[0]
    assert "| `" in section


def test_fields_of_shared_shapes_are_listed_where_they_stand() -> None:
    said = page()
    assert re.search(r"\| `lines\[\]\.unit_price` \| plain decimal such as 12\.5 \|", said)
    assert re.search(r"\| `channel` \| .* \| yes \|  \| How it came in", said)
    assert "| `references[].type` |" in said
    assert "`keep_with_allowance`" in said


def test_every_row_has_five_cells() -> None:
    rows = [line for line in page().splitlines() if line.startswith("| `") and "[" in line]
    assert rows
    assert {row.count(" | ") for row in rows} == {4}
