"""A version of a mapping: the one in the project, another file, or the one of a git revision."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hub.authoring.library import one, shown
from hub.mapping.compile import CompiledMapping, compile_file
from hub.mapping.document import read_document
from hub.mapping.lookups import XREF, References

_NOT_THERE = ("exists on disk, but not in", "does not exist in")


@dataclass(frozen=True, slots=True)
class Version:
    """A compiled mapping and what people call it."""

    name: str
    mapping: CompiledMapping


def in_project(project: Path, name: str, references: References) -> tuple[Path, Version]:
    """The mapping that a file or name means, with its file.

    Raises:
        LookupError: It means none, or several.
        InvalidMapping: The file cannot be compiled.
    """
    file = one(project, name).resolve()
    return file, Version(shown(project, file), _compiled(project / "mappings", file, references))


def against(project: Path, file: Path, name: str, references: References) -> Version:
    """What a mapping file is compared with: another file, another mapping, or itself at a git revision.

    Raises:
        LookupError: The name means none of these.
        InvalidMapping: That version cannot be compiled.
    """
    if Path(name).is_file():
        return in_project(project, name, references)[1]
    try:
        return in_project(project, name, references)[1]
    except LookupError:
        return at_revision(project, file, name, references)


def at_revision(project: Path, file: Path, revision: str, references: References) -> Version:
    """A mapping as a git revision has it, with that revision's code tables; cross references are today's.

    Raises:
        LookupError: There is no such revision, or it has no such file.
        InvalidMapping: That version cannot be compiled.
    """
    path = shown(project, file)
    with tempfile.TemporaryDirectory(prefix="returns-hub-") as folder:
        root = Path(folder)
        copy = root / file.parent.name / file.name
        _write(copy, _git(project, revision, path))
        for spec in read_document(copy, path).lookups:
            table = f"{spec.file}.csv" if spec.file.startswith(XREF) else spec.file
            _write(root / table, _git(project, revision, f"mappings/{table}"))
        mapping = compile_file(copy, root, f"{revision}:{path}", references)
    return Version(f"{revision}:{path}", mapping)


def _compiled(root: Path, file: Path, references: References) -> CompiledMapping:
    return compile_file(file, root, str(file), references)


def _write(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)


def _git(project: Path, revision: str, path: str) -> bytes:
    if revision.startswith("-"):
        raise LookupError(f"expected a file, a mapping or a git revision, found '{revision}'")
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program; the revision cannot be an option
            ["git", "-C", str(project), "show", f"{revision}:./{path}"],  # noqa: S607 - the user's own git
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        raise LookupError(f"'{revision}' is no file and no mapping, and there is no git to ask") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().removeprefix("fatal: ")
        if any(words in said for words in _NOT_THERE):
            raise LookupError(
                f"{path} does not stand in git revision '{revision}': commit it first, "
                "or say --against with a file, a mapping or a revision to compare it with"
            )
        raise LookupError(f"expected a file, a mapping or a git revision, found '{revision}': {said}")
    return done.stdout
