"""What a mapping is said to read is what the interpreter reads, and how strictly it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.flows.samples import sample_trees
from hub.mapping.compile import CompiledMapping, compile_file
from hub.mapping.interpret import Interpreter
from hub.mapping.reads import Read, reads
from hub.settings import PROJECT_DIR

MAPPING = """
mapping: shop.note@1
from: json/shop.notes
to: json/erp.notes
key: head.no
match:
  - {type: reference.order, value: order | optional}
lookups: {reason: "codes/reason.csv[shop -> canonical]"}
map:
  label: "no | concat('-', head.site, ' ')"
  ext: extra | copy | optional
  parts:
    each: groups | optional as group
    map:
      lines:
        each: group.lines, group.old as line
        where: [line.state!=void, group.open]
        map:
          sku: "line[kind=goods].sku"
          reason: line.reason | trim | upper | lookup(reason)
          other: line.other, line.more | default(X) | lookup(reason, unknown)
          words: "line.words | split(' ') | lookup(reason)"
          no: position
"""


@pytest.fixture
def found(tmp_path: Path) -> list[Read]:
    (tmp_path / "codes").mkdir()
    (tmp_path / "codes" / "reason.csv").write_text("canonical,shop\ndamaged,BROKEN\n", encoding="utf-8")
    (tmp_path / "note.yaml").write_text(MAPPING, encoding="utf-8")
    return list(reads(compile_file(tmp_path / "note.yaml", tmp_path).plan))


def test_paths_selectors_conditions_operands_key_and_match_are_read(found: list[Read]) -> None:
    assert {(".".join(read.way), read.target) for read in found} == {
        ("head.no", "key"),
        ("order", "match.reference.order"),
        ("no", "label"),
        ("head.site", "label"),
        ("extra", "ext"),
        ("groups", "parts[]"),
        ("groups.lines", "parts[].lines[]"),
        ("groups.old", "parts[].lines[]"),
        ("groups.open", "parts[].lines[]"),
        *((f"groups.{name}.state", "parts[].lines[]") for name in ("lines", "old")),
        *(
            (f"groups.{name}.{part}", "parts[].lines[].sku")
            for name in ("lines", "old")
            for part in ("sku", "kind")
        ),
        *((f"groups.{name}.reason", "parts[].lines[].reason") for name in ("lines", "old")),
        *(
            (f"groups.{name}.{part}", "parts[].lines[].other")
            for name in ("lines", "old")
            for part in ("other", "more")
        ),
        *((f"groups.{name}.words", "parts[].lines[].words") for name in ("lines", "old")),
    }


def test_optional_defaults_and_other_paths_are_tolerant_and_copies_take_everything_below(
    found: list[Read],
) -> None:
    by_target = {read.target: read for read in found}
    assert not by_target["key"].tolerant
    assert by_target["match.reference.order"].tolerant
    assert by_target["parts[].lines[].other"].tolerant
    assert by_target["ext"].tolerant
    assert by_target["ext"].touches(("extra", "deep", "down"))
    assert by_target["key"].touches(("head",))
    assert not by_target["key"].touches(("head", "no", "deeper"))


def test_code_tables_are_asked_after_the_functions_before_them(found: list[Read]) -> None:
    by_target = {read.target: read for read in found}
    reason, other, words = (by_target[f"parts[].lines[].{name}"] for name in ("reason", "other", "words"))
    assert reason.knows is not None
    assert [reason.knows(code) for code in (" broken ", "BROKEN", "ODOUR", "")] == [True, True, False, True]
    assert (reason.spare, other.spare) == (False, True)
    assert words.knows is not None
    assert [words.knows(text) for text in ("BROKEN BROKEN", "BROKEN ODOUR")] == [True, False]
    assert by_target["key"].knows is None


FILES = sorted(
    path
    for path in (PROJECT_DIR / "mappings").glob("*/*.yaml")
    if path.name != "system.yaml" and path.parent.name != "codes"
)


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_the_interpreter_reads_nothing_else_in_the_samples_of_the_project(file: Path) -> None:
    mapping = _compiled(file)
    said = reads(mapping.plan)
    for _, tree in sample_trees(mapping, file):
        interpreter = Interpreter(mapping.plan, tree)
        interpreter.run()
        for way in interpreter.reads:
            names = tuple(part for part in way if isinstance(part, str))
            assert any(read.touches(names) for read in said), names


def _compiled(file: Path) -> CompiledMapping:
    return compile_file(file, PROJECT_DIR / "mappings", f"mappings/{file.parent.name}/{file.name}")
