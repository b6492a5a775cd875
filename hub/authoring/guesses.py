"""What source fields probably mean where their names say nothing: by the look of their values.

For files in which a row is one line of a return, as spreadsheets are sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from hub.authoring import looks
from hub.authoring.proposal import Want
from hub.authoring.sources import Found, Sources
from hub.mapping.values import text_of

_SMALL = re.compile(r"\d{1,3}([.,]\d{1,3})?")
_PRICE = re.compile(r"\d+[.,]\d\d")
_UNIT = re.compile(r"[A-Za-z]{1,4}\d?")


def by_values(
    found: Sources,
    wanted: Sequence[Want],
    taken: Mapping[str, Found],
    key: Found | None,
    units: frozenset[str],
) -> Mapping[str, Found]:
    """Source fields for required times, units and quantities; only where exactly one looks like it.

    Args:
        found: The sample's rows.
        wanted: What the target has.
        taken: What names have found already.
        key: The record's own number, which is nothing else.
        units: Codes of units that any system uses.
    """
    given: dict[str, Found] = {}
    for want in wanted:
        alike = _looking(want, units)
        if alike is None or want.path in taken or not want.required:
            continue
        used = {*taken.values(), *given.values(), key}
        left = [one for one in found.fields if one not in used and not one.many]
        fit = [one for one in left if alike([*map(text_of, one.values)])]
        if len(fit) == 1:
            given[want.path] = fit[0]
    return given


def _looking(want: Want, units: frozenset[str]) -> Callable[[Sequence[str]], bool] | None:
    """What the values of a kind of field look like; None for fields that cannot be told by values."""
    if want.kind == "moment" and not want.line:
        return _times
    if want.kind == "unit" and want.line:
        return lambda texts: all(map(_UNIT.fullmatch, texts)) and not units.isdisjoint(texts)
    if want.kind == "number" and want.line:
        return _small_numbers
    return None


def _times(texts: Sequence[str]) -> bool:
    calls = looks.moment(texts, "UTC")
    return calls is not None and not calls.startswith("epoch")


def _small_numbers(texts: Sequence[str]) -> bool:
    return all(map(_SMALL.fullmatch, texts)) and not all(map(_PRICE.fullmatch, texts))
