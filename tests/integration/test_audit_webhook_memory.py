"""What the audit webhook takes of memory: seen from outside, in a process of its own."""

from __future__ import annotations

import contextlib
import re
import resource
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.integration.webhook_process import MAX_BODY_BYTES
from tests.integration.webhook_site import BATCH, head

MIB = 1 << 20
CONNECTIONS = 10_000
# Those that are held at once, and their TLS: asyncio has a buffer of 256 KiB for each.
HELD = {("uvloop", False): 20, ("uvloop", True): 60, ("asyncio", False): 20, ("asyncio", True): 250}
PATIENCE_SECONDS = 60.0


class Process:
    """A webhook that runs, and where."""

    def __init__(self, loop: str, patience: float = 10.0, tls_files: tuple[Path, ...] = ()) -> None:
        module = "tests.integration.webhook_process"
        command = [sys.executable, "-m", module, loop, str(patience), *map(str, tls_files)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout
        self.port = int(self._process.stdout.readline())

    def peak(self) -> int:
        """The most memory that it ever had, bytes."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
        assert found
        return int(found[1]) * 1024

    def close(self) -> None:
        self.end()

    def end(self) -> int:
        """How many connections it refused."""
        if not self._process.stdin or self._process.stdin.closed:
            return 0
        output, _ = self._process.communicate(timeout=PATIENCE_SECONDS)
        assert self._process.returncode == 0
        return int(output)

    def connect(self, context: ssl.SSLContext | None = None) -> socket.socket:
        """A connection, with TLS where there is a context."""
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_SECONDS)
        return context.wrap_socket(plain, server_hostname="127.0.0.1") if context else plain

    def connecting(self) -> socket.socket:
        """A connection that is not waited for."""
        attacker = socket.socket()
        attacker.setblocking(False)
        attacker.connect_ex(("127.0.0.1", self.port))
        return attacker


@pytest.fixture(params=["uvloop", "asyncio"])
def loop(request: pytest.FixtureRequest) -> str:
    if request.param == "uvloop":
        pytest.importorskip("uvloop")
    return str(request.param)


@pytest.fixture
def process(loop: str) -> Iterator[Process]:
    with contextlib.closing(Process(loop)) as running:
        yield running


def answered(connection: socket.socket) -> bytes:
    """The first line of the answer."""
    with connection.makefile("rb") as file:
        return file.readline().strip()


def sending(connection: socket.socket, size: int, piece: bytes) -> None:
    """So much, or as much as is taken."""
    with contextlib.suppress(ConnectionError):
        for _ in range(size // MIB):
            connection.sendall(piece)


def test_a_large_body_is_held_once(process: Process) -> None:
    """Not in pieces and whole at the same time."""
    before = process.peak()
    with process.connect() as connection:
        connection.sendall(head("/audit", f"Content-Length: {MAX_BODY_BYTES}"))
        sending(connection, MAX_BODY_BYTES, b"{" * MIB)
        assert answered(connection) == b"HTTP/1.1 200 OK"
    assert process.peak() - before < MAX_BODY_BYTES + 12 * MIB


@pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])
def test_bodies_of_100_megabytes_take_no_more_than_the_largest(
    process: Process, chunked: bool
) -> None:
    before = process.peak()
    size = 100 * 1000 * 1000 // MIB * MIB
    piece = b"{" * MIB
    for _ in range(3):
        with process.connect() as connection:
            if chunked:
                connection.sendall(head("/audit", "Transfer-Encoding: chunked"))
                sending(connection, size, b"%x\r\n%s\r\n" % (len(piece), piece))
            else:
                connection.sendall(head("/audit", f"Content-Length: {size}"))
                sending(connection, size, piece)
            assert answered(connection).startswith(b"HTTP/1.1 413 ")
    assert process.peak() - before < (MAX_BODY_BYTES if chunked else 0) + 12 * MIB


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_ten_thousand_connections_neither_lock_out_nor_take_the_memory(
    loop: str, tls: bool, tmp_path: Path
) -> None:
    """Half of them say nothing, half send a head that never ends, or a handshake that does not.
    An API server that is connected stays so; another one is let in when it tries again.
    """
    files, context = _keys(tmp_path) if tls else ((), None)
    beginning = b"\x16\x03\x01" if tls else head("/audit", "X-Slow: ")[:-4]
    number = _allowed(CONNECTIONS)
    with (
        contextlib.closing(Process(loop, patience=0.5, tls_files=files)) as process,
        contextlib.ExitStack() as open_,
        process.connect(context) as connected,
    ):
        assert posted(connected)
        before = process.peak()
        for _ in range(0, number, 500):
            crowd = [open_.enter_context(process.connecting()) for _ in range(500)]
            for attacker in crowd[::2]:
                with contextlib.suppress(OSError):
                    attacker.send(beginning)
            assert posted(connected)
        _let_in(process, context)
        assert posted(connected)
        assert process.peak() - before < HELD[loop, tls] * MIB
        refused = process.end()
        assert refused > number - 1000


def posted(connection: socket.socket) -> bool:
    """Whether a batch was received."""
    connection.sendall(head("/audit", f"Content-Length: {len(BATCH)}") + BATCH)
    return connection.recv(1000).startswith(b"HTTP/1.1 200")


def _let_in(process: Process, context: ssl.SSLContext | None) -> None:
    """As an API server tries: again after a while, on a new connection."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(OSError), process.connect(context) as connection:
            if posted(connection):
                return
    pytest.fail("no API server is let in")


def _keys(folder: Path) -> tuple[tuple[Path, ...], ssl.SSLContext]:
    authority = trustme.CA()
    own = authority.issue_cert("127.0.0.1")
    own.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    own.private_key_pem.write_to_path(folder / "key.pem")
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return (folder / "cert.pem", folder / "key.pem"), context


def _allowed(wanted: int) -> int:
    """As many connections as this machine lets a process have, if those are fewer."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    free = most - sum(1 for _ in Path("/proc/self/fd").iterdir()) - 100
    if most != resource.RLIM_INFINITY and free < wanted:
        print(f"only {free} connections: this machine allows no more")
        return free
    return wanted
