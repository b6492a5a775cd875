"""`python -m sandboxes run | play | truth | audit`."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sandboxes import fleet, play, scenario
from sandboxes.audit import audit
from sandboxes.outbox import PlayError
from sandboxes.portal import KeyRefusedError

_PORTS = ("erp", "wms", *fleet.FILE_PARTNERS, *(f"{name}_control" for name in fleet.FILE_PARTNERS))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0: all is well, 1: the audit found something, 2: it cannot be done."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except (OSError, ValueError, PlayError, KeyRefusedError) as error:
        sys.stderr.write(f"sandboxes: {error}\n")
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandboxes", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=text, description=text)
        one.set_defaults(command=command)
        one.add_argument("--dir", type=Path, required=True, help="where the partners keep their books")
        return one

    run = add(
        "run",
        _run,
        "start ERP, WMS and the three SFTP servers; stay until SIGTERM or Ctrl-C",
    )
    run.add_argument("--seed", type=int, default=1, help="decides what the warehouse finds (1)")
    run.add_argument("--ports-file", type=Path, help="write addresses and credentials there too, as JSON")
    run.add_argument(
        "--ports", type=_ports, default={}, help="erp=8001,sftp=8022,sftp_control=8023 and so on"
    )
    run.add_argument("--wms-delay", type=_range, help="seconds until goods arrive, as 0.5:3")

    player = add("play", _play, "seed orders, drop files, post returns, cause faults; one JSON line per step")
    player.add_argument("--returns", type=int, default=scenario.DEFAULT_RETURNS)
    player.add_argument("--hub", default="", help="base address of the hub; without it nothing is posted")
    player.add_argument("--api-key", default=os.environ.get("SANDBOX_API_KEY", ""), help="or SANDBOX_API_KEY")
    player.add_argument(
        "--outage", type=float, default=60.0, help="seconds the ERP is away in the middle (60)"
    )
    player.add_argument("--pace", type=float, default=1.0, help="seconds between files (1)")
    player.add_argument(
        "--patience", type=float, default=900.0, help="seconds a post and a carrier wait (900)"
    )
    player.add_argument("--no-faults", action="store_true", help="everything works, except for the outage")

    add("truth", _truth, "print what must come of the scenario, as JSON")
    add("audit", _audit, "compare the partners' books with the truth; exit code 0 only when they agree")
    return parser


def _ports(text: str) -> dict[str, int]:
    ports = {}
    for part in text.split(","):
        name, _, port = part.partition("=")
        if name not in _PORTS or not port.isdigit():
            raise argparse.ArgumentTypeError(f"expected {'=, '.join(_PORTS)}=, found {part!r}")
        ports[name] = int(port)
    return ports


def _range(text: str) -> tuple[float, float]:
    low, _, high = text.partition(":")
    try:
        return float(low), float(high or low)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected seconds as 0.5:3, found {text!r}") from error


def _run(options: argparse.Namespace) -> int:
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    habits = {"arrives": options.wms_delay} if options.wms_delay else {}
    running = fleet.start(options.dir, options.seed, options.ports, **habits)
    if options.ports_file:
        fleet.write(options.ports_file, running.endpoints)
    addresses = {name: running.endpoints[name]["port"] for name in ("erp", "wms", *fleet.FILE_PARTNERS)}
    play.say({"step": "ready", **addresses})
    stop.wait()
    running.stop()
    return 0


def _play(options: argparse.Namespace) -> int:
    play.play(
        play.Options(
            directory=options.dir,
            hub=options.hub,
            api_key=options.api_key,
            returns=options.returns,
            outage=options.outage,
            pace=options.pace,
            patience=options.patience,
            faults=not options.no_faults,
        )
    )
    return 0


def _truth(options: argparse.Namespace) -> int:
    _print(scenario.load(options.dir))
    return 0


def _audit(options: argparse.Namespace) -> int:
    found = audit(options.dir)
    _print(found.as_json())
    return 0 if found.ok else 1


def _print(value: Any) -> None:
    sys.stdout.write(json.dumps(value, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
