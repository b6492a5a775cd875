"""Names the engine derives for its own rows."""

from __future__ import annotations

import hashlib


def digest(body: bytes) -> str:
    """SHA-256 of bytes, hex: how payloads are addressed."""
    return hashlib.sha256(body).hexdigest()
