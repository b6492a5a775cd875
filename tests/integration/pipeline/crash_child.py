"""One verb of the pipeline in a process of its own that is killed with SIGKILL at a named point.

The product knows nothing of this: the points are statements of queries.sql and calls of connectors, found by
wrapping the one function that looks statements up, the one that opens transactions, and the connectors made.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.process
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from connectors.base import Connection
from hub.flows.catalog import load_catalog
from hub.pipeline import context
from hub.pipeline.admit import admit
from hub.pipeline.context import Hub
from hub.pipeline.deliver import deliver
from hub.pipeline.read import read
from hub.pipeline.replay import replay
from hub.settings import PROJECT_DIR, Settings
from hub.store import database as store
from hub.store.database import Database

_CATALOG = load_catalog(PROJECT_DIR)
"""Loaded once in the fork server, so that a child starts in no time."""

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload([__name__])

Process = multiprocessing.process.BaseProcess

KILLED = -signal.SIGKILL
PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Point:
    """Where a process is killed.

    Attributes:
        when: `before` a statement, before the `commit` of the transaction that had it, or `after` that
            commit; `calling` a connector's method, when it `returned`, or when it `raised`.
        what: Name of the statement or method.
        nth: At which time.
        key: Only in calls about this business key.
    """

    when: str
    what: str
    nth: int = 1
    key: str = ""
    signal: signal.Signals = signal.SIGKILL  # SIGSTOP: away, until somebody sends SIGCONT


@dataclass(frozen=True, slots=True)
class Work:
    """What the process does: a verb of (flow, target or dead letter id), with which hub."""

    verb: str
    of: str
    database_url: str
    home: Path
    connections: Mapping[str, Connection]


def run(work: Work, point: Point | None = None) -> int:
    """Do it in another process; its exit code, `KILLED` when the point was reached."""
    return ended(start(work, point))


def start(work: Work, point: Point | None = None) -> Process:
    """Begin it in another process."""
    process = _SERVER.Process(target=_child, args=(work, point))
    process.start()
    return process


def ended(process: Process) -> int:
    """Wait for its end; the exit code."""
    process.join(PATIENCE)
    code = process.exitcode
    if code is None:
        process.kill()
        raise TimeoutError(f"process {process.pid}: expected an end within {PATIENCE} s, found none")
    return code


def _child(work: Work, point: Point | None) -> None:
    if point is not None:
        _arm(point)
    settings = Settings(project_dir=PROJECT_DIR, home=work.home, database_url=work.database_url)
    with Hub(settings, Database(work.database_url), _CATALOG, work.connections.__getitem__) as hub:
        _VERBS[work.verb](hub, work.of)


_RUN = "test:killed"
_VERBS: Mapping[str, Callable[[Hub, str], object]] = {
    "read": lambda hub, flow: read(hub, flow, _RUN),
    "admit": lambda hub, flow: admit(hub, flow, _RUN),
    "deliver": lambda hub, target: deliver(hub, target, _RUN, budget=20),
    "replay": lambda hub, letter: replay(hub, UUID(letter), "an operator"),
}


def _arm(point: Point) -> None:
    reached = count(1)

    def here() -> None:
        if next(reached) == point.nth:
            os.kill(os.getpid(), point.signal)

    if point.when in ("before", "commit", "after"):
        _arm_statement(point, here)
    else:
        _arm_call(point, here)


def _arm_statement(point: Point, here: Callable[[], None]) -> None:
    look_up, transaction = store.sql, Database.transaction
    seen: list[str] = []

    def watched_sql(name: str) -> str:
        seen.append(name)
        if point.when == "before" and name == point.what:
            here()
        return look_up(name)

    @contextmanager
    def watched_transaction(self: Database) -> Iterator[store.Connection]:
        with transaction(self) as tx:
            seen.clear()
            yield tx
            had = point.what in seen
            if had and point.when == "commit":
                here()
        if had and point.when == "after":
            here()

    store.sql = watched_sql
    Database.transaction = watched_transaction  # type: ignore[method-assign]  # the point of it


def _arm_call(point: Point, here: Callable[[], None]) -> None:
    connect = context.connect

    def watched_connect(system: Mapping[str, Any], connection: Connection) -> Any:
        connector = connect(system, connection)
        call = getattr(connector, point.what, None)
        if call is not None:
            setattr(connector, point.what, _watched(call, point, here))
        return connector

    context.connect = watched_connect


def _watched(call: Callable[..., Any], point: Point, here: Callable[[], None]) -> Callable[..., Any]:
    def watched(*arguments: Any) -> Any:
        when = point.when if point.key in ("", arguments[-1]) else ""
        if when == "calling":
            here()
        try:
            result = call(*arguments)
        except Exception:
            if when == "raised":
                here()
            raise
        if when == "returned":
            here()
        return result

    return watched
