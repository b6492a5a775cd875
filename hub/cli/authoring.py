"""Commands for people who write mappings and flows: map, functions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.output import AsJson, Failed, console, emit, failures, table
from hub.settings import from_environment


def map_file(
    file: Annotated[Path, typer.Argument(help="A mapping file.", exists=True, dir_okay=False)],
    sample: Annotated[
        str, typer.Option("--sample", "-s", help="A sample's name, or the path of a document.")
    ] = "",
    json: AsJson = False,
) -> None:
    """Show what a mapping makes of a sample: the result and, per field, path, value found and each step."""
    from hub.mapping.compile import compile_file  # start-up time of --help
    from hub.mapping.coverage import coverage  # same
    from hub.mapping.samples import jsonable, read_sample  # same

    with failures(as_json=json):
        compiled = compile_file(file, from_environment().project_dir / "mappings")
        source = _sample(file, sample or next(iter(compiled.samples), ""))
        results = []
        for tree in read_sample(source, compiled.source_type, _decode):
            mapped = compiled.apply(tree)
            results.append(
                {
                    "key": compiled.key(tree) if compiled.has_key else None,
                    "value": jsonable(mapped.value),
                    "errors": [str(error) for error in mapped.errors],
                    "fields": compiled.explain(tree),
                    "unused": [f"{one.path} (e.g. {one.example})" for one in coverage(compiled, tree).unused],
                }
            )
        emit(
            {"mapping": compiled.ref, "digest": compiled.digest, "documents": [_plain(r) for r in results]},
            as_json=json,
            people=lambda: _show_mapped(compiled.ref, source, results),
        )
        if any(result["errors"] for result in results):
            raise Failed


def _sample(file: Path, name: str) -> Path:
    if not name:
        raise LookupError(f"{file} names no samples: say which document to map with --sample")
    if Path(name).is_file():
        return Path(name)
    folder = file.parent / "samples"
    found = [path for path in sorted(folder.glob(f"{name}.*")) if not path.name.endswith(".expected.json")]
    if len(found) != 1:
        known = ", ".join(sorted({path.name.split(".")[0] for path in folder.glob("*")})) or "none"
        raise LookupError(f"expected one sample {folder}/{name}.*, found {len(found)}; there are: {known}")
    return found[0]


def _decode(source_type: str, body: bytes) -> Sequence[Any]:
    from connectors.codecs.registry import codec  # start-up time of --help

    trees = []
    for record in codec(source_type).decode(body).records:
        if record.tree is None:
            raise ValueError("; ".join(f"{finding.place}: {finding.message}" for finding in record.findings))
        trees.append(record.tree)
    return trees


def _plain(result: dict[str, Any]) -> dict[str, Any]:
    fields = [
        {
            "target": one.target_path,
            "expression": one.expression,
            "source": one.source_path,
            "position": one.position,
            "found": one.found,
            "steps": [{"call": step.call, "value": step.value} for step in one.steps],
            "value": one.value,
        }
        for one in result["fields"]
    ]
    return {**result, "fields": fields}


def _show_mapped(ref: str, source: Path, results: Sequence[dict[str, Any]]) -> None:
    console.print(f"[bold]{ref}[/bold] on {source}: {len(results)} documents\n")
    for result in results:
        lines = [
            (one.target_path, one.source_path or "constant", one.found, _steps(one.steps), one.value)
            for one in result["fields"]
        ]
        table(
            f"key {result['key']}" if result["key"] else "fields",
            ("field", "path", "found", "steps", "value"),
            lines,
        )
        console.print_json(data=result["value"], default=str)
        for error in result["errors"]:
            console.print(f"[red]error[/red] {error}", soft_wrap=True)
        if result["unused"]:
            console.print(f"[yellow]not used[/yellow] {', '.join(result['unused'])}\n", soft_wrap=True)


def _steps(steps: Sequence[Any]) -> str:
    return " → ".join(f"{step.call} {step.value!s}" for step in steps)


def functions(json: AsJson = False) -> None:
    """List the functions that a mapping can use."""
    from hub.mapping.functions import FUNCTIONS  # start-up time of --help

    listed = [
        {"name": f.name, "group": f.group, "parameters": [p.name for p in f.params], "doc": f.doc}
        for f in FUNCTIONS.values()
    ]
    lines = [(f["group"], f"{f['name']}({', '.join(f['parameters'])})", f["doc"]) for f in listed]
    emit(
        listed, as_json=json, people=lambda: table("Functions", ("group", "function", "what it does"), lines)
    )
