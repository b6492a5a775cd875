"""`docs/tutorial.md` is true: its files are written, its commands run, and they say what it says."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hub.settings import PROJECT_DIR

PAGE = PROJECT_DIR / "docs/tutorial.md"
BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Reader:
    """Somebody who does what the page says, in a copy of the project."""

    folder: Path
    environment: dict[str, str]
    said: str = ""
    read: list[str] = field(default_factory=list)

    def follow(self, language: str, info: str, text: str) -> None:
        if language == "sh":
            if info != "terminal":  # another terminal: the test's own database stands for it
                self.said = "".join(self.type(line, fails=info == "fails") for line in commands(text))
        elif language == "text":
            missing = [line for line in text.splitlines() if line not in self.said]
            assert missing == [], self.said
        else:
            self.file(info, text)
        self.read.append(f"{language} {info}")

    def file(self, info: str, text: str) -> None:
        name, _, change = info.partition(" ")
        path = self.folder / name
        if not path.exists():
            path.write_text(text, encoding="utf-8")
        elif not change:
            assert path.read_text(encoding="utf-8") == text
        else:
            path.write_text(changed(path.read_text(encoding="utf-8"), change, text), encoding="utf-8")

    def type(self, command: str, *, fails: bool) -> str:
        if command.startswith("export "):
            name, _, value = command.removeprefix("export ").partition("=")
            self.environment[name] = self.shell(f"printf %s {value}")
            return ""
        return self.watch(command) if command.endswith("--watch") else self.shell(command, fails=fails)

    def shell(self, command: str, *, fails: bool = False) -> str:
        done = subprocess.run(  # noqa: S603 - the page's own commands
            ["/bin/bash", "-c", command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def watch(self, command: str) -> str:
        """One picture, then Ctrl-C."""
        with subprocess.Popen(  # noqa: S603 - the page's own command
            ["/bin/bash", "-c", f"exec {command}"],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            said = ""
            for line in process.stdout:
                said += line
                if "Ctrl-C ends" in line:
                    break
            process.send_signal(signal.SIGINT)
        assert process.returncode == 0
        return said


def commands(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def changed(before: str, change: str, line: str) -> str:
    """A file with the one line that the page says to add or to change."""
    lines = before.splitlines(keepends=True)
    kind, name = (
        ("add", change.removeprefix("add after "))
        if change.startswith("add after ")
        else ("change", change.removeprefix("change "))
    )
    [at] = [number for number, one in enumerate(lines) if one.lstrip().startswith(f"{name}:")]
    return "".join([*lines[: at + (kind == "add")], line, *lines[at + 1 :]])


@pytest.fixture
def reader(tmp_path: Path, hub_database: str) -> Reader:
    for folder in ("mappings", "policies", "dags/flows"):
        shutil.copytree(PROJECT_DIR / folder, tmp_path / folder)
    own = {
        name: value for name, value in os.environ.items() if not name.startswith(("RETURNS_HUB", "AIRFLOW"))
    }
    return Reader(
        tmp_path,
        {
            **own,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "RETURNS_HUB_PROJECT": str(tmp_path),
            "RETURNS_HUB_HOME": str(tmp_path / "home"),
            "RETURNS_HUB_DATABASE_URL": hub_database,
            "PYTHONUNBUFFERED": "1",
        },
    )


def test_whoever_follows_the_page_gets_what_it_promises(reader: Reader) -> None:
    text = PAGE.read_text(encoding="utf-8")
    for language, info, block in BLOCK.findall(text):
        reader.follow(language, info.strip(), block)
    assert len(reader.read) == text.count("```") // 2
    assert reader.read.count("text says") >= 7
    # step 5's command holds for good, whatever folders step 7 has made
    assert "✓ 1 mapping, 1 sample passed" in reader.shell("returns-hub test nordwind")
    assert not {path.name for path in reader.folder.iterdir()} & {"nordwind", "in", "done"}
