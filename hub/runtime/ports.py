"""Ports on 127.0.0.1 that stay the same from one start to the next."""

from __future__ import annotations

import json
import socket
from pathlib import Path


def remembered_port(home: Path, name: str, preferred: int = 0) -> int:
    """The port `name` had last time if it is free, else `preferred` if free, else any free one."""
    path = home.absolute() / "run" / "ports.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    candidates = [known[name]] if name in known else []
    port = next((port for port in [*candidates, preferred, 0] if (_free(port))), 0) or _any_free()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**known, name: port}))
    return port


def _free(port: int) -> bool:
    if port == 0:
        return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # the last server's closed connections
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _any_free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
