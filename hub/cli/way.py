"""How `trace` shows a return: who and what it is, why it was decided so, and all that happened to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.markup import escape

from hub.cli.letters import short, show_hints
from hub.cli.output import console, table

_CHANGES = 6


def show_way(found: Mapping[str, Any]) -> None:
    """Print what `hub.pipeline.trace.trace` found."""
    if not found["returns"] and not found["messages"]:
        console.print(f"nothing is known under '{found['key']}'", markup=False)
    for one in found["returns"]:
        _show_return(one)
    if found["messages"]:
        console.print("[bold]Messages that reached no return[/bold]")
        for message in found["messages"]:
            _show_message(message)


def _show_message(message: Mapping[str, Any]) -> None:
    key = f"{message['source_key']} in {message['document_key']}"
    reason = f": {message['reason']}" if message["reason"] else ""
    console.print(f"{message['state']}  {message['flow']}  {key}{reason}", markup=False, soft_wrap=True)
    if message["dead_letter_id"]:
        show_hints([{"message": message["reason"]}], short(message["dead_letter_id"]))
        console.print(f"→ returns-hub deadletters show {message['dead_letter_id']}", soft_wrap=True)


def _show_return(one: Mapping[str, Any]) -> None:
    console.print(_heading(one["return"]))
    decision = one["return"].get("decision") or {}
    if decision:
        console.print(_decision(decision), markup=False)
    console.print()
    messages = [
        (_at(m["received_at"]), m["flow"], m["document_key"], m["state"], m["seen"]) for m in one["messages"]
    ]
    table("Messages", ("received", "flow", "document", "state", "seen"), messages)
    facts = [
        (_at(f["recorded_at"]), f["type"], f["source"], f["mapping"] or f["actor"]) for f in one["facts"]
    ]
    table("Facts", ("recorded", "type", "source", "by"), facts)
    _show_revisions(one["facts"])
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
    sent = [
        (i["control"], i["sets"], i["state"].replace("_", " "), _at(i["ack_due"]), _at(i["ack_at"]))
        for e in one["effects"]
        for i in e.get("interchanges", ())
    ]
    if sent:
        table("Interchanges", ("control", "sets", "state", "due", "acknowledged"), sent)
    if one["dead_letters"]:
        letters = [
            (short(x["id"]), x["step"], x["code"], x["state"], x["summary"]) for x in one["dead_letters"]
        ]
        table("Dead letters", ("id", "step", "code", "state", "why"), letters)
        for letter in one["dead_letters"]:
            if letter["state"] in ("open", "parked"):
                show_hints(letter["errors"], short(letter["id"]))
        console.print("→ returns-hub deadletters show <id>")


def _heading(state: Mapping[str, Any]) -> str:
    own = str((state.get("origin") or {}).get("id") or "")
    customers = [
        str(party.get("name") or "")
        for party in state.get("parties") or ()
        if party.get("role") == "customer"
    ]
    lines = len(state.get("lines") or ())
    count = f"{lines} line{'' if lines == 1 else 's'}"
    rma = state.get("rma_number") or "no RMA yet"
    who = [escape(text) for text in (own, *customers, count, str(rma)) if text]
    status = escape(str(state.get("status")))
    return f"[bold]Return {state.get('return_id')}[/bold]  {'  '.join(who)}  [cyan]{status}[/cyan]"


def _decision(decision: Mapping[str, Any]) -> str:
    policy = decision.get("policy") or {}
    reasons = "; ".join(decision.get("reasons") or ())
    by = f"({policy.get('name')}, rule {policy.get('rule')})"
    return f"decision {decision.get('outcome')} {by}" + (f": {reasons}" if reasons else "")


def _show_revisions(facts: Sequence[Mapping[str, Any]]) -> None:
    before: dict[tuple[str, str], Any] = {}
    for fact in facts:
        kind = (fact["type"], fact["source"])
        if fact["type"] == "return.requested" and kind in before:
            changes = list(changed(before[kind], fact["data"]))
            more = f"; and {len(changes) - _CHANGES} more" if len(changes) > _CHANGES else ""
            said = "; ".join(changes[:_CHANGES]) or "nothing that the mapping reads"
            console.print(f"revised {_at(fact['recorded_at'])}: {said}{more}\n", markup=False, soft_wrap=True)
        before[kind] = fact["data"]


def changed(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """Say each field in which two documents differ: `lines[0].requested 2 → 3`; `-` where there is none."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys((*before, *after)):
            yield from changed(before.get(name), after.get(name), f"{path}.{name}" if path else str(name))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for at, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from changed(old, new, f"{path}[{at}]")
    elif before != after:
        yield f"{path} {_brief(before)} → {_brief(after)}"


def _brief(value: Any) -> str:
    if isinstance(value, list):
        return f"{len(value)} entries"
    return "-" if value is None else "…" if isinstance(value, Mapping) else str(value)


def _at(when: Any) -> str:
    return str(when.isoformat(timespec="milliseconds")) if when else ""
