"""Commands in a terminal of their own."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def in_terminal(project: Any, *arguments: str, typed: str = "", columns: int = 100) -> str:
    """What a terminal of so many columns shows while `returns-hub …` runs and `typed` is typed."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    with subprocess.Popen(  # noqa: S603 - the command under test
        [str(Path(sys.executable).with_name("returns-hub")), *arguments],
        cwd=project.folder,
        env=project.environment() | {"TERM": "xterm", "COLUMNS": str(columns)},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        os.write(ours, typed.encode())
        said = _everything(ours)
        process.wait()
    os.close(ours)
    return said


def _everything(terminal: int) -> str:
    said = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # the other side is closed: how a terminal ends on Linux
            break
        if not part:
            break
        said += part
    return _ESCAPES.sub("", said.decode().replace("\r\n", "\n"))
