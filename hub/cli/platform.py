"""Commands that start things: up and demo."""

from __future__ import annotations

import signal
import sys
from typing import Annotated, Any

import typer

from hub.cli.output import AsJson, Failed, console, dumps, errors, failures
from hub.cli.session import save_environment
from hub.settings import from_environment


def up(
    sandboxes: Annotated[bool, typer.Option(help="Also start the sandbox partner systems.")] = True,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget what earlier runs left.")] = False,
    json: AsJson = False,
) -> None:
    """Start PostgreSQL, the sandboxes and Airflow, and keep them running until Ctrl-C."""
    from hub.runtime.up import running  # start-up time of --help

    with (
        failures(as_json=json),
        running(from_environment(), sandboxes=sandboxes, fresh=fresh, progress=say) as platform,
    ):
        save_environment(platform.settings, platform.environment)
        if json:
            print(dumps(addresses(platform)), flush=True)  # noqa: T201
        else:
            show_addresses(platform)
            console.print("[dim]Ctrl-C stops everything.[/dim]")
        signal.pause()


def demo(
    returns: Annotated[int, typer.Option(help="How many returns the partners send.")] = 320,
    seed: Annotated[int, typer.Option(help="The same seed gives the same scenario.")] = 7,
    outage: Annotated[float, typer.Option(help="Seconds the ERP is down in the middle.")] = 60.0,
    json: AsJson = False,
) -> None:
    """Start everything anew, let the partners play the scenario, and prove that nothing was lost or doubled.

    In a terminal it stays up afterwards; otherwise it stops and exits 0 only if all totals add up and the
    partners' own books show nothing missing and nothing doubled.
    """
    from hub.cli.demo import Scenario, play, show  # start-up time of --help
    from hub.runtime.up import running  # same

    with failures(as_json=json), running(from_environment(), fresh=True, seed=seed, progress=say) as platform:
        save_environment(platform.settings, platform.environment)
        show_addresses(platform)
        result = play(platform, Scenario(returns=returns, outage=outage))
        if json:
            print(dumps(result), flush=True)  # noqa: T201
        else:
            show(result, platform.seconds)
        show_addresses(platform)
        if sys.stdout.isatty() and not json:
            console.print("[dim]Look around; Ctrl-C stops everything.[/dim]")
            signal.pause()
        if not result["ok"]:
            raise Failed


def say(step: str) -> None:
    """Tell one step of the start."""
    errors.print(f"[dim]·[/dim] {step}")


def addresses(platform: Any) -> dict[str, Any]:
    """Where things are and who may sign in."""
    return {
        "ui": platform.ui_url,
        "console": platform.settings.console_url,
        "intake": platform.intake_url,
        "users": dict(platform.users),
        "seconds": round(platform.seconds, 1),
    }


def show_addresses(platform: Any) -> None:
    """Print the addresses for a person, on the error channel so that --json stays clean."""
    errors.print(f"[bold]Airflow[/bold]      {platform.ui_url}")
    errors.print(f"[bold]Returns Hub[/bold]  {platform.ui_url}/plugin/returns-hub  (in Airflow's navigation)")
    errors.print(f"[bold]Intake API[/bold]   {platform.intake_url}/docs")
    users = ", ".join(
        f"{user} / {password} ({platform.roles[user]})" for user, password in platform.users.items()
    )
    errors.print(f"[bold]Sign in[/bold]      {users}")
