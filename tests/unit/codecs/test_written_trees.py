"""parse(write(tree)) = tree for every guide there is: the long way, and by code made for the kind of message.

Trees are drawn from the guide's structure: what is mandatory, some of what is not, values as wanted.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from connectors.codecs.edifact import guide as edifact
from connectors.codecs.edifact.codec import EdifactCodec
from connectors.codecs.x12 import guide as x12
from connectors.codecs.x12.codec import X12Codec
from tests.unit.codecs import test_edifact_tree as edifact_trees
from tests.unit.codecs import test_x12_writer as x12_trees

ENVELOPE = {"sender": "ACME", "receiver": "HUB", "control": "17", "date": "20261101", "time": "0830"}
COPIES = 12
"""So many of a kind are seen that the last ones are built by code made for them."""


def check(codec: Any, tree: Any) -> None:
    decoded = codec.decode(codec.encode([tree] * COPIES, ENVELOPE))
    records = list(decoded.records)
    assert [record.findings for record in records] == [()] * COPIES
    assert decoded.findings == []
    assert [x12_trees.bare(record.tree) for record in records] == [tree] * COPIES
    assert len({str(record.tree) for record in records}) == 1  # numbers and order too
    assert len({record.digest for record in records}) == 1


EASY = settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


@pytest.mark.parametrize("name", x12.names())
def test_an_x12_tree_is_read_as_it_was_written(name: str) -> None:
    guide = x12.load(name)

    @EASY
    @given(x12_trees.level(guide.structure))
    def each(tree: Any) -> None:
        check(X12Codec(name), tree)

    each()


@pytest.mark.parametrize("name", edifact.names())
def test_an_edifact_tree_is_read_as_it_was_written(name: str) -> None:
    guide = edifact.load(name)

    @EASY
    @given(edifact_trees.level(guide.structure))
    def each(tree: Any) -> None:
        check(EdifactCodec(name), tree)

    each()
