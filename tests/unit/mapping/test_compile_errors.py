from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

HEAD = "mapping: a.b@1\nfrom: json/x\nto: json/y\n"

KEYS = "doc, from, key, lookups, map, mapping, match, samples, title, to"
TABLE = "codes/table.csv[column] or [from -> to], or xref/name with either"

Workshop = Any


def test_all_problems_of_a_file_are_reported_with_line_and_column(workshop: Workshop) -> None:
    text = """\
mapping: Acme
from: json/x
to: json/y
colour: red
samples: ['../x']
lookups: {u: codes/unit.csv}
match: [{type: po, value: a}]
map:
  a: b c
  d: 'e |'
  f: {}
  g: {each: x, map: y}
  h: {each: x as position, map: y, until: z}
"""
    assert workshop.problems(text) == [
        "test.yaml:1:10: expected a name and major version such as acme.returns@1, found 'Acme'",
        f"test.yaml:4:1: unknown key 'colour', expected one of: {KEYS}",
        "test.yaml:5:11: expected a sample's name without extension, found '../x'",
        f"test.yaml:6:14: expected {TABLE}, found 'codes/unit.csv'",
        "test.yaml:7:16: expected rma_number, reference.<type> or external_id.<system>, found 'po'",
        "test.yaml:9:8: expected ',' or '|' or the end, found 'c' in: b c",
        "test.yaml:10:10: expected a function, found the end in: e |",
        "test.yaml:11:6: expected at least one field, found an empty map",
        "test.yaml:12:14: expected 'as' and a name, found the end in: x",
        "test.yaml:13:36: unknown key 'until', expected one of: each, map, where",
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("a: b | decimel", "decimel: unknown function, did you mean decimal? known: boolean"),
        ("a: b | frobnicate", "test.yaml:5:10: frobnicate: unknown function; known: boolean, concat"),
        ("a: b | pad", "5:10: pad: expected 1 to 3 arguments, found 0"),
        ("a: b | trim(x)", "5:10: trim: expected 0 arguments, found 1"),
        ("a: b | require(x) | join()", "5:23: join: expected 1 argument, found 0"),
        ("a: b | pad(x)", "pad: expected a whole number for width, found 'x'"),
        ("a: b | pad(0)", "pad: expected a width from 1 to 4096, found 0"),
        ("a: b | pad(99999)", "pad: expected a width from 1 to 4096, found 99999"),
        ("a: b | pad(3, ab)", "pad: expected one character, found 'ab'"),
        ("a: b | pad(3, x, middle)", "pad: expected left or right for side, found 'middle'"),
        ("a: b | slice(0, 3)", "slice: characters count from 1, found 0"),
        ("a: b | split('')", "split: expected a separator, found the empty text"),
        ("a: b | split('-', 0)", "split: pieces count from 1, found 0"),
        ("a: b | replace('', x)", "replace: expected a text to replace, found the empty text"),
        ("a: b | lookup(unit)", "lookup: no lookup 'unit' in this mapping, known: none"),
        ("a: b | date(%Q)", "date: '%Q' in '%Q' is unknown; known: %Y %y"),
        ("a: b | date(%Y%Y)", "date: '%Y' in '%Y%Y' is repeated"),
        ("a: b | date(%Y)", "date: expected a format with year, month and day, found '%Y'"),
        (
            "a: b | datetime(%Y%m%d)",
            "datetime: expected %z in the format or a zone such as UTC, found neither",
        ),
        (
            "a: b | datetime(%Y%m%d%z, UTC)",
            "datetime: expected %z in the format or a zone such as UTC, found both",
        ),
        (
            "a: b | tz(Mars/Base)",
            "tz: expected UTC, an offset (+01:00) or a zone (Europe/Berlin), found 'Mars/Base'",
        ),
        ("a: b | tz(../../etc/passwd)", "tz: expected UTC, an offset"),
        ("a: b | tz(America)", "tz: expected UTC, an offset"),
        ("a: b | match('(?=x)')", "match: expected a pattern without look-around, found '(?=x)'"),
        ("a: b | match('a)|(b')", "match: expected a pattern without look-around, found 'a)|(b'"),
        ("a: b | match('((a{999}){999}){999}')", "match: expected a pattern without look-around"),
        ("a: b | uuid5(x)", "uuid5: expected dns, url, oid or a UUID, found 'x'"),
        ("a: b | boolean(Y)", "boolean: expected two texts (for true and false) or none, found one"),
        ("a: b | scale(99)", "scale: expected at most 40 places, found 99"),
        ("a: {each: b as c, map: {d: {each: c.x as c, map: c}}}", "the name 'c' is already in use"),
        ("a: {each: b as c, where: 'c.x ~ 1', map: c}", "expected '=' or '!=', found '~ 1'"),
        ("a: position", "'position' is only known inside 'each'"),
        ("a: []", "expected at least one item, found an empty list"),
        ("a:", "expected a text, found nothing"),
    ],
)
def test_an_expression_that_cannot_work_is_refused_before_any_document(
    workshop: Workshop, line: str, problem: str
) -> None:
    quoted = (
        line if "{" in line or "[" in line else line.replace("a: ", 'a: "', 1) + '"' if line != "a:" else line
    )
    quoted = quoted.replace('"', "") if "'" not in quoted else quoted
    found = workshop.problems(f"{HEAD}map:\n  {quoted}\n")
    assert problem in found[0]


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        (None, "none.csv:1:1: code table cannot be read: No such file or directory"),
        ("a,b\n1,2\n", "none.csv:1:1: expected a header with the column 'canonical'"),
        ("canonical,y\nA,1\n", "none.csv:1:1: no column 'x', expected one of: canonical, y"),
        ("canonical,x\nA\n", "none.csv:2:1: expected 2 cells, found 1"),
        (
            "canonical,x\nA,1\nB,2|1\n",
            "none.csv:3:1: '1' in column x is already on line 2: write '>1' where it is only sent",
        ),
        ("canonical,x,x\nA,1,1\n", "none.csv:1:1: a column name is repeated"),
        ('canonical,x\nA,"1\n', "not CSV: unexpected end of data"),
        ("\xff".encode("latin-1"), "code table is not UTF-8"),
    ],
)
def test_a_code_table_that_cannot_be_used_is_named(workshop: Workshop, table: Any, problem: str) -> None:
    if table is not None:
        (workshop.folder / "codes/none.csv").write_bytes(
            table if isinstance(table, bytes) else table.encode()
        )
    text = f"{HEAD}lookups: {{n: 'codes/none.csv[x]'}}\nmap: {{a: b | lookup(n)}}\n"
    (found,) = workshop.problems(text)
    assert found.startswith("test.yaml:4:14: lookup 'n': codes/")
    assert problem in found


@pytest.mark.parametrize("file", ["../secret.csv", "/etc/secret.csv", "codes/../../x.csv", "codes/x.txt"])
def test_code_tables_stay_inside_the_mappings_folder(workshop: Workshop, file: str) -> None:
    found = workshop.problems(f"{HEAD}lookups: {{n: '{file}[x]'}}\nmap: {{a: b | lookup(n)}}\n")
    assert "expected codes/table.csv[column]" in found[0]


def test_a_lookup_that_nothing_uses_is_refused(workshop: Workshop) -> None:
    found = workshop.problems(f"{HEAD}lookups: {{u: 'codes/unit.csv[x12]'}}\nmap: {{a: b}}\n")
    assert found == ["test.yaml:4:14: lookup 'u' is not used"]


def test_crosswalk_needs_a_lookup_towards_our_names(workshop: Workshop) -> None:
    text = f"{HEAD}lookups: {{u: 'codes/unit.csv[canonical -> x12]'}}\nmap: {{a: b | crosswalk(u)}}\n"
    (found,) = workshop.problems(text)
    assert "crosswalk: lookup 'u' leads to column x12, crosswalk needs canonical" in found


def test_nothing_follows_a_crosswalk_but_a_guard(workshop: Workshop, field: Callable[..., Any]) -> None:
    text = f"{HEAD}lookups: {{u: 'codes/unit.csv[x12]'}}\nmap: {{a: b | crosswalk(u) | trim}}\n"
    assert "trim: nothing can follow a function that gives a whole group" in workshop.problems(text)[0]
    head = "lookups: {u: 'codes/unit.csv[x12]'}\n"
    assert field("b | crosswalk(u) | optional", {}, head=head) is None
