from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from hub.runtime.processes import end_marked, marked_environment, marked_processes
from hub.runtime.supervisor import AlreadyRunningError, Component, Status, Supervisor

SLEEPER = "import time; time.sleep(600)"
# a child that starts a grandchild in a session of its own, as Airflow's workers do
FAMILY = f"""
import subprocess, sys
subprocess.Popen([sys.executable, "-c", {SLEEPER!r}], start_new_session=True)
{SLEEPER}
"""
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); {SLEEPER}"
BROKEN = "import sys; sys.exit('no such partner')"


def component(name: str, code: str, *, stage: int = 0, grace: float = 5.0) -> Component:
    return Component(
        name=name,
        command=[sys.executable, "-c", code],
        environment=dict(os.environ),
        stage=stage,
        grace=grace,
    )


def wait_until(claim: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def only(supervisor: Supervisor) -> Status:
    (status,) = supervisor.status()
    return status


def pid_of(supervisor: Supervisor) -> int:
    pid = only(supervisor).pid
    assert pid is not None
    return pid


def test_stop_leaves_nothing_not_even_grandchildren_in_their_own_session(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(component("family", FAMILY))
        wait_until(lambda: len(marked_processes(tmp_path)) == 2)
    assert marked_processes(tmp_path) == []


def test_one_that_does_not_listen_is_killed_after_its_grace(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path)
    with supervisor:
        supervisor.start(component("stubborn", STUBBORN, grace=0.3))
        wait_until(lambda: "up" in only(supervisor).log.read_text())
        started = time.monotonic()
    assert time.monotonic() - started < 3
    assert marked_processes(tmp_path) == []


def test_a_killed_component_comes_back_and_its_orphans_go(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(component("family", FAMILY))
        wait_until(lambda: len(marked_processes(tmp_path)) == 2)
        before = {process.pid for process in marked_processes(tmp_path)}
        os.kill(pid_of(supervisor), signal.SIGKILL)
        wait_until(lambda: only(supervisor).restarts == 1 and len(marked_processes(tmp_path)) == 2)
        assert before.isdisjoint(process.pid for process in marked_processes(tmp_path))
        assert only(supervisor).last_exit == -signal.SIGKILL


def test_one_that_cannot_start_is_tried_ever_more_slowly_and_its_words_are_kept(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(component("broken", BROKEN))
        time.sleep(3)
        status = only(supervisor)
        assert 1 <= status.restarts <= 3
        assert status.last_exit == 1
        assert "no such partner" in status.log.read_text()


def test_higher_stages_are_gone_before_lower_ones_are_asked(tmp_path: Path) -> None:
    def witness(name: str) -> str:
        return (
            f"import signal, sys, time\nfrom pathlib import Path\n"
            f"def end(*_):\n    Path({str(tmp_path / name)!r}).write_text(str(time.time())); sys.exit()\n"
            f"signal.signal(signal.SIGTERM, end)\nprint('up', flush=True)\ntime.sleep(600)"
        )

    with Supervisor(tmp_path) as supervisor:
        supervisor.start(component("server", witness("server"), stage=0))
        supervisor.start(component("client", witness("client"), stage=1))
        wait_until(lambda: all("up" in status.log.read_text() for status in supervisor.status()))
    assert float((tmp_path / "client").read_text()) < float((tmp_path / "server").read_text())


def test_two_supervisors_never_share_a_home(tmp_path: Path) -> None:
    with (
        Supervisor(tmp_path),
        pytest.raises(AlreadyRunningError, match="running already"),
        Supervisor(tmp_path),
    ):
        pass


SUPERVISE = """
import os, sys, time
from pathlib import Path
from hub.runtime.supervisor import Component, Supervisor
with Supervisor(Path(sys.argv[1])) as supervisor:
    command = [sys.executable, "-c", sys.argv[2]]
    supervisor.start(Component(name="child", command=command, environment=dict(os.environ)))
    print("up", flush=True)
    time.sleep(600)
"""


def supervise_elsewhere(home: Path, code: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", SUPERVISE, str(home), code], stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    return process


def test_when_the_supervisor_is_killed_its_warden_leaves_nothing(tmp_path: Path) -> None:
    process = supervise_elsewhere(tmp_path, FAMILY)
    wait_until(lambda: len(marked_processes(tmp_path)) == 2)
    process.kill()
    process.wait()
    wait_until(lambda: marked_processes(tmp_path) == [])


def test_when_supervisor_and_warden_are_killed_the_next_start_clears_the_rest(tmp_path: Path) -> None:
    process = supervise_elsewhere(tmp_path, FAMILY)
    wait_until(lambda: len(marked_processes(tmp_path)) == 2)
    os.killpg(process.pid, signal.SIGSTOP)  # so that it does not notice its warden's death
    for pid in wardens_of(tmp_path):
        os.kill(pid, signal.SIGKILL)
    process.kill()
    process.wait()
    assert len(marked_processes(tmp_path)) == 2
    with Supervisor(tmp_path):
        assert marked_processes(tmp_path) == []


def wardens_of(home: Path) -> list[int]:
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if (process.info["cmdline"] or [])[-2:] == ["hub.runtime.warden", str(home)]
    ]


def test_a_stranger_is_never_touched(tmp_path: Path) -> None:
    theirs = marked_environment(os.environ, tmp_path / "other", "child")
    stranger = subprocess.Popen([sys.executable, "-c", SLEEPER], env=theirs)  # noqa: S603 - our own interpreter
    try:
        assert end_marked(tmp_path, grace=0) == 0
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
