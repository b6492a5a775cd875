"""A mapping's samples: files of its source type beside what they must become.

`samples/<name>.<ext>` is mapped and compared with `samples/<name>.expected.json`: one document, or a list
when the file holds several records. Sources in X12 are `.edi`; everything else is JSON, which for
delivery mappings is the whole scope `{key, fact, return}`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from canonical.validation import schemas, violations
from connectors.codecs.base import Codec, EncodeError
from connectors.codecs.registry import codec, formats
from hub.mapping.compile import CompiledMapping

EXPECTED = ".expected.json"
_ENVELOPE = {"sender": "SENDER", "receiver": "RECEIVER", "control": 1, "date": "20261101", "time": "1200"}


def sample_file(mapping_file: Path, name: str) -> Path | None:
    """The source file of a sample; None when there is none."""
    found = sorted((mapping_file.parent / "samples").glob(f"{name}.*"))
    return next((path for path in found if not path.name.endswith(EXPECTED)), None)


def expected_file(mapping_file: Path, name: str) -> Path:
    """Where the result of a sample is written down."""
    return mapping_file.parent / "samples" / f"{name}{EXPECTED}"


def map_sample(mapping: CompiledMapping, source: Path) -> tuple[Any, list[str]]:
    """Map a sample file; returns the document (or list of documents) and everything that is wrong."""
    problems: list[str] = []
    results = []
    for record in _codec(mapping.source_type).decode(source.read_bytes()).records:
        problems += [f"{finding.place}: {finding.message}" for finding in record.findings]
        if record.tree is None:
            continue
        mapped = mapping.apply(record.tree)
        problems += [str(error) for error in mapped.errors]
        problems += _target_problems(mapping.target_type, mapped.value)
        results.append(mapped.value)
    return (results[0] if len(results) == 1 else results), problems


def sample_problems(mapping: CompiledMapping, mapping_file: Path, name: str) -> Iterator[str]:
    """What is wrong with one sample: its files, its mapping, or a result other than expected."""
    source, expected = sample_file(mapping_file, name), expected_file(mapping_file, name)
    if source is None:
        yield f"sample {name}: expected a file samples/{name}.*, found none"
        return
    found, problems = map_sample(mapping, source)
    yield from (f"sample {name}: {problem}" for problem in problems)
    if not expected.is_file():
        yield f"sample {name}: expected a file samples/{expected.name}, found none"
        return
    try:
        wanted = json.loads(expected.read_text(encoding="utf-8"), parse_float=Decimal)
    except ValueError as error:
        yield f"sample {name}: samples/{expected.name} is not JSON: {error}"
        return
    yield from (f"sample {name}: {difference}" for difference in differences(wanted, found))


def differences(wanted: Any, found: Any, path: str = "") -> Iterator[str]:
    """Where two trees differ, as `lines[0].uom: expected 'EA', found 'CS'`."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for name in [*wanted, *(name for name in found if name not in wanted)]:
            below = f"{path}.{name}" if path else str(name)
            yield from differences(wanted.get(name, _NOTHING), found.get(name, _NOTHING), below)
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for position, (left, right) in enumerate(zip(wanted, found, strict=True)):
            yield from differences(left, right, f"{path}[{position}]")
    elif _kind(wanted) is not _kind(found) or wanted != found:
        yield f"{path or 'the document'}: expected {wanted!r}, found {found!r}"


def _kind(value: Any) -> type:
    """Whole numbers and decimals are one kind, texts and truth values are others."""
    return Decimal if type(value) is int else type(value)


class _Nothing:
    """Stands for a field that one side lacks."""

    def __repr__(self) -> str:
        return "nothing"


_NOTHING = _Nothing()


def _codec(source_type: str) -> Codec:
    """A format of its own, or the plain one before the slash of `json/wms.receipts`; facts are JSON."""
    plain = source_type.partition("/")[0]
    return codec(next((form for form in (source_type, plain) if form in formats()), "json"))


def _target_problems(target_type: str, value: dict[str, Any]) -> list[str]:
    """Facts must fit their schema, documents of a format must be writable in it."""
    name, _, version = target_type.partition("@")
    if version and (name, int(version)) in schemas():
        return [f"{each.path}: {each.message}" for each in violations(name, int(version), value)]
    if target_type in formats():
        try:
            codec(target_type).encode(value, _ENVELOPE)
        except EncodeError as error:
            return [str(error)]
    return []
