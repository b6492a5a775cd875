"""Are code tables whole: our words, each once, with a code, and every column there for somebody?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from canonical.vocabulary import (
    Condition,
    Disposition,
    InventoryStatus,
    Reason,
    ResponseReason,
    ShipmentStatus,
)
from hub.flows.draft import CODES, Draft
from hub.flows.forms import choices, nearest
from hub.flows.problems import Code, Problem, of_yaml
from hub.mapping.lookups import CANONICAL, CodeTable, read_table
from hub.mapping.yaml_strict import YamlError

VOCABULARIES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "return_reason": frozenset(map(str, Reason)),
        "response_reason": frozenset(map(str, ResponseReason)),
        "disposition": frozenset(map(str, Disposition)),
        "condition": frozenset(map(str, Condition)),
        "goods_movement": frozenset(map(str, InventoryStatus)),
        "carrier_status": frozenset(map(str, ShipmentStatus)),
    }
)
"""Tables whose `canonical` column holds our own words."""

_UNIT = re.compile(r"[A-Z0-9]{2,3}")
_FREE = frozenset({"title", "doc"})


def check_codes(found: Draft) -> Iterator[Problem]:
    """Yield unknown, blank and repeated codes, and columns that nobody uses or describes."""
    used = _used(found)
    # a mapping that cannot be read may use any column
    whole = not any(problem.code == "invalid-mapping" for problem in found.problems)
    for path in sorted((found.project_dir / "mappings" / CODES).rglob("*.csv")):
        file = found.relative(path)
        try:
            table = read_table(path, file)
        except YamlError as error:
            yield of_yaml(error, "invalid-code-table")
            continue
        name = path.relative_to(found.project_dir / "mappings").as_posix()
        columns = used.get(name, frozenset())
        known = columns | _described(path)
        yield from _Table(file, path.stem, table).problems(
            known if whole else frozenset(table.columns) - _FREE
        )


def _used(found: Draft) -> dict[str, frozenset[str]]:
    """The columns that lookups name, by table."""
    used: dict[str, frozenset[str]] = {}
    for mapping in found.mappings.values():
        for spec in mapping.plan.document.lookups:
            columns = {spec.column, *([spec.target] if spec.target else [])}
            used[spec.file] = used.get(spec.file, frozenset()) | columns
    return used


def _described(path: Path) -> frozenset[str]:
    """The columns that a remark explains (`# x12: data element 355`): they are there on purpose."""
    remarks = [line for line in path.read_text("utf-8-sig").splitlines() if line.startswith("#")]
    names = re.findall(r"(?:^#|[.,;])\s*((?:\w+, )*\w+):", "\n".join(remarks), re.MULTILINE)
    return frozenset(name for group in names for name in group.split(", "))


@dataclass(frozen=True, slots=True)
class _Table:
    """The checks of one table."""

    file: str
    stem: str
    table: CodeTable

    def problems(self, kept: frozenset[str]) -> Iterator[Problem]:
        yield from self._canonical()
        for name in self.table.columns:
            if name in kept or name == CANONICAL:
                yield from self._repeated(name)
            elif name not in _FREE:
                message = f"no mapping uses column {name}, and no remark describes it"
                hint = f"remove it, or say what it is: # {name}: …"
                yield self._problem(1, name, message, "unused-column", hint, warning=True)

    def _canonical(self) -> Iterator[Problem]:
        words = VOCABULARIES.get(self.stem)
        for line, row in self.table.rows:
            word = row[CANONICAL].strip()
            if not word:
                message = "expected a canonical name, found none"
                yield self._problem(line, CANONICAL, message, "blank-canonical")
            elif words is not None and word not in words:
                message = f"expected {choices(words)}, found {word!r}"
                near = nearest(word, words)
                hint = f"did you mean {near!r}?" if near else ""
                yield self._problem(line, CANONICAL, message, "unknown-canonical", hint)
            elif self.stem == "unit" and not _UNIT.fullmatch(word):
                message = f"expected a UN/ECE Recommendation 20 unit such as EA, found {word!r}"
                yield self._problem(line, CANONICAL, message, "unknown-canonical")

    def _repeated(self, column: str) -> Iterator[Problem]:
        """Codes that mean two rows; `>X` is only sent, so it may stand in many."""
        first: dict[str, int] = {}
        for line, row in self.table.rows:
            for code in row[column].replace("|", " ").split():
                understood = code.lstrip("<")
                if code.startswith(">"):
                    continue
                if understood in first:
                    message = f"{understood!r} is already on line {first[understood]}"
                    hint = f"write >{understood} in the row where it is only sent"
                    yield self._problem(
                        line, column, message, "repeated-code", "" if column == CANONICAL else hint
                    )
                first.setdefault(understood, line)

    def _problem(
        self, line: int, column: str, message: str, code: Code, hint: str = "", *, warning: bool = False
    ) -> Problem:
        at = self.table.columns.index(column) + 1
        return Problem(
            self.file,
            line,
            at,
            f"{column}: {message}",
            code,
            "warning" if warning else "error",
            hint,
        )
