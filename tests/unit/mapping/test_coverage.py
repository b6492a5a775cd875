from __future__ import annotations

from typing import Any

from hub.mapping.coverage import Unused, unused

Workshop = Any


def test_source_fields_that_nobody_reads_are_listed_once_with_an_example(workshop: Workshop) -> None:
    compiled = workshop.compile(
        """
        a: 'x.k, x.other'
        l: {each: l as line, where: line.on=y, map: {q: line.q, b: "line.N[t=B].v | optional"}}
        """,
        head="key: id\n",
    )
    tree = {
        "@": 1,
        "id": "1",
        "x": {"k": "1", "other": "2", "more": "3", "none": None},
        "l": [
            {"@": 2, "on": "y", "q": "1", "note": "n1", "N": [{"t": "B", "v": "1"}, {"t": "C", "v": "2"}]},
            {"@": 3, "on": "y", "q": "2", "note": "n2"},
        ],
    }
    assert unused(compiled, tree) == (
        Unused("x.more", "'3'", 1),
        Unused("l.note", "'n1'", 2),
        Unused("l.N.t", "'C'", 1),
        Unused("l.N.v", "'2'", 1),
    )


def test_what_copy_takes_over_is_read(workshop: Workshop) -> None:
    compiled = workshop.compile("{a: x | copy, b: \"z | concat('-', y)\"}")
    assert unused(compiled, {"x": {"p": "1", "q": ["2"]}, "y": "3", "z": "4"}) == ()
