from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from hub.mapping.samples import run_sample

Workshop = Any


def lines(document_type: str, body: bytes) -> Sequence[Any]:
    """A codec for tests: one document per line."""
    assert document_type == "text/lines"
    return [{"v": line} for line in body.decode().splitlines()]


def test_a_json_sample_is_compared_as_exact_numbers(workshop: Workshop) -> None:
    compiled = workshop.compile("{n: n | number, t: t}", target="json/x")
    workshop.write("samples/one.json", '{"n": 2.50, "t": "x"}')
    workshop.write("samples/one.expected.json", '{"n": 2.5, "t": "x"}')
    result = run_sample(compiled, workshop.folder / "test.yaml", "one", lines)
    assert result.passed
    assert result.actual == {"n": Decimal("2.5"), "t": "x"}


def test_another_sample_goes_through_its_codec_and_may_hold_several_documents(workshop: Workshop) -> None:
    compiled = workshop.compile("v: v | lower", source="text/lines")
    workshop.write("samples/two.txt", "A\nB\n")
    workshop.write("samples/two.expected.json", json.dumps([{"v": "a"}, {"v": "b"}]))
    assert run_sample(compiled, workshop.folder / "test.yaml", "two", lines).passed


def test_a_sample_that_differs_fails_or_misses_a_file_does_not_pass(workshop: Workshop) -> None:
    compiled = workshop.compile("v: v | require(A)", source="text/lines")
    path = workshop.folder / "test.yaml"
    assert run_sample(compiled, path, "none", lines).problems == (
        "expected one sample samples/none.<ext>, found none",
    )
    workshop.write("samples/a.txt", "A\n")
    assert run_sample(compiled, path, "a", lines).problems == ("samples/a.expected.json is missing",)
    workshop.write("samples/a.expected.json", '{"v": "B"}')
    assert not run_sample(compiled, path, "a", lines).passed
    workshop.write("samples/a.txt", "X\n")
    result = run_sample(compiled, path, "a", lines)
    assert result.problems == ("v: expected one of A, found 'X'   <- v | require(A)   (v)",)
