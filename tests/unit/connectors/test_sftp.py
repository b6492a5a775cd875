"""SFTP without a server: names, stability, settings, keys, and what paramiko's exceptions mean."""

from __future__ import annotations

import errno
import inspect
import socket
from typing import Any

import paramiko
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paramiko import ssh_exception

from connectors import filenames
from connectors.base import Connection
from connectors.errors import Config, ConnectorError, Contract, Unavailable, Unknown
from connectors.filenames import File
from connectors.redaction import Redactor
from connectors.registry import capabilities
from connectors.sftp import faults
from connectors.sftp.client import connect
from connectors.sftp.faults import Moment
from hub.testing.contract import leaks

SYSTEM: dict[str, Any] = {
    "system": "acme",
    "connector": "sftp",
    "resources": {"in": {"folder": "/outbox", "archive": "/archive"}},
    "operations": {"up": {"folder": "/inbox", "name": "180_{key}.edi"}},
}
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIBIwVTBmlpZr6HvEJfrrDvrKpjb8ebpt7hHtZgz8ZPs"


# Names


@given(st.text(min_size=1), st.integers(0, 2**33), st.integers(0, 2**40))
def test_a_source_key_gives_its_file_back(name: str, mtime: int, size: int) -> None:
    file = File(mtime, name, size)
    assert filenames.of_source_key(file.source_key) == file


@given(st.lists(st.text(min_size=1, max_size=20), min_size=2, max_size=2, unique=True))
def test_different_keys_never_share_a_file(keys: list[str]) -> None:
    first, second = (filenames.final_name("180_{key}.edi", key) for key in keys)
    assert first != second
    assert "/" not in first


def test_a_name_that_servers_would_cut_is_a_contract_error() -> None:
    with pytest.raises(Contract):
        filenames.final_name("180_{key}.edi", "k" * 250)


def test_an_archive_name_sorts_by_time_and_is_always_the_same() -> None:
    assert File(1795176000, "a.edi", 12).archived == "20261120T120000Z-12-a.edi"


def test_a_temporary_name_is_taken_by_no_pattern_of_a_partner() -> None:
    name = filenames.temporary_name("180_1.edi", "x")
    assert name.startswith(".")
    assert not name.endswith(".edi")


# Stability


def test_a_file_is_whole_when_it_has_not_changed_for_long_enough() -> None:
    growing, done = File(100, "a", 1), File(90, "b", 5)
    ready, cursor = filenames.stable([growing, done], None, now=1000, seconds=30)
    assert ready == []
    grown = File(101, "a", 2)
    ready, cursor = filenames.stable([grown, done], cursor, now=1030, seconds=30)
    assert ready == [done]
    ready, cursor = filenames.stable([grown], cursor, now=1060, seconds=30)
    assert ready == [grown]
    assert filenames.stable([], cursor, now=1090, seconds=30) == ([], {})


def test_without_a_waiting_time_everything_is_whole_and_oldest_first() -> None:
    files = [File(9, "b", 1), File(9, "a", 1), File(1, "z", 1)]
    assert filenames.stable(files, None, now=0, seconds=0) == ([files[2], files[1], files[0]], {})


def test_a_clock_that_was_set_back_delays_but_never_hurries() -> None:
    file = File(1, "a", 1)
    _, cursor = filenames.stable([file], None, now=5000, seconds=30)
    ready, cursor = filenames.stable([file], cursor, now=1000, seconds=30)
    assert ready == []
    assert filenames.stable([file], cursor, now=1030, seconds=30)[0] == [file]


def test_groups_hold_a_few_files_and_not_too_many_bytes() -> None:
    files = [File(n, "a", 3_000_000) for n in range(5)] + [File(n, "b", 1) for n in range(45)]
    groups = list(filenames.groups(files, lambda file: file.size))
    assert [file for group in groups for file in group] == files
    assert max(len(group) for group in groups) == 20
    assert all(sum(file.size for file in group) <= 8 * 1024 * 1024 for group in groups)


# Settings and connections


@pytest.mark.parametrize(
    ("part", "entry", "expected"),
    [
        ("operations", {"folder": "/inbox", "name": "fixed.edi"}, "one {key}"),
        ("operations", {"folder": "/inbox", "name": "{key}/{key}.edi"}, "one {key}"),
        ("operations", {"folder": "/inbox", "name": ".{key}"}, "one {key}"),
        ("operations", {"folder": "inbox", "name": "{key}"}, "folder"),
        ("operations", {"folder": "/inbox", "name": "{key}", "repeat": "native"}, "native"),
        ("resources", {"folder": "/a", "archive": "/b", "delete": True}, "found both"),
        ("resources", {"folder": "/a", "archive": "/a"}, "other than the folder"),
        ("resources", {"folder": "/a", "patern": "*"}, "patern: expected a known key"),
    ],
)
def test_wrong_settings_are_named(part: str, entry: dict[str, Any], expected: str) -> None:
    with pytest.raises(Config) as caught:
        capabilities({**SYSTEM, part: {"one": entry}})
    assert expected in caught.value.message


@pytest.mark.parametrize("extra", [{}, {"host_key": ""}, {"host_key": []}])
def test_no_connection_is_made_without_a_pinned_host_key(extra: dict[str, Any]) -> None:
    with pytest.raises(Config) as caught:
        connect(SYSTEM, Connection(id="acme", host="127.0.0.1", extra=extra))
    assert caught.value.code == "host_key_missing"


@pytest.mark.parametrize(
    "key", ["AAAA", "ssh-ed25519", "ssh-ed25519 !!!", "ssh-none AAAA", "ssh-ed25519 AAAA"]
)
def test_a_host_key_that_cannot_be_read_is_a_config_error(key: str) -> None:
    with pytest.raises(Config) as caught:
        connect(SYSTEM, Connection(id="acme", host="127.0.0.1", extra={"host_key": key}))
    assert caught.value.code == "host_key_unreadable"


@pytest.mark.parametrize(
    "key", [f"host.example {HOST_KEY}", f"{HOST_KEY} comment", f"\n{HOST_KEY}\n", [HOST_KEY]]
)
def test_a_host_key_is_taken_as_tools_print_it(key: Any) -> None:
    connect(SYSTEM, Connection(id="acme", host="127.0.0.1", extra={"host_key": key})).close()


def test_a_private_key_that_cannot_be_read_is_not_shown() -> None:
    extra = {"host_key": HOST_KEY, "private_key": "canary-key", "private_key_passphrase": "canary-phrase"}
    with pytest.raises(Config) as caught:
        connect(SYSTEM, Connection(id="acme", host="127.0.0.1", extra=extra))
    assert caught.value.code == "private_key_unreadable"
    assert leaks(caught.value, ["canary-key", "canary-phrase"]) == []


# Exceptions

CASES: list[tuple[Exception, type[ConnectorError], type[ConnectorError]]] = [
    (ssh_exception.AuthenticationException("no"), Config, Config),
    (ssh_exception.BadAuthenticationType("no", ["publickey"]), Config, Config),
    (ssh_exception.PasswordRequiredException("no"), Config, Config),
    (ssh_exception.IncompatiblePeer("no host key"), Config, Config),
    (ssh_exception.SSHException("dropped"), Unavailable, Unknown),
    (ssh_exception.ChannelException(2, "no"), Unavailable, Unavailable),
    (ssh_exception.NoValidConnectionsError({("h", 22): OSError("x")}), Unavailable, Unavailable),
    (paramiko.SFTPError("garbage"), Unavailable, Unknown),
    (FileNotFoundError(errno.ENOENT, "no"), Config, Unavailable),
    (PermissionError(errno.EACCES, "no"), Config, Config),
    (OSError("Failure"), Unavailable, Unavailable),
    (OSError(errno.EPIPE, "pipe"), Unavailable, Unknown),
    (ConnectionRefusedError(errno.ECONNREFUSED, "no"), Unavailable, Unavailable),
    (ConnectionResetError(errno.ECONNRESET, "gone"), Unavailable, Unknown),
    (socket.gaierror(-2, "no such name"), Unavailable, Unavailable),
    (TimeoutError("slow"), Unavailable, Unknown),
    (EOFError(), Unavailable, Unknown),
    (RuntimeError("anything"), Unavailable, Unknown),
]


@pytest.mark.parametrize(
    ("error", "before", "commit"), CASES, ids=lambda value: getattr(value, "__name__", repr(value))
)
def test_an_exception_means_what_the_table_says(
    error: Exception, before: type[ConnectorError], commit: type[ConnectorError]
) -> None:
    for moment, expected in ((Moment.BEFORE, before), (Moment.COMMIT, commit)):
        with pytest.raises(ConnectorError) as caught, faults.translated("PUT x", "h:22", Redactor(), moment):
            raise error
        assert type(caught.value) is expected


def test_every_exception_of_paramiko_has_a_row_of_its_own_or_of_a_base_below_exception() -> None:
    ours = {row.exception for row in faults.TROUBLES}
    modules = (ssh_exception, paramiko)
    foreign = {
        kind
        for module in modules
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Exception)
    }
    assert len(foreign) > 10
    assert [kind for kind in foreign if not ours & set(kind.__mro__)] == []


def test_our_own_errors_pass_untouched() -> None:
    error = Contract("mine", code="mine")
    with pytest.raises(Contract) as caught, faults.translated("PUT x", "h:22", Redactor()):
        raise error
    assert caught.value is error
