"""Templates, and the few words that all pages share: times, ages, tones of states."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import ChainableUndefined, Environment, FileSystemLoader

from hub.console import showing

STYLESHEET: Final = Path(__file__).parent / "templates" / "console.css"
HEADERS: Final[Mapping[str, str]] = {
    # nothing but our own stylesheet is ever loaded, and nothing runs
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    # with no-referrer browsers would send `Origin: null` with our own forms
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_TONES: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("admitted", "confirmed", "resolved", "approved", "settled", "closed", "done", "pass"), "good"
    ),
    **dict.fromkeys(
        ("authorized", "received", "inspected", "dispositioned", "replayed", "in_transit"), "info"
    ),
    **dict.fromkeys(
        ("held", "retry_at", "in_doubt", "needs_review", "pending_review", "revision", "waiting"), "warn"
    ),
    **dict.fromkeys(("unmatched_receipt", "on_hold", "halted", "unknown", "disputed"), "warn"),
    **dict.fromkeys(("dead", "open", "parked", "refused", "rejected", "expired", "fail", "failed"), "bad"),
    # interchanges and what partners say about them
    "accepted": "good",
    **dict.fromkeys(
        ("awaiting", "late", "accepted_with_errors", "orphan", "contradicted", "duplicate"), "warn"
    ),
    **dict.fromkeys(
        ("missing", "partially_accepted", "control_reused", "unknown_partner", "wrong_usage", "unreadable"),
        "bad",
    ),
}
_AGES: Final = ((60, "s", 1), (3600, "min", 60), (86_400, "h", 3600), (float("inf"), "d", 86_400))


def tone(state: Any) -> str:
    """Which colour a state has: good, info, warn, bad or plain."""
    return _TONES.get(str(state), "plain")


def age(moment: datetime, now: datetime | None = None) -> str:
    """How long ago, or how soon, in one unit."""
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    distance = abs(seconds)
    if distance < 1:
        return "just now"
    text = next(f"{int(distance // unit)} {name}" for limit, name, unit in _AGES if distance < limit)
    return f"{text} ago" if seconds > 0 else f"in {text}"


def moment(value: Any) -> datetime | None:
    """A time with offset, from a database or a document; None where it is not one."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, datetime) and value.tzinfo else None


def stamp(value: datetime) -> str:
    """A time to the second with its offset."""
    return value.strftime("%Y-%m-%d %H:%M:%S ") + ("UTC" if not value.utcoffset() else value.strftime("%z"))


def words(name: Any) -> str:
    """A name of ours for people: `needs_review` becomes `needs review`."""
    return str(name).replace("_", " ")


def path_of(root: str, path: str, query: Mapping[str, Any]) -> str:
    """An address within the console; empty query values are left out."""
    given = {name: value for name, value in query.items() if value not in (None, "")}
    return f"{root}{quote(path)}" + (f"?{urlencode(given)}" if given else "")


def environment() -> Environment:
    """Jinja with everything escaped; what a partner left out is shown as nothing and breaks no page."""
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "age": age, "moment": moment, "stamp": stamp, "words": words, "tone": tone,
        "pretty": showing.pretty, "masked": showing.masked, "visible": showing.visible,
    }  # fmt: skip
    return made


_ENVIRONMENT: Final = environment()


def page(request: Request, template: str, status: int = 200, /, **values: Any) -> HTMLResponse:
    """Render a template as the answer to a request."""
    root = request.scope.get("root_path", "")

    def url(path: str, **query: Any) -> str:
        return path_of(root, path, query)

    user = getattr(request.state, "console_user", None)
    given = {"q": "", "status": status, "said": None, "here": request.url.path.removeprefix(root), **values}
    text = _ENVIRONMENT.get_template(template).render(url=url, user=user, **given)
    return HTMLResponse(text, status, dict(HEADERS))
