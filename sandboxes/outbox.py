"""How partners put their files where the hub finds them: SFTP sessions of their own."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import paramiko

Endpoints = Mapping[str, Any]
Tell = Callable[[Mapping[str, Any]], None]


class PlayError(RuntimeError):
    """The scenario cannot be played here; the message says what was expected and found."""


@contextmanager
def partner(endpoints: Endpoints, name: str = "sftp") -> Iterator[paramiko.SFTPClient]:
    """A partner's own SFTP session: of ACME (`sftp`), `retail` or `carrier`."""
    there = endpoints[name]
    transport = paramiko.Transport((there["host"], there["port"]))
    try:
        transport.connect(username=there["partner_login"], password=there["partner_password"])
        client = paramiko.SFTPClient.from_transport(transport)
        if client is None:
            raise PlayError("SFTP: expected a session, found the connection closed")
        yield client
    finally:
        transport.close()


def upload(sftp: paramiko.SFTPClient, name: str, text: str) -> None:
    """Put a file under a temporary name, then rename it: nobody reads half of it."""
    draft = f"/outbox/.{name}.tmp"
    sftp.putfo(io.BytesIO(text.encode("ascii")), draft)
    sftp.posix_rename(draft, f"/outbox/{name}")


def books(endpoints: Endpoints, name: str) -> dict[str, Any]:
    """The books of a partner's server."""
    answer = httpx.get(f"{endpoints[name]['control_url']}/_sandbox/books", timeout=60).raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def drop(endpoints: Endpoints, name: str, file: str, text: str) -> bool:
    """Put a file into a partner's outbox, once: False when its books say that it was there before."""
    if file in books(endpoints, name)["outbox"]:
        return False
    with partner(endpoints, name) as sftp:
        upload(sftp, file, text)
    return True
