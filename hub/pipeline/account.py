"""account: prove that all a flow received, or a target was asked for, is in exactly one named place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from hub.pipeline import answers
from hub.pipeline.context import Hub
from hub.store.database import Connection, rows

SETTLED = ("admitted", "revision", "held", "noted", "dead", "parked", "discarded")

_REASONS = (
    ("messages_without_letter", "dead letter"),
    ("messages_without_fact", "fact"),
    ("messages_without_acknowledgement", "acknowledgement"),
)


@dataclass(frozen=True, slots=True)
class Account:
    """The totals of a flow or target over all time, and what does not add up.

    `totals` names every place; `dead_letters` counts the open ones; `of_run` those of the run asked about.
    """

    name: str
    totals: Mapping[str, int]
    dead_letters: int = 0
    of_run: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def balanced(self) -> bool:
        """Whether nothing is missing."""
        return not self.problems


def account(hub: Hub, run_id: str, flow: str | None = None, target: str | None = None) -> Account:
    """Count, compare and keep the result with the run; call it last in a run.

    received = admitted + revision + repeat + held + noted + dead + parked + discarded, message by message,
    and each of those has the row that makes it true: a fact, an acknowledgement, or an open dead letter.
    Interchanges that should have been acknowledged by now are told before.
    """
    answers.run_out(hub)
    with hub.database.transaction() as tx:
        # one snapshot, so that work in progress elsewhere is counted on neither or both sides
        tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        result = _flow(tx, flow, run_id) if flow else _target(tx, hub, target or "")
    with hub.database.transaction() as tx:
        totals = orjson.dumps(dict(result.totals)).decode()
        params = {"run_id": run_id, "name": result.name, "totals": totals, "balanced": result.balanced}
        rows(tx, "end_run", params)
        if result.problems:
            message = f"{result.name}: {'; '.join(result.problems)}"
            rows(tx, "raise_alert", {"cause": f"account {result.name}", "message": message})
    return result


def _flow(tx: Connection, flow: str, run_id: str) -> Account:
    documents = rows(tx, "flow_documents", {"flow": flow})
    messages = {row["state"]: row["messages"] for row in rows(tx, "flow_messages", {"flow": flow})}
    letters = rows(tx, "flow_dead_letters", {"flow": flow, "run_id": run_id})[0]
    received = sum(int(row["received"]) for row in documents)
    totals = {state: messages.get(state, 0) for state in SETTLED}
    totals["repeat"] = sum(int(row["repeats"]) for row in documents)
    problems = []
    if received != sum(totals.values()):
        problems.append(f"received {received}, but the places add up to {sum(totals.values())}: {totals}")
    for name, what in _REASONS:
        lost = rows(tx, name, {"flow": flow})[0]["lost"]
        if lost:
            problems.append(f"{lost} messages whose {what} is not there")
    waiting = sum(row["documents"] for row in documents if row["state"] != "done")
    return Account(
        name=flow,
        totals={"received": received, **totals, "documents_waiting": waiting},
        dead_letters=letters["open"],
        of_run=letters["of_run"],
        problems=problems,
    )


def _target(tx: Connection, hub: Hub, target: str) -> Account:
    totals: dict[str, int] = {}
    for row in rows(tx, "target_effects", {"target": target}):
        totals[row["state"]] = totals.get(row["state"], 0) + row["effects"]
    stating = [
        name for name, flow in hub.catalog.delivery.items() if flow.to.system == target and flow.states
    ]
    problems = []
    lost = rows(tx, "effects_without_letter", {"target": target})[0]["lost"]
    if lost:
        problems.append(f"{lost} refused or parked effects whose dead letter is not there")
    untold = rows(tx, "effects_without_fact", {"target": target, "stating": stating})[0]["lost"]
    if untold:
        problems.append(f"{untold} confirmed effects whose receipt states nothing")
    return Account(
        name=target,
        totals={"effects": sum(totals.values()), **totals},
        dead_letters=rows(tx, "target_dead_letters", {"target": target})[0]["open"],
        problems=problems,
    )


def summary(hub: Hub) -> dict[str, Any]:
    """Where everything is now, over all flows and targets: for `demo`'s closing table and the console.

    Returns:
        `flows` {flow: {received, admitted, …}}, `targets` {target: {operation: {state: n}}},
        `returns` {status: n}, `problems` [text] and
        `dead_letters` [{flow, target, class, step, code, state, letters, kinds, summary}]: with how many
        kinds of errors, and the oldest one's summary.
    """
    flows = {name: account_of(hub, flow=name) for name in hub.catalog.intake}
    targets = sorted({flow.to.system for flow in hub.catalog.delivery.values()})
    effects: dict[str, dict[str, dict[str, int]]] = {}
    for row in hub.database.rows("summary_effects"):
        effects.setdefault(row["target"], {}).setdefault(row["operation"], {})[row["state"]] = row["effects"]
    checked = [*flows.values(), *(account_of(hub, target=target) for target in targets)]
    return {
        "flows": {name: dict(result.totals) for name, result in flows.items()},
        "targets": effects,
        "returns": {row["status"]: row["returns"] for row in hub.database.rows("summary_returns")},
        "dead_letters": hub.database.rows("summary_dead_letters"),
        "problems": [f"{result.name}: {problem}" for result in checked for problem in result.problems],
    }


def account_of(hub: Hub, flow: str | None = None, target: str | None = None) -> Account:
    """Count without keeping the result."""
    with hub.database.transaction() as tx:
        tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        return _flow(tx, flow, "") if flow else _target(tx, hub, target or "")
