"""Turn plans into DAGs: `read → admit → account` per intake flow, `deliver → account` per target.

The number of tasks of a run is constant whatever the volume: a task is for a batch.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import (
    DAG,
    Asset,
    AssetOrTimeSchedule,
    CronTriggerTimetable,
    DeltaTriggerTimetable,
    ExceptionRetryPolicy,
    RetryAction,
    RetryRule,
)

from hub.orchestration.assets import NEW_EFFECTS, inbox, outbox
from hub.orchestration.plans import BrokenPlan, IntakePlan, Plan, Schedule, TargetPlan, dag_id, describe
from hub.orchestration.tasks import (
    AccountOperator,
    AdmitOperator,
    BrokenOperator,
    DeliverOperator,
    ReadOperator,
)

LANES = (1, 2)
"""Deliveries to one target side by side; the target's own limits are kept by the hub."""

_START = datetime(2026, 1, 1, tzinfo=UTC)
_RETRIES = 2

# Airflow asks a policy only when the task's code raised: a killed worker is always repeated.
_READING = ExceptionRetryPolicy(
    rules=[
        RetryRule(exception="connectors.errors.Config", action=RetryAction.FAIL, reason="wrong on our side"),
        RetryRule(exception="connectors.errors.Contract", action=RetryAction.FAIL, reason="can never pass"),
        RetryRule(exception="connectors.errors.Refused", action=RetryAction.FAIL, reason="partner said no"),
        RetryRule(
            exception="connectors.errors.Unavailable",
            action=RetryAction.RETRY,
            retry_delay=timedelta(seconds=20),
            reason="partner not reachable",
        ),
    ]
)
_ONLY_WHEN_KILLED = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            exception="builtins.Exception",
            action=RetryAction.FAIL,
            reason="effects are repeated by the hub, not by Airflow",
        )
    ]
)


def build(plans: Iterable[Plan], only: str | None = None) -> dict[str, DAG]:
    """DAGs by id; `only` builds a single one, which is all a worker needs."""
    return {dag_id(plan): _build(plan) for plan in plans if only in (None, dag_id(plan))}


def _build(plan: Plan) -> DAG:
    match plan:
        case IntakePlan():
            return _intake(plan)
        case TargetPlan():
            return _target(plan)
        case BrokenPlan():
            return _broken(plan)


def _dag(plan: Plan, schedule: Any, owner: str, tags: list[str]) -> DAG:
    return DAG(
        dag_id=dag_id(plan),
        schedule=schedule,
        start_date=_START,
        catchup=False,
        max_active_runs=1,
        tags=tags,
        doc_md=describe(plan),
        default_args={
            "owner": owner,
            "retries": _RETRIES,
            "retry_delay": timedelta(seconds=5),
            "execution_timeout": timedelta(minutes=30),
        },
    )


def _schedule(asset: Asset, schedule: Schedule) -> Any:
    if schedule is None:
        return [asset]
    timetable = (
        CronTriggerTimetable(schedule, timezone="UTC")
        if isinstance(schedule, str)
        else DeltaTriggerTimetable(schedule)
    )
    return AssetOrTimeSchedule(timetable=timetable, assets=[asset])


def _intake(plan: IntakePlan) -> DAG:
    schedule = _schedule(inbox(plan.flow), plan.schedule)
    with _dag(plan, schedule, plan.owner, ["returns-hub", "intake", plan.system]) as dag:
        read = ReadOperator(task_id="read", flow=plan.flow, retry_policy=_READING)
        admit = AdmitOperator(task_id="admit", flow=plan.flow, retry_policy=_READING, outlets=[NEW_EFFECTS])
        read >> admit >> AccountOperator(task_id="account", flow=plan.flow)
    return dag


def _target(plan: TargetPlan) -> DAG:
    schedule = _schedule(outbox(plan.system), plan.schedule)
    with _dag(plan, schedule, ", ".join(plan.owners), ["returns-hub", "delivery", plan.system]) as dag:
        deliver = DeliverOperator.partial(
            task_id="deliver",
            target=plan.system,
            retry_policy=_ONLY_WHEN_KILLED,
            outlets=[NEW_EFFECTS],
            map_index_template="lane {{ task.lane }}",
        ).expand(lane=list(LANES))
        deliver >> AccountOperator(task_id="account", target=plan.system)
    return dag


def _broken(plan: BrokenPlan) -> DAG:
    with _dag(plan, None, "returns-hub", ["returns-hub", "broken"]) as dag:
        BrokenOperator(task_id="broken", problems=plan.problems, retries=0)
    return dag
