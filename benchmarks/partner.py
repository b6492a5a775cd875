"""Partner systems to deliver to: the sandboxes, in a process of their own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from connectors.base import Connection

_START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Warehouse:
    """The running warehouse, by its endpoint."""

    endpoint: Mapping[str, Any]

    @property
    def connection(self) -> Connection:
        """How the hub reaches it."""
        host, port, token = (self.endpoint[name] for name in ("host", "port", "token"))
        return Connection(id="wms", host=host, port=port, schema="http", extra={"token": token})

    def announced(self) -> Mapping[str, int]:
        """Its own books: how often each RMA was announced."""
        address = f"http://{self.endpoint['host']}:{self.endpoint['port']}/_sandbox/books"
        with urlopen(address, timeout=60) as answer:
            books: Mapping[str, Mapping[str, Mapping[str, int]]] = json.load(answer)
        return books["expected_receipts"]["by_rma"]


@contextmanager
def warehouse(folder: Path) -> Iterator[Warehouse]:
    """Start the sandboxes with their books in `folder`; stop them at the end of the block."""
    ports = folder / "ports.json"
    command = [sys.executable, "-m", "sandboxes", "run", "--dir", str(folder), "--ports-file", str(ports)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:  # noqa: S603 - our own module
        try:
            _wait(ports, process)
            yield Warehouse(json.loads(ports.read_text())["wms"])
        finally:
            process.terminate()


def _wait(ports: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not ports.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{ports}: expected within {_START_SECONDS:.0f} s, found none")
        time.sleep(0.05)
