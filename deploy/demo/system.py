"""The system that `make demo` walks through: the one that the user runs, else one of its own that ends with it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deploy.demo.client import WalkFailed, trust
from deploy.embedded.encryption import wants_encryption
from deploy.embedded.place import running_address
from deploy.embedded.redis_server import free_port

PROJECT = Path(__file__).resolve().parents[2]
START_SECONDS = {"township": 180.0, "county": 1800.0}
_OF_ANOTHER_SYSTEM = re.compile(r"((\w+_)?DATABASE_URL|REDIS_URL)(_FILE)?|HOST|TLS|PLAIN_PORT|XZ_(?!LOG_|UPLOAD_).*")
"""Settings of the system that the user runs."""
_LOADING = re.compile(r"^  .*（[\d.]+ 秒）$")
"""A line in which the loading says how far it is."""


def _answers(base: str) -> bool:
    try:
        with urllib.request.urlopen(f"{base}/readyz", timeout=2, context=trust(base)) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def system(url: str | None, size: str) -> Iterator[str]:
    """The running system, else one that is started in a folder of its own and stopped at the end."""
    base = next(filter(_answers, [url] if url else usual_addresses()), None) if size == "township" else None
    if base is not None:
        yield base
        return
    if url is not None:
        raise WalkFailed(f"{url} 没有运行。Nothing runs there.")
    with own_system(size) as address:
        yield address


def usual_addresses() -> list[str]:
    """Where to look for the running system: at PORT where it is set, then where this folder's one says, then at 8000.

    At 8000 only a page for phones is answered beside HTTPS, which is where the lock of the folder leads.
    """
    port = os.environ.get("PORT")
    scheme = "https" if wants_encryption(os.environ) else "http"
    here = running_address(Path(os.environ.get("XZ_DATA_DIR") or "var"))
    return [*([f"{scheme}://127.0.0.1:{port}"] if port else []), *([here] if here else []), "http://127.0.0.1:8000"]


def own_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without what would lead to the data, keys or address of another system."""
    return {name: value for name, value in environment.items() if not _OF_ANOTHER_SYSTEM.fullmatch(name)}


@contextmanager
def own_system(size: str) -> Iterator[str]:
    """A system in a folder and on a port of its own, with the demo loaded; stopped at the end. Raises WalkFailed."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="xiangzhi-demo-") as folder:
        log = Path(folder) / "system.log"
        environment = {
            **own_environment(os.environ),
            "PORT": str(port),
            "XZ_DATA_DIR": folder,
            "SIZE": size,
            "DEMO": "1",
        }
        print(f"另外启动一个系统（{size}），走完就停 starting a system of its own …", flush=True)
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "deploy.embedded.run", "--die-with-parent"],
                cwd=PROJECT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
            )
        try:
            _wait_until_ready(process, f"http://127.0.0.1:{port}", START_SECONDS[size], log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _wait_until_ready(process: subprocess.Popen[bytes], base: str, seconds: float, log: Path) -> None:
    deadline = time.monotonic() + seconds
    shown = 0
    while not _answers(base):
        shown = show_loading(log, shown)
        if process.poll() is not None or time.monotonic() > deadline:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            raise WalkFailed(f"系统没有启动 it did not start:\n{tail}")
        time.sleep(0.3)


def show_loading(log: Path, shown: int) -> int:
    """Pass on the lines in which the loading says how far it is; `shown` of them were, and now so many are."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if _LOADING.search(line)]
    for line in lines[shown:]:
        print(line, flush=True)
    return len(lines)
