"""Errors of fields say what to do about them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.mapping.hints import hints, of_file

HOLE = "'{}' is not in lookup 'reason' (codes/return_reason.csv, dupont -> canonical)"
NEW = "returns-hub new codes return_reason dupont"


def test_codes_that_a_table_lacks_are_one_command_and_then_a_replay() -> None:
    errors = [(HOLE.format("PERDU"), ""), (HOLE.format("ABÎMÉ"), ""), (HOLE.format("PERDU"), "")]
    assert hints(errors) == [f"{NEW} PERDU=… 'ABÎMÉ=…'"]
    assert hints(errors[:1], "--flow in") == [f"{NEW} PERDU=…, then returns-hub deadletters replay --flow in"]


def test_a_meaning_that_a_partner_has_no_code_for_is_the_right_side_of_the_command() -> None:
    message = "'damaged' is not in lookup 'reason' (codes/return_reason.csv, canonical -> dupont)"
    assert hints([(message, "")]) == [f"{NEW} …=damaged"]


def test_a_code_that_is_cut_is_no_command() -> None:
    assert hints([(HOLE.format("x" * 60 + "…"), "")]) == []


def test_what_a_cut_file_left_is_to_be_set_aside_once_the_file_has_come_again() -> None:
    message = "Line 3 has 2 columns, the header names 4. It is the last row: the file may have been cut off."
    said = 'ask for the file again, then returns-hub deadletters discard {} --note "sent again"'
    assert hints([(message, "")], "0a1b2c3d") == [said.format("0a1b2c3d")]
    assert hints([(f"{message} (and 1 more)", "")], "--flow in") == [said.format("<id>")]


@pytest.mark.parametrize(
    ("message", "expression", "hint"),
    [
        ("nothing present", "a.b", ['add "| optional" if it may be absent']),
        ("requested_at: nothing present (and 2 more)", "", ['add "| optional" if it may be absent']),
        (
            "nothing present",
            "file",
            ['add "| optional" if it may be absent; a fixed text is written "= file"'],
        ),
        ("nothing present", "a | optional | decimal", []),
        ("expected a number, found '2,000'", "line.n | decimal", ["a decimal comma: decimal(comma)"]),
        ("expected a number, found '1.234,5'", "line.n | decimal", ["a decimal comma: decimal(comma)"]),
        ("expected a number, found '1,234.5'", "line.n | decimal", []),
        ("expected a number, found 'two'", "line.n | decimal", []),
        ("expected a date as %Y%m%d, found 'x'", "", []),
    ],
)
def test_what_to_do_is_told_from_the_words_of_an_error(
    message: str, expression: str, hint: list[str]
) -> None:
    assert hints([(message, expression)]) == hint


def test_a_lookup_without_a_table_is_answered_with_the_lines_to_write(tmp_path: Path) -> None:
    codes = tmp_path / "codes"
    codes.mkdir()
    for table in ("answer_reason", "return_reason"):
        (codes / f"{table}.csv").write_text("canonical,title\n", encoding="utf-8")
    line = "'  reason: codes/return_reason.csv[dupont]'"
    message = "no lookup 'reason' in this mapping, known: {}"
    assert of_file(message.format("none"), tmp_path / "dupont") == f"write 'lookups:' and, under it, {line}"
    assert of_file(message.format("unit"), tmp_path / "dupont") == f"write {line} under lookups:"
    assert of_file(message.format("reasons, unit"), tmp_path / "dupont") == "did you mean 'reasons'?"
    (codes / "answer_reason.csv").write_text("# ours\ncanonical,dupont\n", encoding="utf-8")
    assert "codes/answer_reason.csv[dupont]" in of_file(message.format("none"), tmp_path / "dupont")
    assert "'  colour: codes/colour.csv[dupont]'" in of_file(
        "no lookup 'colour' in this mapping, known: none", tmp_path / "dupont"
    )
    assert of_file("expected a map", tmp_path / "dupont") == ""
