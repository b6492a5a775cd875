"""Who may post: API clients, known by the SHA-256 of their key."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from hub.ids import digest
from hub.store.database import Database

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,59}")


@dataclass(frozen=True, slots=True)
class Client:
    """A known client; `entity` is the company it belongs to, where that is fixed."""

    name: str
    entity: str


def add(database: Database, name: str, *, entity: str = "", key: str = "") -> str:
    """Register a client, or give a known one a new key; the key is returned once and never stored.

    Args:
        database: The hub's database.
        name: Lower-case name; it becomes the first part of the client's source keys.
        entity: The company the client belongs to, where that is fixed.
        key: The key to use; empty means a fresh random one.

    Raises:
        ValueError: The name or the key is not usable.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"client: expected lower-case letters, digits, '.', '_', '-' (60 at most), found {name!r}"
        )
    key = key or f"rh_{secrets.token_urlsafe(32)}"
    if len(key) < 16:  # noqa: PLR2004  # shorter ones can be guessed through their hash
        raise ValueError(f"key of client {name}: expected at least 16 characters, found {len(key)}")
    database.rows("api_add_client", {"client": name, "key_sha256": digest(key.encode()), "entity": entity})
    return key


def authenticate(database: Database, key: str) -> Client | None:
    """The client that holds a key, None when nobody does."""
    if not key:
        return None
    found = database.rows("api_client_of_key", {"key_sha256": digest(key.encode())})
    return Client(found[0]["client"], found[0]["entity"]) if found else None
