"""The folder that an embedded system lives in: one running system per folder, on ports of its own."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from deploy.embedded.redis_server import free_port
from deploy.embedded.refusal import CannotStart
from shared.topology import PORTS, Service

LOCK_NAME = "run.lock"
# Held open: a claim on a port ends with its file.
_claims: list[IO[str]] = []


def make_data_dir(data_dir: Path) -> None:
    """Make the folder and make sure that it can be written to. Raises CannotStart."""
    probe = data_dir / ".write-probe"
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise CannotStart(
            f"数据文件夹 {data_dir} 不能写入（{error.strerror}），请修改权限，或用 XZ_DATA_DIR 指定别的文件夹。"
            f"The data folder can't be written to."
        ) from error


@contextmanager
def only_one_here(data_dir: Path, address: str, here: str = "") -> Iterator[None]:
    """Hold the folder's lock while the system runs. Raises CannotStart naming the system that holds it.

    `address`: what people type; `here`: how this machine reaches it, where that is another one.
    """
    with (data_dir / LOCK_NAME).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            raise CannotStart(
                f"乡治已经在这个文件夹里运行：{lock.readline().strip() or '另一个窗口'}。请用那一个，或先按 Ctrl-C。"
                "It already runs from this folder: use that one, or stop it with Ctrl-C first."
            ) from error
        lock.truncate(0)
        lock.write(f"{address} (pid {os.getpid()})\n{here or address}\n")
        lock.flush()
        yield
        lock.truncate(0)


def running_address(data_dir: Path) -> str | None:
    """How this machine reaches the system that runs from this folder; None when none does."""
    path = data_dir / LOCK_NAME
    if not path.exists():
        return None
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            return next(iter(lock.read().splitlines()[1:]), None)
    return None


def check_gateway_port(host: str, port: int) -> None:
    """Raise CannotStart when nobody could listen at this address."""
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            reason = f"端口 {port} 已被别的程序占用，请换一个，例如 PORT={port + 80} make run。"
            english = f"Port {port} is in use: choose another with PORT=…"
        elif error.errno == errno.EACCES:
            reason = f"端口 {port} 需要管理员权限，请用 1024 以上的端口，例如 PORT=8000 make run。"
            english = f"Port {port} needs more rights."
        else:
            reason = f"不能在 {host}:{port} 上提供网页（{error.strerror}），请检查 HOST 和 PORT。"
            english = f"Can't listen on {host}:{port}."
        raise CannotStart(reason + english) from error


def read_port(text: str, variable: str = "PORT") -> int:
    """A port of the gateway from the environment. Raises CannotStart."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise CannotStart(f"{variable} 应是 1 到 65535 的数字，不是 {text!r}。It must be a number from 1 to 65535.")
    return int(text)


def choose_inner_ports() -> dict[Service, int]:
    """The usual ports of the services behind the gateway; another free one where something else listens there.

    The usual ports are claimed until this process ends: of two systems that start at the same moment (each in a
    folder of its own) one takes others, where they would else answer for each other.
    """
    return {
        service: port if is_free(port) and _claim(port) else free_port()
        for service, port in PORTS.items()
        if service is not Service.GATEWAY
    }


def _claim(port: int) -> bool:
    path = Path(tempfile.gettempdir()) / f"xiangzhi-port-{port}.lock"
    try:
        claim = path.open("a")
    except OSError:
        return False
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        claim.close()
        return False
    _claims.append(claim)
    return True


def is_free(port: int) -> bool:
    """Whether someone could listen on this port of loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
