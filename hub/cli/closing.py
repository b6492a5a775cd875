"""The closing table: what came in, where everything is now, what reached the partners."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.cli.letters import example
from hub.cli.output import console, table

PLACES = ("admitted", "revision", "repeat", "held", "noted", "dead", "parked", "discarded")
FINDINGS = ("missing", "doubled", "unexpected")
EFFECT_PLACES = ("confirmed", "waiting", "claimed", "retry_at", "in_doubt", "refused", "parked", "cancelled")


def show_summary(now: Mapping[str, Any]) -> None:
    """Print `hub.pipeline.account.summary`."""
    _show_flows(now["flows"])
    _show_targets(now["targets"])
    statuses = sorted(now["returns"].items(), key=lambda item: -item[1])
    table("Returns by status", ("status", "returns"), [(name or "-", count) for name, count in statuses])
    letters = [x for x in now["dead_letters"] if x["state"] in ("open", "parked")]
    lines = [(x["letters"], x["flow"], f"{x['step']}: {x['code']}", example(x)) for x in letters]
    table("Open dead letters", ("count", "flow", "why", "for example"), lines, empty="none")
    for problem in now["problems"]:
        console.print(f"[red]does not add up[/red] {problem}")


def _show_flows(flows: Mapping[str, Mapping[str, int]]) -> None:
    used = [place for place in PLACES if any(totals.get(place) for totals in flows.values())]
    lines = []
    for name, totals in sorted(flows.items()):
        mark = "=" if totals["received"] == sum(totals.get(place, 0) for place in PLACES) else "≠"
        lines.append((name, totals["received"], mark, *(totals.get(place) or "·" for place in used)))
    table("Messages: received = where they are now", ("flow", "received", "", *used), lines)


def _show_targets(targets: Mapping[str, Mapping[str, Mapping[str, int]]]) -> None:
    operations = {
        f"{target}.{operation}": states
        for target, by_operation in sorted(targets.items())
        for operation, states in sorted(by_operation.items())
    }
    used = [place for place in EFFECT_PLACES if any(states.get(place) for states in operations.values())]
    lines = [
        (name, sum(states.values()), *(states.get(place) or "·" for place in used))
        for name, states in operations.items()
    ]
    table("Effects: what left, by outcome", ("operation", "effects", *used), lines)


def show_audit(audit: Mapping[str, Any]) -> None:
    """Print what the partners' own books say."""
    counts = {**(audit.get("counts") or {}), **{kind: len(audit.get(kind) or ()) for kind in FINDINGS}}
    lines = [(name.replace("_", " "), count) for name, count in counts.items()]
    table("The partners' own books", ("what", "count"), lines)
    for kind in FINDINGS:
        for entry in (audit.get(kind) or ())[:5]:
            console.print(f"[red]{kind}[/red] {entry}")
