"""deliver: make a target's effects happen, each at most once, and let their receipts state facts."""

from __future__ import annotations

import os
import socket
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from connectors.errors import Config
from hub import audit, effects
from hub.effects import Effect, Outcome
from hub.pipeline import confirm, decide
from hub.pipeline.call import perform, released
from hub.pipeline.compose import compose
from hub.pipeline.context import Hub
from hub.store.database import rows

LINGER = 3.0
"""Seconds a lane waits for the next due effect before it ends: cheaper than a new Airflow run."""

MARGIN = timedelta(seconds=20)
"""No call begins with less than this left of its lease: the call's own timeouts must fit."""

TROUBLE = 3
"""So many calls in a row that never reached the target make everybody wait."""

TROUBLE_WAIT = timedelta(seconds=5)

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Lane:
    """One worker's visit to one target."""

    hub: Hub
    target: str
    run_id: str
    worker: str
    connector: Any
    wait_until: datetime = _NEVER
    stopped: bool = False
    failures: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    targets: set[str] = field(default_factory=set)


def deliver(hub: Hub, target: str, run_id: str, budget: float = 60.0) -> dict[str, Any]:
    """Deliver what is due at a target until nothing is, or `budget` seconds are over.

    Any number of lanes may run at once, here and elsewhere: claims, fences and the target's condition are in
    the database. Killed at any point, its claims expire and the next lane asks the partner before it repeats.

    Returns:
        Effects by outcome (`confirmed`, `found`, `refused`, `retry_at`, `in_doubt`, `parked`) and `targets`
        that got new effects from the receipts.
    """
    worker = f"{socket.gethostname()}:{os.getpid()}:{run_id}"[:200]
    try:
        connector = hub.connector(target)
    except Config as error:
        _pause(hub, target, f"{error.code}: {error.message}")
        return {"paused": 1, "targets": []}
    lane = _Lane(hub=hub, target=target, run_id=run_id, worker=worker, connector=connector)
    concurrency = hub.catalog.systems[target].limits.concurrency
    ends = time.monotonic() + budget
    with ThreadPoolExecutor(max_workers=concurrency, thread_name_prefix=f"deliver-{target}") as pool:
        while time.monotonic() < ends:
            if not _round(lane, pool, concurrency * 8) and not _wait_for_more(lane, ends):
                break
    return {**lane.counts, "targets": sorted(lane.targets)}


def _round(lane: _Lane, pool: ThreadPoolExecutor, limit: int) -> int:
    """Claim, call and settle once; the number of effects claimed."""
    with lane.hub.database.transaction() as tx:
        claimed = effects.claim(tx, lane.target, limit, lane.worker)
    if not claimed:
        return 0
    with lane.hub.database.transaction() as tx:
        ready, failed = compose(tx, lane.hub, claimed)
    _settle(lane, failed)
    pending: set[Future[Outcome]] = {pool.submit(_call, lane, effect) for effect in ready}
    while pending:
        done, pending = wait(pending, return_when=FIRST_COMPLETED)
        _settle(lane, [future.result() for future in done])
    return len(claimed)


def _call(lane: _Lane, effect: Effect) -> Outcome:
    now = datetime.now(UTC)
    if lane.stopped or now < lane.wait_until or effect.lease_until - now < MARGIN:
        return released(effect, max(lane.wait_until, now))
    schedule = lane.hub.catalog.schedule(effect.flow)
    outcome = perform(lane.connector, effect, partial(schedule.next_delay, elapsed=now - effect.created_at))
    _note_condition(lane, outcome)
    return outcome


def _note_condition(lane: _Lane, outcome: Outcome) -> None:
    """Stop this lane's other calls when the target asked to wait, is down, or is set up wrongly."""
    if outcome.pause:
        lane.stopped = True
    elif outcome.retry_after:
        lane.wait_until = max(lane.wait_until, datetime.now(UTC) + outcome.retry_after)
    elif outcome.error_class == "Unavailable":
        lane.failures += 1
        if lane.failures >= TROUBLE:
            lane.wait_until = datetime.now(UTC) + TROUBLE_WAIT
    elif outcome.state == "confirmed":
        lane.failures = 0


def _settle(lane: _Lane, outcomes: Sequence[Outcome]) -> None:
    if not outcomes:
        return

    def attempt() -> list[Outcome]:
        with lane.hub.database.transaction() as tx:
            ours = effects.settle(tx, outcomes)
            lane.targets |= confirm.confirm(tx, lane.hub, ours, lane.run_id)
            _share_condition(lane, tx, ours)
        return ours

    ours = decide.unraced(attempt)
    lane.counts.update(outcome.label for outcome in ours if not outcome.unburnt)
    lane.counts["stale"] += len(outcomes) - len(ours)
    for outcome in ours:
        if outcome.pause:
            _pause(lane.hub, lane.target, outcome.pause)


def _share_condition(lane: _Lane, tx: Any, ours: Sequence[Outcome]) -> None:
    waits = [outcome.retry_after for outcome in ours if outcome.retry_after]
    if lane.failures >= TROUBLE:
        waits.append(TROUBLE_WAIT)
    if waits:
        rows(tx, "target_failed", {"target": lane.target, "delay": max(waits)})
    elif any(outcome.state == "confirmed" for outcome in ours):
        rows(tx, "target_worked", {"target": lane.target})


def _pause(hub: Hub, target: str, reason: str) -> None:
    """Stop a target whose configuration is wrong here: one alert, nothing burnt, until it is resumed."""
    with hub.database.transaction() as tx:
        rows(tx, "pause_target", {"target": target, "reason": reason})
        message = f"{target} is paused: {reason}. Mend it, then: returns-hub resume {target}"
        rows(tx, "raise_alert", {"cause": f"paused {target}", "message": message})


def _wait_for_more(lane: _Lane, ends: float) -> bool:
    """Sleep until the next effect is due, when that is soon; False when the lane should end."""
    due = next((row["due"] for row in lane.hub.database.rows("next_due", {"target": lane.target})), None)
    if due is None:
        return False
    seconds = (due - datetime.now(UTC)).total_seconds()
    if seconds > min(LINGER, ends - time.monotonic()):
        return False
    time.sleep(max(seconds, 0.05))
    return True


def resume(hub: Hub, target: str, actor: str) -> bool:
    """Let a paused target work again; False when it was not paused."""
    with hub.database.transaction() as tx:
        resumed = bool(rows(tx, "resume_target", {"target": target}))
        if resumed:
            rows(tx, "close_alert", {"cause": f"paused {target}"})
            audit.append(tx, [audit.Entry(actor, "target resumed", target)])
    return resumed
