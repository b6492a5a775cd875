"""What no file may hold, and what documentation must keep to."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from hub.cli.main import app

# put together here, so that this file does not hold them itself
HOSTS = [".".join(parts) for parts in (("pypi", "org"), ("files", "pythonhosted", "org"), ("npmjs", "org"))]
INDEXES = ["--" + name for name in ("index-url", "extra-index-url", "find-links", "trusted-host")]
PLACES = (("work", "main"), ("work", "shared"), ("tmp", "w"), ("root",))
FOLDERS = ["/".join(("", *parts, "")) for parts in PLACES]

BINARY = {".png", ".jpg", ".ico", ".woff2"}
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"(?<!`)`(returns-hub [^`\n]+)`(?!`)")


def texts(root: Path, files: list[Path]) -> Iterator[tuple[Path, str]]:
    for path in files:
        if path.suffix not in BINARY:
            yield path, (root / path).read_text(errors="replace")


@pytest.mark.parametrize("forbidden", [*HOSTS, *FOLDERS])
def test_no_file_names_a_registry_or_somebodys_machine(root: Path, files: list[Path], forbidden: str) -> None:
    assert [str(path) for path, text in texts(root, files) if forbidden in text] == []


def test_constraints_pin_and_hash_every_package_and_name_no_index(root: Path) -> None:
    text = (root / "constraints.txt").read_text()
    assert [option for option in INDEXES if option in text] == []
    for entry in re.split(r"\n(?=\S)", text.strip()):
        assert re.match(r"[a-z0-9._-]+==\S+", entry), entry[:80]
        assert "--hash=sha256:" in entry, entry[:80]


def test_links_between_pages_lead_somewhere(root: Path, pages: list[Path]) -> None:
    broken = [
        f"{page}: {target}"
        for page in pages
        for found in LINK.findall((root / page).read_text())
        for target in found
        if target and "://" not in target and not target.startswith(("#", "mailto:"))
        if not (root / page.parent / target.partition("#")[0]).exists()
    ]
    assert broken == []


def commands_shown(text: str) -> Iterator[str]:
    for language, block in FENCE.findall(text):
        if language in {"", "sh", "shell", "bash", "console"}:
            for line in block.replace("\\\n", " ").splitlines():
                command = line.strip().removeprefix("$ ")
                if command.startswith("returns-hub "):
                    yield command
    yield from INLINE.findall(FENCE.sub("", text))


def fault_of(shown: str) -> str | None:
    """Why the command line could not be as it is shown; None when it could."""
    words = [word for word in shlex.split(shown, comments=True)[1:] if word not in {"…", "..."}]
    command: Any = get_command(app)
    while (commands := getattr(command, "commands", None)) and words and not words[0].startswith("-"):
        name = words.pop(0)
        if name not in commands:
            return f"{shown}: no command {name!r}"
        command = commands[name]
    known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
    for word in words:
        option = word.partition("=")[0]
        if option.startswith("--") and option not in known | {"--help"}:
            return f"{shown}: no option {option}"
    return None


def test_every_command_that_is_shown_exists(root: Path, pages: list[Path]) -> None:
    shown = [(page, command) for page in pages for command in commands_shown((root / page).read_text())]
    faults = [f"{page}: {fault}" for page, command in shown if (fault := fault_of(command))]
    assert faults == []


def test_a_command_that_does_not_exist_is_noticed() -> None:
    assert [fault_of("returns-hub trace K"), fault_of("returns-hub up --json")] == [None, None]
    assert fault_of("returns-hub tarce K") == "returns-hub tarce K: no command 'tarce'"
    assert fault_of("returns-hub up --jsn") == "returns-hub up --jsn: no option --jsn"


def test_every_make_target_that_is_shown_exists(root: Path, pages: list[Path]) -> None:
    targets = set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text(), re.MULTILINE))
    shown = {
        (str(page), target)
        for page in pages
        for target in re.findall(r"(?:^|`)make ([a-z]+)", (root / page).read_text(), re.MULTILINE)
    }
    assert {(page, target) for page, target in shown if target not in targets} == set()
