"""Addresses: pure functions from connection fields and paths to URLs, and back to origins."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from connectors.base import Connection
from connectors.errors import Config, Contract

_DEFAULT_PORTS = {"http": 80, "https": 443}

Origin = tuple[str, str, int]
NOWHERE: Origin = ("", "", 0)


def base_url(connection: Connection) -> str:
    """`scheme://host:port/base` without a trailing slash, from the fields of a connection.

    The host may be a whole address, as Airflow's HTTP connections allow.

    Raises:
        Config: no host, another scheme than http(s), or credentials inside the host.
    """
    host = connection.host.strip()
    place = f"connection {connection.id!r}"
    if not host:
        raise Config(f"{place}: expected a host, found none", code="connection_invalid")
    split = urlsplit(host if "://" in host else f"{connection.schema or 'https'}://{host}")
    if split.scheme not in _DEFAULT_PORTS:
        raise Config(f"{place}: expected http or https, found {split.scheme!r}", code="connection_invalid")
    if "@" in split.netloc or split.query or split.fragment or not split.hostname:
        raise Config(
            f"{place}: expected a host without user, query or fragment, found more", code="connection_invalid"
        )
    netloc = split.netloc
    if connection.port is not None and split.port is None:
        netloc = f"{netloc}:{connection.port}"
    return f"{split.scheme}://{netloc}{split.path.rstrip('/')}"


def origin(url: str) -> Origin:
    """Scheme, host and port; `NOWHERE` for what is no address, or one with credentials in it."""
    try:
        split = urlsplit(url)
        port = split.port or _DEFAULT_PORTS.get(split.scheme, 0)
    except ValueError:  # a port that is no number, a bracket that does not close
        return NOWHERE
    if "@" in split.netloc:
        return NOWHERE
    return split.scheme, (split.hostname or "").rstrip("."), port


def with_query(url: str, params: Mapping[str, str]) -> str:
    """Append parameters with %20 for a blank: OData servers do not agree on the plus sign."""
    if not params:
        return url
    pairs = (f"{quote(name, safe='$-_.~')}={quote(value, safe='-_.~,:*')}" for name, value in params.items())
    return f"{url}{'&' if '?' in url else '?'}{'&'.join(pairs)}"


def segment(value: str) -> str:
    """A value as one segment of a path; a key must never climb out of its place.

    Raises:
        Contract: it cannot stand in a path.
    """
    if value in {"", ".", ".."}:
        raise Contract(f"expected a key that can stand in a path, found {value!r}", code="key_unusable")
    return quote(value, safe="")
