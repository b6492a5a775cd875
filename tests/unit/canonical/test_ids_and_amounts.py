"""Identities and exact amounts."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from uuid import RFC_4122, UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical import ids
from canonical.amounts import millionths, plain


def test_uuid7_is_a_version_7_uuid_of_now() -> None:
    before = time.time_ns() // 1_000_000
    fresh = ids.uuid7()
    after = time.time_ns() // 1_000_000
    assert (fresh.version, fresh.variant) == (7, RFC_4122)
    assert before <= fresh.int >> 80 <= after + 1


def test_uuid7_ascends_in_every_thread_and_never_repeats() -> None:
    with ThreadPoolExecutor(4) as pool:
        batches = list(pool.map(lambda _: [ids.uuid7() for _ in range(2000)], range(8)))
    for batch in batches:
        assert batch == sorted(batch)
    assert len({each for batch in batches for each in batch}) == 16_000


def test_the_same_request_always_gets_the_same_id() -> None:
    assert ids.return_id("de", "acme", "CLAIM1") == UUID("f47f42f6-c075-5320-bc89-8381d037f59d")
    assert ids.return_id("de", "acme", "CLAIM1").version == 5


@given(
    st.lists(st.text(max_size=4), min_size=3, max_size=3),
    st.lists(st.text(max_size=4), min_size=3, max_size=3),
)
def test_different_requests_get_different_ids(one: list[str], other: list[str]) -> None:
    assert (ids.return_id(*one) == ids.return_id(*other)) == (one == other)


def test_parts_cannot_run_into_each_other() -> None:
    assert ids.return_id("a", "1:b", "c") != ids.return_id("a1:", "b", "c")


@given(st.uuids(), st.integers(0, 10**6))
def test_line_ids_are_uuid5_below_their_return(return_id: UUID, number: int) -> None:
    assert ids.line_id(return_id, number) == str(uuid5(return_id, str(number)))


@given(st.integers(0, 10**15 - 1), st.integers(0, 999_999), st.integers(0, 6))
def test_amounts_are_exact(whole: int, fraction: int, places: int) -> None:
    text = f"{whole}.{fraction:06d}"[: len(str(whole)) + (places and places + 1)]
    assert Decimal(millionths(text)) == Decimal(text) * 1_000_000
    assert Decimal(plain(millionths(text))) == Decimal(text)
    assert "." not in plain(millionths(text)) or not plain(millionths(text)).endswith("0")


def test_amounts_below_nought_print_their_sign() -> None:
    assert plain(-1_500_000) == "-1.5"


@pytest.mark.parametrize("text", ["", "1.1234567", "abc", "1e5", "1.x"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|invalid"):
        millionths(text)


def test_a_forked_child_draws_other_numbers_than_its_parent() -> None:
    ids.uuid7()  # numbers are drawn ahead
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, ids.uuid7().bytes)
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 16)[8:] != ids.uuid7().bytes[8:]
