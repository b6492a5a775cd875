"""Stored bytes are shown completely, readably and in bounded time."""

import json
import time

from hypothesis import given
from hypothesis import strategies as st

from hub.console.showing import PREVIEW, masked, show, visible
from tests.console.seeding import ISA

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON.filter(lambda tree: isinstance(tree, list | dict)))
def test_indented_json_is_the_same_json(tree: object) -> None:
    text = json.dumps(tree)
    assert json.loads(show(text.encode()).text) == tree


def test_numbers_are_shown_as_they_were_written() -> None:
    assert "1.10" in show(b'{"a":1.10,"b":1e5}').text
    assert "1e5" in show(b'{"a":1.10,"b":1e5}').text


def test_broken_json_loses_nothing_but_white_space() -> None:
    for broken in ('{"a": "cut off here and', '{"a" "b"}}}', '["a",,]', '{"a":"\\'):
        shown = show(broken.encode()).text
        assert "".join(shown.split()) == "".join(broken.split())


def test_deep_nesting_is_shown_in_bounded_time_and_space() -> None:
    began = time.monotonic()
    shown = show(b"[" * PREVIEW)
    assert time.monotonic() - began < 2
    assert len(shown.text) < PREVIEW * 100


def test_a_truncated_interchange_shows_that_its_last_segment_does_not_end() -> None:
    head = ISA[:106]
    lines = show(f"{head}ST*180*0001~BGN*00*CL".encode()).text.splitlines()
    assert lines == [head, "ST*180*0001~", "BGN*00*CL  ⟨ends here, without its terminator⟩"]


def test_bytes_that_are_no_text_are_shown_in_hex() -> None:
    shown = show(bytes(range(256)))
    assert shown.form == "hex"
    assert shown.text.splitlines()[0].startswith("00000000  00 01 02")


def test_long_documents_are_cut_and_say_so_even_within_a_character() -> None:
    body = "é".encode() * PREVIEW
    shown = show(b"x" + body)
    assert 0 < shown.cut <= len(body)
    assert set(shown.text) == {"x", "é"}


def test_invisible_characters_are_made_visible() -> None:
    assert visible("a\x1db\x00\u202ec") == "a␝b␀⟨U+202E⟩c"


def test_values_of_secret_headers_and_fields_are_masked() -> None:
    for text in (
        "Authorization: Bearer abc.def",
        '{"password": "abc.def"}',
        "Cookie: a=abc.def",
        "access_token=abc.def&x=1",
    ):
        assert "abc.def" not in masked(text)
        assert "[masked]" in masked(text)
