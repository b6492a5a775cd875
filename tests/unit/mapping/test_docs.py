"""`docs/mapping.md` is true: its examples run, its function table is the registry's."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from connectors.codecs.registry import codec
from connectors.trees import parse_json
from hub.mapping.functions.reference import markdown

Workshop = Any

PAGE = Path(__file__).resolve().parents[3] / "docs/mapping.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+) ([^\n]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Example:
    """A mapping in the page with the blocks that follow it."""

    line: int
    kind: str
    yaml: str
    blocks: dict[str, str] = field(default_factory=dict)


def examples() -> Iterator[Example]:
    current: Example | None = None
    for found in BLOCK.finditer(TEXT):
        language, kind, text = found.groups()
        if language == "yaml":
            if current:
                yield current
            current = Example(TEXT.count("\n", 0, found.start()) + 1, kind, text)
        elif current:
            current.blocks[f"{language} {kind}"] = text
    if current:
        yield current


EXAMPLES = list(examples())


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"line {example.line}")
def test_an_example_does_what_the_page_says(workshop: Workshop, example: Example) -> None:
    for name, table in example.blocks.items():
        if name.startswith("csv ") and name != "csv written":
            workshop.write(name.removeprefix("csv "), table)
    if "text problems" in example.blocks:
        found = [problem.replace("test.yaml", "broken.yaml") for problem in workshop.problems(example.yaml)]
        assert "\n".join(found) == example.blocks["text problems"].strip()
        return
    source = "x12/test" if "json source x12" in example.blocks else "json/test"
    tree = source_of(example)
    compiled = (
        workshop.compile_text(example.yaml)
        if example.kind == "file"
        else workshop.compile(textwrap.dedent(example.yaml), source=source)
    )
    mapped = compiled.apply(tree)
    if "text errors" in example.blocks:
        assert "\n".join(str(error) for error in mapped.errors) == example.blocks["text errors"].strip()
        return
    assert not mapped.errors
    if "json result" in example.blocks:
        assert mapped.value == parse_json(example.blocks["json result"].encode())
        return
    [(name, wanted)] = [(name, text) for name, text in example.blocks.items() if name.endswith(" written")]
    written = codec(name.removesuffix(" written")).encode(mapped.value).decode()
    assert written.replace("\r\n", "\n").strip() == wanted.strip()


def source_of(example: Example) -> Any:
    if "xml source" in example.blocks:
        [record] = codec("xml").decode(example.blocks["xml source"].encode()).records
        return record.tree
    return parse_json((example.blocks.get("json source") or example.blocks["json source x12"]).encode())


def test_the_page_has_an_example_of_every_kind() -> None:
    kinds = {name for example in EXAMPLES for name in (example.kind, *example.blocks)}
    assert kinds >= {"file", "map", "json source", "json result", "text errors", "text problems"}
    assert kinds >= {"xml source", "xml written", "csv written"}


def test_the_function_table_is_the_registrys() -> None:
    table = TEXT.partition("<!-- functions -->\n")[2].partition("<!-- end of functions -->")[0]
    assert table.strip() == markdown().strip(), "regenerate it: python -m hub.mapping.functions.reference"
