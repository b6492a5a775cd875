"""Who looks at the console, and what they may do. Nobody by default."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import HTTPException, Request


@dataclass(frozen=True, slots=True)
class ConsoleUser:
    """Somebody who is logged in; `can_replay` also allows to discard."""

    name: str
    can_replay: bool = False


def nobody() -> ConsoleUser:
    """The user of a console that was not told how to find out: access is refused.

    Raises:
        HTTPException: 401, always.
    """
    raise HTTPException(401, "Sign in to Airflow to see the console.")


def current(request: Request) -> ConsoleUser:
    """The user that the app-wide dependency found.

    Raises:
        HTTPException: 401 when there was none.
    """
    user = getattr(request.state, "console_user", None)
    if not isinstance(user, ConsoleUser):
        return nobody()
    return user
