"""The short horizon repeats only what did not happen."""

from __future__ import annotations

import pytest

from connectors.errors import Config, ConnectorError, Contract, Refused, Unavailable, Unknown
from connectors.retry import RetrySettings, ShortRetry


class Flaky:
    """Fails with the given errors in turn, then succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self._errors:
            raise self._errors.pop(0)
        return "done"


def unavailable(retry_after: float | None = None) -> Unavailable:
    return Unavailable("not now", code="http_503", retry_after=retry_after)


def test_unavailable_is_tried_again_until_it_works() -> None:
    waits: list[float] = []
    call = Flaky(unavailable(), unavailable())
    assert ShortRetry(RetrySettings(), waits.append)(call) == "done"
    assert call.calls == 3
    assert len(waits) == 2
    assert sum(waits) <= 4


def test_the_last_error_comes_out_when_attempts_are_used_up() -> None:
    errors = [unavailable() for _ in range(5)]
    call = Flaky(*errors)
    with pytest.raises(Unavailable) as caught:
        ShortRetry(RetrySettings(attempts=3), lambda _: None)(call)
    assert call.calls == 3
    assert caught.value is errors[2]


@pytest.mark.parametrize("kind", [Unknown, Refused, Contract, Config])
def test_nothing_else_is_ever_sent_twice(kind: type[ConnectorError]) -> None:
    call = Flaky(kind("no", code="x"))
    with pytest.raises(kind):
        ShortRetry(RetrySettings(), lambda _: None)(call)
    assert call.calls == 1


def test_a_short_retry_after_is_waited_for() -> None:
    waits: list[float] = []
    assert ShortRetry(RetrySettings(), waits.append)(Flaky(unavailable(1.5))) == "done"
    assert waits[0] >= 1.5


def test_a_long_retry_after_is_left_to_the_hub_at_once() -> None:
    waits: list[float] = []
    call = Flaky(unavailable(60))
    with pytest.raises(Unavailable) as caught:
        ShortRetry(RetrySettings(), waits.append)(call)
    assert (call.calls, waits, caught.value.retry_after) == (1, [], 60)


def test_no_wait_goes_beyond_the_horizon() -> None:
    call = Flaky(unavailable(1.9), unavailable(1.9))
    with pytest.raises(Unavailable):
        ShortRetry(RetrySettings(horizon=1.0), lambda _: None)(call)
    assert call.calls == 1


def test_other_exceptions_pass() -> None:
    with pytest.raises(ZeroDivisionError):
        ShortRetry(RetrySettings(), lambda _: None)(Flaky(ZeroDivisionError()))
