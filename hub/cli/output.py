"""How commands speak: tables for people, JSON for machines, one clear sentence on failure."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, TextIO
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from connectors.errors import ConnectorError

WIDE = 140
"""Columns of output that goes to a file or a log, where nothing needs to fit a window."""


def _console(stream: TextIO, *, stderr: bool = False) -> Console:
    return Console(stderr=stderr, highlight=False, width=None if stream.isatty() else WIDE)


console = _console(sys.stdout)
errors = _console(sys.stderr, stderr=True)

KEPT_WHOLE = frozenset({"flow", "operation", "status", "count", "received", "effects", "id", "what", "state"})
"""Columns that never wrap."""

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines instead of tables.")]


class Failed(Exception):  # noqa: N818  # reads as what happened
    """A command that did its work and found something wrong; its output is already printed."""


def emit(value: Any, *, as_json: bool, people: Callable[[], None]) -> None:
    """Print a result: as JSON, or the way `people` prints it."""
    if as_json:
        print(dumps(value))  # noqa: T201  # rich would wrap long lines
    else:
        people()


def dumps(value: Any) -> str:
    """JSON with decimals, times and ids as text, and bytes as text where they are text."""
    return json.dumps(value, default=_plain, ensure_ascii=False, indent=2)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    if isinstance(value, Decimal | UUID):
        return str(value)
    return str(value)


def table(
    title: str, columns: Sequence[str], lines: Iterable[Sequence[Any]], *, empty: str = "nothing"
) -> None:
    """Print a table; a dim sentence when it is empty."""
    grid = Table(
        title=title, title_justify="left", title_style="bold", header_style="dim", box=None, pad_edge=False
    )
    for column in columns:
        # names stay whole; sentences fold
        grid.add_column(column, overflow="fold", no_wrap=column in KEPT_WHOLE)
    filled = False
    for line in lines:
        grid.add_row(*("" if cell is None else str(cell) for cell in line))
        filled = True
    if filled:
        console.print(grid)
    else:
        console.print(f"[bold]{title}[/bold]  [dim]{empty}[/dim]")
    console.print()


@contextmanager
def failures(*, as_json: bool) -> Iterator[None]:
    """Turn what users can mend into one sentence and exit code 1; bugs keep their traceback."""
    from hub.flows.catalog import CatalogError  # start-up time of --help

    try:
        yield
    except Failed:
        raise typer.Exit(1) from None
    except CatalogError as error:
        _fail("catalog", str(error), as_json=as_json)
    except ConnectorError as error:
        _fail(f"{type(error).__name__} {error.code}", error.message, as_json=as_json)
    except (LookupError, ValueError, OSError) as error:
        _fail(type(error).__name__, _sentence(error), as_json=as_json)
    except Exception as error:
        if type(error).__module__.startswith("psycopg"):
            hint = "is it running? `returns-hub up` starts the embedded one"
            _fail("database", f"{' '.join(str(error).split())} ({hint})", as_json=as_json)
        raise


def _sentence(error: Exception) -> str:
    # a KeyError's text is only the key
    return f"unknown name {error}" if isinstance(error, KeyError) else str(error)


def _fail(kind: str, message: str, *, as_json: bool) -> None:
    if as_json:
        print(dumps({"error": {"kind": kind, "message": message}}), file=sys.stdout)  # noqa: T201
    else:
        # names of classes say nothing to people; of the database they want to know that it is one
        start = f"{kind}: " if kind == "database" else ""
        errors.print(Text.assemble(("✗ ", "bold red"), start, message), soft_wrap=True)
    raise typer.Exit(1)
