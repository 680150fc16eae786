"""Make the virtual environment of this folder and install the locked dependencies into it.

Runs with the machine's own Python and nothing else.

python3 deploy/embedded/bootstrap.py [--dev]      --dev: also what tests and checks need
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VENV = os.path.join(PROJECT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
LOCK = os.path.join(PROJECT, "requirements.lock")
MARK = os.path.join(VENV, ".installed")
LOG = os.path.join(VENV, "install.log")
# A stalled download must not hang the start for ever.
INSTALL_SECONDS = 900


class CannotInstall(Exception):
    """Raised with one sentence for the person at the terminal."""


def main() -> int:
    """Return the exit code; one sentence on standard error when it is not 0."""
    wanted = "all" if "--dev" in sys.argv[1:] else "runtime"
    try:
        check_python()
        if is_installed(wanted):
            return 0
        check_writable()
        with one_at_a_time():
            if not is_installed(wanted):
                make_venv()
                install(wanted)
    except CannotInstall as reason:
        sys.stderr.write(f"{reason}\n")
        return 1
    except KeyboardInterrupt:
        say("\n安装中断了，再运行一次会接着装。Interrupted: run it again and it goes on.")
        return 1
    return 0


def check_python() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 - the machine's Python may be any
        found = ".".join(str(part) for part in sys.version_info[:3])
        raise CannotInstall(
            f"Python {found} 太旧，需要 3.11 或更新的版本（例如 apt install python3.11）。"
            f"Python {found} is too old: 3.11 or newer is needed."
        )


def fingerprint() -> str:
    """What an installation is made from: the lock, the dependencies asked for, and the Python."""
    import tomllib  # since 3.11: only once the version is known to be right

    with open(os.path.join(PROJECT, "pyproject.toml"), "rb") as content:
        wanted = tomllib.load(content)["project"]["dependencies"]
    with open(LOCK, "rb") as content:
        lock = content.read()
    return hashlib.sha256(lock + repr(wanted).encode() + sys.version.encode()).hexdigest()


def is_installed(wanted: str) -> bool:
    """Whether `.venv` holds what this lock asks for ("all" includes "runtime")."""
    if not os.path.exists(PYTHON):
        return False
    try:
        with open(MARK) as mark:
            level, made_from = mark.read().split()
    except (OSError, ValueError):
        return False
    return made_from == fingerprint() and level in (wanted, "all")


def check_writable() -> None:
    probe = os.path.join(PROJECT, ".write-probe")
    try:
        with open(probe, "w"):
            pass
        os.remove(probe)
    except OSError as error:
        raise CannotInstall(
            f"这个文件夹不能写入，请换到可写的文件夹，或修改权限：{PROJECT}。"
            f"This folder can't be written to: {error.strerror}."
        ) from error


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait for another installation into this folder: two at once would spoil each other's packages."""
    with open(LOCK, "rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("另一个窗口正在安装依赖，等它装好 another installation is under way, waiting …")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make_venv() -> None:
    if os.path.exists(PYTHON) and run([PYTHON, "-c", "import sys"]) == 0:
        return
    say("建立运行环境 making .venv …")
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", VENV], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if made.returncode != 0:
        raise CannotInstall(
            "不能建立 Python 运行环境（Debian/Ubuntu 请先运行 apt install python3-venv）。"
            "The virtual environment could not be made: {}".format(
                " ".join(made.stdout.decode(errors="replace").split())[-300:]
            )
        )


def install(wanted: str) -> None:
    say("安装依赖 installing dependencies, once …")
    if os.path.exists(MARK):
        os.remove(MARK)
    with open(LOG, "wb"):
        pass
    for command in commands(wanted):
        if run(command) == 0:
            with open(MARK, "w") as mark:
                mark.write("{} {}\n".format(wanted if command[0] != PYTHON else "all", fingerprint()))
            return
    raise CannotInstall(why_not_installed())


def commands(wanted: str) -> Iterator[list[str]]:
    """uv (several times faster) from PATH or from the package index, else pip. Each checks every hash of the lock."""
    uv = find_uv()
    if uv:
        requirements = ["-r", LOCK]
        if wanted == "runtime":
            requirements = ["-r", os.path.join(PROJECT, "pyproject.toml"), "-c", LOCK]
        yield [uv, "pip", "install", "--quiet", "--python", PYTHON, "--require-hashes", *requirements]
    if run([PYTHON, "-m", "pip", "--version"]) != 0:
        run([PYTHON, "-m", "ensurepip"])
    yield [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", LOCK]


def find_uv() -> str | None:
    own = os.path.join(VENV, "bin", "uv")
    candidates = [own] + [os.path.join(folder, "uv") for folder in os.environ.get("PATH", "").split(os.pathsep)]
    for path in candidates:
        if os.access(path, os.X_OK) and run([path, "--version"]) == 0:
            return path
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1", "uv"]
    return own if run(pip) == 0 and os.access(own, os.X_OK) else None


def run(command: list[str]) -> int:
    """Run with output to the install log; the exit code, or 1 when it can't be started or hangs."""
    # Compiled now, all at once: otherwise every process compiles at its first import.
    environment = dict(os.environ, UV_COMPILE_BYTECODE="1", UV_LINK_MODE="copy", UV_NO_PROGRESS="1")
    try:
        with open(LOG, "ab") if os.path.isdir(VENV) else open(os.devnull, "wb") as log:
            return subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, timeout=INSTALL_SECONDS
            ).returncode
    except (OSError, subprocess.TimeoutExpired):
        return 1


def why_not_installed() -> str:
    with open(LOG, "rb") as log:
        text = log.read().decode("utf-8", "replace")
    lowered = text.lower()
    if "hash" in lowered and "mismatch" in lowered:
        return (
            "下载的安装包与锁定的校验值不符，已停止安装；请换一个软件源再试。"
            f"A downloaded package does not match its locked hash; see {LOG}."
        )
    if "no space left" in lowered:
        return "磁盘已满，无法安装依赖。The disk is full; dependencies could not be installed."
    network = ("connect", "resolve", "network", "timed out", "dns", "retr", "unreachable", "no matching distribution")
    if any(word in lowered for word in network):
        return (
            "连不上软件源，无法安装依赖：请检查网络（或设置 PIP_INDEX_URL / UV_INDEX_URL），再运行一次。"
            f"The package index can't be reached: check the network and run again; details in {LOG}."
        )
    return f"依赖没有装好，原因见 {LOG}。Dependencies could not be installed; the reason is in that file."


def say(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
