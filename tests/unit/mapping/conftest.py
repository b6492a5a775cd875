"""Mappings written in the test that uses them."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hub.mapping.compile import CompiledMapping, compile_file
from hub.mapping.errors import InvalidMapping

CODES = {
    "codes/reason.csv": """\
canonical,title,x12,sap
damaged,Damaged goods,DM DA,001
defective,Broken,DE|DT,002
other,,ZZ,
""",
    "codes/unit.csv": "canonical,x12,sap\nEA,EA,ST\nCT,CT CA,KAR\n",
}

HEADER = "mapping: test.mapping@1\nfrom: {source}\nto: {target}\n"


class Workshop:
    """Writes code tables and mapping files into a folder and compiles them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, text in CODES.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def compile(
        self, body: str, *, source: str = "json/test", target: str = "return.requested@1", head: str = ""
    ) -> CompiledMapping:
        """Compile the `map:` body under a standard header."""
        text = HEADER.format(source=source, target=target) + textwrap.dedent(head)
        text += "map:\n" + textwrap.indent(textwrap.dedent(body).strip("\n"), "  ") + "\n"
        return self.compile_text(text)

    def compile_text(self, text: str) -> CompiledMapping:
        return compile_file(self.write("test.yaml", text), self.folder, "test.yaml")

    def problems(self, text: str) -> list[str]:
        """The problems of a file that must not compile."""
        with pytest.raises(InvalidMapping) as caught:
            self.compile_text(text)
        return [str(problem) for problem in caught.value.problems]

    def value(self, body: str, tree: Any, **options: Any) -> Any:
        """The result of a body that must map without error."""
        mapped = self.compile(body, **options).apply(tree)
        assert not mapped.errors, [str(error) for error in mapped.errors]
        return mapped.value

    def errors(self, body: str, tree: Any, **options: Any) -> list[str]:
        """The error texts of a body that must not map."""
        mapped = self.compile(body, **options).apply(tree)
        assert mapped.errors
        return [str(error) for error in mapped.errors]


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


@pytest.fixture
def field(workshop: Workshop) -> Callable[..., Any]:
    """`field("path | function", tree)` gives the value, or the one error's message."""

    def run(expression: str, tree: Any, *, target: str = "return.requested@1", head: str = "") -> Any:
        quoted = expression.replace("'", "''")
        mapped = workshop.compile(f"f: '{quoted}'", target=target, head=head).apply(tree)
        return mapped.errors[0].message if mapped.errors else mapped.value.get("f")

    return run
