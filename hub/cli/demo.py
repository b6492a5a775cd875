"""The scenario: partners play, the hub works, and at the end both sides' books are compared."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.api import clients
from hub.cli.closing import show_audit, show_summary
from hub.cli.output import console, errors
from hub.cli.session import connection
from hub.pipeline.account import summary
from hub.pipeline.context import Hub

PORTAL = "portal"
QUIET = 90.0
"""Seconds without any change, with things still open, after which the demo gives up waiting."""

QUIET_WHILE_PLAYING = 300.0
"""The same while partners still play: the carrier waits for RMA numbers, which may never come."""

LIMIT = 900.0
"""Seconds the scenario may take in all."""

LINE_EVERY = 5.0
"""Seconds between lines of progress where there is no terminal."""

OPEN_EFFECTS = ("waiting", "claimed", "retry_at", "in_doubt")


@dataclass(frozen=True, slots=True)
class Scenario:
    """Size, and length of the ERP's outage in seconds."""

    returns: int
    outage: float


def play(platform: Any, scenario: Scenario) -> dict[str, Any]:
    """Let the partners play and wait until everything has come to rest.

    Returns:
        `ok`, `summary` (see `account.summary`), `audit` (the partners' books), `seconds`.
    """
    from hub.bootstrap import bootstrap  # loads the catalog: not for --help

    began = time.monotonic()
    settings = platform.settings
    with bootstrap(settings, connections=lambda name: connection(settings, name)) as hub:
        key = clients.add(hub.database, PORTAL)
        with _player(platform, scenario, key) as player:
            now, audit = _watch(hub, platform, player, began)
    ok = bool(audit["ok"]) and not now["problems"] and not _open(now)
    seconds = time.monotonic() - began
    return {"ok": ok, "summary": now, "audit": audit, "seconds": round(seconds, 1)}


def show(result: Mapping[str, Any], started: float) -> None:
    """Print the closing table; `started` is how many seconds the start took."""
    ok, seconds = result["ok"], result["seconds"]
    show_summary(result["summary"])
    show_audit(result["audit"])
    verdict = (
        "[green]everything adds up: nothing lost, nothing doubled[/green]"
        if ok
        else "[red]not as it should be[/red]"
    )
    console.print(f"{verdict}; {seconds:.0f} s for the scenario, {started:.0f} s to start")


@contextmanager
def _player(platform: Any, scenario: Scenario, key: str) -> Iterator[subprocess.Popen[bytes]]:
    """The partners' side, a process of its own that shares no code with us."""
    command = [
        *(sys.executable, "-m", "sandboxes", "play", "--dir", str(sandbox_dir(platform))),
        *("--hub", platform.ui_url, "--api-key", key),
        *("--returns", str(scenario.returns), "--outage", str(scenario.outage)),
    ]
    log = platform.settings.home / "logs" / "player.log"
    with (
        log.open("w", encoding="utf-8") as lines,
        subprocess.Popen(  # noqa: S603  # our own interpreter and arguments
            command, stdout=lines, stderr=lines, cwd=platform.settings.project_dir
        ) as player,
    ):
        try:
            yield player
        finally:
            player.kill()


def _watch(
    hub: Hub, platform: Any, player: subprocess.Popen[bytes], began: float
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Show progress until everything has come to rest, or nothing moves any more.

    Returns:
        The summary and the partners' books of that moment: a little later a flow may have read again what
        it knows, which would then wait to be recognised.
    """
    last, changed = "", time.monotonic()
    with _progress() as show:
        while time.monotonic() - began < LIMIT:
            time.sleep(1)
            now = summary(hub)
            line = _line(now)
            if line != last:
                last, changed = line, time.monotonic()
            show(f"[dim]{time.monotonic() - began:4.0f} s[/dim]  {line}")
            played = player.poll() is not None
            stuck = time.monotonic() - changed > (QUIET if played else QUIET_WHILE_PLAYING)
            resting = played and not _open(now)
            if resting and (audit := _books(platform))["ok"]:
                return now, audit
            if stuck:
                break
    return summary(hub), _books(platform)


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """One line that changes in place in a terminal; elsewhere a new line now and then."""
    if errors.is_terminal:
        with errors.status("") as status:
            yield status.update
        return
    shown = [-LINE_EVERY]

    def show(line: str) -> None:
        if time.monotonic() - shown[0] >= LINE_EVERY:
            shown[0] = time.monotonic()
            errors.print(line, soft_wrap=True)

    yield show


def _line(now: Mapping[str, Any]) -> str:
    received = sum(flow["received"] for flow in now["flows"].values())
    effects: Counter[str] = Counter()
    for operations in now["targets"].values():
        for counted in operations.values():
            effects.update(counted)
    open_effects = sum(effects[state] for state in OPEN_EFFECTS)
    letters = sum(x["letters"] for x in now["dead_letters"] if x["state"] in ("open", "parked"))
    returns = ", ".join(f"{count} {status}" for status, count in sorted(now["returns"].items()))
    return (
        f"{received} messages in, {effects['confirmed']} effects confirmed, {open_effects} on their way, "
        f"{letters} dead letters; returns: {returns or 'none yet'}"
    )


def _open(now: Mapping[str, Any]) -> int:
    """How much is still on its way: documents, held messages and unfinished effects."""
    waiting = sum(flow["documents_waiting"] + flow.get("held", 0) for flow in now["flows"].values())
    return int(waiting) + sum(
        int(count)
        for operations in now["targets"].values()
        for counted in operations.values()
        for state, count in counted.items()
        if state in OPEN_EFFECTS
    )


def _books(platform: Any) -> dict[str, Any]:
    command = [sys.executable, "-m", "sandboxes", "audit", "--dir", str(sandbox_dir(platform))]
    done = subprocess.run(  # noqa: S603  # our own interpreter and arguments
        command, stdout=subprocess.PIPE, text=True, check=False, cwd=platform.settings.project_dir
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def sandbox_dir(platform: Any) -> Path:
    """Where the sandboxes keep their own books."""
    return Path(platform.settings.home) / "sandboxes"
