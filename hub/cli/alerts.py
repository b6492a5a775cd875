"""Alerts: what the hub wants somebody to know, one per cause; list them, and close what is settled."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from hub.cli.output import AsJson, console, emit, failures, table
from hub.cli.session import hub_session

app = typer.Typer(no_args_is_help=True, help="See what the hub wants somebody to know, and close it.")


@app.command("list")
def list_alerts(json: AsJson = False) -> None:
    """List open alerts, newest first."""
    with failures(as_json=json), hub_session() as hub:
        found = hub.database.rows("console_alerts")
        lines = [
            (one["cause"], one["count"], f"{one['last_at']:%Y-%m-%d %H:%M}", one["message"]) for one in found
        ]
        head = ("cause", "times", "last", "what")
        emit(found, as_json=json, people=lambda: table("Open alerts", head, lines, empty="there are none"))


@app.command()
def close(
    cause: Annotated[str, typer.Argument(help="The cause as `list` shows it.")],
    note: Annotated[str, typer.Option(help="What was done; kept in the audit log.")] = "",
    json: AsJson = False,
) -> None:
    """Close an alert that is settled; audited. It opens again when its cause comes again."""
    from hub import audit
    from hub.store.database import rows

    with failures(as_json=json), hub_session() as hub:
        with hub.database.transaction() as tx:
            if not rows(tx, "close_alert", {"cause": cause}):
                raise LookupError(f"there is no open alert {cause!r}; see returns-hub alerts list")
            entry = audit.Entry(f"cli:{getpass.getuser()}", "alert closed", cause, {"note": note})
            audit.append(tx, [entry])
        emit({"closed": cause}, as_json=json, people=lambda: console.print(f"closed: {cause}", markup=False))
