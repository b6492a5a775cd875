"""Dead letters on the command line: list, show, replay, discard. Ids may be shortened to what is unique."""

from __future__ import annotations

import getpass
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.markup import escape

from hub.cli.output import AsJson, Failed, console, emit, failures, table
from hub.cli.session import hub_session
from hub.mapping.hints import hints
from hub.pipeline.context import Hub

SHORT = 8
"""Characters of a short id: the last ones, for the first ones are a time and alike in one run."""

_LEAST = 4

letters_app = typer.Typer(no_args_is_help=True, help="See, replay or set aside what could not pass.")

Letter = Annotated[
    str, typer.Argument(help="The dead letter's id, or as much of its beginning or end as is unique.")
]
Note = Annotated[str, typer.Option(help="Why; kept in the audit log.")]


def short(letter: Any) -> str:
    """A dead letter's id as lists show it; commands take it back."""
    return str(letter)[-SHORT:]


def place(letter: Mapping[str, Any]) -> str:
    """Where in its document a letter's first error stands; empty when nobody knows."""
    first: Mapping[str, Any] = next(iter(letter["errors"]), {})
    return str(first.get("position") or first.get("source") or first.get("path") or "")


def example(group: Mapping[str, Any]) -> str:
    """A group's oldest reason; of letters that differ also how many reasons there are."""
    if group["kinds"] == 1:
        return str(group["summary"])
    return f"{group['kinds']} different errors, e.g. {group['summary']}"


def show_hints(errors: Sequence[Mapping[str, Any]], replay: str) -> None:
    """What can be done about a letter's errors, each in a line; `replay` says which letters wait for it."""
    said = [(str(one.get("message") or ""), str(one.get("expression") or "")) for one in errors]
    for hint in hints(said, replay):
        console.print(f"→ {hint}", markup=False, soft_wrap=True)


def called(hub: Hub, written: str) -> UUID:
    """The id of the dead letter that a person means.

    Raises:
        LookupError: None or several begin or end like this.
    """
    part = written.strip().lower()
    if len(part) < _LEAST:
        raise LookupError(
            f"'{written}' names no dead letter: expected at least {_LEAST} characters of its id"
        )
    found = [row["id"] for row in hub.database.rows("dead_letters_called", {"part": part})]
    if not found:
        raise LookupError(f"there is no dead letter {written}")
    if len(found) > 1:
        known = ", ".join(str(one) for one in found)
        raise LookupError(f"'{written}' may be any of {known}: expected more of the id")
    return UUID(str(found[0]))


@letters_app.command("list")
def list_letters(
    state: Annotated[
        str,
        typer.Option(
            help="open, parked (failed again), waiting (both), replayed, discarded, resolved; empty for all."
        ),
    ] = "waiting",
    flow: Annotated[str, typer.Option(help="Only of this flow or target.")] = "",
    run_id: Annotated[str, typer.Option("--run", help="Only of this run.")] = "",
    limit: Annotated[int, typer.Option(help="At most so many, newest first.")] = 100,
    json: AsJson = False,
) -> None:
    """List dead letters, newest first, each with its document and its reason."""
    params = {"state": state, "flow": flow, "run_id": run_id, "limit": limit}
    with failures(as_json=json), hub_session() as hub:
        found = hub.database.rows("dead_letters", params)
        emit(found, as_json=json, people=lambda: _show_list(found))


def _show_list(found: Sequence[Mapping[str, Any]]) -> None:
    if not found:
        console.print("[bold]Dead letters[/bold]  [dim]none: all is well[/dim]")
        return
    console.print("[bold]Dead letters[/bold]")
    for one in found:
        at = place(one)
        where = f"{one['document_key'] or '-'}{f' {at}' if at else ''}"
        line = f"{one['created_at']:%m-%d %H:%M}  {one['flow']}  {where}  {one['code']}  {one['state']}  "
        # one line each: what does not fit stands in `show`
        console.print(
            f"[bold]{short(one['id'])}[/bold]  {escape(line)}{escape(' '.join(one['summary'].split()))}",
            no_wrap=True,
            overflow="ellipsis",
        )
    console.print("→ returns-hub deadletters show <id>")


@letters_app.command("show")
def show_letter(letter: Letter, json: AsJson = False) -> None:
    """Show all errors of one dead letter, with its decoded document."""
    with failures(as_json=json), hub_session() as hub:
        one = hub.database.rows("dead_letter", {"id": called(hub, letter)})[0]
        tree = hub.database.rows("payload", {"sha256": one["tree_sha256"]}) if one["tree_sha256"] else []
        body = tree[0]["body"].decode("utf-8", "replace") if tree else ""
        emit({**one, "tree": body}, as_json=json, people=lambda: _show_letter(one, body))


def _show_letter(letter: Mapping[str, Any], body: str) -> None:
    console.print(f"[bold]{escape(letter['summary'])}[/bold]")
    at = place(letter)
    console.print(f"document {letter['document_key'] or '-'}{f', {at}' if at else ''}", markup=False)
    console.print(
        f"{letter['class']} at {letter['step']} ({letter['code']}) in {letter['flow']}, {letter['state']}, "
        f"mapping {letter['mapping'] or '-'}\nid {letter['id']}, group {letter['fingerprint']}\n",
        markup=False,
    )
    lines = [
        (e.get("path"), e.get("message"), e.get("found"), e.get("source"), e.get("position"))
        for e in letter["errors"]
    ]
    table("Errors", ("where", "what", "found", "from", "position"), lines)
    show_hints(letter["errors"], short(letter["id"]))
    if body:
        console.print("[bold]Decoded document[/bold]")
        console.print(body, markup=False)


@letters_app.command("replay")
def replay_letters(
    letters: Annotated[
        list[str] | None, typer.Argument(help="Ids, or as much of their beginning or end as is unique.")
    ] = None,
    flow: Annotated[str, typer.Option(help="All open ones of this flow or target.")] = "",
    code: Annotated[
        str, typer.Option(help="All open ones with this code, or of this group (see `show`).")
    ] = "",
    everything: Annotated[bool, typer.Option("--all", help="All open ones.")] = False,
    note: Note = "",
    json: AsJson = False,
) -> None:
    """Try dead letters again with today's mapping; what fails again is parked."""
    from hub.pipeline.replay import replay

    with failures(as_json=json), hub_session() as hub:
        chosen = _chosen(hub, letters or [], flow, code, everything=everything)
        actor = f"cli:{getpass.getuser()}"
        results = [{"id": one, **replay(hub, one, actor, note)} for one in chosen]
        result = results[0] if letters and len(results) == 1 else summary(results)
        emit(result, as_json=json, people=lambda: _show_replayed(results))
        if any(one.get("problem") for one in results):
            raise Failed


def _chosen(hub: Hub, letters: Sequence[str], flow: str, code: str, *, everything: bool) -> list[UUID]:
    chooses = bool(flow or code or everything)
    if bool(letters) == chooses:
        raise ValueError("which ones? expected ids of dead letters, or --flow, --code or --all")
    if letters:
        return list(dict.fromkeys(called(hub, one) for one in letters))
    return [row["id"] for row in hub.database.rows("dead_letters_to_replay", {"flow": flow, "cause": code})]


def summary(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """`states` {what they are now: how many}, `dead` (failed again), `targets`, `letters` (each result)."""
    return {
        "states": dict(Counter(one["state"] for one in results)),
        "dead": sum(1 for one in results if one.get("problem")),
        "targets": sorted({target for one in results for target in one["targets"]}),
        "letters": list(results),
    }


def _show_replayed(results: Sequence[Mapping[str, Any]]) -> None:
    total = summary(results)
    for one in results:
        if one.get("problem"):
            console.print(f"{short(one['id'])}  now {one['state']}: {one['problem']}", markup=False)
    passed = Counter(one["state"] for one in results if not one.get("problem"))
    parts = [f"{count} {state}" for state, count in passed.items()]
    parts += [f"{total['dead']} still dead"] if total["dead"] else []
    console.print(", ".join(parts) or "no open dead letter is like that")
    if total["targets"]:
        console.print(f"next: returns-hub run {' / '.join(total['targets'])}, or Airflow does it by itself")


@letters_app.command("discard")
def discard_letter(
    letter: Letter,
    note: Note,
    json: AsJson = False,
) -> None:
    """Set a dead letter aside for good, with a reason. Nothing is deleted."""
    from hub.pipeline.replay import discard

    with failures(as_json=json), hub_session() as hub:
        result = discard(hub, called(hub, letter), f"cli:{getpass.getuser()}", note)
        emit(result, as_json=json, people=lambda: console.print("discarded"))
