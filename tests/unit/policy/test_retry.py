from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from hub.policy.retry import Schedule

SECOND = timedelta(seconds=1)
STANDARD = Schedule(
    name="standard",
    first=2 * SECOND,
    factor=2,
    max=60 * SECOND,
    jitter=0.25,
    attempts=10,
    deadline=timedelta(hours=1),
)


def test_delays_double_up_to_the_longest() -> None:
    delays = [STANDARD.next_delay(attempt, 0.5) for attempt in range(1, 8)]
    assert delays == [seconds * SECOND for seconds in (2, 4, 8, 16, 32, 60, 60)]


def test_jitter_spreads_to_both_sides() -> None:
    assert STANDARD.next_delay(1, 0.0) == 1.5 * SECOND
    assert STANDARD.next_delay(1, 0.999999) < 2.5 * SECOND  # type: ignore[operator]  # None would fail here too


def test_it_ends_after_the_last_attempt() -> None:
    assert STANDARD.next_delay(9, 0.5) is not None
    assert STANDARD.next_delay(10, 0.5) is None


def test_the_last_attempt_is_at_the_deadline_and_none_after() -> None:
    assert STANDARD.next_delay(6, 0.5, timedelta(minutes=59, seconds=30)) == 30 * SECOND
    assert STANDARD.next_delay(6, 0.5, timedelta(hours=1)) is None


@given(st.integers(1, 10**6), st.floats(0, 1, exclude_max=True), st.integers(0, 10**5))
def test_a_delay_is_never_negative_nor_longer_than_the_longest_with_jitter(
    attempt: int, rnd: float, elapsed: int
) -> None:
    delay = STANDARD.next_delay(attempt, rnd, elapsed * SECOND)
    assert delay is None or timedelta() <= delay <= 75 * SECOND
