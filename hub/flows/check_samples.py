"""Do the samples become what they must, and do their codes stand in the code tables?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hub.flows.draft import Draft
from hub.flows.problems import Code, Problem
from hub.flows.samples import SampleRun, run_sample
from hub.mapping.compile import CompiledMapping
from hub.mapping.errors import FieldError
from hub.mapping.hints import hints
from hub.mapping.nodes import Group, Leaf, Listing, Repeat, Target

_INDEX = re.compile(r"\[\d+\]")
_HOLE = " is not in lookup "
_DEFAULT = ", or give a default: lookup(table, default)"


def check_samples(found: Draft) -> Iterator[Problem]:
    """Yield what is wrong with samples: errors of a field where it is written, the rest at the top."""
    for ref, mapping in found.mappings.items():
        path = found.paths[ref]
        file = found.relative(path)
        if not mapping.samples:
            message = "expected at least one sample (samples: [name]), found none"
            yield Problem(file, 1, 1, message, "no-sample")
        for name in mapping.samples:
            yield from _run(mapping, file, run_sample(mapping, path, name))


def _run(mapping: CompiledMapping, file: str, run: SampleRun) -> Iterator[Problem]:
    fields = [error for tree in run.trees for error in mapping.apply(tree).errors]
    told = {str(error): error for error in fields}
    for problem in run.problems:
        message = f"sample {run.name}: {problem}"
        error = told.get(problem)
        leaf = _leaf(mapping, error) if error else None
        code: Code = "lookup-hole" if error and _HOLE in error.message else "sample-fails"
        hint = "; ".join(hints([(error.message, error.expression)])) if error else ""
        if leaf is None:
            yield Problem(file, 1, 1, message, code)
        else:
            line, column = leaf.node.line, leaf.node.column
            yield Problem(
                file, line, column, message, code, hint=f"{hint}{_DEFAULT}" if code == "lookup-hole" else hint
            )


def _leaf(mapping: CompiledMapping, error: FieldError) -> Leaf | None:
    """The expression that an error is about."""
    wanted = _INDEX.sub("", error.target_path)
    leaves = [leaf for leaf in _leaves(mapping.plan.document.target, "") if leaf[0] == wanted]
    return next((leaf for _, leaf in leaves if leaf.expression.text == error.expression), None)


def _leaves(target: Target, path: str) -> Iterator[tuple[str, Leaf]]:
    if isinstance(target, Leaf):
        yield path, target
    elif isinstance(target, Group):
        for name, child in target.fields:
            yield from _leaves(child, f"{path}.{name}" if path else name)
    elif isinstance(target, Repeat):
        yield path, target.source
        yield from _leaves(target.body, path)
    elif isinstance(target, Listing):
        for item in target.items:
            yield from _leaves(item, path)
