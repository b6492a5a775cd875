"""Find and end the processes of one home, however far they are from where they were started.

Every process the runtime starts carries its home and its component's name in its environment, and
its descendants inherit both: across process groups and sessions of their own, across the death of
their parent. A stranger never carries them, so a recycled process number does no harm.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

HOME_MARK = "RETURNS_HUB_PROCESS_HOME"
NAME_MARK = "RETURNS_HUB_PROCESS_NAME"
_KEEP_ENVIRONMENT = {"SPT_NOENV": "1"}  # setproctitle would otherwise write over what we look for
_POLL_SECONDS = 0.05


def marked_environment(environment: Mapping[str, str], home: Path, name: str) -> dict[str, str]:
    """`environment` with the marks of a component of `home`."""
    return {**environment, **_KEEP_ENVIRONMENT, HOME_MARK: str(home.resolve()), NAME_MARK: name}


def marked_processes(home: Path, names: Collection[str] | None = None) -> list[psutil.Process]:
    """Living processes of `home`, of some components or of all, without this process."""
    wanted = str(home.resolve())
    return [process for process in psutil.process_iter() if _is_marked(process, wanted, names)]


def _is_marked(process: psutil.Process, home: str, names: Collection[str] | None) -> bool:
    try:
        if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
            return False
        environment = process.environ()
    except (psutil.Error, OSError):
        return False  # gone meanwhile, or another user's
    if environment.get(HOME_MARK) != home:
        return False
    return names is None or environment.get(NAME_MARK) in names


def end_marked(home: Path, names: Collection[str] | None = None, *, grace: float) -> int:
    """End the marked processes: asked first, killed after `grace` seconds; tell how many there were.

    Parents are asked before their children, so that each can end its own in its own order; children
    that outlive their parents are asked then.
    """
    found = living = marked_processes(home, names)
    asked: set[psutil.Process] = set()
    deadline = time.monotonic() + grace
    while living and time.monotonic() < deadline:
        heads = [head for head in _heads(living) if head not in asked]
        _signal(heads, signal.SIGTERM)
        asked.update(heads)
        time.sleep(_POLL_SECONDS)
        living = [process for process in living if _lives(process)]
    while left := marked_processes(home, names):  # one may start another between our look and our blow
        _signal(left, signal.SIGKILL)
        wait_gone(left, 1.0)
    return len(found)


def _heads(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Those whose parent is not among them."""
    numbers = {process.pid for process in processes}
    heads = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            if process.ppid() not in numbers:
                heads.append(process)
    return heads


def _signal(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.Error):  # psutil checks the start time, so a recycled number is safe
            process.send_signal(number)


def wait_gone(processes: Iterable[psutil.Process], seconds: float) -> bool:
    """Wait until all have ended (zombies count as ended); tell whether they did."""
    deadline = time.monotonic() + seconds
    left = list(processes)
    while left:
        left = [process for process in left if _lives(process)]
        if left and time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS if left else 0)
    return True


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
