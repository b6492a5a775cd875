"""Ask Airflow how its components are."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from urllib.error import URLError
from urllib.request import urlopen

from hub.runtime.airflow_env import base_url
from hub.runtime.logs import tail
from hub.runtime.supervisor import Supervisor

PARTS = {"metadatabase", "scheduler", "triggerer", "dag_processor"}


class StartError(RuntimeError):
    """Something did not come up; the message has the end of its log."""


def health(port: int) -> Mapping[str, str]:
    """State of each part, `healthy` or not; empty while the API server does not answer."""
    try:
        with urlopen(f"{base_url(port)}/api/v2/monitor/health", timeout=5) as answer:  # noqa: S310 - always http
            told = json.load(answer)
    except (URLError, OSError, ValueError):
        return {}
    return {part: str(state.get("status")) for part, state in told.items() if part in PARTS and state}


def is_healthy(port: int) -> bool:
    """All parts are there and healthy."""
    told = health(port)
    return told.keys() == PARTS and set(told.values()) == {"healthy"}


def check_plugin(port: int) -> None:
    """Make sure that the console and the intake API are mounted.

    Airflow only logs that a plugin is broken and goes on without it.

    Raises:
        StartError: They are not; the log of the API server says why.
    """
    address = f"{base_url(port)}/hub/api/v1/openapi.json"
    with urlopen(address, timeout=10) as answer:  # noqa: S310 - always http
        found = answer.headers.get_content_type()
    if found != "application/json":  # Airflow answers unknown addresses with its own page
        raise StartError(
            f"{address}: expected application/json, found {found}: plugins/returns_hub.py is not loaded; "
            "see 'Failed to import plugin' in logs/api-server.log"
        )


def wait_healthy(port: int, supervisor: Supervisor, seconds: float) -> None:
    """Wait until Airflow is healthy.

    Raises:
        StartError: It is not after `seconds`, or a component cannot stay up.
    """
    deadline = time.monotonic() + seconds
    while not is_healthy(port):
        failing = [status for status in supervisor.status() if status.restarts >= _HOPELESS]
        if failing or time.monotonic() > deadline:
            raise StartError(_report(port, supervisor, seconds))
        time.sleep(0.2)


_HOPELESS = 4


def _report(port: int, supervisor: Supervisor, seconds: float) -> str:
    lines = [f"expected Airflow healthy in {seconds:.0f} s, found {dict(health(port)) or 'no answer'}"]
    for status in supervisor.status():
        lines.append(
            f"{status.name}: {status.state}, {status.restarts} restarts, last exit {status.last_exit}"
        )
        if status.restarts:
            lines.append(f"{status.log}:\n{tail(status.log)}")
    return "\n".join(lines)
