"""Names of files: which are meant for us, how claims and members are named, and names that are no text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import filenames
from connectors.filenames import File

NAMES = st.binary(min_size=1, max_size=40).map(lambda raw: raw.decode("utf-8", "surrogateescape"))


def taken(names: list[str], pattern: str = "*", marker: str | None = None) -> list[str]:
    return [file.name for file in filenames.matching([File(1, name, 1) for name in names], pattern, marker)]


@pytest.mark.parametrize(
    "name",
    ["a.edi.tmp", "a.TMP", "a.temp", "a.part", "a.partial", "a.edi.filepart", "a.crdownload", "a.swp", "a~"],
)
def test_a_file_that_a_program_is_still_writing_is_never_taken(name: str) -> None:
    assert taken([name, f".{name}", ".a.edi", "a.edi"]) == ["a.edi"]


def test_a_pattern_that_asks_for_such_names_gets_them() -> None:
    assert taken(["a.part", "b.part", "a.edi"], "*.part") == ["a.part", "b.part"]
    assert taken([".a.edi", "a.edi"], ".*.edi") == [".a.edi"]


def test_case_counts_in_a_pattern() -> None:
    assert taken(["a.edi", "A.EDI"], "*.edi") == ["a.edi"]


def test_a_marked_file_waits_for_its_own_marker_and_markers_are_no_files() -> None:
    assert taken(["a.csv", "b.csv", "b.csv.done", "c.done"], marker=".done") == ["b.csv"]


@given(NAMES, st.integers(0, 2**33), st.integers(0, 2**40))
def test_a_key_can_be_stored_and_gives_the_very_bytes_of_the_name_back(
    name: str, mtime: int, size: int
) -> None:
    file = File(mtime, name, size)
    assert file.source_key.encode()
    assert filenames.of_source_key(file.source_key) == file


@given(NAMES, st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_a_member_key_names_the_archive_whatever_the_member_is_called(name: str, label: str) -> None:
    file = File(100, name, 5)
    assert filenames.of_source_key(file.member_key(label)) == file


def test_a_member_cannot_pass_for_another_archive() -> None:
    assert File(1, "a.zip", 2).member_key("../b@5-5") == "a.zip@1-2!../b%405-5"


def test_keys_look_like_the_files() -> None:
    assert File(1795201234, "returns.edi", 512).source_key == "returns.edi@1795201234-512"
    assert File(1, "caf\udce9.csv", 2).source_key == "caf\\xe9.csv@1-2"
    assert File(1, "café.csv", 2).source_key == "café.csv@1-2"


@given(NAMES, st.integers(0, 2**33), st.integers(0, 2**40), st.integers(0, 2**33))
def test_the_name_of_a_claim_tells_since_when_and_what_is_held(
    name: str, mtime: int, size: int, at: int
) -> None:
    assert filenames.of_claimed_name(filenames.claimed_name(File(mtime, name, size), at)) == (at, name)


@pytest.mark.parametrize("name", ["a.edi", "20261120T120000Z-512-a.edi", "1-2-a.edi", ""])
def test_other_names_are_no_claims(name: str) -> None:
    assert filenames.of_claimed_name(name) is None
