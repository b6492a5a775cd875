"""The SSH listener: one thread accepts, paramiko serves each connection in threads of its own."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from collections.abc import Mapping
from pathlib import Path

import paramiko

from sandboxes.faults import FaultPlan
from sandboxes.serving import listener
from sandboxes.sftp.folders import Account, Folders
from sandboxes.sftp.journal import Journal

# clients that hang up, or are told to, are everyday life here and not worth a traceback
logging.getLogger("paramiko.transport").setLevel(logging.CRITICAL)


class SftpServer:
    """Serves one folder to known users; can go down and come back on the same port."""

    def __init__(
        self, root: Path, key: paramiko.PKey, passwords: Mapping[str, str], journal: Journal, port: int
    ) -> None:
        self.port = port
        self.plan = FaultPlan()
        self._root = root
        self._key = key
        self._passwords = dict(passwords)
        self._journal = journal
        self._lock = threading.RLock()
        self._socket: socket.socket | None = None
        self._transports: set[paramiko.Transport] = set()
        self._reopening: threading.Timer | None = None

    def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        with self._lock:
            if self._socket is not None:
                return
            self._socket = listener(self.port)
            self.port = self._socket.getsockname()[1]
            threading.Thread(target=self._accept, args=[self._socket], name="sftp", daemon=True).start()

    def stop(self) -> None:
        """Close the listener and all connections; a pending reopening is forgotten."""
        with self._lock:
            if self._reopening is not None:
                self._reopening.cancel()
                self._reopening = None
            if self._socket is not None:
                # shutdown wakes the accepting thread, which a plain close would leave waiting
                with contextlib.suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)
                self._socket.close()
                self._socket = None
            for transport in list(self._transports):
                transport.close()
            self._transports.clear()

    def down(self, seconds: float) -> None:
        """Refuse connections for `seconds`, then listen again on the same port. Returns at once."""
        with self._lock:
            self.stop()
            self._reopening = threading.Timer(seconds, self._reopen)
            self._reopening.daemon = True
            self._reopening.start()

    def _reopen(self) -> None:
        with self._lock:
            if self._reopening is not None:  # else stopped for good while the timer rang
                self._reopening = None
                self.start()

    def _accept(self, sock: socket.socket) -> None:
        while True:
            try:
                client, _ = sock.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[client], name="sftp-client", daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport = paramiko.Transport(client)
        with self._lock:
            self._transports = {one for one in self._transports if one.is_active()} | {transport}
        transport.add_server_key(self._key)
        transport.set_subsystem_handler("sftp", paramiko.SFTPServer, Folders)
        account = Account(self._passwords, self._root, self._journal, self.plan, transport.close)
        with contextlib.suppress(paramiko.SSHException, OSError, EOFError):
            transport.start_server(server=account)
