"""Guides as files: what one is based on, and mistakes in them by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.codecs.edifact.guide import EDIFACT, load
from connectors.codecs.segmented import guide as guides
from connectors.codecs.segmented.guide import Guide, GuideError, Node, parse
from connectors.codecs.x12 import guide as x12


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Guides are read from an empty folder instead of the package's."""
    (tmp_path / "guides").mkdir()
    monkeypatch.setattr(guides.resources, "files", lambda _: tmp_path)
    return tmp_path / "guides"


def written(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


OLD = """
release: "1"
versions: ["1b"]
elements: {"1": AN 1/3, "2": ID 1/2}
codes: {"2": [A, B]}
segments: {AAA: [1 M, 2 O], BBB: [1 O]}
notes: {AAA: [P0102]}
"""


def test_a_dictionary_says_only_what_is_different(folder: Path) -> None:
    written(
        folder, x12_1=OLD, x12_2='release: "2"\nbased_on: x12_1\nelements: {"1": AN 1/9}\nnotes: {AAA: []}\n'
    )
    merged = guides.dictionary("x12_2")
    assert merged["release"] == "2"
    assert "versions" not in merged
    assert merged["elements"] == {"1": "AN 1/9", "2": "ID 1/2"}
    assert merged["segments"] == {"AAA": ["1 M", "2 O"], "BBB": ["1 O"]}
    assert merged["notes"] == {"AAA": []}


def test_a_structure_is_that_of_the_one_below_until_it_has_its_own(folder: Path) -> None:
    written(
        folder,
        x12_9_1="guide: x12/9-1\ntitle: T\nset: '9'\nversion: '1'\nversions: [x]\nfunctional: F\n"
        "dictionary: x12_1\nstructure: [AAA M 1]\n",
        x12_9_2="guide: x12/9-2\nbased_on: x12_9_1\nversion: '2'\ndictionary: x12_2\n",
        x12_9_3="guide: x12/9-3\nbased_on: x12_9_2\nversion: '3'\nstructure: [BBB M 1]\n",
    )
    second, third = guides.structure("x12_9_2"), guides.structure("x12_9_3")
    assert (second["title"], second["structure"], second["dictionary"]) == ("T", ["AAA M 1"], "x12_2")
    assert "versions" not in second
    assert (third["guide"], third["structure"], third["dictionary"]) == ("x12/9-3", ["BBB M 1"], "x12_2")


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"a": "based_on: b\n"}, "a: 'based_on' names 'b', and there is no b.yaml among the guides"),
        ({"a": "based_on: b\n", "b": "based_on: a\n"}, "a: 'based_on' goes in a circle: a -> b -> a"),
        ({"a": "based_on: [b]\n"}, r"a: 'based_on' must be a text, found \['b'\]"),
        ({"a": "element: {}\n"}, "a: expected based_on, codes, .*, found 'element'"),
        ({"a": "elements: [x]\n"}, "a: 'elements' must be a mapping, found list"),
        ({"a": "based_on: b\n", "b": "- x\n"}, "b.yaml: expected a mapping, found list"),
        ({}, "a guide names 'a', and there is no a.yaml among the guides"),
    ],
)
def test_a_mistake_in_a_dictionary_is_named(folder: Path, files: dict[str, str], sentence: str) -> None:
    written(folder, **files)
    with pytest.raises(GuideError, match=sentence):
        guides.dictionary("a")


def test_a_guide_is_called_as_its_file(folder: Path) -> None:
    guides.names.cache_clear()
    try:
        written(folder, edifact_xxx_d1="guide: edifact/xxx-d2\n")
        with pytest.raises(GuideError, match="'guide' must be 'edifact/xxx-d1', found 'edifact/xxx-d2'"):
            load("edifact/xxx-d1")
    finally:
        guides.names.cache_clear()


def test_a_segment_twice_in_one_loop_is_refused() -> None:
    data = {"guide": "g", "title": "t", "set": "X", "version": "1", "functional": "X"}
    with pytest.raises(GuideError, match="f, loop AAA: BBB is there twice"):
        parse(EDIFACT, {**data, "structure": [{"AAA M 1": ["BBB C 1", "CCC C 1", "BBB C 1"]}]}, {}, "f")


@pytest.mark.parametrize("use", ["1 M x", "1 M -1", "1"])
def test_how_often_an_element_may_be_there_is_a_number(use: str) -> None:
    dictionary = {"elements": {"1": "n..3"}, "segments": {"AAA": [use]}}
    with pytest.raises(GuideError, match=r"f, segment AAA: expected 'element M\|C' of a defined element"):
        parse(EDIFACT, {}, dictionary, "f")


def test_releases_differ_in_what_the_newer_one_says() -> None:
    old, new = x12.load("x12/180-004010"), x12.load("x12/180-005010")
    assert [ids(node) for node in old.structure] == [ids(node) for node in new.structure]
    assert (size(old), size(new)) == (30, 50)


def size(guide: Guide) -> int:
    """The longest reference."""
    return guide.segments["BGN"].elements[1].high


def ids(node: Node) -> object:
    return node.id, node.mandatory, node.most, [ids(child) for child in node.children]
