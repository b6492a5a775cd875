import threading
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.policy.csvfile import TableError
from hub.policy.tables import DecisionTable, InputError, load

GOOD = """\
table,demo@3
# a remark, ignored
rule,grade,amount,fragile,answer,fee
role,in,in,in,out,out
type,text required,number,bool,text required,number
top,"A, B",> 100.01,,yes,1.10
middle,,10..20,true,maybe,
not_a,not A,absent,,no,0
otherwise,,,,ask,
"""


def written(folder: Path, text: str = GOOD, name: str = "demo.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(name="table")
def _table(tmp_path: Path) -> DecisionTable:
    return load(written(tmp_path))


def test_the_first_rule_that_holds_answers_and_is_named(table: DecisionTable) -> None:
    decision = table.decide({"grade": "B", "amount": Decimal("100.02"), "fragile": True})
    assert decision.rule == "top"
    assert decision.outputs == {"answer": "yes", "fee": Decimal("1.10")}
    assert decision.trace["line"] == 6
    assert decision.trace["inputs"] == {"grade": "B", "amount": "100.02", "fragile": "true"}
    assert decision.trace["conditions"] == {"grade": "A, B", "amount": "> 100.01"}


def test_the_version_names_the_major_and_the_content(table: DecisionTable, tmp_path: Path) -> None:
    assert table.name == "demo"
    assert table.version == f"3+{table.digest[:12]}"
    changed = tmp_path / "other"
    changed.mkdir()
    assert load(written(changed, GOOD.replace("maybe", "perhaps"))).version != table.version


@pytest.mark.parametrize(
    ("inputs", "rule"),
    [
        ({"grade": "A", "amount": Decimal("100.01")}, "otherwise"),
        ({"grade": "A", "amount": Decimal("100.0100000000000000000001")}, "top"),
        ({"grade": "Z", "amount": 10, "fragile": True}, "middle"),
        ({"grade": "Z", "amount": Decimal("20.0000000000000000001"), "fragile": True}, "otherwise"),
        ({"grade": "C"}, "not_a"),
        ({"grade": "A"}, "otherwise"),
        ({"grade": "C", "amount": None, "fragile": None}, "not_a"),
        ({"grade": "\0"}, "not_a"),
    ],
)
def test_limits_are_exact_and_absent_is_a_case_of_its_own(
    table: DecisionTable, inputs: dict[str, str | bool | int | Decimal | None], rule: str
) -> None:
    assert table.decide(inputs).rule == rule


def test_numbers_come_back_as_written_and_never_as_floats(table: DecisionTable) -> None:
    fee = table.decide({"grade": "A", "amount": 500}).outputs["fee"]
    assert isinstance(fee, Decimal)
    assert str(fee) == "1.10"


def test_all_wrong_inputs_are_named_before_anything_is_decided(table: DecisionTable) -> None:
    with pytest.raises(InputError) as caught:
        table.decide({"amount": "100.01", "fragile": 1, "colour": "red"})
    message = str(caught.value)
    assert "'colour' is not an input" in message
    assert "grade: a text is required, found nothing" in message
    assert "amount: expected number, found str '100.01'" in message
    assert "fragile: expected bool, found int 1" in message


def test_a_float_or_nan_is_no_number(table: DecisionTable) -> None:
    with pytest.raises(InputError, match="found float"):
        table.decide({"grade": "A", "amount": 1.5})  # type: ignore[dict-item]  # the claim is that it is refused
    with pytest.raises(InputError, match="found Decimal"):
        table.decide({"grade": "A", "amount": Decimal("NaN")})


def test_an_answer_can_be_changed_by_its_reader_without_changing_the_next(table: DecisionTable) -> None:
    first = table.decide({"grade": "A", "amount": 500})
    first.outputs["answer"] = "spoilt"
    assert table.decide({"grade": "A", "amount": 500}).outputs["answer"] == "yes"


def test_a_table_answers_from_other_threads(table: DecisionTable) -> None:
    answers: list[str] = []
    threads = [
        threading.Thread(target=lambda: answers.append(table.decide({"grade": "A", "amount": 500}).rule))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["top"] * 4


@pytest.fixture(scope="module", name="shared")
def _shared(tmp_path_factory: pytest.TempPathFactory) -> DecisionTable:
    return load(written(tmp_path_factory.mktemp("shared")))


@settings(deadline=None)
@given(
    grade=st.sampled_from(["A", "B", "C", "", "a"]),
    amount=st.one_of(st.none(), st.decimals(min_value=-5, max_value=105, places=2)),
    fragile=st.one_of(st.none(), st.booleans()),
)
def test_the_engine_agrees_with_the_rules_read_by_hand(
    shared: DecisionTable, *, grade: str, amount: Decimal | None, fragile: bool | None
) -> None:
    if grade in ("A", "B") and amount is not None and amount > Decimal("100.01"):
        expected = "top"
    elif amount is not None and 10 <= amount <= 20 and fragile:
        expected = "middle"
    elif grade != "A" and amount is None:
        expected = "not_a"
    else:
        expected = "otherwise"
    assert shared.decide({"grade": grade, "amount": amount, "fragile": fragile}).rule == expected


@pytest.mark.parametrize(
    ("before", "after", "place", "says"),
    [
        ("table,demo@3", "table,other@3", "1:2", "expected table,demo@1"),
        ("rule,grade", "name,grade", "3:1", "expected 'rule' in the first column, found 'name'"),
        ("role,in,in", "role,in,inn", "4:3", "amount: expected in or out, found 'inn'"),
        ("number,bool", "float,bool", "5:3", "amount: expected text, bool, number"),
        (
            "grade,amount,fragile",
            "grade,grade,fragile",
            "3:3",
            "expected each column once, found 'grade' again",
        ),
        ("> 100.01", ">> 100.01", "6:3", "amount: expected 5, > 5"),
        ("10..20", "20..10", "7:3", "expected the smaller bound first"),
        ("10..20,true", "10..20,yes", "7:4", "fragile: expected true or false, found 'yes'"),
        ("not A,absent", "absent,absent", "8:2", "is required, so 'absent' can never be true"),
        (",no,0", ",no,zero", "8:6", "fee: expected a number"),
        (",no,0", ",,0", "8:5", "answer: a text is required, found nothing"),
        ("middle,", "top,", "7:1", "expected each rule name once, found 'top' of line 6 again"),
        ("otherwise,,,,ask", "rest,,,,ask", "9:1", "expected the last rule to be 'otherwise'"),
        (
            "otherwise,,,,ask",
            "otherwise,A,,,ask",
            "9:1",
            "expected 'otherwise' to have no conditions, found A",
        ),
        ("maybe,", "maybe,1,2", "7:7", "expected 6 columns, found '2' beyond them"),
        ("> 100.01", "> 100.0100000000001", "6:3", "expected at most 12 digits"),
    ],
)
def test_a_fault_is_told_with_file_line_column_and_what_was_expected(
    tmp_path: Path, before: str, after: str, place: str, says: str
) -> None:
    assert before in GOOD
    path = written(tmp_path, GOOD.replace(before, after, 1))
    with pytest.raises(TableError) as caught:
        load(path)
    assert f"{path}:{place}: " in str(caught.value)
    assert says in str(caught.value)


def test_all_faults_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("> 100.01", "much").replace("10..20,true", "10..20,yes")
    with pytest.raises(TableError) as caught:
        load(written(tmp_path, text))
    assert [(fault.line, fault.column) for fault in caught.value.faults] == [(6, 3), (7, 4)]


@pytest.mark.parametrize("body", [b"", b"table,demo@1\n", b"\xff\xfe\x00", b'table,demo@1\n"open'])
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "demo.csv"
    path.write_bytes(body)
    with pytest.raises(TableError, match="expected"):
        load(path)


def test_a_rule_that_can_never_fire_is_found(tmp_path: Path) -> None:
    text = GOOD.replace("not_a,not A,absent", "late,A,> 200")
    (pair,) = load(written(tmp_path, text)).unreachable()
    assert [rule.name for rule in pair] == ["late", "top"]


def test_spreadsheet_leftovers_do_no_harm(tmp_path: Path) -> None:
    text = "\ufeff" + GOOD.replace("\n", ",,\r\n") + ",,,,,,,\r\n"
    assert load(written(tmp_path, text)).decide({"grade": "C"}).rule == "not_a"
