"""The vocabulary of CONTRL, and findings that know where in a message they belong.

A code is the CONTRL segment that would report it and the value of its data element 0085 (syntax error):
`UCI` interchange, `UCF` group, `UCM` message, `UCS` segment, `UCD` data element.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from connectors.codecs.base import Finding

SEGMENT_MISSING: Final = "UCS.13"
SEGMENT_UNRECOGNIZED: Final = "UCS.12"
SEGMENT_UNEXPECTED: Final = "UCS.15"
SEGMENT_TOO_OFTEN: Final = "UCS.35"
LOOP_TOO_OFTEN: Final = "UCS.36"

ELEMENT_INVALID: Final = "UCD.12"
ELEMENT_MISSING: Final = "UCD.13"
ELEMENT_TOO_MANY: Final = "UCD.16"
ELEMENT_DECIMAL: Final = "UCD.19"
ELEMENT_CHARACTER: Final = "UCD.21"
ELEMENT_REPEATED: Final = "UCD.35"
ELEMENT_TYPE: Final = "UCD.37"
ELEMENT_NO_DIGIT: Final = "UCD.38"
ELEMENT_TOO_LONG: Final = "UCD.39"
ELEMENT_TOO_SHORT: Final = "UCD.40"

MESSAGE_CONTROL_MISSING: Final = "UCM.13"
MESSAGE_TRAILER_MISSING: Final = "UCM.13"
MESSAGE_UNSUPPORTED: Final = "UCM.14"
MESSAGE_SEGMENTS_IN_ERROR: Final = "UCM.18"
MESSAGE_CHARACTERS: Final = "UCM.21"
MESSAGE_REPEATED: Final = "UCM.26"
MESSAGE_CONTROL_MISMATCH: Final = "UCM.28"
MESSAGE_COUNT_MISMATCH: Final = "UCM.29"

GROUP_TRAILER_MISSING: Final = "UCF.13"
GROUP_CONTROL_MISMATCH: Final = "UCF.28"
GROUP_COUNT_MISMATCH: Final = "UCF.29"
GROUP_MIXED: Final = "UCF.30"
GROUP_EMPTY: Final = "UCF.32"

INTERCHANGE_SYNTAX: Final = "UCI.2"
INTERCHANGE_VALUE: Final = "UCI.12"
INTERCHANGE_CUT: Final = "UCI.13"
INTERCHANGE_STRUCTURE: Final = "UCI.18"
INTERCHANGE_SERVICE: Final = "UCI.20"
INTERCHANGE_CONTROL_MISMATCH: Final = "UCI.28"
INTERCHANGE_COUNT_MISMATCH: Final = "UCI.29"
INTERCHANGE_EMPTY: Final = "UCI.32"
INTERCHANGE_CONTENT: Final = "UCI.33"
INTERCHANGE_CHARSET: Final = "UCI.46"


@dataclass(frozen=True, slots=True, kw_only=True)
class EdifactFinding(Finding):
    """A finding with what a CONTRL says about it.

    `segment` is the segment id, `number` its place in the message (UNH is 1), `loop` the id of the
    segment that opens the group it is in; `element`, `component` and `reference` (data element
    number) say where inside.
    """

    segment: str = ""
    number: int = 0
    loop: str = ""
    element: int = 0
    component: int = 0
    reference: str = ""
