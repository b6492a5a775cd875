"""A failure in one sentence."""

from __future__ import annotations

from hub.pipeline.interpret import Failure


def test_a_place_that_begins_the_message_is_not_said_twice() -> None:
    error = {"path": "line 4", "message": "Line 4 has 1 columns, the header names 2."}
    failure = Failure(step="decode", code="csv.columns", errors=[error, error])
    assert failure.summary == "Line 4 has 1 columns, the header names 2. (and 1 more)"


def test_a_place_that_the_message_does_not_name_stands_before_it() -> None:
    error = {"path": "lines[0].uom", "message": "'XX' is not in lookup 'unit'"}
    assert (
        Failure(step="map", code="x", errors=[error]).summary == "lines[0].uom: 'XX' is not in lookup 'unit'"
    )
