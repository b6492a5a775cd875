"""The garbage collector, told what this process is about."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

BATCH_OBJECTS = 100_000
"""New objects between two looks for cycles: a batch makes a million, short-lived and without cycles."""


def keep_what_is_loaded() -> None:
    """Look through modules, flows and mappings for garbage never again: they stay."""
    gc.freeze()


@contextmanager
def fewer_collections() -> Iterator[None]:
    """Collect as rarely as fits batch work; reference counts still free almost everything at once."""
    usual = gc.get_threshold()
    gc.set_threshold(BATCH_OBJECTS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
