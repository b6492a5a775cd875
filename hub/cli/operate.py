"""Commands for people who run the hub: run, trace, dead letters, rebuild, migrate, resume, audit."""

from __future__ import annotations

import getpass
from typing import Annotated, Any
from uuid import UUID, uuid4

import typer

from hub.cli.output import AsJson, Failed, console, emit, failures, table
from hub.cli.session import hub_session

Budget = Annotated[float, typer.Option(help="Seconds of work at most; the rest waits for the next run.")]


def run(
    flow: Annotated[str, typer.Argument(help="An intake flow, a delivery flow, or a target system.")],
    budget: Budget = 60.0,
    json: AsJson = False,
) -> None:
    """Run a flow once, without Airflow: read, admit and account; or deliver and account."""
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
        emit(steps, as_json=json, people=lambda: _show_steps(flow, steps))
        if not result.balanced:
            raise Failed


def _show_steps(flow: str, steps: dict[str, Any]) -> None:
    lines = [
        (step, name, value) for step, counted in steps.items() for name, value in counted.items() if value
    ]
    table(flow, ("step", "what", "count"), lines, empty="nothing to do")


def trace(
    key: Annotated[
        str, typer.Argument(help="RMA, purchase order, claim, serial, receipt, document or control number.")
    ],
    json: AsJson = False,
) -> None:
    """Show the whole way of the returns behind any number: messages, facts, effects, dead letters."""
    from hub.pipeline.trace import trace as find_way

    with failures(as_json=json), hub_session() as hub:
        found = find_way(hub, key)
        emit(found, as_json=json, people=lambda: _show_trace(found))
        if not found["returns"] and not found["messages"]:
            raise Failed


def _show_trace(found: dict[str, Any]) -> None:
    if not found["returns"] and not found["messages"]:
        console.print(f"nothing is known under '{found['key']}'")
    for one in found["returns"]:
        _show_return(one)
    if found["messages"]:
        lines = [(m["id"], m["flow"], m["source_key"], m["state"]) for m in found["messages"]]
        table("Messages that reached no return", ("message", "flow", "key", "state"), lines)


def _show_return(one: dict[str, Any]) -> None:
    state = one["return"]
    rma = state.get("rma_number") or "no RMA yet"
    console.print(f"[bold]Return {state.get('return_id')}[/bold]  {rma}  [cyan]{state.get('status')}[/cyan]")
    decision = state.get("decision") or {}
    if decision:
        policy = decision.get("policy") or {}
        reasons = "; ".join(decision.get("reasons") or ())
        console.print(
            f"decision {decision.get('outcome')} by {policy.get('name')} rule {policy.get('rule')} {reasons}"
        )
    console.print()
    messages = [
        (_at(m["received_at"]), m["flow"], m["document_key"], m["state"], m["seen"]) for m in one["messages"]
    ]
    table("Messages", ("received", "flow", "document", "state", "seen"), messages)
    facts = [
        (_at(f["recorded_at"]), f["type"], f["source"], f["mapping"] or f["actor"]) for f in one["facts"]
    ]
    table("Facts", ("recorded", "type", "source", "by"), facts)
    effects = [
        (
            _at(e["created_at"]),
            f"{e['target']}.{e['operation']}",
            e["business_key"],
            e["state"],
            e["reference"],
            e["attempts"],
        )
        for e in one["effects"]
    ]
    table("Effects", ("created", "operation", "key", "state", "reference", "attempts"), effects)
    if one["dead_letters"]:
        letters = [(x["id"], x["step"], x["code"], x["state"], x["summary"]) for x in one["dead_letters"]]
        table("Dead letters", ("id", "step", "code", "state", "why"), letters)


def _at(when: Any) -> str:
    return str(when.isoformat(timespec="milliseconds")) if when else ""


letters_app = typer.Typer(no_args_is_help=True, help="See, replay or set aside what could not pass.")


@letters_app.command("list")
def list_letters(
    state: Annotated[
        str, typer.Option(help="open, parked, replayed, discarded, resolved; empty for all.")
    ] = "open",
    flow: Annotated[str, typer.Option(help="Only of this flow or target.")] = "",
    run_id: Annotated[str, typer.Option("--run", help="Only of this run.")] = "",
    limit: Annotated[int, typer.Option(help="At most so many, newest first.")] = 100,
    json: AsJson = False,
) -> None:
    """List dead letters, newest first, each with its reason."""
    params = {"state": state, "flow": flow, "run_id": run_id, "limit": limit}
    with failures(as_json=json), hub_session() as hub:
        found = hub.database.rows("dead_letters", params)
        lines = [
            (x["id"], _at(x["created_at"]), x["flow"], x["step"], x["code"], x["state"], x["summary"])
            for x in found
        ]
        names = ("id", "since", "flow", "step", "code", "state", "why")
        emit(
            found, as_json=json, people=lambda: table("Dead letters", names, lines, empty="none: all is well")
        )


@letters_app.command("show")
def show_letter(
    letter: Annotated[UUID, typer.Argument(help="The dead letter's id.")],
    json: AsJson = False,
) -> None:
    """Show all errors of one dead letter, with its decoded document."""
    with failures(as_json=json), hub_session() as hub:
        found = hub.database.rows("dead_letter", {"id": letter})
        if not found:
            raise LookupError(f"there is no dead letter {letter}")
        one = found[0]
        tree = hub.database.rows("payload", {"sha256": one["tree_sha256"]}) if one["tree_sha256"] else []
        body = tree[0]["body"].decode("utf-8", "replace") if tree else ""
        emit({**one, "tree": body}, as_json=json, people=lambda: _show_letter(one, body))


def _show_letter(letter: dict[str, Any], body: str) -> None:
    console.print(f"[bold]{letter['summary']}[/bold]", markup=True)
    console.print(
        f"{letter['class']} at {letter['step']} ({letter['code']}) in {letter['flow']}, {letter['state']}, "
        f"mapping {letter['mapping'] or '-'}\n"
    )
    lines = [
        (e.get("path"), e.get("message"), e.get("found"), e.get("source"), e.get("position"))
        for e in letter["errors"]
    ]
    table("Errors", ("where", "what", "found", "from", "position"), lines)
    if body:
        console.print("[bold]Decoded document[/bold]")
        console.print(body, markup=False)


@letters_app.command("replay")
def replay_letter(
    letter: Annotated[UUID, typer.Argument(help="The dead letter's id.")],
    note: Annotated[str, typer.Option(help="Why; kept in the audit log.")] = "",
    json: AsJson = False,
) -> None:
    """Try a dead letter again with today's mapping; what fails again is parked."""
    from hub.pipeline.replay import replay

    with failures(as_json=json), hub_session() as hub:
        result = replay(hub, letter, f"cli:{getpass.getuser()}", note)
        emit(result, as_json=json, people=lambda: _show_replayed(result))
        if result.get("problem"):
            raise Failed


def _show_replayed(result: dict[str, Any]) -> None:
    console.print(f"now {result['state']}" + (f": {result['problem']}" if result.get("problem") else ""))
    if result["targets"]:
        console.print(f"next: returns-hub run {' / '.join(result['targets'])}, or Airflow does it by itself")


@letters_app.command("discard")
def discard_letter(
    letter: Annotated[UUID, typer.Argument(help="The dead letter's id.")],
    note: Annotated[str, typer.Option(help="Why; kept in the audit log.")],
    json: AsJson = False,
) -> None:
    """Set a dead letter aside for good, with a reason. Nothing is deleted."""
    from hub.pipeline.replay import discard

    with failures(as_json=json), hub_session() as hub:
        result = discard(hub, letter, f"cli:{getpass.getuser()}", note)
        emit(result, as_json=json, people=lambda: console.print("discarded"))


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
