"""Keep components running: start, restart when one dies, stop all, leave nothing behind.

Three nets, each for the case that the one before was cut: `stop` ends the components in order; the
warden (a process of its own) does it when the supervisor was killed; the next start does it when
both were. All three find the processes by the marks in their environment (`processes`).
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from hub.runtime import warden
from hub.runtime.locks import BusyError, locked
from hub.runtime.logs import bound, open_log
from hub.runtime.processes import end_marked, marked_environment

State = Literal["running", "waiting to restart", "stopped"]

_LOOK_SECONDS = 0.2
_BOUND_SECONDS = 5.0
_FIRST_DELAY = 0.5
_LONGEST_DELAY = 30.0
_STEADY_SECONDS = 60.0


class AlreadyRunningError(RuntimeError):
    """Another supervisor looks after this home."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A program to keep running.

    Attributes:
        name: Unique per home; names the log file too.
        command: Program and arguments.
        environment: The whole environment, without the marks.
        stage: Components of a higher stage are stopped before those of a lower one.
        grace: Seconds it gets to end when asked, before it is killed.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)
    stage: int = 0
    grace: float = 10.0
    cwd: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What became of a component; `restarts` counts since the supervisor started."""

    name: str
    state: State
    pid: int | None
    restarts: int
    last_exit: int | None
    log: Path


class Supervisor:
    """Looks after the components of one home; use as a context manager.

    Raises:
        AlreadyRunningError: on entering, when another living process looks after this home.
    """

    def __init__(self, home: Path) -> None:
        self.home = home.absolute()
        self.logs = self.home / "logs"
        self._children: dict[str, _Child] = {}
        self._guard = threading.RLock()
        self._stopping = threading.Event()
        self._resources = ExitStack()
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def __enter__(self) -> Self:
        lock = self.home / "run" / "supervisor.lock"
        try:
            self._resources.enter_context(locked(lock, wait=False))
        except BusyError:
            raise AlreadyRunningError(f"{self.home}: expected unused, but it is running already") from None
        end_marked(self.home, grace=2.0)  # what a killed supervisor and its warden left
        self._warden = warden.start(self.home)
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, component: Component) -> None:
        """Start a component and look after it from now on."""
        with self._guard:
            if self._stopping.is_set():
                raise RuntimeError(f"{component.name}: expected a running supervisor, found a stopped one")
            if component.name in self._children:
                raise ValueError(f"{component.name}: expected a new name, found a running component")
            child = _Child(component, self.home, self.logs / f"{component.name}.log")
            child.start()
            self._children[component.name] = child

    def status(self) -> list[Status]:
        """All components in the order they were started."""
        with self._guard:
            return [child.status() for child in self._children.values()]

    def stop(self) -> None:
        """Stop all components, highest stage first, then the warden. Safe to call again."""
        self._stopping.set()
        if self._watcher.is_alive():
            self._watcher.join()
        with self._guard:
            self._stop_stages()
            self._children.clear()
        self._dismiss_warden()
        self._resources.close()

    def _stop_stages(self) -> None:
        ordered = sorted(self._children.values(), key=lambda child: -child.component.stage)
        for _, group in groupby(ordered, key=lambda child: child.component.stage):
            children = {child.component.name: child for child in group}
            grace = max(child.component.grace for child in children.values())
            end_marked(self.home, children, grace=grace)
            for child in children.values():
                child.reap()

    def _dismiss_warden(self) -> None:
        if (pipe := self._warden.stdin) is not None:
            pipe.close()  # it finds nothing left to end, and goes

    def _watch(self) -> None:
        last_bound = time.monotonic()
        while not self._stopping.wait(_LOOK_SECONDS):
            with self._guard:
                for child in self._children.values():
                    child.look_after()
            if time.monotonic() - last_bound > _BOUND_SECONDS:
                last_bound = time.monotonic()
                for status in self.status():
                    bound(status.log)


class _Child:
    """One component and the process that is it at the moment."""

    def __init__(self, component: Component, home: Path, log: Path) -> None:
        self.component = component
        self._home = home
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._due: float | None = None
        self._delay = _FIRST_DELAY
        self._restarts = 0
        self._last_exit: int | None = None

    def start(self) -> None:
        descriptor = open_log(self._log)
        with open(descriptor, "ab", closefd=True) as log:  # noqa: PTH123 - a descriptor, not a path
            self._process = subprocess.Popen(  # noqa: S603 - commands come from `up`, not from outside
                list(self.component.command),
                env=marked_environment(self.component.environment, self._home, self.component.name),
                cwd=self.component.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._started = time.monotonic()
        self._due = None

    def look_after(self) -> None:
        """Notice a death, clear its remains, start again when the delay is over."""
        if self._due is not None:
            if time.monotonic() >= self._due:
                self._restart()
            return
        if self._process is None or self._process.poll() is None:
            return
        self._last_exit = self._process.returncode
        if time.monotonic() - self._started > _STEADY_SECONDS:
            self._delay = _FIRST_DELAY
        self._postpone()
        end_marked(self._home, {self.component.name}, grace=0)

    def _restart(self) -> None:
        self._restarts += 1
        try:
            self.start()
        except OSError:  # no memory, no processes left: that may pass
            self._postpone()

    def _postpone(self) -> None:
        self._due = time.monotonic() + self._delay
        self._delay = min(self._delay * 2, _LONGEST_DELAY)

    def reap(self) -> None:
        """Collect the exit code of a process that was ended."""
        if self._process is not None:
            self._process.wait()
            self._last_exit = self._process.returncode
            self._process = None

    def status(self) -> Status:
        return Status(
            name=self.component.name,
            state=self._state(),
            pid=self._process.pid if self._process and self._due is None else None,
            restarts=self._restarts,
            last_exit=self._last_exit,
            log=self._log,
        )

    def _state(self) -> State:
        if self._due is not None:
            return "waiting to restart"
        return "stopped" if self._process is None else "running"
