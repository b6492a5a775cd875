"""Large records: every error is told, right ones are mapped the fast way, and bytes are counted."""

from __future__ import annotations

import random
import re
from decimal import Decimal
from typing import Any

import pytest

from hub.mapping.faults import LISTED, Fault, Faults, Spot
from hub.mapping.generate_runtime import InError

Workshop = Any

TOO_MUCH = "makes more work than one record may"


def lines(count: int, **fields: Any) -> list[dict[str, Any]]:
    return [dict(fields) for _ in range(count)]


SIX = (
    "l: {each: l as a, where: a.sku!=void, map: {no: position, sku: a.sku | trim, q: a.q | decimal, "
    "uom: a.uom | require(EA), price: a.price | decimal | round(2), text: a.text | optional, "
    "day: a.day | date}}"
)
RIGHT = {"sku": "A", "q": "2.5", "uom": "EA", "price": "17.955", "text": "Drill", "day": "2026-11-01"}
WRONG = {
    "q": ("x", "expected a number, found 'x'"),
    "uom": ("XX", "expected one of EA, found 'XX'"),
    "price": (None, "nothing present"),
    "day": (["2026-11-01", "2026-11-02"], "expected one match, found 2 values ('2026-11-01', '2026-11-02')"),
}


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("nested", [False, True], ids=["lines", "lines in lists"])
def test_every_fault_of_a_large_document_is_told_with_its_field_source_value_and_place(
    workshop: Workshop, seed: int, *, nested: bool
) -> None:
    compiled, draw = workshop.compile(SIX), random.Random(seed)  # noqa: S311 - faults to be found again
    document = [dict(RIGHT) for _ in range(5_000)]
    expected = []
    for at in sorted(draw.sample(range(1, 5_000), draw.randint(1, 50))):
        for name in sorted(draw.sample(list(WRONG), draw.randint(1, 4)), key=list(RIGHT).index):
            document[at][name], message = WRONG[name]
            place = f"l[{at}][0].{name}" if nested else f"l[{at}].{name}"
            shown = f"{place}[0]" if name == "day" else place
            expected.append((f"l[{at - 1}].{name}", f"a.{name}", WRONG[name][0], shown, message))
    document[0] = {**RIGHT, "sku": "void"}
    mapped = compiled.apply({"l": [[line] for line in document] if nested else document})
    found = [(e.target_path, e.source_path, e.found, e.position, e.message) for e in mapped.errors]
    assert found == expected
    assert len(mapped.value["l"]) == 4_999


def test_thousands_of_errors_are_listed_up_to_a_number_and_the_elements_beyond_are_counted(
    workshop: Workshop,
) -> None:
    compiled = workshop.compile("l: {each: l as a, map: {t: a.v | decimal, u: a.u}}")
    mapped = compiled.apply({"l": lines(5_000, v="x")})
    *errors, note = mapped.errors
    assert [error.target_path for error in errors] == [
        f"l[{number}].{name}" for number in range(LISTED // 2) for name in "tu"
    ]
    assert {error.message for error in errors} == {"expected a number, found 'x'", "nothing present"}
    assert note.target_path == "l[500].t"
    assert note.message == "from here on 4500 more elements are in error and not listed"
    assert mapped.value == {}, "never a part of the result"


def test_a_record_that_becomes_too_large_by_its_errors_names_them_and_says_where_it_ended(
    workshop: Workshop,
) -> None:
    compiled = workshop.compile("l: {each: l as a, map: {t: a.v | decimal}}")
    *errors, note, end = compiled.apply({"l": lines(40_000, v="x")}).errors
    assert len(errors) == LISTED
    assert re.fullmatch(r"from here on at least \d+ more elements are in error and not listed", note.message)
    assert end.message.startswith(TOO_MUCH)
    assert end.message.endswith("the fields after it were not looked at")


def test_errors_that_cost_too_much_to_explain_are_named_without_their_cause(workshop: Workshop) -> None:
    compiled = workshop.compile("l: {each: l as a, map: {t: h | sum}}")
    document = {"h": ["1"] * 999 + ["x"], "l": lines(40, v="1")}
    outcomes = [compiled.apply(document).errors for _ in range(2)]
    assert outcomes[0] == outcomes[1]
    messages = [error.message for error in outcomes[0]]
    told = messages.count("expected a number, found 'x'")
    assert 0 < told < 40
    assert messages[told:] == ["in error; the record is too large to say why"] * (40 - told)
    assert [error.target_path for error in outcomes[0]] == [f"l[{number}].t" for number in range(40)]


def test_a_fault_that_is_none_is_answered_by_the_interpreter(workshop: Workshop) -> None:
    compiled = workshop.compile("l: {each: l as a, map: {v: a.v}}")
    spots = [
        one for one in compiled.generated.functions["document"].__globals__.values() if type(one) is Spot
    ]
    faults = Faults()
    faults.add(Fault(next(spot for spot in spots if not spot.items), (1, 1), (0,)))

    def mistaken(_document: Any, _size: int) -> Any:
        raise InError(faults, {})

    compiled._run = mistaken  # noqa: SLF001 - generated code makes no such mistake
    assert compiled.apply({"l": lines(2, v="1")}) == ({"l": [{"v": "1"}, {"v": "1"}]}, ())
    refused = compiled.apply({"l": lines(5_000, v="1")})
    assert (refused.value, [error.message.partition(" (")[0] for error in refused.errors]) == ({}, [TOO_MUCH])


@pytest.mark.parametrize(
    ("text", "fits"), [("x" * 9_999_980, True), ("x" * 9_999_999, False), ("\u20ac" * 3_400_000, False)]
)
def test_a_record_has_at_most_ten_million_bytes_whatever_is_read_of_it(
    workshop: Workshop, text: str, *, fits: bool
) -> None:
    mapped = workshop.compile("v: v").apply({"v": "1", "w": text})
    assert bool(mapped.value) == fits
    assert fits or "expected at most 10000000 bytes in one record, found" in mapped.errors[0].message


def test_a_result_of_short_texts_has_at_most_ten_million_bytes(workshop: Workshop) -> None:
    compiled = workshop.compile("l: {each: l as a, map: {v: h, w: h, x: h}}")
    assert compiled.apply({"h": "x" * 50, "l": lines(30_000, v="1")}).errors == ()
    (error,) = compiled.apply({"h": "\U0001f4e6" * 50, "l": lines(30_000, v="1")}).errors
    assert error.message.startswith("expected at most 10000000 bytes in one record, found 18")


@pytest.mark.parametrize(
    "odd", [[Decimal("1.5")] * 260_000, [10**30] * 260_000], ids=["decimal numbers", "large whole numbers"]
)
def test_a_record_that_takes_long_to_measure_is_refused(workshop: Workshop, odd: Any) -> None:
    (error,) = workshop.compile("v: v").apply({"v": "1", "w": odd}).errors
    assert "expected at most 250000" in error.message
    assert workshop.value("v: v", {"v": "1", "w": odd[:1000]}) == {"v": "1"}


def test_long_texts_are_counted_in_bytes(workshop: Workshop) -> None:
    compiled = workshop.compile("l: {each: l as a, map: {t: h | upper | trim}}")
    document = {"l": lines(9_000, v="1")}
    assert compiled.apply({**document, "h": "x" * 150}).errors == ()
    (error,) = compiled.apply({**document, "h": "\u20ac" * 150}).errors
    assert error.message.startswith(TOO_MUCH)


def test_a_large_record_is_explained_where_it_is_in_error(
    workshop: Workshop,
) -> None:
    compiled = workshop.compile("l: {each: l as a, map: {t: a.t | optional, v: a.v | decimal, w: a.w}}")
    document = {"l": [*lines(5_000, t="1", v="1", w="1"), {"t": "1", "v": "x"}]}
    wrong, absent = compiled.apply(document).errors
    assert (wrong.target_path, wrong.message) == ("l[5000].v", "expected a number, found 'x'")
    assert (absent.target_path, absent.message) == ("l[5000].w", "nothing present")
    _, missing = compiled.apply({"l": document["l"][-100:]}).errors
    assert missing.target_path == "l[99].w"


def test_a_huge_record_is_explained_after_its_last_line(workshop: Workshop) -> None:
    compiled = workshop.compile("l: {each: l as a, map: {v: a.v}}\nz: z")
    (error,) = compiled.apply({"l": lines(80_000, v="1")}).errors
    assert (error.target_path, error.message) == ("z", "nothing present")


def test_a_large_document_that_is_not_plain_but_right_is_mapped(workshop: Workshop) -> None:
    compiled = workshop.compile(SIX)
    whole = compiled.apply({"l": [RIGHT] * 5_000})
    nested = {"l": [[RIGHT]] * 5_000}
    parts = {"l": [[{"sku": "A"}, {name: RIGHT[name] for name in RIGHT if name != "sku"}]] * 5_000}
    assert (len(whole.value["l"]), whole.errors) == (5_000, ())
    assert whole == compiled.apply(nested) == compiled.apply(parts)
    assert compiled.generated.functions["document"](nested) == whole.value, "without the interpreter"
