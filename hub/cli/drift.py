"""Drift: sources whose records changed their shape; list, show, accept and forget."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from typing import Annotated, Any

import typer

from hub.cli.output import AsJson, console, emit, failures, table
from hub.cli.session import hub_session
from hub.flows.models import IntakeFlow
from hub.pipeline.context import Hub

app = typer.Typer(no_args_is_help=True, help="See what changed in a source, and accept it.")

Flow = Annotated[str, typer.Argument(help="An intake flow.")]


@app.command("list")
def list_flows(json: AsJson = False) -> None:
    """List the intake flows: how each takes changes, and what waits to be accepted."""
    from hub.pipeline import drift

    with failures(as_json=json), hub_session() as hub:
        found = drift.listing(hub)
        lines = [
            (
                one["flow"],
                one["drift"],
                sum(change.breaking for change in one["changes"]) or "·",
                sum(not change.breaking for change in one["changes"]) or "·",
                one["halted"] or "·",
                one["letters"] or "·",
                one["pending_since"].isoformat(timespec="seconds") if one["pending_since"] else "",
            )
            for one in found
        ]
        names = ("flow", "drift", "breaking", "others", "halted documents", "dead letters", "since")
        emit(
            [_plain(one) for one in found],
            as_json=json,
            people=lambda: table("Drift: changes that nobody accepted", names, lines),
        )


@app.command()
def show(flow: Flow, json: AsJson = False) -> None:
    """Show field by field what changed, and which target fields of which mapping it touches."""
    from hub.pipeline import drift

    with failures(as_json=json), hub_session() as hub:
        found = drift.pending(hub, _intake(hub, flow))
        emit(_plain(found), as_json=json, people=lambda: _show(found))


@app.command()
def accept(
    flow: Flow,
    replay: Annotated[
        bool, typer.Option("--replay", help="Then resume halted documents and replay dead letters of drift.")
    ] = False,
    note: Annotated[str, typer.Option(help="Why; kept in the audit log.")] = "",
    json: AsJson = False,
) -> None:
    """Take what changed as known from now on; audited. A mapping that must change is not mended by this."""
    from hub.pipeline import drift

    with failures(as_json=json), hub_session() as hub:
        actor = f"cli:{getpass.getuser()}"
        intake = _intake(hub, flow)
        changes = drift.accept(hub, intake, actor, note)
        result: dict[str, Any] = {"flow": flow, "accepted": [asdict(change) for change in changes]}
        if replay:
            result |= _replayed(hub, flow, actor, note)
        emit(result, as_json=json, people=lambda: _show_accepted(flow, result))


@app.command()
def forget(flow: Flow, json: AsJson = False) -> None:
    """Drop what was accepted and what is pending: the mapping's samples are what is known again."""
    from hub.pipeline import drift

    with failures(as_json=json), hub_session() as hub:
        forgotten = drift.forget(hub, _intake(hub, flow), f"cli:{getpass.getuser()}")
        text = f"{flow} knows its samples only" if forgotten else f"{flow} knew its samples only"
        emit({"flow": flow, "forgotten": forgotten}, as_json=json, people=lambda: console.print(text))


def _intake(hub: Hub, flow: str) -> IntakeFlow:
    known = hub.catalog.intake
    if flow not in known:
        raise LookupError(f"there is no intake flow '{flow}'; known: {', '.join(sorted(known))}")
    return known[flow]


def _replayed(hub: Hub, flow: str, actor: str, note: str) -> dict[str, Any]:
    from hub.pipeline import admit
    from hub.pipeline.replay import replay

    letters = hub.database.rows("drift_letters", {"flow": flow})
    states = [replay(hub, letter["id"], actor, note)["state"] for letter in letters]
    counted = {state: states.count(state) for state in sorted(set(states))}
    return {"resumed": admit.resume(hub, flow, actor), "replayed": counted}


def _show(found: dict[str, Any]) -> None:
    lines = [
        (
            "breaking" if change.breaking else "",
            change.kind,
            change.path,
            change.before,
            change.after,
            ", ".join(dict.fromkeys(f"{one.mapping} {one.field}" for one in change.touches)),
        )
        for change in found["changes"]
    ]
    title = f"{found['flow']} (drift: {found['drift']})"
    table(title, ("", "what", "field", "known", "found", "read for"), lines, empty="nothing waits")


def _show_accepted(flow: str, result: dict[str, Any]) -> None:
    console.print(f"{len(result['accepted'])} changes are known to {flow} now")
    breaking = [change["path"] for change in result["accepted"] if change["breaking"]]
    if breaking:
        console.print(
            f"[yellow]the mapping still reads[/yellow] {', '.join(breaking)}: mend it where it must"
        )
    if "replayed" in result:
        states = ", ".join(f"{count} {state}" for state, count in result["replayed"].items()) or "none"
        console.print(f"documents resumed: {result['resumed']}; dead letters: {states}")
    else:
        console.print(
            f"next: returns-hub resume {flow}, and deadletters replay; or accept --replay does both"
        )


def _plain(found: dict[str, Any]) -> dict[str, Any]:
    return {**found, "changes": [asdict(change) for change in found["changes"]]}
