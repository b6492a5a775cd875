from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from hub.runtime import postgres
from hub.runtime.processes import wait_gone
from hub.settings import embedded_socket_dir, embedded_url


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's own: each start of another pytest closes the way to that for the server's user."""
    with tempfile.TemporaryDirectory(prefix="returns-hub-test-") as folder:
        yield Path(folder)


@pytest.fixture
def home(folder: Path) -> Iterator[Path]:
    home = folder / "home"
    yield home
    postgres.stop(home)


def ask(home: Path, query: str) -> object:
    with psycopg.connect(embedded_url(home, "hub")) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def running_pid(home: Path) -> int:
    pid = postgres.server_pid(home)
    assert pid is not None
    return pid


def test_a_second_start_adopts_the_running_server(home: Path) -> None:
    postgres.start(home)
    first = running_pid(home)
    postgres.start(home)
    assert running_pid(home) == first
    assert ask(home, "SHOW fsync") == "on"
    assert ask(home, "SHOW listen_addresses") == ""


def test_what_was_committed_survives_a_kill(home: Path) -> None:
    postgres.start(home)
    with psycopg.connect(embedded_url(home, "hub"), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(running_pid(home), signal.SIGKILL)
    postgres.start(home)
    assert ask(home, "SELECT answer FROM kept") == 42


def test_a_stale_pid_file_naming_a_stranger_hinders_nothing_and_nobody(home: Path) -> None:
    postgres.start(home)
    pid_file = postgres.data_dir(home) / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    postgres.stop(home)
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        assert postgres.server_pid(home) is None
        postgres.stop(home)
        postgres.start(home)
        assert ask(home, "SELECT 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_stopping_leaves_no_process(home: Path) -> None:
    postgres.start(home)
    server = psutil.Process(running_pid(home))
    family = [server, *server.children(recursive=True)]
    postgres.stop(home)
    assert postgres.server_pid(home) is None
    assert wait_gone(family, 5)


@pytest.mark.parametrize("name", ["a folder, with 100 % odd 'characters'", "deep" * 30])
def test_any_home_works(folder: Path, name: str) -> None:
    home = folder / name
    with postgres.running(home):
        assert embedded_socket_dir(home) != home / "pg"
        assert Path(str(ask(home, "SHOW data_directory"))) == home / "pg"
    assert postgres.server_pid(home) is None
    assert not embedded_socket_dir(home).exists()


def test_who_leaves_first_does_not_stop_it_for_the_other(home: Path) -> None:
    with postgres.running(home):
        with postgres.running(home):
            pass
        assert ask(home, "SELECT 1") == 1
    assert postgres.server_pid(home) is None


def test_a_server_that_dies_while_it_is_used_comes_back(home: Path) -> None:
    with postgres.running(home):
        first = running_pid(home)
        os.kill(first, signal.SIGKILL)
        deadline = time.monotonic() + 30
        while postgres.server_pid(home) in (None, first) or not answers(home):
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.1)


def answers(home: Path) -> bool:
    try:
        return ask(home, "SELECT 1") == 1
    except psycopg.OperationalError:
        return False


def test_dropped_databases_are_made_anew(home: Path) -> None:
    postgres.start(home)
    with psycopg.connect(embedded_url(home, "hub"), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept ()")
        postgres.drop_databases(home)
    postgres.start(home)
    assert ask(home, "SELECT to_regclass('kept')") is None


def test_a_socket_folder_of_somebody_else_is_refused(folder: Path) -> None:
    home = folder / "with space"
    sockets = embedded_socket_dir(home)
    sockets.mkdir(mode=0o755)
    try:
        with pytest.raises(postgres.PostgresError, match="expected a folder of user"):
            postgres.start(home)
    finally:
        sockets.rmdir()
