"""The last one out: ends everything of a home when its supervisor is gone, however it went.

Started as `python -m hub.runtime.warden HOME` with a pipe as standard input whose other end only
the supervisor holds. The kernel closes that end even after `kill -9`; end of file is the signal.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from hub.runtime import postgres
from hub.runtime.processes import end_marked

GRACE = 10.0
"""Seconds between asking and killing when the supervisor died without stopping its components."""


def start(home: Path) -> subprocess.Popen[bytes]:
    """Start the warden of `home`; it acts when the returned process' `stdin` is closed."""
    return subprocess.Popen(  # noqa: S603 - this interpreter, this module
        [sys.executable, "-m", "hub.runtime.warden", str(home.absolute())],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C in the terminal is for the supervisor
    )


def watch(home: Path) -> None:
    """Wait for the end of standard input, then leave nothing of `home` running."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while os.read(sys.stdin.fileno(), 1024):
        pass
    end_marked(home, grace=GRACE)
    postgres.stop_unless_used(home)


if __name__ == "__main__":
    watch(Path(sys.argv[1]))
