"""Archives become documents within limits; whatever is wrong with one is told, and nothing of it is taken."""

from __future__ import annotations

import gzip
import io
import os
import random
import stat
import struct
import zipfile
from collections.abc import Sequence

import pytest

from connectors.archives import Kind, Limits, Member, kind_by_name, unpack
from connectors.errors import Contract

LIMITS = Limits(members=10, size=5_000_000)


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, body in members:
            archive.writestr(name, body, method)
    return out.getvalue()


def of(body: bytes, kind: Kind = "zip", limits: Limits = LIMITS) -> list[Member]:
    return unpack("/in/a.zip", "a.zip", body, kind, limits)


def refusal(body: bytes, kind: Kind = "zip", limits: Limits = LIMITS) -> Contract:
    with pytest.raises(Contract) as caught:
        of(body, kind, limits)
    assert caught.value.message.startswith("/in/a.zip: ")
    assert "expected" in caught.value.message
    assert "found" in caught.value.message
    return caught.value


def test_members_come_in_order_and_folders_are_passed_over() -> None:
    body = zipped(("b.edi", b"2"), ("sub/", b""), ("sub\\", b""), ("sub/a.edi", b"1"), ("empty.edi", b""))
    assert of(body) == [Member("b.edi", b"2"), Member("sub/a.edi", b"1"), Member("empty.edi", b"")]


def test_archives_inside_stay_as_they_are() -> None:
    inner = zipped(("x.edi", b"1"))
    assert of(zipped(("inner.zip", inner))) == [Member("inner.zip", inner)]


def test_a_gzip_file_is_one_document_also_when_it_was_written_in_parts() -> None:
    body = gzip.compress(b"ISA") + gzip.compress(b"~") + b"\0" * 7
    assert unpack("p", "a.edi.GZ", body, "gzip", LIMITS) == [Member("a.edi", b"ISA~")]


def test_endings_tell_what_a_file_is() -> None:
    assert [kind_by_name(name) for name in ("a.ZIP", "a.edi.gz", "a.tgz", "zip", "a.xlsx")] == [
        "zip",
        "gzip",
        None,
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("../../etc/passwd", "../../etc/passwd"),
        ("/etc/passwd", "/etc/passwd"),
        ("..\\..\\x", "..\\..\\x"),
        ("C:\\x", "C:\\x"),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
    ],
)
def test_names_that_lead_elsewhere_are_labels_and_printable(name: str, label: str) -> None:
    assert of(zipped((name, b"1"))) == [Member(label, b"1")]


def test_a_name_is_cut_at_nul_as_the_zip_library_does() -> None:
    body = zipped(("aXb.edi", b"1")).replace(b"aXb.edi", b"a\0b.edi")
    assert [member.label for member in of(body)] == ["a"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_two_documents() -> None:
    body = zipped(("a", b"1"), ("a", b"2"), ("a#2", b"3"))
    assert of(body) == [Member("a", b"1"), Member("a#2", b"2"), Member("a#2#2", b"3")]


def test_a_link_is_refused() -> None:
    link = zipfile.ZipInfo("link.edi")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    error = refusal(zipped((link, b"/etc/passwd")))
    assert error.code == "archive_link"
    assert "member 'link.edi'" in error.message


def test_an_encrypted_member_is_refused() -> None:
    body = bytearray(zipped(("secret.edi", b"1")))
    body[6] |= 1  # general purpose flag of the local header
    body[body.index(b"PK\x01\x02") + 8] |= 1  # and of the index
    error = refusal(bytes(body))
    assert error.code == "archive_encrypted"
    assert "member 'secret.edi'" in error.message


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_whose_output_cannot_be_bounded_are_refused(method: int) -> None:
    assert refusal(zipped(("a", b"1"), method=method)).code == "archive_method"


def test_more_members_than_the_limit_are_refused_with_their_number() -> None:
    error = refusal(zipped(*((f"{n}", b"1") for n in range(11))))
    assert (error.code, "at most 10 members, found 11" in error.message) == ("archive_too_large", True)


def test_an_index_of_very_many_entries_is_not_even_read() -> None:
    entry = b"PK\x01\x02" + b"\0" * 42
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 50_000 * len(entry), 0, 0)
    error = refusal(entry * 50_000 + end)
    assert (error.code, "an index of 50000" in error.message) == ("archive_too_large", True)


def test_more_bytes_than_the_limit_are_refused() -> None:
    noise = os.urandom(2_000_000)
    error = refusal(zipped(("a", noise), ("b", noise), ("c", noise)))
    assert (error.code, "at most 5000000 unpacked bytes, found 6000000" in error.message) == (
        "archive_too_large",
        True,
    )
    assert refusal(gzip.compress(noise * 3), "gzip").code == "archive_too_large"


@pytest.mark.parametrize("kind", ["zip", "gzip"])
def test_a_bomb_is_refused_long_before_it_is_unpacked(kind: Kind) -> None:
    zeros = bytes(50_000_000)
    body = zipped(("bomb", zeros)) if kind == "zip" else gzip.compress(zeros)
    roomy = Limits(members=10, size=100_000_000)
    assert refusal(body, kind, roomy).code == "archive_ratio"
    assert refusal(body, kind).code in {"archive_too_large", "archive_ratio"}


def test_a_bomb_that_lies_about_its_size_gives_no_more_than_it_declares() -> None:
    body = bytearray(zipped(("bomb", bytes(50_000_000))))
    index = body.index(b"PK\x01\x02")
    body[index + 24 : index + 28] = struct.pack("<L", 1000)
    assert refusal(bytes(body)).code == "archive_damaged"


def test_an_archive_without_files_is_refused() -> None:
    assert refusal(zipped()).code == "archive_empty"
    assert refusal(zipped(("folder/", b""))).code == "archive_empty"


@pytest.mark.parametrize("kind", ["zip", "gzip"])
def test_no_damage_gives_half_a_document(kind: Kind) -> None:
    text = b"".join(b"BLI*%d~" % n for n in range(2_000))
    whole = zipped(("a.edi", text), ("b.edi", text)) if kind == "zip" else gzip.compress(text)
    bodies: Sequence[bytes] = (text, text) if kind == "zip" else (text,)
    rng = random.Random(7)  # noqa: S311 - damage, not a secret
    refused = 0
    for _ in range(1_500):
        body = bytearray(whole)
        if rng.random() < 0.3:
            del body[rng.randrange(len(body)) :]
        for _ in range(rng.randint(0, 3)):
            if body:
                body[rng.randrange(len(body))] = rng.randrange(256)
        try:
            members = of(bytes(body), kind)
        except Contract as error:
            assert error.code.startswith("archive_")  # noqa: PT017 - most are refused, which is counted
            refused += 1
        else:
            # an index that was cut or hidden may name fewer members; what is given is whole
            assert all(member.body in (*bodies, b"") for member in members)
    assert refused > 1_000


def test_damage_names_the_member() -> None:
    body = bytearray(zipped(("good.edi", b"1"), ("bad.edi", b"ISA" * 100), method=zipfile.ZIP_STORED))
    body[body.index(b"ISAISA") + 5] ^= 1
    error = refusal(bytes(body))
    assert error.code == "archive_damaged"
    assert "member 'bad.edi': expected 300 whole bytes, found damage: Bad CRC-32" in error.message
    assert refusal(b"").code == "archive_damaged"
    assert refusal(b"ISA*00*", "gzip").code == "archive_damaged"
