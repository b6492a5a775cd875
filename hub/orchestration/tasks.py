"""The operators: thin calls of `hub.pipeline`. XCom carries ids and counts, never payloads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import structlog
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException

from hub.orchestration.assets import NEW_EFFECTS, outbox
from hub.orchestration.connections import resolve
from hub.orchestration.links import DeadLettersLink, hub_run_id

if TYPE_CHECKING:
    from airflow.sdk import Context

    from hub.pipeline.context import Hub

log = structlog.get_logger()

Counts = dict[str, Any]


class HubOperator(BaseOperator):
    """A batch of one verb. Killed or run twice at any moment, it does no harm."""

    operator_extra_links = (DeadLettersLink(),)
    ui_color = "#e8f1fb"

    def run_verb(self, hub: Hub, run_id: str) -> Counts:
        """Do the work and return its counts."""
        raise NotImplementedError

    def execute(self, context: Context) -> Counts:
        """Open the hub, run the verb, wake the targets that got something new."""
        from hub.bootstrap import bootstrap  # noqa: PLC0415 - parsing a DAG needs no database driver

        with bootstrap(connections=resolve) as hub:
            totals = self.run_verb(hub, self._run(context))
        log.info("done", task=self.task_id, **totals)
        for target in totals.get("targets", ()):
            context["outlet_events"][NEW_EFFECTS].add(outbox(target))
        return totals

    def _run(self, context: Context) -> str:
        return hub_run_id(self.dag_id, str(context["run_id"]))


class ReadOperator(HubOperator):
    """Bring what is new at the source into the inbox."""

    def __init__(self, *, flow: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.flow = flow

    def run_verb(self, hub: Hub, run_id: str) -> Counts:
        """Raw bytes and cursor are durable when this returns."""
        from hub.pipeline.read import read  # noqa: PLC0415 - see execute

        return read(hub, self.flow, run_id)


class AdmitOperator(HubOperator):
    """Turn what waits in the inbox into facts, projections and effects."""

    def __init__(self, *, flow: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.flow = flow

    def run_verb(self, hub: Hub, run_id: str) -> Counts:
        """Drain the flow's inbox."""
        from hub.pipeline.admit import admit  # noqa: PLC0415 - see execute

        return admit(hub, self.flow, run_id)


class DeliverOperator(HubOperator):
    """Deliver due effects to one target; several lanes may work side by side."""

    def __init__(self, *, target: str, lane: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target = target
        self.lane = lane

    def run_verb(self, hub: Hub, run_id: str) -> Counts:
        """Claim, send and settle until nothing is due."""
        from hub.pipeline.deliver import deliver  # noqa: PLC0415 - see execute

        return deliver(hub, self.target, run_id)


class AccountOperator(HubOperator):
    """Prove that everything the run touched is in exactly one named place.

    Runs whatever became of the tasks before it, and being the last one decides the colour of the
    run: red when totals differ or when any task failed.
    """

    ui_color = "#fdf3d8"

    def __init__(self, *, flow: str | None = None, target: str | None = None, **kwargs: Any) -> None:
        super().__init__(trigger_rule="all_done", **kwargs)
        self.flow = flow
        self.target = target

    def run_verb(self, hub: Hub, run_id: str) -> Counts:
        """Count; problems are in the returned counts, not raised yet."""
        from hub.pipeline.account import account  # noqa: PLC0415 - see execute

        found = account(hub, run_id, flow=self.flow, target=self.target)
        return {
            "balanced": found.balanced,
            "dead_letters": found.dead_letters,
            "problems": list(found.problems),
            **found.totals,
        }

    def execute(self, context: Context) -> Counts:
        """Count, then fail the run when something is wrong with it.

        Raises:
            AirflowFailException: Totals differ, or a task before this one failed.
        """
        counts = super().execute(context)
        if not counts["balanced"]:
            raise AirflowFailException("totals differ: " + "; ".join(counts["problems"]))
        if failed := self._failed_before(context):
            raise AirflowFailException(f"totals add up, but these failed: {', '.join(failed)}")
        return counts

    def _failed_before(self, context: Context) -> Sequence[str]:
        run_id = str(context["run_id"])
        states = context["ti"].get_task_states(dag_id=self.dag_id, run_ids=[run_id])
        return failed_tasks(states.get(run_id, {}))


class BrokenOperator(BaseOperator):
    """Stands where the tasks of a broken file would be, and says what is wrong with it."""

    ui_color = "#f8d7da"

    def __init__(self, *, problems: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.problems = list(problems)

    def execute(self, context: Context) -> None:
        """Fail.

        Raises:
            AirflowFailException: Always, with the file's problems.
        """
        del context
        raise AirflowFailException("\n".join(self.problems))


def failed_tasks(states: Mapping[str, str | None]) -> list[str]:
    """Ids of tasks that did not do their work; mapped ones come as `<task>_<index>`."""
    return sorted(task for task, state in states.items() if state in {"failed", "upstream_failed"})
