"""Showing something again whenever one of its files is saved."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from hub.cli.output import console


def repeat(make: Callable[[], RenderableType], sources: Callable[[], Iterable[Path]]) -> None:
    """Clear the screen and show what `make` gives, now and after every save; ends on Ctrl-C.

    What is wrong with the files is shown in its place: they are being worked on.

    Args:
        make: Makes the picture anew.
        sources: The files and folders that it is made of.
    """
    from watchfiles import watch

    watched = list(sources())
    # editors save by renaming: the folders are watched, and what is none of ours passes by
    folders = sorted({path if path.is_dir() else path.parent for path in watched})
    _show(make)
    try:
        for _ in watch(
            *folders, watch_filter=lambda _, name: _concerns(Path(name), watched), raise_interrupt=False
        ):
            _show(make)
    except KeyboardInterrupt:  # pressed while a picture was made
        return


def _concerns(changed: Path, watched: Iterable[Path]) -> bool:
    if changed.name.startswith(".") or changed.name.endswith(("~", ".swp", ".tmp")):
        return False
    return any(changed == path or path in changed.parents for path in watched)


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
