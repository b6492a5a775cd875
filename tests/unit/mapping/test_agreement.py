"""The closures and the reference interpreter mean the same: any mapping, any tree."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.mapping.closures import Closures, new_frame
from hub.mapping.document import parse_document
from hub.mapping.getters import GiveUp
from hub.mapping.interpret import Interpreter
from hub.mapping.notation import parse_expression
from hub.mapping.paths import Match, matches, walk
from hub.mapping.plan import Plan, plan
from hub.mapping.values import ABSENT, ValueRefused
from hub.mapping.yaml_strict import loads

NAMES = st.sampled_from(["a", "b", "c", "01"])
SCALARS = st.one_of(
    st.sampled_from(["", "x", "y", "2", "20261101", " x "]),
    st.integers(-3, 3),
    st.booleans(),
    st.none(),
    st.just(Decimal("1.50")),
    st.just(0.5),
)
TREES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)
ROOTS = st.dictionaries(NAMES, TREES, max_size=4)

STEPS = st.builds(
    lambda name, selector: name + selector,
    NAMES,
    st.sampled_from(["", "", "", "[a=x]", "[b!=x]", "[a.b=x|2]"]),
)
CALLS = st.sampled_from(
    [
        "trim",
        "upper",
        "decimal",
        "scale(-2)",
        "integer",
        "boolean",
        "number",
        "date(%Y%m%d)",
        "default(2)",
        "optional",
        "first",
        "only",
        "count",
        "unique",
        "values",
        "flatten",
        "join('-')",
        "split(' ')",
        "split(' ', 2)",
        "sum",
        "sum(b)",
        "product(a)",
        "concat('-', b)",
        "copy",
        "slice(1, 2)",
        "replace(x, '')",
    ]
)


def paths(prefix: str = "") -> st.SearchStrategy[str]:
    return st.lists(STEPS, min_size=0 if prefix else 1, max_size=3).map(
        lambda steps: ".".join([prefix, *steps] if prefix else steps)
    )


def expressions(prefix: str = "") -> st.SearchStrategy[str]:
    either = paths(prefix) | paths() if prefix else paths()
    sources = st.lists(either, min_size=1, max_size=2).map(", ".join) | st.just("= x")
    last = st.sampled_from([[], ["optional"], ["optional"], ["default(2)"]])
    calls = st.builds(list.__add__, st.lists(CALLS, max_size=2), last)
    return st.builds(lambda left, right: " | ".join([left, *right]), sources, calls)


@st.composite
def mappings(draw: st.DrawFn) -> str:
    def quoted(text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    fields = [f"  f{number}: {quoted(draw(expressions()))}" for number in range(draw(st.integers(1, 3)))]
    fields.append(f"  g: {{k: = c, v: {quoted(draw(expressions()))}}}")
    each = quoted(
        draw(paths()) + draw(st.sampled_from(["", " | optional", " | unique", " | first"])) + " as e"
    )
    where = quoted(draw(paths("e")) + draw(st.sampled_from(["", "=x", "!=x|2"])))
    body = f"{{p: position, v: {quoted(draw(expressions('e')))}}}"
    fields.append(f"  l: {{each: {each}, where: {where}, map: {body}}}")
    return "mapping: a.b@1\nfrom: json/x\nto: return.requested@1\nmap:\n" + "\n".join(fields) + "\n"


def planned(text: str) -> Plan | None:
    try:
        return plan(parse_document(loads(text)), Path())
    except ValueError:
        return None


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mappings(), ROOTS)
def test_closures_and_interpreter_agree_on_every_document(text: str, root: Any) -> None:
    made = planned(text)
    if made is None:
        return
    interpreter = Interpreter(made, root)
    expected = interpreter.run()
    try:
        value = Closures(made).target()(new_frame(root))
    except (GiveUp, ValueRefused):
        return  # the interpreter answers then, with or without errors
    assert interpreter.errors == ()
    assert value == expected


@settings(max_examples=200, deadline=None)
@given(mappings(), TREES)
def test_no_tree_makes_the_interpreter_raise(text: str, root: Any) -> None:
    made = planned(text)
    if made is not None:
        interpreter = Interpreter(made, root)
        interpreter.run()
        assert all(str(error) for error in interpreter.errors)


@given(paths(), ROOTS)
def test_both_walkers_find_the_same_values(text: str, root: Any) -> None:
    (path,) = parse_expression(text).sources
    found = matches(path, {None: Match(root, ())})  # type: ignore[arg-type]  # a path, by its strategy
    assert [match.value for match in found.matches] == walk(root, (), path.steps)  # type: ignore[union-attr]
    for match in found.matches:
        value = root
        for part in match.way:
            value = value[part]
        assert value is match.value
    assert ABSENT not in [match.value for match in found.matches]
