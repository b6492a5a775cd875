"""A file without content is told as such, whatever its format: it never passes for a file without records."""

from __future__ import annotations

import pytest

from connectors.codecs.registry import codec, formats


@pytest.mark.parametrize("body", [b"", b"  \r\n\n"], ids=["zero bytes", "blanks"])
@pytest.mark.parametrize("format_", formats())
def test_an_empty_file_is_one_fatal_record_that_says_so(format_: str, body: bytes) -> None:
    if format_ == "xlsx" and body:
        pytest.skip("blanks are no spreadsheet, and are told as that")
    [record] = codec(format_).decode(body).records
    assert record.tree is None
    assert record.findings[0].message.startswith("The file is empty")


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-32"])
@pytest.mark.parametrize("format_", formats())
def test_text_in_another_charset_is_read_or_told_and_never_passed_over(format_: str, charset: str) -> None:
    text = {"json": "{}", "json/items": '{"items": [{}]}', "csv": "a\r\n1\r\n", "xml": "<a>1</a>"}
    segments = "UNB+UNOA:1+A+B+261101:1200+1'" if format_.startswith("edifact") else "ISA*00*"
    decoded = codec(format_).decode(text.get(format_, segments).encode(charset))
    records = list(decoded.records)
    assert records
    assert all(record.tree is not None or record.findings for record in records)


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_rows_are_read_in_the_charset_they_are_marked_with(charset: str) -> None:
    body = "nr,name\r\n1,Müller\r\n".encode(charset)
    [record] = codec("csv").decode(body).records
    assert record.tree == {"@": 2, "nr": "1", "name": "Müller"}
