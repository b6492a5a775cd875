"""Generated code and the reference interpreter mean the same: any mapping, any tree."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.mapping.compile import CompiledMapping
from hub.mapping.document import parse_document
from hub.mapping.functions import FUNCTIONS
from hub.mapping.generate_inline import INLINE
from hub.mapping.generate_runtime import GiveUp
from hub.mapping.generate_walks import walker
from hub.mapping.interpret import Interpreter
from hub.mapping.limits import WORK, new_meter
from hub.mapping.nodes import Path as Path_
from hub.mapping.notation import parse_expression
from hub.mapping.paths import Match, matches, walk
from hub.mapping.plan import plan
from hub.mapping.values import ABSENT, ValueRefused
from hub.mapping.yaml_strict import loads

NAMES = st.sampled_from(["a", "b", "c", "01"])
TEXTS = [
    "", "x", "y", "2", "0", "007", "+2.50", "2.50", "0.0", "-0", "1.", ".5", "1E3", "20261101", "20260230",
    " x ", " ", "a b", "true", "No", "\u00df", "\u0663", "2026-11-01", "2026-11-01T10:00:00+01:00", "x" * 51,
    "9" * 41, "9" * 39 + ".999", "/Date(1793491200000)/", "A-B-C", "1.234,5",
    "3.1.26", "03.11.26", "2026111",
]  # fmt: skip
SCALARS = st.one_of(
    st.sampled_from(TEXTS),
    st.sampled_from(["x", "y", "2", "2"]),
    st.integers(-3, 3),
    st.booleans(),
    st.none(),
    st.sampled_from([Decimal("1.50"), Decimal("1E+2"), Decimal("-0.0")]),
    st.just(0.5),
    st.just(10**60),
)
TREES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)
LINES = st.lists(st.dictionaries(NAMES, SCALARS, min_size=1, max_size=4), min_size=1, max_size=4)
PARTIES = st.dictionaries(NAMES, SCALARS | st.dictionaries(NAMES, SCALARS, max_size=3), max_size=4)
ROOTS = st.dictionaries(NAMES, TREES, max_size=4) | st.dictionaries(
    NAMES, SCALARS | LINES | PARTIES, min_size=2, max_size=4
)
"""Anything, and what documents look like."""

STEPS = st.builds(
    lambda name, selector: name + selector,
    NAMES,
    st.sampled_from(
        [
            "",
            "",
            "",
            "",
            "[a=x]",
            "[b!=x]",
            "[a=x|2]",
            "[b!=x|y]",
            "[a.b=x|2]",
            "[a.b!=x]",
            "[a=x][b=y]",
            "[01=2]",
        ]
    ),
)
LISTING = ["unique", "first", "flatten", "values"]
TAKES_MOST = [
    *("trim", "upper", "lower", "unpad", "unpad(x, right)", "pad(3)", "pad(4, ' ', right)", "slice(1, 2)"),
    *("slice(2)", "slice(-2)", "slice(-3, -2)", "replace(x, '')", "replace(x, yy)", "split(' ')"),
    *("split(' ', 2)", "split('-', 2)", "join('-')", "concat('-')", "concat('-', b)", "concat(b, a.b)"),
    *("lookup(code, x)", "crosswalk(code, x)", "default(2)", "default(' ')", "optional", "copy"),
    *("first", "first", "count", "unique", "values", "values", "flatten", "uuid5(url)"),
]
REFUSES_MUCH = [
    *("decimal", "decimal(comma)", "scale(-2)", "round(2)", "round(0, down)", "round(8, half_even)"),
    *("integer", "number", "boolean", "boolean(x, y)", "sum", "sum(b)", "sum('2')", "product(a)"),
    *(
        "date",
        "date(%Y%m%d)",
        "date(%d.%m.%y)",
        "datetime",
        "datetime(%Y%m%d, UTC)",
        "tz(America/Chicago)",
        "odata_date",
    ),
    *("to_odata_date", "epoch", "epoch(ms)", "format_date(%d.%m.%Y)", "only", "lookup(code)"),
    *("crosswalk(code)", "require", "require(x, 2)", "match('[a-z]')"),
]
CALLS = st.one_of(st.sampled_from(TAKES_MOST), st.sampled_from(TAKES_MOST), st.sampled_from(REFUSES_MUCH))
HEAD = "mapping: a.b@1\nfrom: json/x\nto: {target}\nlookups: {{code: 'codes/code.csv[own]'}}\nkey: {key}\n"
TABLE = "canonical,own\nx,x|2\nlonger-than-fifty-characters-so-that-it-is-counted-as-what-it-is,y\nz,A-B-C\n"
TARGETS = ("return.requested@1", "json/x", "csv")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("mappings")
    (folder / "codes").mkdir()
    (folder / "codes/code.csv").write_text(TABLE)
    return folder


def paths(*names: str) -> st.SearchStrategy[str]:
    """A path from the document, or from one of the names around it."""
    free = st.lists(STEPS, min_size=1, max_size=3).map(".".join)
    if not names:
        return free
    selector = st.sampled_from(["", "", "", "[a=x]", "[b!=2|y]"])
    below = st.builds(
        lambda name, chosen, steps: ".".join([name + chosen, *steps]),
        st.sampled_from(names),
        selector,
        st.lists(STEPS, max_size=2),
    )
    return below | below | free


def expressions(*names: str) -> st.SearchStrategy[str]:
    one = paths(*names) | st.just("position") if names else paths()
    sources = st.lists(one, min_size=1, max_size=3).map(", ".join) | st.sampled_from(["= x", "= ''", "= 2"])
    last = st.sampled_from([[], *[["optional"]] * 4, ["default(2)"]])
    calls = st.builds(list.__add__, st.lists(CALLS, max_size=2), last)
    operand = st.sampled_from(["", "", "", f" | concat({names[-1]}.a)" if names else " | concat(a)"])
    return st.builds(lambda left, more, right: " | ".join([left + more, *right]), sources, operand, calls)


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@st.composite
def targets(draw: st.DrawFn, names: tuple[str, ...], depth: int) -> str:
    """A field, a group, a list, or an `each`, in YAML's flow style."""
    kinds = ["leaf", "leaf", "leaf", "group", "constants", "list", "each", "each"] if depth else ["leaf"]
    kind = draw(st.sampled_from(kinds))
    if kind == "leaf":
        return quoted(draw(expressions(*names)))
    if kind == "group":
        fields = [draw(targets(names, depth - 1)) for _ in range(draw(st.integers(1, 3)))]
        return "{" + ", ".join(f"k{number}: {field}" for number, field in enumerate(fields)) + "}"
    if kind == "constants":
        return "{k: = c, v: " + quoted(draw(expressions(*names))) + "}"
    if kind == "list":
        items = [draw(targets(names, depth - 1)) for _ in range(draw(st.integers(1, 3)))]
        return "[" + ", ".join(items) + "]"
    return draw(repeats(names, depth))


@st.composite
def repeats(draw: st.DrawFn, names: tuple[str, ...], depth: int) -> str:
    name = f"e{len(names)}"
    calls = draw(st.sampled_from(["", *[" | optional"] * 2, *[f" | {one} | optional" for one in LISTING]]))
    source = expressions(*names) if draw(st.integers(0, 9)) == 0 else paths(*names)
    each = quoted(f"{draw(source)}{calls} as {name}")
    inner = (*names, name)
    compared = st.sampled_from(["", "=x", "!=x", "=x|2", "!=x|2", "=''"])
    conditions = [quoted(draw(paths(*inner)) + draw(compared)) for _ in range(draw(st.integers(0, 2)))]
    where = f", where: [{', '.join(conditions)}]" if conditions else ""
    return f"{{each: {each}{where}, map: {draw(targets(inner, depth - 1))}}}"


@st.composite
def mappings(draw: st.DrawFn) -> str:
    target = draw(st.sampled_from(TARGETS))
    fields = [draw(targets((), 3)) for _ in range(draw(st.integers(1, 2)))]
    head = HEAD.format(target=target, key=quoted(draw(expressions())))
    used = "  used: {a: = x | lookup(code)}\n"
    return head + "map:\n" + used + "".join(f"  f{number}: {text}\n" for number, text in enumerate(fields))


def compiled(text: str, folder: Path) -> CompiledMapping | None:
    try:
        return CompiledMapping(plan(parse_document(loads(text)), folder), "")
    except ValueError:
        return None


@settings(max_examples=800, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=mappings(), root=ROOTS)
def test_generated_code_and_interpreter_agree_on_every_document(folder: Path, text: str, root: Any) -> None:
    made = compiled(text, folder)
    if made is None:
        return
    interpreter = Interpreter(made.plan, root)
    expected = interpreter.run()
    try:
        value = made.generated.functions["document"](root)
    except (GiveUp, ValueRefused, KeyError):
        return  # the interpreter answers then, with or without errors
    assert interpreter.errors == ()
    assert value == expected
    assert repr(value) == repr(expected), "the same types, in the same order"


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=mappings(), root=ROOTS)
def test_keys_agree_too(folder: Path, text: str, root: Any) -> None:
    made = compiled(text, folder)
    if made is None or made.plan.document.key is None:
        return
    interpreter = Interpreter(made.plan, root)
    expected = interpreter.text(made.plan.document.key.expression, "key")
    try:
        value = made.generated.functions["text0"](root)
    except (GiveUp, ValueRefused, KeyError):
        return
    assert interpreter.errors == ()
    assert value == (None if expected is ABSENT else expected)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=mappings(), root=ROOTS | TREES)
def test_what_generated_code_noted_and_the_interpreter_explained_is_all_that_is_wrong(
    folder: Path, text: str, root: Any
) -> None:
    made = compiled(text, folder)
    if made is None:
        return
    interpreter = Interpreter(made.plan, root)
    expected = interpreter.run()
    mapped = made.apply(root)
    assert mapped.errors == interpreter.errors
    assert repr(mapped.value) == repr(expected), (
        "without the fields in error, the same types in the same order"
    )


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=mappings(), root=ROOTS | TREES)
def test_generated_code_notes_faults_only_where_there_are_errors(folder: Path, text: str, root: Any) -> None:
    made = compiled(text, folder)
    if made is None:
        return
    interpreter = Interpreter(made.plan, root)
    interpreter.run()
    if not interpreter.errors:
        made.generated.functions["document"](root)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=mappings(), root=ROOTS)
def test_an_interpreter_that_is_asked_for_errors_only_finds_the_same(
    folder: Path, text: str, root: Any
) -> None:
    made = compiled(text, folder)
    if made is None:
        return
    slow, brief = Interpreter(made.plan, root), Interpreter(made.plan, root, work=WORK)
    assert slow.run() == brief.run()
    assert slow.errors == brief.errors
    assert brief.reads == set()


PLAIN = st.one_of(
    st.sampled_from(TEXTS),
    st.from_regex(r"\A[+-]?[0-9]{0,5}(\.[0-9]{0,5})?([eE][0-9])?\Z"),
    st.from_regex(r"\A[0-9]{38,41}(\.[0-9]{37,41})?\Z"),
    st.text(max_size=60),
)
WRITTEN_OUT = st.sampled_from(
    [
        *("trim", "upper", "lower", "unpad", "unpad(' ', right)", "slice(2)", "slice(1, 3)", "decimal"),
        *(
            "decimal | round(2)",
            "round(0)",
            "round(6, up)",
            "round(3, half_even)",
            "boolean",
            "boolean(x, y)",
            "crosswalk(code)",
        ),
        *("crosswalk(code)", "trim | crosswalk(code)", "crosswalk(code, x)"),
        *("lookup(code)", "lookup(code, other)", "concat('-', v)", "concat(v)", "date", "date(%Y%m%d)"),
        *("trim | upper | slice(1, 2)", "decimal | integer", "number", "pad(4)", "replace(x, xyz)"),
    ]
)


@settings(max_examples=600, deadline=None)
@given(call=WRITTEN_OUT, target=st.sampled_from(TARGETS), value=PLAIN)
def test_a_function_written_out_is_the_function(folder: Path, call: str, target: str, value: str) -> None:
    head = HEAD.format(target=target, key=quoted("= x | lookup(code)"))
    made = compiled(f"{head}map: {{f: {quoted('v | ' + call)}}}\n", folder)
    assert made is not None
    interpreter = Interpreter(made.plan, {"v": value})
    expected = interpreter.run()
    try:
        found = made.generated.functions["document"]({"v": value})
    except (GiveUp, ValueRefused):
        assert interpreter.errors
        return
    assert interpreter.errors == ()
    assert repr(found) == repr(expected)


def test_the_property_above_knows_every_function_that_is_written_out() -> None:
    missing = [name for name in INLINE if name not in str(WRITTEN_OUT)]
    assert missing == []


def test_every_function_of_the_notation_is_generated() -> None:
    named = {call.partition("(")[0] for call in TAKES_MOST + REFUSES_MUCH}
    assert {name for name in FUNCTIONS if "." not in name} <= named


@settings(max_examples=200, deadline=None)
@given(text=mappings(), root=TREES)
def test_no_tree_makes_the_interpreter_raise(folder: Path, text: str, root: Any) -> None:
    made = compiled(text, folder)
    if made is not None:
        interpreter = Interpreter(made.plan, root)
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


@settings(max_examples=400, deadline=None)
@given(st.lists(paths("e"), min_size=1, max_size=4).map(".".join), TREES | ROOTS)
def test_a_path_written_out_finds_what_the_walk_finds(text: str, root: Any) -> None:
    """Paths are long at times: beyond some steps they are not written out."""
    (path,) = parse_expression(text).sources
    assert isinstance(path, Path_)
    found = walk(root, path.selectors, path.steps)
    assert walker(path, one=False)(new_meter(), root) == (found or None)
    single = len(found) == 1 and type(found[0]) is str
    assert walker(path, one=True)(new_meter(), root) == (found[0] if single else found or None)
