"""New files of a project: planned as a whole, written only where nothing stands."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.registry import capabilities
from hub.authoring import starters
from hub.authoring.codes import Column, add_column, known_codes, place
from hub.authoring.jsontext import pretty
from hub.authoring.payload import Payload, recognise
from hub.authoring.scaffold import Draft, Order, begin
from hub.flows.draft import CODES, SYSTEM_FILE
from hub.mapping import yaml_strict
from hub.mapping.functions.formats import zone as zone_named

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_REF = re.compile(r"([a-z][a-z0-9_]*)\.([a-z][a-z0-9_]*)(?:@([1-9][0-9]*))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What was written.

    Attributes:
        files: New files.
        draft: What a person must decide, for a mapping.
        columns: What became of the partner's codes, by code table.
        payload: The sample, where there was one.
        system: Whose codes they are.
    """

    files: tuple[Path, ...]
    draft: Draft | None = None
    columns: Mapping[str, Column] | None = None
    payload: Payload | None = None
    system: str = ""


def new_system(project: Path, name: str, connector: str, resource: str, sample: Path | None) -> Begun:
    """Begin `mappings/<name>/system.yaml`; a sample tells the format of what is read.

    Raises:
        LookupError: There is no such connector.
        FileExistsError: The system is there.
        ValueError: The name is none, or the sample cannot be read.
    """
    _named(name, "a system")
    payload = recognise(sample) if sample else None
    form = payload.format if payload else "json"
    if form == "json" and (connector == "rest" or (payload and "items" in payload.options)):
        form = "json/items"
    text = starters.system(name, connector, resource, form, payload.options if payload else {})
    tree: Any = yaml_strict.loads(text).plain()
    capabilities(tree)  # what is begun must be what the connector takes
    file = project / "mappings" / name / SYSTEM_FILE
    _write({file: text.encode()})
    return Begun(files=(file,), payload=payload)


def guesses(begun: Begun) -> list[str]:
    """What was guessed from a sample and must be checked, in words."""
    columns = begun.payload.options.get("group_by") if begun.payload else None
    if not columns:
        return []
    return [f"check group_by, a guess: all rows of a file with the same {columns[0]} become one return"]


def new_mapping(
    project: Path, name: str, sample: Path, target_type: str, *, system: str, resource: str, zone: str
) -> Begun:
    """Begin a mapping from a sample, beside a copy of it, with the partner's columns in the code tables.

    Raises:
        LookupError: The target has no schema, or the system no such resource.
        FileExistsError: The mapping or a sample of that name is there.
        ValueError: The name is none, or the sample cannot be read.
    """
    found = _REF.fullmatch(name)
    if not found:
        raise ValueError(f"expected a name such as nordwind.return_request, found '{name}'")
    system = system or found.group(1)
    _named(system, "a system")
    resource, options = _resource(project, system, resource)
    payload = recognise(sample, options)
    if options is None and payload.plain and set(payload.options) - {"items"}:
        raise LookupError(
            f"{sample} needs options ({_shown(payload.options)}) which stand in system.yaml: first run "
            f"`returns-hub new system {system} --connector files --from-sample {sample}`"
        )
    zone_named(zone)
    slug = re.sub(r"[^A-Za-z0-9_-]+", "_", sample.stem)
    order = Order(
        ref=f"{found.group(1)}.{found.group(2)}@{found.group(3) or 1}",
        system=system,
        source_type=f"{payload.format}/{system}.{resource}" if payload.plain else payload.format,
        target_type=target_type,
        sample=slug,
        zone=zone,
        tables=frozenset(path.stem for path in (project / "mappings" / CODES).glob("*.csv")),
        units=known_codes(_table(project, "unit")),
    )
    draft = begin(order, payload.trees)
    folder = project / "mappings" / system
    copy = folder / "samples" / f"{slug}{sample.suffix}"
    body = sample.read_bytes() if "items" not in payload.options else pretty(payload.trees[0]).encode()
    columns = _columns(project, system, draft)
    mapping = folder / f"{found.group(2)}.yaml"
    new = {mapping: draft.text.encode()}
    if not copy.is_file() or copy.read_bytes() != body:
        new[copy] = body
    _write(new)
    for table, column in columns.items():
        if column.text is not None:
            _table(project, table).write_text(column.text, encoding="utf-8")
    return Begun(files=tuple(new), draft=draft, columns=columns, payload=payload, system=system)


def new_flow(project: Path, name: str, system: str, resource: str, mapping: str, entity: str) -> Begun:
    """Begin an intake flow.

    Raises:
        FileExistsError: The flow is there.
        ValueError: A name is none.
    """
    _named(name, "a flow")
    _named(system, "a system")
    found = _REF.fullmatch(mapping)
    if not found:
        raise ValueError(f"expected a mapping such as nordwind.return_request@1, found '{mapping}'")
    ref = mapping if found.group(3) else f"{mapping}@1"
    file = project / "dags" / "flows" / f"{name}.yaml"
    _write({file: starters.flow(name, system, resource, ref, entity).encode()})
    return Begun(files=(file,))


def new_codes(project: Path, table: str, system: str, pairs: Sequence[str]) -> Path:
    """Write a partner's codes beside their meanings; returns the table.

    Args:
        project: Folder with `mappings/`.
        table: `return_reason`.
        system: Whose codes these are.
        pairs: `CODE=meaning`.

    Raises:
        LookupError: There is no such table or meaning.
        ValueError: A pair is none, or a code has another meaning already.
    """
    _named(system, "a system")
    file = _table(project, table)
    if not file.is_file():
        known = ", ".join(sorted(path.stem for path in file.parent.glob("*.csv"))) or "none"
        raise LookupError(f"expected a code table ({known}), found '{table}'")
    meanings = {}
    for pair in pairs:
        code, equals, meaning = pair.rpartition("=")
        if not (code and equals and meaning):
            raise ValueError(f"expected CODE=meaning, found '{pair}'")
        meanings[code] = meaning
    file.write_text(place(file, system, meanings), encoding="utf-8")
    return file


def _resource(project: Path, system: str, resource: str) -> tuple[str, Mapping[str, Any] | None]:
    """The resource that is meant, with its options; None for options where no system.yaml is."""
    file = project / "mappings" / system / SYSTEM_FILE
    if not file.is_file():
        return resource or "returns", None
    tree: Any = yaml_strict.load(file).plain()
    resources = tree.get("resources") or {}
    if not resource and len(resources) == 1:
        resource = next(iter(resources))
    if resource not in resources:
        known = ", ".join(resources) or "none"
        raise LookupError(f"expected a resource of {system} ({known}), found '{resource}': say --resource")
    own = resources[resource]
    options = dict(own.get("options") or {})
    return resource, options if options or not str(own.get("format", "")).startswith("json") else None


def _columns(project: Path, system: str, draft: Draft) -> dict[str, Column]:
    return {table: add_column(_table(project, table), system, codes) for table, codes in draft.codes.items()}


def _table(project: Path, name: str) -> Path:
    return project / "mappings" / CODES / f"{name}.csv"


def _named(name: str, what: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(f"expected {what}'s name of small letters, digits and _, found '{name}'")


def _shown(options: Mapping[str, Any]) -> str:
    texts = {
        name: ", ".join(value) if isinstance(value, list) else f"'{value}'" for name, value in options.items()
    }
    return "; ".join(f"{name} {value}" for name, value in texts.items())


def _write(files: Mapping[Path, bytes]) -> None:
    standing = [str(path) for path in files if path.exists()]
    if standing:
        raise FileExistsError(f"nothing is overwritten, and there is {', '.join(standing)} already")
    for path, body in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
