from __future__ import annotations

from pathlib import Path

import pytest

from hub.mapping.yaml_strict import MAX_BYTES, MAX_NODES, YamlError, load, loads


def refusal(text: str) -> str:
    with pytest.raises(YamlError) as caught:
        loads(text, "f.yaml")
    return str(caught.value)


def test_every_scalar_stays_the_text_that_was_written() -> None:
    text = "{a: NO, b: 03, c: 12:30, d: on, e: 1.50, f: null, g: ~, h: 2026-11-01, i: = acme, j: '', k: 0x1F}"
    assert loads(text).plain() == {
        "a": "NO",
        "b": "03",
        "c": "12:30",
        "d": "on",
        "e": "1.50",
        "f": "null",
        "g": "~",
        "h": "2026-11-01",
        "i": "= acme",
        "j": "",
        "k": "0x1F",
    }


def test_nodes_know_line_and_column_of_values_and_keys() -> None:
    root = loads("a: 1\nb:\n  - x\n  - {c: y}\n")
    assert isinstance(root.value, dict)
    item = root.value["b"].items()[1].fields()["c"]
    assert (item.line, item.column, item.text()) == (4, 9, "y")
    assert (root.keys["b"].line, root.keys["b"].column) == (2, 1)


def test_an_error_inside_a_text_points_at_its_column() -> None:
    root = loads('a: "x y"\nb: x y\n').fields()
    assert str(root["a"].error("no", 2)) == "<text>:1:7: no"
    assert str(root["b"].error("no", 2)) == "<text>:2:6: no"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\na: 2\n", "f.yaml:2:1: duplicate key 'a', first on line 1"),
        ("a: &x 1\n", "f.yaml:1:4: anchor '&x' is refused"),
        ("a: *x\n", "f.yaml:1:4: alias '*x' is refused: write the value out"),
        ("a: !!python/object:os.system x\n", "tag 'tag:yaml.org,2002:python/object:os.system' is refused"),
        ("a: !!int 1\n", "f.yaml:1:4: tag 'tag:yaml.org,2002:int' is refused: all values are text"),
        ("<<: {a: 1}\n", "f.yaml:1:1: merge keys are refused: write the keys out"),
        ("a: 1\n---\nb: 2\n", "f.yaml:2:1: expected one document, found another"),
        ("", "f.yaml:1:1: expected a map, found an empty file"),
        ("# only a comment\n", "f.yaml:1:1: expected a map, found an empty file"),
        ("? [a]\n: b\n", "f.yaml:1:3: expected a text as key, found a list or map"),
        ("a: [1, 2\nb: 3\n", "f.yaml:2:2: not YAML"),
        ("a: 'x\n", "not YAML"),
        ("a: b: c\n", "not allowed here: check the indentation and quotes of this line"),
        ("a: \x07\n", "f.yaml:1:1: not YAML: special characters are not allowed"),
        ("[" * 40 + "]" * 40, "f.yaml:1:33: nested deeper than 32"),
        ("[" + "x," * MAX_NODES + "]", f"more than {MAX_NODES} values"),
        ("a" * (MAX_BYTES + 1), f"f.yaml:1:1: larger than {MAX_BYTES} characters"),
    ],
)
def test_what_is_refused_says_where_and_why(text: str, expected: str) -> None:
    assert expected in refusal(text)


def test_an_alias_bomb_is_refused_at_its_first_anchor() -> None:
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"
    assert refusal(bomb) == "f.yaml:1:4: anchor '&a' is refused"


def test_unknown_and_missing_keys_are_all_listed() -> None:
    problems = loads("a: 1\nx: 2\ny: 3\n", "f.yaml").key_problems(("a",), ("b",))
    assert [str(problem) for problem in problems] == [
        "f.yaml:2:1: unknown key 'x', expected one of: a, b",
        "f.yaml:3:1: unknown key 'y', expected one of: a, b",
        "f.yaml:1:1: key 'b' is missing",
    ]


def test_asking_for_the_wrong_kind_is_an_error_with_place() -> None:
    root = loads("a: [1]\nb: x\nc:\n", "f.yaml").fields()
    with pytest.raises(YamlError, match=r"f\.yaml:1:4: expected a text, found a list"):
        root["a"].text()
    with pytest.raises(YamlError, match=r"f\.yaml:2:4: expected a list, found the text 'x'"):
        root["b"].items()
    with pytest.raises(YamlError, match=r"expected a map, found nothing"):
        root["c"].fields()
    with pytest.raises(YamlError, match=r"expected a text, found nothing"):
        root["c"].text()


def test_files_that_are_missing_large_or_not_utf8_are_refused(tmp_path: Path) -> None:
    with pytest.raises(YamlError, match="cannot be read: No such file"):
        load(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"a: 1\nb: M\xfcller\n")
    with pytest.raises(YamlError, match=r"latin:2:1: expected UTF-8, found byte 0xfc"):
        load(tmp_path / "latin.yaml", "latin")
    (tmp_path / "large.yaml").write_bytes(b"a" * (MAX_BYTES + 1))
    with pytest.raises(YamlError, match="larger than"):
        load(tmp_path / "large.yaml")


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    (tmp_path / "bom.yaml").write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert load(tmp_path / "bom.yaml").plain() == {"a": "1"}
