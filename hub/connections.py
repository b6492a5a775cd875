"""Airflow's connections without Airflow: `AIRFLOW_CONN_<ID>` as JSON or URI."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from connectors.base import Connection
from connectors.errors import Config

_FIELDS = ("conn_type", "description", "host", "login", "password", "schema", "port", "extra")
"""What Airflow reads of a connection in JSON."""


def from_environment(name: str, environ: Mapping[str, str] = os.environ) -> Connection:
    """Resolve a connection id the way Airflow resolves it from the environment.

    Raises:
        Config: There is no such variable, or it is neither JSON nor a URI.
    """
    variable = f"AIRFLOW_CONN_{name.upper()}"
    text = environ.get(variable, "").strip()
    if not text:
        raise Config(
            f"connection '{name}' is not set: expected {variable} as JSON or URI, found nothing",
            code="connection_missing",
        )
    try:
        return _from_json(name, json.loads(text)) if text.startswith("{") else _from_uri(name, text)
    except Config:
        raise
    except (ValueError, TypeError) as error:
        # the text holds a password: name the variable, never its value
        raise Config(
            f"{variable} is neither a JSON connection nor a URI ({type(error).__name__})",
            code="connection_malformed",
        ) from None


def _from_json(name: str, fields: Mapping[str, Any]) -> Connection:
    # values may be secrets: only names are told
    if unknown := [key for key in fields if key not in _FIELDS]:
        said = f"expected {', '.join(_FIELDS)}, found {', '.join(unknown)}"
        inside = ", ".join(f'"{key}": …' for key in unknown)
        form = f'{{"extra": {{{inside}}}}}'
        raise Config(
            f"AIRFLOW_CONN_{name.upper()}: {said}; what else a connector wants stands in extra: {form}",
            code="connection_malformed",
        )
    extra = fields.get("extra") or {}
    port = fields.get("port")
    return Connection(
        id=name,
        type=fields.get("conn_type") or "",
        host=fields.get("host") or "",
        port=int(port) if port else None,
        schema=fields.get("schema") or "",
        login=fields.get("login") or "",
        password=fields.get("password") or "",
        extra=json.loads(extra) if isinstance(extra, str) else extra,
    )


def _from_uri(name: str, text: str) -> Connection:
    parts = urlsplit(text)
    if not parts.scheme:
        raise ValueError("no scheme")
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    extra = json.loads(query.pop("__extra__")) if "__extra__" in query else query
    return Connection(
        id=name,
        type=parts.scheme,
        host=unquote(parts.hostname or ""),
        port=parts.port,
        schema=unquote(parts.path.lstrip("/")),
        login=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        extra=extra,
    )
