"""Showing something again whenever one of its files is saved."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from hub.cli.output import console

_LOOK = 400
"""Milliseconds after which files are looked at even when nothing was announced."""


def repeat(make: Callable[[], RenderableType], sources: Callable[[], Iterable[Path]]) -> None:
    """Clear the screen and show what `make` gives, now and after every save; ends on Ctrl-C.

    What is wrong with the files is shown in its place: they are being worked on.

    Args:
        make: Makes the picture anew.
        sources: The files and folders that it is made of.
    """
    from watchfiles import watch

    try:
        seen = _state(sources())
        _show(make)
        # editors save by renaming: folders are watched, and the files' own state says what changed.
        # A save before the watch stands is noticed by the look after the first silence.
        folders = sorted({path if path.is_dir() else path.parent for path in sources()})
        for _ in watch(*folders, rust_timeout=_LOOK, yield_on_timeout=True, raise_interrupt=False):
            now = _state(sources())
            if now != seen:
                seen = now
                _show(make)
    except KeyboardInterrupt:  # pressed while a picture was made
        return


def _state(sources: Iterable[Path]) -> dict[Path, tuple[int, int]]:
    """Time and size of every file; what vanishes meanwhile is left out."""
    found = {}
    for source in sources:
        for path in source.rglob("*") if source.is_dir() else (source,):
            with suppress(OSError):
                status = path.stat()
                found[path] = (status.st_mtime_ns, status.st_size)
    return found


def _show(make: Callable[[], RenderableType]) -> None:
    try:
        picture = make()
    except (LookupError, ValueError, OSError) as error:
        lines = str(error.args[0] if isinstance(error, KeyError) else error).splitlines()
        picture = Group(*[Text(f"✗ {line}", "red") for line in lines])
    console.clear()
    console.print(picture)
    console.print(
        Text(f"\n{datetime.now().astimezone():%H:%M:%S}  waiting for the next save, Ctrl-C ends", "dim")
    )
