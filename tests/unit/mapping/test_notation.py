from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.mapping.nodes import Call, Constant, Literal, Path, Position, Selector, Step
from hub.mapping.notation import NotationError, parse_condition, parse_each, parse_expression


def path(*names: str, text: str = "") -> Path:
    return Path(text or ".".join(names), None, (), tuple(Step(name, ()) for name in names))


def test_a_path_is_its_names() -> None:
    assert parse_expression("BGN.02").sources == (path("BGN", "02"),)


def test_names_of_json_xml_and_csv_need_no_quotes_unless_they_hold_marks() -> None:
    found = parse_expression("'Return No', \"@odata.etag\", to_Item.ns:Größe, d.x-y/z").sources
    assert [[step.name for step in one.steps] for one in found if isinstance(one, Path)] == [
        ["Return No"],
        ["@odata.etag"],
        ["to_Item", "ns:Größe"],
        ["d", "x-y/z"],
    ]


def test_selectors_stand_on_steps_and_on_named_items() -> None:
    (source,) = parse_expression("line[01=UP|08].N9[02!='a b'][x.y=1].03", names=["line"]).sources
    assert source == Path(
        "line[01=UP|08].N9[02!='a b'][x.y=1].03",
        "line",
        (Selector(("01",), ("UP", "08"), negated=False),),
        (
            Step(
                "N9",
                (
                    Selector(("02",), ("a b",), negated=True),
                    Selector(("x", "y"), ("1",), negated=False),
                ),
            ),
            Step("03", ()),
        ),
    )


def test_quotes_make_a_document_field_of_a_name_in_use() -> None:
    (source,) = parse_expression("'line'.x", names=["line"]).sources
    assert isinstance(source, Path)
    assert source.variable is None


def test_position_is_a_source_inside_each_only() -> None:
    assert parse_expression("line.no, position", names=["line"]).sources[1] == Position()
    with pytest.raises(NotationError, match="'position' is only known inside 'each'"):
        parse_expression("position")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("= acme", "acme"),
        ("=acme", "acme"),
        ("= Hello, world (a.b)", "Hello, world (a.b)"),
        ("= 'a | b'", "a | b"),
        ("= 'it''s'", "it's"),
        ("= ''", ""),
    ],
)
def test_a_constant_is_the_text_after_the_sign(text: str, value: str) -> None:
    assert parse_expression(text).sources == (Constant(value),)


def test_a_constant_can_have_functions() -> None:
    assert [call.name for call in parse_expression("= true | boolean").calls] == ["boolean"]


def test_arguments_are_text_with_blanks_unless_the_function_takes_paths() -> None:
    (call,) = parse_expression("a | date(%d.%m.%Y %H:%M, 'x,y')").calls
    assert call.arguments == (Literal("%d.%m.%Y %H:%M", 9), Literal("x,y", 25))
    (call,) = parse_expression("a | concat('-', b.c)", operands=["concat"]).calls
    assert call.arguments == (Literal("-", 11), path("b", "c"))


def test_each_and_conditions() -> None:
    expression, name = parse_each("BLI, LIN | optional as line")
    assert (expression.text, name) == ("BLI, LIN | optional", "line")
    assert expression.calls == (Call("optional", (), "optional", 11),)
    condition = parse_condition("line.01!=UP|'8'", names=["line"])
    assert (condition.values, condition.negated) == (("UP", "8"), True)
    assert parse_condition("line.serial", names=["line"]).values is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "column 1: expected a path, found the end"),
        ("a.", "column 3: expected a name after '.', found the end"),
        ("a b", "column 3: expected ',' or '|' or the end, found 'b'"),
        ("a, | trim", "column 4: expected a path, found '| trim'"),
        ("a |", "column 4: expected a function, found the end"),
        ("a | pad(3", "column 10: expected ',' or ')', found the end"),
        ("a | pad(,)", "column 9: expected a value, found ',)'"),
        ("a[01]", "column 5: expected '=' or '!=', found ']'"),
        ("a[01=]", "column 6: expected a value, found ']'"),
        ("a[01=x", "column 7: expected '|' or ']', found the end"),
        ("a['x=1]", "column 3: the quote is not closed"),
        ("=", "column 2: expected a text after '=' (write = '' for the empty text), found the end"),
        ("= 'a' b", "column 7: expected ',' or '|' or the end, found 'b'"),
        ("a if b else c", "column 3: expected ',' or '|' or the end, found 'if b else c'"),
        ("a + b", "column 3: expected ',' or '|' or the end, found '+ b'"),
        ("__import__('os')", "column 11: expected ',' or '|' or the end, found '('os')'"),
        ("a" * 3000, "longer than 2000 characters"),
        (".".join("a" * 40), "more than 32 parts"),
    ],
)
def test_what_is_no_notation_is_refused_with_its_column(text: str, message: str) -> None:
    with pytest.raises(NotationError) as caught:
        parse_expression(text)
    assert message in str(caught.value)


@given(st.text(alphabet="ab.,|()[]='\"! %1\n", max_size=40))
def test_any_text_parses_or_is_refused_at_a_place_inside_it(text: str) -> None:
    for parse in (parse_expression, parse_each, parse_condition):
        at = 0
        try:
            parse(text)
        except NotationError as error:
            at = error.at
        assert 0 <= at <= len(text)
