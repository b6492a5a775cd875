"""Secrets of one home: made once, kept in files only this user can read."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROLES: Mapping[str, str] = {"admin": "admin", "ops": "op", "eng": "user", "audit": "viewer"}
"""Users of a local start and their Airflow roles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What Airflow signs and encrypts with, and the passwords of the local users."""

    fernet: str = field(repr=False)
    jwt: str = field(repr=False)
    session: str = field(repr=False)
    passwords: Mapping[str, str] = field(repr=False)
    passwords_file: Path


def ensure_keys(home: Path) -> Keys:
    """Read the secrets of `home`, making those that are missing."""
    folder = home.absolute() / "secrets"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    passwords_file = folder / "passwords.json"
    passwords = json.loads(
        _once(passwords_file, lambda: json.dumps({user: secrets.token_urlsafe(9) for user in ROLES}))
    )
    return Keys(
        fernet=_once(folder / "fernet", lambda: base64.urlsafe_b64encode(os.urandom(32)).decode()),
        jwt=_once(folder / "jwt", lambda: secrets.token_urlsafe(64)),  # 64 bytes and more: HS512
        session=_once(folder / "session", lambda: secrets.token_urlsafe(32)),
        passwords=passwords,
        passwords_file=passwords_file,
    )


def _once(path: Path, make: Callable[[], str]) -> str:
    """The text of `path`, which is made when absent; two makers at once agree on the first one's."""
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(make() + "\n")
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
