"""Every sample of a mapping against its expected document, and what the samples leave untried."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hub.authoring.fields import filled, rules, source_fields
from hub.authoring.jsontext import pretty
from hub.authoring.library import compile_in, reference_of, shown
from hub.flows.samples import SampleRun, expected_file, run_sample
from hub.mapping.compile import CompiledMapping
from hub.mapping.coverage import unused
from hub.mapping.errors import InvalidMapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What testing one mapping file found.

    Attributes:
        ref: The mapping, or its file when it cannot be read that far.
        file: The file, relative to the project.
        problems: Why the file cannot be run at all, empty when it can.
        runs: One per sample.
        fields: Target fields that the mapping fills, lists counted as one (`lines[].uom`).
        idle: Those of them that no sample filled.
        source: Source fields that stand in the samples.
        unused: Those of them that the mapping never read.
    """

    ref: str
    file: str
    problems: tuple[str, ...] = ()
    runs: tuple[SampleRun, ...] = ()
    fields: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the file can be run, has samples, and all of them became what is expected."""
        return not self.problems and bool(self.runs) and all(run.passed for run in self.runs)


@dataclass(frozen=True, slots=True)
class Rewrite:
    """An expected document to be written.

    Attributes:
        file: Where.
        before: Its text now, empty when there is none.
        after: Its text to be.
    """

    file: Path
    before: str
    after: str


def examined(project_dir: Path, path: Path) -> Report:
    """Run all samples of one mapping file; never raises for what the files hold."""
    file = shown(project_dir, path)
    try:
        mapping = compile_in(project_dir, path)
    except InvalidMapping as error:
        return Report(ref=reference_of(path) or file, file=file, problems=tuple(map(str, error.problems)))
    if not mapping.samples:
        return Report(
            ref=mapping.ref,
            file=file,
            problems=(f"{file}: expected at least one sample (samples: [name]), found none",),
        )
    runs = tuple(run_sample(mapping, path, name) for name in mapping.samples)
    fields, idle = _exercised(mapping, runs)
    source, unused = _read(mapping, runs)
    return Report(
        ref=mapping.ref, file=file, runs=runs, fields=fields, idle=idle, source=source, unused=unused
    )


def rewrites(path: Path, report: Report) -> list[Rewrite]:
    """The expected documents that are other than what the mapping makes; none where it has errors."""
    found = []
    for run in report.runs:
        if run.errors or run.passed:
            continue
        file = expected_file(path, run.name)
        before = file.read_text(encoding="utf-8") if file.is_file() else ""
        found.append(Rewrite(file, before, pretty(run.actual)))
    return found


def _exercised(
    mapping: CompiledMapping, runs: tuple[SampleRun, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    tried = {rule for run in runs for tree in run.trees for rule in filled(mapping.explain(tree))}
    wanted = dict.fromkeys(rules(mapping.plan.document.target))
    return tuple(path for path, _ in wanted), tuple(rule[0] for rule in wanted if rule not in tried)


def _read(mapping: CompiledMapping, runs: tuple[SampleRun, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    known: dict[str, None] = {}
    used: set[str] = set()
    for tree in (tree for run in runs for tree in run.trees):
        here = dict.fromkeys(source_fields(tree))
        known.update(here)
        used |= here.keys() - {one.path for one in unused(mapping, tree)}
    return tuple(known), tuple(path for path in known if path not in used)
