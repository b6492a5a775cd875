"""How stored bytes are shown: readable, bounded, and never as anything but text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import orjson

PREVIEW: Final = 65_536
"""Bytes shown on a page; the rest can be downloaded."""

_HEX_PREVIEW: Final = 2_048
_ISA: Final = 106  # an interchange header has a fixed length, and its last byte ends every segment
_PIECES: Final = re.compile(r'"(?:\\.|[^"\\])*(?:"|\\?\Z)|[{}\[\],:]|[^\s{}\[\],:"]+')
_DEEPEST: Final = 40
# controls as their Unicode pictures; direction marks could make a text read differently from what it says
_VISIBLE: Final = {code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\n\t"} | {
    0x7F: "\u2421"
}
_MARKS: Final = {
    code: f"⟨U+{code:04X}⟩"
    for code in (*range(0x200E, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
}
_SECRET: Final = re.compile(
    r"(?im)((?:proxy-)?authorization|cookie|set-cookie|x-csrf-token|x-api-key|password|access_token|client_secret)"
    r"(['\"]?\s*[:=]\s*['\"]?)[^\r\n'\",;&]+"
)


@dataclass(frozen=True, slots=True)
class Shown:
    """Text for a page; `form` says what was done to it, `cut` how many bytes are not there."""

    text: str
    form: str
    cut: int = 0


def show(body: bytes) -> Shown:
    """Bytes for people: JSON indented, X12 one segment a line, other text as it is, the rest in hex."""
    head = body[:PREVIEW]
    cut = len(body) - len(head)
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if cut and error.start > len(head) - 4:
            text = head[: error.start].decode("utf-8")
        elif b"\x00" in head or body[:3] != b"ISA":
            return Shown(_hex(body), "hex", max(0, len(body) - _HEX_PREVIEW))
        else:
            text = head.decode("latin-1")
    shown, form = _formed(text)
    return Shown(visible(shown), form, cut)


def visible(text: object) -> str:
    """A text whose invisible characters can be seen."""
    return str(text).translate(_VISIBLE | _MARKS)


def masked(text: object) -> str:
    """A text without the values of headers and fields that hold secrets.

    Connectors redact what they report; this is the second lock on the same door.
    """
    return _SECRET.sub(r"\1\2[masked]", str(text))


def pretty(tree: Any) -> str:
    """A JSON-compatible value, indented."""
    return visible(orjson.dumps(tree, default=str, option=orjson.OPT_INDENT_2).decode())


def _formed(text: str) -> tuple[str, str]:
    if text.startswith("ISA") and len(text) >= _ISA and not text[_ISA - 1].isalnum():
        return _segments(text), "X12, one segment per line"
    stripped = text.lstrip("\ufeff \t\r\n")
    if stripped[:1] in ("{", "["):
        return _indented(stripped), "JSON, indented; numbers as they were written"
    return text, "text"


def _segments(text: str) -> str:
    end = text[_ISA - 1]
    parts = (part.strip("\r\n") for part in text.split(end))
    return "\n".join(part + end for part in parts if part).removesuffix(end) + (
        end if text.rstrip("\r\n").endswith(end) else "  ⟨ends here, without its terminator⟩"
    )


def _indented(text: str) -> str:
    """JSON with line breaks, piece by piece: works on broken JSON too, and changes no number."""
    shown: list[str] = []
    depth, opened = 0, False
    for piece in _PIECES.findall(text):
        closes = piece in ("}", "]")
        depth -= closes
        if opened != closes:
            shown.append(_break(depth))
        opened = piece in ("{", "[")
        depth += opened
        shown.append(f"{piece}{_break(depth)}" if piece == "," else ": " if piece == ":" else piece)
    return "".join(shown)


def _break(depth: int) -> str:
    # bounded: indentation grows with the square of the depth
    return "\n" + "  " * max(0, min(depth, _DEEPEST))


def _hex(body: bytes) -> str:
    lines = []
    for start in range(0, min(len(body), _HEX_PREVIEW), 16):
        chunk = body[start : start + 16]
        readable = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in chunk)  # noqa: PLR2004  # printable ASCII
        lines.append(f"{start:08x}  {chunk.hex(' '):<47}  {readable}")
    return "\n".join(lines)
