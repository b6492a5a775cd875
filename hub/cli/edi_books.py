"""The books of interchanges from a terminal: what came, what went, and what partners said about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer

from hub.cli.output import AsJson, console, emit, failures, table
from hub.cli.session import hub_session

books = typer.Typer(
    no_args_is_help=True, help="Interchanges and acknowledgements that the hub has in its books."
)

System = Annotated[str, typer.Option("--system", "-s", help="Only those of this system.")]
Limit = Annotated[int, typer.Option(help="How many, newest first.", min=1)]


@books.command()
def interchanges(
    system: System = "",
    open_: Annotated[
        bool, typer.Option("--open", help="Only what waits for an acknowledgement or for a person.")
    ] = False,
    limit: Limit = 50,
    json: AsJson = False,
) -> None:
    """List interchanges both ways: number, state, and when their acknowledgement is due."""
    with failures(as_json=json), hub_session() as hub:
        params = {"system": system, "open": open_, "limit": limit}
        found = hub.database.rows("list_interchanges", params)
        emit(found, as_json=json, people=lambda: _show_interchanges(found))


@books.command()
def acknowledgements(system: System = "", limit: Limit = 50, json: AsJson = False) -> None:
    """List what partners said about what we sent, with the outcome of each."""
    with failures(as_json=json), hub_session() as hub:
        found = hub.database.rows("list_acknowledgements", {"system": system, "limit": limit})
        emit(found, as_json=json, people=lambda: _show_acknowledgements(found))


@books.command()
def clocks(json: AsJson = False) -> None:
    """Look for acknowledgements that should have come by now; each is told in one alert.

    Every run of a flow or target does the same.
    """
    from hub.pipeline.answers import run_out

    with failures(as_json=json), hub_session() as hub:
        found = run_out(hub)
        text = f"{len(found)} interchanges were not acknowledged in time"
        emit(found, as_json=json, people=lambda: console.print(text))


def _show_interchanges(found: Sequence[Mapping[str, Any]]) -> None:
    lines = [
        (
            one["direction"],
            one["system"],
            one["control"],
            one["sets"],
            one["state"].replace("_", " "),
            _moment(one["at"]),
            _moment(one["ack_due"]) if one["state"] in ("awaiting", "missing") else _moment(one["ack_at"]),
            one["document_key"] or one["business_key"] or "",
        )
        for one in found
    ]
    head = ("way", "system", "control", "sets", "state", "at", "acknowledged or due", "document or key")
    table("Interchanges", head, lines, empty="there are none")


def _show_acknowledgements(found: Sequence[Mapping[str, Any]]) -> None:
    lines = [
        (
            one["system"],
            one["kind"],
            one["about"],
            one["verdict"].replace("_", " "),
            one["outcome"].replace("_", " "),
            _moment(one["at"]),
            next((str(error["message"]) for error in one["detail"].get("errors", ())), ""),
        )
        for one in found
    ]
    head = ("system", "kind", "about", "verdict", "outcome", "at", "first error")
    table("Acknowledgements", head, lines, empty="there are none")


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else ""
