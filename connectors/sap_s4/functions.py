"""What mappings to and from S/4HANA need beyond the notation."""

from __future__ import annotations

import re

from connectors.functions import NamedFunction

_LONGEST = 40
"""Characters of the longest number that SAP converts so: a material."""


def alpha(text: str, length: str) -> str:
    """SAP's conversion ALPHA: numbers of only digits get leading zeros, others stay as they are."""
    width = int(length)
    if len(text) > width:
        raise ValueError(f"expected at most {width} characters, found '{text[:60]}'")
    return text.zfill(width) if re.fullmatch("[0-9]+", text) else text


def _check_alpha(length: str) -> None:
    if not re.fullmatch("[0-9]{1,2}", length) or not 1 <= int(length) <= _LONGEST:
        raise ValueError(f"expected a length from 1 to {_LONGEST}, found '{length}'")


FUNCTIONS = (
    NamedFunction(
        name="sap_s4.alpha",
        doc="SAP's internal form (ALPHA): leading zeros for what is only digits, anything else as it is.",
        run=alpha,
        params=("length",),
        check=_check_alpha,
        examples=(
            ("4711", "sap_s4.alpha(10)", "0000004711"),
            ("TG-4711", "sap_s4.alpha(18)", "TG-4711"),
        ),
    ),
)
