"""The vocabulary of 997 and TA1, and findings that know where in a transaction they belong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from connectors.codecs.base import Finding

SEGMENT_UNRECOGNIZED: Final = "AK304.1"
SEGMENT_UNEXPECTED: Final = "AK304.2"
SEGMENT_MISSING: Final = "AK304.3"
LOOP_TOO_OFTEN: Final = "AK304.4"
SEGMENT_TOO_OFTEN: Final = "AK304.5"
SEGMENT_NOT_IN_SET: Final = "AK304.6"
SEGMENT_OUT_OF_ORDER: Final = "AK304.7"

ELEMENT_MISSING: Final = "AK403.1"
ELEMENT_CONDITIONAL: Final = "AK403.2"
ELEMENT_TOO_MANY: Final = "AK403.3"
ELEMENT_TOO_SHORT: Final = "AK403.4"
ELEMENT_TOO_LONG: Final = "AK403.5"
ELEMENT_CHARACTER: Final = "AK403.6"
ELEMENT_CODE: Final = "AK403.7"
ELEMENT_DATE: Final = "AK403.8"
ELEMENT_TIME: Final = "AK403.9"
ELEMENT_EXCLUDED: Final = "AK403.10"

SET_UNSUPPORTED: Final = "AK502.1"
SET_TRAILER_MISSING: Final = "AK502.2"
SET_CONTROL_MISMATCH: Final = "AK502.3"
SET_COUNT_MISMATCH: Final = "AK502.4"
SET_SEGMENTS_IN_ERROR: Final = "AK502.5"
SET_ID_INVALID: Final = "AK502.6"
SET_CONTROL_INVALID: Final = "AK502.7"
SET_CONTROL_REPEATED: Final = "AK502.23"

GROUP_UNSUPPORTED: Final = "AK905.1"
GROUP_VERSION: Final = "AK905.2"
GROUP_TRAILER_MISSING: Final = "AK905.3"
GROUP_CONTROL_MISMATCH: Final = "AK905.4"
GROUP_COUNT_MISMATCH: Final = "AK905.5"
GROUP_CONTROL_INVALID: Final = "AK905.6"

INTERCHANGE_CONTROL_MISMATCH: Final = "TA105.001"
INTERCHANGE_DATE: Final = "TA105.014"
INTERCHANGE_TIME: Final = "TA105.015"
INTERCHANGE_CONTROL_INVALID: Final = "TA105.018"
INTERCHANGE_TEST_INVALID: Final = "TA105.020"
INTERCHANGE_COUNT_MISMATCH: Final = "TA105.021"
INTERCHANGE_STRUCTURE: Final = "TA105.022"
INTERCHANGE_CUT: Final = "TA105.023"
INTERCHANGE_CONTENT: Final = "TA105.024"


@dataclass(frozen=True, slots=True, kw_only=True)
class X12Finding(Finding):
    """A finding with what a 997 says about it.

    `segment` is the segment id, `number` its place in the transaction (ST is 1), `loop` the id of
    the loop it is in; `element`, `component` and `reference` (data element number) say where inside.
    """

    segment: str = ""
    number: int = 0
    loop: str = ""
    element: int = 0
    component: int = 0
    reference: str = ""
