"""What paramiko's exceptions mean: the one translator of this protocol.

An upload becomes visible in one step, the rename. Until then nothing has happened there, so trouble
is `Unavailable`; during it, trouble without the server's word is `Unknown`.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

import paramiko
from paramiko import ssh_exception
from paramiko.pkey import UnknownKeyType

from connectors.base import Exchange
from connectors.errors import Config, ConnectorError, Unavailable, Unknown
from connectors.redaction import Redactor

Failure = type[ConnectorError]


class Moment(StrEnum):
    """Whether the effect may become visible during this step."""

    BEFORE = "before"
    COMMIT = "commit"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What an exception means in each moment; `code` is the stable cause."""

    exception: type[Exception]
    before: Failure
    commit: Failure
    code: str


TROUBLES: tuple[Trouble, ...] = (
    Trouble(ssh_exception.BadHostKeyException, Config, Config, "host_key_mismatch"),
    Trouble(ssh_exception.PartialAuthentication, Config, Config, "second_factor_asked"),
    Trouble(ssh_exception.AuthenticationException, Config, Config, "sign_in_refused"),
    Trouble(ssh_exception.IncompatiblePeer, Config, Config, "no_common_algorithm"),
    Trouble(ssh_exception.ConfigParseError, Config, Config, "ssh_config"),
    Trouble(ssh_exception.CouldNotCanonicalize, Config, Config, "ssh_config"),
    Trouble(ssh_exception.ProxyCommandFailure, Unavailable, Unknown, "proxy_failed"),
    Trouble(ssh_exception.NoValidConnectionsError, Unavailable, Unavailable, "connect_failed"),
    Trouble(ssh_exception.ChannelException, Unavailable, Unavailable, "channel_refused"),
    Trouble(ssh_exception.MessageOrderError, Unavailable, Unknown, "session_broken"),
    Trouble(ssh_exception.SSHException, Unavailable, Unknown, "session_broken"),
    Trouble(UnknownKeyType, Config, Config, "host_key_unreadable"),
    Trouble(paramiko.SFTPError, Unavailable, Unknown, "answer_broken"),
    Trouble(FileNotFoundError, Config, Unavailable, "no_such_path"),
    Trouble(PermissionError, Config, Config, "no_permission"),
    Trouble(TimeoutError, Unavailable, Unknown, "timeout"),
    Trouble(ConnectionRefusedError, Unavailable, Unavailable, "connect_failed"),
    Trouble(socket.gaierror, Unavailable, Unavailable, "connect_failed"),
    Trouble(ConnectionError, Unavailable, Unknown, "connection_lost"),
    Trouble(EOFError, Unavailable, Unknown, "connection_lost"),
    Trouble(OSError, Unavailable, Unknown, "connection_lost"),
)
_BY_EXCEPTION = {row.exception: row for row in TROUBLES}

_SAID_NO = Trouble(OSError, Unavailable, Unavailable, "server_failure")
_ANY = Trouble(Exception, Unavailable, Unknown, "session_broken")


def of_exception(error: Exception) -> Trouble:
    """The row of an exception: its own, or that of its nearest base."""
    if said_no(error):
        return _SAID_NO
    for base in type(error).__mro__:
        row = _BY_EXCEPTION.get(base)
        if row is not None:
            return row
    return _ANY


def said_no(error: Exception) -> bool:
    """Whether the server itself answered with a failure: paramiko raises a bare OSError then."""
    return type(error) is OSError and error.errno is None


@contextmanager
def translated(
    request: str, place: str, redactor: Redactor, moment: Moment = Moment.BEFORE
) -> Iterator[None]:
    """Turn whatever is raised inside into one of our errors.

    Args:
        request: The command in words, for the error and its exchange.
        place: `host:port`.
        redactor: Cleans the messages.
        moment: Whether the effect may become visible inside.
    """
    try:
        yield
    except ConnectorError:
        raise
    except Exception as error:
        row = of_exception(error)
        kind = row.before if moment is Moment.BEFORE else row.commit
        words = redactor.text(f"{type(error).__name__} {error}".strip())[:500]
        raise kind(
            redactor.text(f"{request} at {place}: expected success, found {words}"),
            code=row.code,
            exchange=Exchange(request=redactor.text(request), response=words),
        ) from error
