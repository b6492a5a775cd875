"""The mapping files of a project, by whatever name people call them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from hub.flows.draft import CODES, SYSTEM_FILE
from hub.flows.forms import nearest
from hub.mapping import yaml_strict
from hub.mapping.compile import CompiledMapping, compile_file
from hub.mapping.errors import InvalidMapping
from hub.mapping.hints import hinted
from hub.mapping.yaml_strict import YamlError


def mapping_files(project_dir: Path) -> list[Path]:
    """All mapping files of a project, by path."""
    found = sorted((project_dir / "mappings").glob("*/*.yaml"))
    return [path for path in found if path.parent.name != CODES and path.name != SYSTEM_FILE]


def chosen(project_dir: Path, names: Iterable[str]) -> list[Path]:
    """The mapping files that are meant; all of them without names.

    Args:
        project_dir: Folder with `mappings/`.
        names: Each a file, a folder, a reference with or without version (`acme.return_notice`), or the
            name of a folder under `mappings/`.

    Raises:
        LookupError: A name means no mapping; the message lists those there are.
    """
    files = mapping_files(project_dir)
    wanted = list(names)
    if not wanted:
        return files
    found: dict[Path, None] = {}
    for name in wanted:
        found.update(dict.fromkeys(_called(name, files)))
    return list(found)


def one(project_dir: Path, name: str) -> Path:
    """The one mapping file that a file's path or a mapping's name means; a path stays as it is written.

    Raises:
        LookupError: It means none, or several; the message lists them.
    """
    if Path(name).is_file():
        return Path(name)
    found = chosen(project_dir, [name])
    if len(found) != 1:
        listed = ", ".join(shown(project_dir, file) for file in found)
        raise LookupError(f"expected one mapping, found {len(found)} called '{name}': {listed}")
    return found[0]


def compile_in(project_dir: Path, path: Path) -> CompiledMapping:
    """Compile a mapping file with the code tables of a project; errors call it as people would.

    Raises:
        hub.mapping.errors.InvalidMapping: With every problem of the file.
    """
    try:
        return compile_file(path, project_dir / "mappings", shown(project_dir, path))
    except InvalidMapping as error:
        raise hinted(error, path.resolve().parent) from None


def shown(project_dir: Path, path: Path) -> str:
    """A path relative to the project, when it is inside."""
    path = path.resolve()
    return path.relative_to(project_dir).as_posix() if path.is_relative_to(project_dir) else str(path)


def reference_of(path: Path) -> str:
    """What a file says it is called (`acme.return_notice@1`), empty when it cannot be read that far."""
    try:
        return yaml_strict.load(path).fields()["mapping"].text()
    except (YamlError, KeyError):
        return ""


def _called(name: str, files: list[Path]) -> list[Path]:
    path = Path(name)
    if path.is_file():
        return [path.resolve()]
    inside = [file for file in files if file.is_relative_to(path.resolve())] if path.is_dir() else []
    references = {file: reference_of(file) for file in files}
    # a folder of another kind (a partner's own files) can have a system's name
    found = inside or [
        file
        for file, reference in references.items()
        if name in (reference, reference.partition("@")[0], file.parent.name)
    ]
    if not found:
        empty = f"{name}, a folder without mappings" if path.is_dir() else f"'{name}'"
        raise LookupError(f"expected a mapping's file or name, found {empty}; {_meant(path, references)}")
    return found


def _meant(path: Path, references: Mapping[Path, str]) -> str:
    """The one name that was probably meant, or all there are."""
    known = sorted(filter(None, references.values()))
    systems = {file.parent.name for file in references}
    wanted = f"{path.parent.name}.{path.stem}" if path.suffix == ".yaml" else path.name
    near = nearest(wanted, [*systems, *(ref.partition("@")[0] for ref in known)])
    return f"did you mean {near}?" if near else f"known: {', '.join(known)}"
