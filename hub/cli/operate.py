"""Commands for people who run the hub: run, trace, rebuild, migrate, resume, audit."""

from __future__ import annotations

import getpass
from typing import Annotated, Any
from uuid import uuid4

import typer

from hub.cli.letters import example, show_hints
from hub.cli.output import AsJson, Failed, console, emit, failures, table
from hub.cli.session import hub_session

Budget = Annotated[float, typer.Option(help="Seconds of work at most; the rest waits for the next run.")]

_OPEN = {"states": ["open", "parked"], "run": "", "limit": 10}


def run(
    flow: Annotated[str, typer.Argument(help="An intake flow, a delivery flow, or a target system.")],
    budget: Budget = 60.0,
    json: AsJson = False,
) -> None:
    """Run a flow once, without Airflow: read, admit and account; or deliver and account.

    Dead letters are shown, but do not fail the run: they are kept, and wait for somebody. Exit code 1 says
    that something could not be done, or that the account does not add up.
    """
    from hub.pipeline import account, admit, deliver, read

    run_id = f"cli:{uuid4()}"
    with failures(as_json=json), hub_session() as hub:
        catalog = hub.catalog
        steps: dict[str, Any] = {}
        if flow in catalog.intake:
            steps["read"] = read.read(hub, flow, run_id)
            steps["admit"] = admit.admit(hub, flow, run_id, budget)
            result = account.account(hub, run_id, flow=flow)
        else:
            target = catalog.delivery[flow].to.system if flow in catalog.delivery else flow
            if target not in catalog.targets():
                known = ", ".join(sorted({*catalog.intake, *catalog.delivery, *catalog.targets()}))
                raise LookupError(f"there is no flow or target '{flow}'; known: {known}")
            steps["deliver"] = deliver.deliver(hub, target, run_id, budget)
            result = account.account(hub, run_id, target=target)
        steps["account"] = {**result.totals, "dead_letters": result.dead_letters, "problems": result.problems}
        name = flow if flow in catalog.intake else target
        groups = (
            hub.database.rows("console_letter_groups", {**_OPEN, "flow": name}) if result.dead_letters else []
        )
        emit(steps, as_json=json, people=lambda: _show_run(flow, name, steps, groups))
        if not result.balanced:
            raise Failed


def _show_run(flow: str, name: str, steps: dict[str, Any], groups: list[dict[str, Any]]) -> None:
    lines = [
        # the account proves all that ever came; the other steps count this run
        ("in all so far" if step == "account" else step, what, value)
        for step, counted in steps.items()
        for what, value in counted.items()
        if value
    ]
    table(flow, ("step", "what", "count"), lines, empty="nothing to do")
    if groups:
        console.print("[yellow]Dead letters that wait for somebody[/yellow]")
        for group in groups:
            console.print(f"{group['letters']} of {group['code']}: {example(group)}", markup=False)
            show_hints([group["error"] or {}], f"--flow {name}")
        console.print(f"→ returns-hub deadletters list --flow {name}", soft_wrap=True)


def trace(
    key: Annotated[
        str, typer.Argument(help="RMA, purchase order, claim, serial, receipt, document or control number.")
    ],
    json: AsJson = False,
) -> None:
    """Show the whole way of the returns behind any number: messages, facts, effects, dead letters."""
    from hub.cli.way import show_way
    from hub.pipeline.trace import trace as find_way

    with failures(as_json=json), hub_session() as hub:
        found = find_way(hub, key)
        emit(found, as_json=json, people=lambda: show_way(found))
        if not found["returns"] and not found["messages"]:
            raise Failed


def rebuild(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only compare, write nothing.")] = False,
    json: AsJson = False,
) -> None:
    """Make the projection of all returns anew from their facts."""
    from hub.pipeline.rebuild import rebuild as fold_again

    with failures(as_json=json), hub_session() as hub:
        totals = fold_again(hub, write=not dry_run)
        text = f"{totals['returns']} returns folded, {totals['changed']} changed"
        emit(totals, as_json=json, people=lambda: console.print(text))


def migrate(json: AsJson = False) -> None:
    """Bring the hub's database to this version's schema."""
    from hub.settings import from_environment
    from hub.store.migrate import upgrade

    with failures(as_json=json):
        revision = upgrade(from_environment().database_url)
        emit({"revision": revision}, as_json=json, people=lambda: console.print(f"schema is at {revision}"))


def resume(
    name: Annotated[str, typer.Argument(help="The paused target system, or the flow with halted documents.")],
    json: AsJson = False,
) -> None:
    """Let a paused target work again, or a flow take up what its breaker halted; mend the cause first."""
    from hub.pipeline import admit, deliver

    with failures(as_json=json), hub_session() as hub:
        actor = f"cli:{getpass.getuser()}"
        if name in hub.catalog.intake:
            documents = admit.resume(hub, name, actor)
            text = f"{documents} documents are back in the inbox of {name}"
            result: dict[str, Any] = {"flow": name, "documents": documents}
        elif name in hub.catalog.targets():
            resumed = deliver.resume(hub, name, actor)
            text = f"{name} works again" if resumed else f"{name} was not paused"
            result = {"target": name, "resumed": resumed}
        else:
            known = ", ".join(sorted({*hub.catalog.intake, *hub.catalog.targets()}))
            raise LookupError(f"there is no flow or target '{name}'; known: {known}")
        emit(result, as_json=json, people=lambda: console.print(text))


def audit(json: AsJson = False) -> None:
    """Verify the audit log's hash chain."""
    from hub.audit import verify

    with failures(as_json=json), hub_session() as hub:
        problems = verify(hub.database)
        text = "the audit log is whole" if not problems else "\n".join(problems)
        emit({"whole": not problems, "problems": problems}, as_json=json, people=lambda: console.print(text))
        if problems:
            raise Failed


def status(json: AsJson = False) -> None:
    """Where every message and effect is now, and whether the totals add up."""
    from hub.cli.closing import show_summary
    from hub.pipeline.account import summary

    with failures(as_json=json), hub_session() as hub:
        now = summary(hub)
        emit(now, as_json=json, people=lambda: show_summary(now))
        if now["problems"]:
            raise Failed
