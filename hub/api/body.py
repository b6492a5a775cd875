"""From the bytes of a request to a checked document, or to every reason why not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, NoReturn

from fastapi import Request
from pydantic import ValidationError

from hub.api.models import ReturnRequest
from hub.api.problems import Problem, pointer

LIMIT: Final = 1_000_000
"""Longest accepted body, in bytes."""

_SHOWN: Final = 80
_EXPECTED: Final[Mapping[str, str]] = {
    "missing": "a value",
    "extra_forbidden": "no such field",
    "string_type": "a string",
    "string_unicode": "text in valid Unicode",
    "list_type": "a list",
    "model_type": "an object",
    "string_too_short": "at least {min_length} character(s)",
    "string_too_long": "at most {max_length} characters",
    "too_short": "at least {min_length} item(s)",
    "too_long": "at most {max_length} items",
    "string_pattern_mismatch": "text like {pattern}",
}


async def read(request: Request) -> bytes:
    """The body's bytes.

    Raises:
        Problem: 415 for another media type than JSON, 413 beyond `LIMIT`.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Problem(415, f"expected application/json, found {media_type or 'no Content-Type'}")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise Problem(415, "expected a body without Content-Encoding")
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > LIMIT:
        raise _too_large()
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LIMIT:
            raise _too_large()
    return bytes(body)


def check(body: bytes) -> ReturnRequest:
    """Parse and check a body; numbers stay exact.

    Raises:
        Problem: 400 when it is not JSON, 422 with all errors when it is not a return.
    """
    tree = parse(body)
    try:
        return ReturnRequest.model_validate(tree)
    except ValidationError as invalid:
        errors = [_error(error) for error in invalid.errors(include_url=False)]
    count = "1 error" if len(errors) == 1 else f"{len(errors)} errors"
    raise Problem(422, f"the body has {count}; nothing was accepted", errors=errors)


def parse(body: bytes) -> Any:
    """JSON with fractions as `Decimal`; a name given twice is refused, since nobody can tell which is meant.

    Raises:
        Problem: 400, with what is wrong and where.
    """
    try:
        return json.loads(
            body.decode("utf-8"), parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_object
        )
    except json.JSONDecodeError as error:
        detail = f"the body is not JSON: line {error.lineno}, column {error.colno}: {error.msg}"
    except UnicodeDecodeError as error:
        detail = f"the body is not UTF-8: byte {body[error.start]:#04x} at offset {error.start}"
    except RecursionError:
        detail = "the body is not a return: it is nested too deeply"
    except ValueError as error:
        detail = f"the body cannot be read: {error}"
    raise Problem(400, detail)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"an object names {', '.join(map(repr, twice))} more than once")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"expected a number, found {name}, which JSON does not know")


def _too_large() -> Problem:
    return Problem(413, f"expected at most {LIMIT} bytes", headers={"Connection": "close"})


def _error(error: Mapping[str, Any]) -> dict[str, str]:
    context = error.get("ctx") or {}
    expected = context.get("expected") or _EXPECTED.get(error["type"], "").format_map(_Context(context))
    return {
        "pointer": pointer(error["loc"]),
        "detail": error["msg"],
        "expected": expected,
        "found": context.get("found")
        or ("nothing" if error["type"] == "missing" else _shown(error["input"])),
    }


class _Context(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return "…"


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        kind = "an object" if isinstance(value, dict) else "a list"
        return f"{kind} of {len(value)}"
    text = str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=True)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
