"""Signed-in SFTP sessions: pinned host key, timeouts everywhere, one thread per session at a time.

paramiko's SFTP client must not be shared between threads, so sessions are lent and given back.
"""

from __future__ import annotations

import base64
import binascii
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from typing import Any

import paramiko
from paramiko import ssh_exception
from paramiko.pkey import UnknownKeyType

from connectors.base import Connection
from connectors.errors import Config, Unavailable
from connectors.redaction import Redactor
from connectors.settings import load_extra
from connectors.sftp.faults import translated
from connectors.sftp.settings import SftpExtra, SftpSection

_PORT = 22
_RSA_SIGNATURES = ("rsa-sha2-512", "rsa-sha2-256")


class Dialer:
    """Opens sessions to one server; knows the credentials, and checks them before any I/O."""

    def __init__(self, connection: Connection, settings: SftpSection) -> None:
        extra = load_extra(SftpExtra, connection)
        if not connection.host:
            raise Config(
                f"connection {connection.id!r}: expected a host, found none", code="connection_invalid"
            )
        self._connection = connection
        self._settings = settings
        self._host_keys = host_keys(connection.id, extra)
        self._private_key = private_key(connection.id, extra)
        self._port = connection.port or _PORT
        self.place = f"{connection.host}:{self._port}"
        self.redactor = Redactor.of(connection)

    def open(self) -> Session:
        """Connect, verify the host key, sign in.

        Raises:
            Unavailable: nobody there, or too slow.
            Config: another host key, or the sign-in is refused.
        """
        with translated("connect", self.place, self.redactor):
            sock = socket.create_connection((self._connection.host, self._port), self._settings.connect)
            try:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                transport = paramiko.Transport(sock)
            except BaseException:
                sock.close()
                raise
            try:
                return self._start(transport)
            except BaseException:
                transport.close()
                raise

    def _start(self, transport: paramiko.Transport) -> Session:
        settings = self._settings
        transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = settings.handshake
        transport.channel_timeout = settings.read
        transport.get_security_options().key_types = _algorithms(self._host_keys)
        transport.start_client(timeout=settings.handshake)
        self._verify(transport.get_remote_server_key())
        self._sign_in(transport)
        transport.set_keepalive(settings.keepalive)
        sftp = AnyNames.from_transport(transport)
        if sftp is None:
            raise ssh_exception.SSHException("the server opened no SFTP channel")
        channel = sftp.get_channel()
        if channel is not None:
            channel.settimeout(settings.read)
        return Session(transport, sftp)

    def _verify(self, found: paramiko.PKey) -> None:
        if found not in self._host_keys:
            expected = ", ".join(key.fingerprint for key in self._host_keys)
            raise Config(
                f"connect at {self.place}: expected host key {expected}, found {found.fingerprint}; "
                "nothing was sent. If the partner has changed its key, confirm it by another way first",
                code="host_key_mismatch",
            )

    def _sign_in(self, transport: paramiko.Transport) -> None:
        login = self._connection.login
        try:
            if self._private_key is not None:
                transport.auth_publickey(login, self._private_key)
            else:
                transport.auth_password(login, self._connection.password, fallback=False)
        except ssh_exception.AuthenticationException as error:
            # paramiko reports a server that hangs up or falls silent in the same words as a refusal
            if transport.is_active() and "timeout" not in str(error).lower():
                raise
            raise ssh_exception.SSHException(f"the server ended the sign-in: {error}") from None


class AnyNames(paramiko.SFTPClient):
    """paramiko's client, for servers that also have names that are not UTF-8.

    paramiko fails on a whole folder for one such name. Here their bytes become lone surrogates, as Python has
    them for the file system; paths with such names are given as bytes.
    """

    def _request(self, kind: Any, *args: Any) -> tuple[int, paramiko.Message]:
        answer, message = super()._request(kind, *args)  # type: ignore[misc]  # its type hints lack it
        return answer, _AnyText(message.get_remainder())


class _AnyText(paramiko.Message):
    def get_text(self) -> str:
        return self.get_string().decode("utf-8", "surrogateescape")


class Session:
    """One signed-in session, used by one thread at a time."""

    def __init__(self, transport: paramiko.Transport, sftp: paramiko.SFTPClient) -> None:
        self._transport = transport
        self.sftp = sftp

    @property
    def alive(self) -> bool:
        """Whether the server has not hung up, as far as we know."""
        return self._transport.is_active()

    def close(self) -> None:
        """Hang up; never raises."""
        with suppress(Exception):  # a broken session may break again while closing
            self._transport.close()


class SessionPool:
    """Lends sessions to threads; at most `connections` are open. Safe for threads."""

    def __init__(self, dialer: Dialer, settings: SftpSection) -> None:
        self._dialer = dialer
        self._wait = settings.wait
        self._places = threading.BoundedSemaphore(settings.connections)
        self._idle: list[Session] = []
        self._lock = threading.Lock()
        self._closed = False

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Lend a session; one that saw an error is not lent again.

        Raises:
            Unavailable: all are in use, or none can be opened.
            Config: the pool is closed, or see `Dialer.open`.
        """
        if not self._places.acquire(timeout=self._wait):
            raise Unavailable(
                f"{self._dialer.place}: expected a free connection within {self._wait} s, found all in use",
                code="pool_timeout",
            )
        try:
            session = self._take()
            try:
                yield session
            except BaseException:
                session.close()
                raise
            self._give_back(session)
        finally:
            self._places.release()

    def close(self) -> None:
        """Close idle sessions now and lent ones when they come back; a second time does nothing."""
        with self._lock:
            self._closed, idle, self._idle = True, self._idle, []
        for session in idle:
            session.close()

    def _take(self) -> Session:
        while True:
            with self._lock:
                if self._closed:
                    raise Config(
                        f"{self._dialer.place}: expected an open connector, found it closed", code="closed"
                    )
                session = self._idle.pop() if self._idle else None
            if session is None:
                return self._dialer.open()
            if session.alive:
                return session
            session.close()

    def _give_back(self, session: Session) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(session)
                return
        session.close()


def host_keys(connection: str, extra: SftpExtra) -> list[paramiko.PKey]:
    """The pinned keys; without one no connection is made, since anybody could answer.

    Raises:
        Config: none, or one that cannot be read.
    """
    given = (extra.host_key,) if isinstance(extra.host_key, str) else extra.host_key or ()
    lines = [line.strip() for text in given for line in text.splitlines() if line.strip()]
    if not lines:
        raise Config(
            f"connection {connection!r}: expected the server's key in extra.host_key "
            "('ssh-ed25519 AAAA…', as ssh-keyscan prints it), found none",
            code="host_key_missing",
        )
    return [_host_key(connection, line) for line in lines]


def _host_key(connection: str, line: str) -> paramiko.PKey:
    words = line.split()
    place = next((i for i, word in enumerate(words) if word.startswith(("ssh-", "ecdsa-"))), 0)
    try:
        return paramiko.PKey.from_type_string(words[place], base64.b64decode(words[place + 1], validate=True))
    except (IndexError, ValueError, binascii.Error, UnknownKeyType, ssh_exception.SSHException):
        raise Config(
            f"connection {connection!r}: expected extra.host_key as 'type base64', found {line[:80]!r}",
            code="host_key_unreadable",
        ) from None


def private_key(connection: str, extra: SftpExtra) -> paramiko.PKey | None:
    """Our own key when the connection holds one.

    Raises:
        Config: it cannot be read, or needs a passphrase. Never shows any of it.
    """
    if not extra.private_key:
        return None
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key(StringIO(extra.private_key), extra.private_key_passphrase)
        except Exception:  # noqa: BLE001, S112 - each kind complains in its own way about the other kinds' files
            continue
    raise Config(
        f"connection {connection!r}: expected extra.private_key as an OpenSSH or PEM key "
        "(with extra.private_key_passphrase if it has one), found something else",
        code="private_key_unreadable",
    )


def _algorithms(keys: list[paramiko.PKey]) -> tuple[str, ...]:
    """Ask the server for the pinned kinds only: it may own other, equally good keys."""
    names = dict.fromkeys(key.get_name() for key in keys)
    return tuple(
        algorithm for name in names for algorithm in (_RSA_SIGNATURES if name == "ssh-rsa" else (name,))
    )
