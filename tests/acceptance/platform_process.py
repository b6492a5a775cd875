"""A `returns-hub` process with a home of its own: start it, look into it, see what it leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psutil
import psycopg

from hub.runtime import postgres
from hub.runtime.logs import tail
from hub.runtime.processes import marked_processes
from hub.settings import PROJECT_DIR, embedded_url

T = TypeVar("T")

CLEAN = ("RETURNS_HUB_", "AIRFLOW", "PG")
"""Variables that would lead the process to another home, Airflow or database."""


@dataclass(frozen=True)
class Running:
    """The process, its home, and the files that its output goes to."""

    process: subprocess.Popen[bytes]
    home: Path
    out: Path
    err: Path

    def ask(self, database: str, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of a query to the home's `hub` or `airflow` database."""
        with psycopg.connect(embedded_url(self.home, database), autocommit=True) as connection:
            return connection.execute(query.encode(), parameters).fetchall()

    def until(self, what: str, look: Callable[[], T | None], seconds: float, every: float = 0.1) -> T:
        """The first thing that `look` gives; the process must live and it must not take longer."""
        deadline = time.monotonic() + seconds
        while True:
            with suppress(psycopg.Error, psutil.Error, FileNotFoundError):
                if found := look():
                    return found
            ended = self.process.poll()
            assert ended is None, f"waiting for {what}: ended with {ended}\n{self.words()}"
            assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}\n{self.words()}"
            time.sleep(every)

    def until_said(self, words: str, seconds: float) -> None:
        """Wait until the process has said something, on either channel."""
        self.until(f"{words!r}", lambda: words in self.out.read_text() + self.err.read_text(), seconds, 0.2)

    def words(self) -> str:
        """The end of everything that was said, for the message of a failure."""
        logs = sorted((self.home / "logs").glob("*.log"))
        parts = [("output", self.out, 60), ("progress", self.err, 40), *((x.name, x, 15) for x in logs)]
        return "\n".join(f"--- {name}\n{_narrow(tail(path, lines))}" for name, path, lines in parts)

    def head(self, component: str) -> psutil.Process | None:
        """The process of a supervised component that all its others descend from."""
        found = marked_processes(self.home, [component])
        numbers = {process.pid for process in found}
        return next((process for process in found if process.ppid() not in numbers), None)

    def end(self, number: signal.Signals, seconds: float = 60) -> int:
        """Send a signal and give the exit code."""
        self.process.send_signal(number)
        return self.process.wait(seconds)


@contextmanager
def returns_hub(folder: Path, *arguments: str) -> Iterator[Running]:
    """Run the command in a session of its own; whatever happens, nothing of it stays.

    The home is `folder/home` and survives, so that it can be started on again.
    """
    home = folder / "home"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(CLEAN)}
    folder.mkdir(parents=True, exist_ok=True)
    out, err = folder / "out.txt", folder / "err.txt"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [str(Path(sys.executable).with_name("returns-hub")), *arguments],
            env={**inherited, "RETURNS_HUB_HOME": str(home), "NO_COLOR": "1", "COLUMNS": "160"},
            cwd=PROJECT_DIR,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
    try:
        yield Running(process, home, out, err)
    finally:
        if process.poll() is None:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(60)
            process.kill()
            process.wait()
        for left in processes_of(home):
            with suppress(psutil.Error):
                left.kill()
        postgres.stop(home)


def processes_of(home: Path) -> Sequence[psutil.Process]:
    """Every living process that works for a home: by its marks, its environment or its arguments."""
    return [process for process in psutil.process_iter() if _belongs(process, str(home))]


def _belongs(process: psutil.Process, home: str) -> bool:
    try:
        if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
            return False
        return home in process.environ().values() or any(home in word for word in process.cmdline())
    except (psutil.Error, OSError):
        return False


def until_gone(home: Path, seconds: float = 20) -> list[str]:
    """What still works for a home after a while; empty as soon as nothing does."""
    deadline = time.monotonic() + seconds
    while left := processes_of(home):
        if time.monotonic() > deadline:
            return [_told(process) for process in left]
        time.sleep(0.1)
    return []


def _narrow(text: str) -> str:
    return "\n".join(line[:300] for line in text.splitlines())


def _told(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return f"{process.pid} {' '.join(process.cmdline())}"
    return f"{process.pid}"
