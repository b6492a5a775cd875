"""The closing table: what came in, where everything is now, what reached the partners."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.cli.output import console, table

PLACES = ("admitted", "revision", "repeat", "held", "dead", "parked", "discarded")
EFFECT_PLACES = ("confirmed", "waiting", "claimed", "retry_at", "in_doubt", "refused", "parked", "cancelled")


def show_summary(now: Mapping[str, Any]) -> None:
    """Print `hub.pipeline.account.summary`."""
    _show_flows(now["flows"])
    _show_targets(now["targets"])
    statuses = sorted(now["returns"].items(), key=lambda item: -item[1])
    table("Returns by status", ("status", "returns"), [(name or "-", count) for name, count in statuses])
    letters = [x for x in now["dead_letters"] if x["state"] in ("open", "parked")]
    lines = [(x["letters"], x["flow"], f"{x['step']}: {x['code']}", x["summary"]) for x in letters]
    table("Open dead letters", ("count", "flow", "why", "for example"), lines, empty="none")
    for problem in now["problems"]:
        console.print(f"[red]does not add up[/red] {problem}")


def _show_flows(flows: Mapping[str, Mapping[str, int]]) -> None:
    lines = []
    for name, totals in sorted(flows.items()):
        places = [totals.get(place, 0) for place in PLACES]
        mark = "=" if totals["received"] == sum(places) else "≠"
        lines.append((name, totals["received"], mark, *(count or "·" for count in places)))
    table("Messages: received = where they are now", ("flow", "received", "", *PLACES), lines)


def _show_targets(targets: Mapping[str, Mapping[str, Mapping[str, int]]]) -> None:
    lines = [
        (
            f"{target}.{operation}",
            sum(states.values()),
            *(states.get(place) or "·" for place in EFFECT_PLACES),
        )
        for target, operations in sorted(targets.items())
        for operation, states in sorted(operations.items())
    ]
    table("Effects: what left, by outcome", ("operation", "effects", *EFFECT_PLACES), lines)


def show_audit(audit: Mapping[str, Any]) -> None:
    """Print what the partners' own books say."""
    lines = [(kind, len(audit.get(kind) or ())) for kind in ("missing", "doubled", "unexpected")]
    table("The partners' own books", ("what", "count"), lines)
    for kind, _ in lines:
        for entry in (audit.get(kind) or ())[:5]:
            console.print(f"[red]{kind}[/red] {entry}")
