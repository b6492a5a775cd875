"""Start the whole platform on one machine, and stop it again.

    with running(settings) as platform:
        print(platform.ui_url, platform.users)

In order: PostgreSQL; its two schemas and the sandboxes side by side; Airflow's four components; wait
until all are healthy. Whatever ends the block (return, exception, Ctrl-C, SIGTERM) stops all of it.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hub.runtime import airflow_db, postgres
from hub.runtime.airflow_env import ConnectionFields, airflow_environment, base_url
from hub.runtime.health import check_plugin, health, wait_healthy
from hub.runtime.keys import ROLES, Keys, ensure_keys
from hub.runtime.ports import remembered_port
from hub.runtime.sandbox import connections_of, start_sandboxes
from hub.runtime.signals import ending_as_exit, undisturbed
from hub.runtime.supervisor import Component, Status, Supervisor
from hub.settings import Settings
from hub.store import migrate

PREFERRED_PORT = 8080
HEALTHY_SECONDS = 180.0

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """A running platform.

    Attributes:
        settings: As given, with the console's address filled in.
        ui_url: Airflow's pages; the console is one of them.
        intake_url: Base of the intake API.
        users: Password by user name.
        roles: Airflow role by user name.
        sandbox_ports: What the sandboxes' ports file says; empty without sandboxes.
        environment: Variables with which a child process (or `bootstrap`) sees the same platform.
        seconds: How long the start took.
    """

    settings: Settings
    ui_url: str
    intake_url: str
    users: Mapping[str, str] = field(repr=False)
    roles: Mapping[str, str]
    sandbox_ports: Mapping[str, Any] = field(repr=False)
    environment: Mapping[str, str] = field(repr=False)
    seconds: float
    port: int
    supervisor: Supervisor = field(repr=False)

    def status(self) -> list[Status]:
        """All supervised components."""
        return self.supervisor.status()

    def health(self) -> Mapping[str, str]:
        """What Airflow says about its parts."""
        return health(self.port)


@contextmanager
def running(
    settings: Settings,
    *,
    sandboxes: bool = True,
    fresh: bool = False,
    seed: int = 1,
    progress: Progress = lambda _: None,
) -> Iterator[Platform]:
    """The platform for the length of a block.

    Args:
        settings: Where the project and the home are.
        sandboxes: Start the sandbox partner systems and connect to them; without, connections come
            from Airflow or `AIRFLOW_CONN_*`.
        seed: Decides what the sandboxes do; the same seed does the same. An earlier start's wins.
        fresh: Forget databases, logs and the sandboxes' books of earlier runs; secrets stay.
        progress: Told one line per step.

    Raises:
        AlreadyRunningError: This home is running already.
        StartError, PostgresError: Something did not come up.
    """
    began = time.monotonic()
    with ending_as_exit(), Supervisor(settings.home) as supervisor:
        _prepare(settings.home, fresh=fresh)
        with postgres.running(settings.home):
            try:
                if fresh:
                    _forget_databases(settings.home)
                progress("PostgreSQL is up")
                yield _start(_Start(settings, supervisor, sandboxes, seed, progress), began)
            finally:
                with undisturbed():  # components first, the database they use after them
                    progress("stopping")
                    supervisor.stop()


@dataclass(frozen=True, slots=True)
class _Start:
    settings: Settings
    supervisor: Supervisor
    sandboxes: bool
    seed: int
    progress: Progress


def _start(start: _Start, began: float) -> Platform:
    home = start.settings.home
    keys = ensure_keys(home)
    port = remembered_port(home, "airflow", PREFERRED_PORT)
    settings = replace(
        start.settings, console_url=start.settings.console_url or f"{base_url(port)}/hub/console"
    )
    partners = _prepare_parts(start, _environment(settings, keys, port, {}))
    environment = _environment(settings, keys, port, connections_of(partners))
    for component in _components(environment, settings.project_dir):
        start.supervisor.start(component)
    start.progress("Airflow is starting")
    wait_healthy(port, start.supervisor, HEALTHY_SECONDS)
    check_plugin(port)
    start.progress("Airflow is healthy")
    return Platform(
        settings=settings,
        ui_url=base_url(port),
        intake_url=f"{base_url(port)}/hub/api/v1",
        users=keys.passwords,
        roles=ROLES,
        sandbox_ports=partners,
        environment=environment,
        seconds=time.monotonic() - began,
        port=port,
        supervisor=start.supervisor,
    )


def _prepare_parts(start: _Start, environment: Mapping[str, str]) -> Mapping[str, Any]:
    """Both schemas and the sandboxes, side by side; what the sandboxes say."""
    home = start.settings.home
    with ThreadPoolExecutor(max_workers=2) as pool:
        airflow_schema = pool.submit(airflow_db.migrate, home, environment)
        hub_schema = pool.submit(migrate.upgrade, start.settings.database_url)
        partners: Mapping[str, Any] = {}
        if start.sandboxes:
            partners = start_sandboxes(start.supervisor, home / "sandboxes", _base_environment(), start.seed)
            start.progress("sandboxes are up")
        hub_schema.result()
        airflow_schema.result()
    start.progress("databases are ready")
    return partners


def _components(environment: Mapping[str, str], project: Path) -> Iterator[Component]:
    for stage, name, *arguments in (
        (1, "api-server"),
        (2, "scheduler", "--skip-serve-logs"),
        (2, "dag-processor"),
        (2, "triggerer", "--skip-serve-logs"),
    ):
        yield Component(
            name=str(name),
            command=[sys.executable, "-m", "airflow", str(name), *map(str, arguments)],
            environment=environment,
            stage=int(stage),
            cwd=project,
        )


def _environment(
    settings: Settings, keys: Keys, port: int, connections: Mapping[str, ConnectionFields]
) -> dict[str, str]:
    return {**_base_environment(), **airflow_environment(settings, keys, port, connections)}


def _base_environment() -> dict[str, str]:
    """Ours, without what would lead PostgreSQL's library or Airflow elsewhere."""
    strange = ("PG", "AIRFLOW__")
    return {name: value for name, value in os.environ.items() if not name.startswith(strange)}


def _prepare(home: Path, *, fresh: bool) -> None:
    home.mkdir(parents=True, exist_ok=True)
    if fresh:
        for folder in (home / "logs", home / "sandboxes"):
            shutil.rmtree(folder, ignore_errors=True)
    for folder in (home / "logs", home / "airflow", home / "sandboxes"):
        folder.mkdir(mode=0o700, exist_ok=True)


def _forget_databases(home: Path) -> None:
    postgres.drop_databases(home)
    postgres.start(home)
