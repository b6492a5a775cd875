"""Reading a project's files, each on its own: a broken one is reported and never hides another."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from pydantic import BaseModel, Field

from hub.flows.declared import Catalog, by_fact
from hub.flows.durations import Duration
from hub.flows.models import DeliveryFlow, IntakeFlow, Name, Strict
from hub.flows.problems import Problem, at, build, of_table, of_yaml
from hub.flows.systems import System
from hub.mapping import yaml_strict
from hub.mapping.compile import CompiledMapping, compile_file
from hub.mapping.errors import InvalidMapping
from hub.mapping.hints import of_file
from hub.mapping.lookups import References
from hub.mapping.yaml_strict import Node, YamlError
from hub.policy.csvfile import TableError
from hub.policy.retry import Schedule
from hub.policy.tables import DecisionTable, load

CODES = "codes"
SYSTEM_FILE = "system.yaml"
RETRY_FILE = "policies/retry.yaml"

Model = TypeVar("Model", bound=BaseModel)

_REFERENCE = re.compile(r"^mapping:[ \t]*[\"']?([\w.@-]+)", re.MULTILINE)


class ScheduleFile(Strict):
    """One schedule as written."""

    doc: str = ""
    first: Duration
    factor: float = Field(ge=1, le=10)
    max: Duration
    jitter: float = Field(ge=0, lt=1)
    attempts: int = Field(ge=1, le=10_000)
    deadline: Duration


class RetryFile(Strict):
    """`policies/retry.yaml`."""

    schedules: Mapping[Name, ScheduleFile]


@dataclass(slots=True)
class Draft:
    """What could be read, what could not, and where everything that could was written.

    `nodes` holds the YAML of flows (by name) and systems (by `system:<name>`).
    `paths` holds the file of each mapping by reference. `broken` names the systems and mappings whose
    files have problems of their own, so that flows that use them are not blamed as well. `references` gives
    mappings the entries of cross references; see `hub.mapping.lookups`.
    """

    project_dir: Path
    references: References | None = None
    problems: list[Problem] = field(default_factory=list)
    nodes: dict[str, Node] = field(default_factory=dict)
    paths: dict[str, Path] = field(default_factory=dict)
    systems: dict[str, System] = field(default_factory=dict)
    intake: dict[str, IntakeFlow] = field(default_factory=dict)
    delivery: dict[str, DeliveryFlow] = field(default_factory=dict)
    mappings: dict[str, CompiledMapping] = field(default_factory=dict)
    tables: dict[str, DecisionTable] = field(default_factory=dict)
    retry: dict[str, Schedule] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)

    @property
    def catalog(self) -> Catalog:
        """The frozen value."""
        return Catalog(
            project_dir=self.project_dir,
            systems=MappingProxyType(self.systems),
            intake=MappingProxyType(self.intake),
            delivery=MappingProxyType(self.delivery),
            subscriptions=by_fact(self.delivery),
            mappings=MappingProxyType(self.mappings),
            tables=MappingProxyType(self.tables),
            retry=MappingProxyType(self.retry),
            files=MappingProxyType(self.files),
        )

    def relative(self, path: Path) -> str:
        """How a file is called in problems."""
        return path.relative_to(self.project_dir).as_posix()


def draft(project_dir: Path, references: References | None = None) -> Draft:
    """Read all files of a project; never raises for what they contain."""
    found = Draft(project_dir, references)
    for path in _files(project_dir / "mappings", "*/*.yaml"):
        if path.parent.name != CODES:
            _system(found, path) if path.name == SYSTEM_FILE else _mapping(found, path)
    for path in _files(project_dir / "policies", "*.csv"):
        _table(found, path)
    _schedules(found, project_dir / RETRY_FILE)
    for path in _files(project_dir / "dags" / "flows", "*.yaml"):
        _flow(found, path)
    return found


def one_system(project_dir: Path, name: str) -> System:
    """Read the file of one system, whatever is wrong with others.

    Raises:
        LookupError: There is no such system; the message lists those there are.
        ValueError: Its file cannot be read; the message has every problem with its place.
    """
    files = {path.parent.name: path for path in _files(project_dir / "mappings", f"*/{SYSTEM_FILE}")}
    if name not in files:
        raise LookupError(f"there is no system '{name}'; known: {', '.join(files) or 'none'}")
    found = Draft(project_dir)
    _system(found, files[name])
    if name not in found.systems:
        told = (f"{one.file}:{one.line}:{one.column}: {one.message}" for one in found.problems)
        raise ValueError("; ".join(told))
    return found.systems[name]


def _files(folder: Path, pattern: str) -> Iterator[Path]:
    yield from sorted(folder.glob(pattern))


def _yaml(found: Draft, path: Path) -> Node | None:
    try:
        node = yaml_strict.load(path, found.relative(path))
    except YamlError as error:
        found.problems.append(of_yaml(error))
        return None
    if not isinstance(node.value, dict):
        found.problems.append(at(node, message="expected a map of keys and values", code="invalid-yaml"))
        return None
    return node


def _built(found: Draft, model: type[Model], node: Node) -> Model | None:
    built = build(model, node)
    if isinstance(built, list):
        found.problems += built
        return None
    return built


def _system(found: Draft, path: Path) -> None:
    node = _yaml(found, path)
    system = _built(found, System, node) if node else None
    if node is None or system is None:
        found.broken.add(path.parent.name)
        return
    if system.system != path.parent.name:
        message = f"expected the folder's name {path.parent.name!r}, found {system.system!r}"
        found.problems.append(at(node, "system", message=message, code="wrong-name"))
    document = node.plain()
    found.nodes[f"system:{system.system}"] = node
    found.systems[system.system] = system.remember(document if isinstance(document, dict) else {})


def _mapping(found: Draft, path: Path) -> None:
    try:
        mapping = compile_file(path, found.project_dir / "mappings", found.relative(path), found.references)
    except InvalidMapping as error:
        found.problems += [
            replace(of_yaml(problem, "invalid-mapping"), hint=of_file(problem.message, path.parent))
            for problem in error.problems
        ]
        found.broken |= named(path)
        return
    if mapping.ref in found.mappings:
        other = found.relative(found.paths[mapping.ref])
        message = f"expected each mapping once, found {mapping.ref} also in {other}"
        found.problems.append(Problem(found.relative(path), 1, 1, message, "duplicate-mapping"))
        return
    found.mappings[mapping.ref] = mapping
    found.paths[mapping.ref] = path


def named(path: Path) -> set[str]:
    """The reference that a mapping which cannot be compiled goes by, as well as it can be known.

    Where the file is no YAML, the line that says it is still there; else the file's own name does.
    """
    try:
        fields = yaml_strict.load(path).fields()
        return {fields["mapping"].text()}
    except (YamlError, KeyError):
        written = _REFERENCE.search(_text(path))
        return {written[1] if written else f"{path.parent.name}.{path.stem}@1"}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _table(found: Draft, path: Path) -> None:
    try:
        table = load(path)
    except TableError as error:
        found.problems += of_table(error, found.relative(path))
        return
    except OSError as error:
        found.problems.append(
            Problem(found.relative(path), 1, 1, f"cannot be read: {error.strerror}", "invalid-table")
        )
        return
    found.tables[table.name] = table


def _schedules(found: Draft, path: Path) -> None:
    node = _yaml(found, path)
    written = _built(found, RetryFile, node) if node else None
    for name, schedule in (written.schedules if written else {}).items():
        found.retry[name] = Schedule(name=name, **schedule.model_dump(exclude={"doc"}))


def _flow(found: Draft, path: Path) -> None:
    node = _yaml(found, path)
    if node is None or not isinstance(node.value, dict):
        return
    if ("read" in node.value) == ("fact" in node.value):
        message = "expected either 'read' (an intake flow) or 'fact' (a delivery flow), found " + (
            "both" if "read" in node.value else "neither"
        )
        found.problems.append(at(node, message=message, code="invalid-flow"))
        return
    model: type[IntakeFlow | DeliveryFlow] = IntakeFlow if "read" in node.value else DeliveryFlow
    flow = _built(found, model, node)
    if flow is None:
        return
    if flow.flow != path.stem:
        found.problems.append(
            at(
                node,
                "flow",
                message=f"expected the file's name {path.stem!r}, found {flow.flow!r}",
                code="wrong-name",
            )
        )
    found.nodes[flow.flow] = node
    found.files[flow.flow] = path
    if isinstance(flow, IntakeFlow):
        found.intake[flow.flow] = flow
    else:
        found.delivery[flow.flow] = flow
