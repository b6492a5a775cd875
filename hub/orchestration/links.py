"""Buttons on Airflow's task pages that lead into the console."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk.types import TaskInstanceKey

CONSOLE_PATH = "/hub/console"


def hub_run_id(dag_id: str, run_id: str) -> str:
    """The run as the hub's tables name it; Airflow's own id is unique only within its DAG."""
    return f"{dag_id}/{run_id}"


def dead_letters_url(run: str) -> str:
    """Where the console lists the dead letters of a run, settled ones included."""
    console = os.environ.get("RETURNS_HUB_CONSOLE_URL", "").rstrip("/") or CONSOLE_PATH
    return f"{console}/runs/{quote(run)}"


class DeadLettersLink(BaseOperatorLink):
    """Leads from a task to the dead letters of its run."""

    @property
    def name(self) -> str:
        """Text of the button."""
        return "Dead letters of this run"

    def get_link(self, operator: Any, *, ti_key: TaskInstanceKey) -> str:
        """Address in the console."""
        del operator
        return dead_letters_url(hub_run_id(ti_key.dag_id, ti_key.run_id))
