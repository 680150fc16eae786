"""The installation from the lock: done once, and refused in one sentence when it can't be done."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.embedded import bootstrap
from tests.fixtures.postgresql_cluster import PROJECT


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout without a virtual environment."""
    for name in ("pyproject.toml", "requirements.lock"):
        shutil.copy(PROJECT / name, tmp_path / name)
    venv = tmp_path / ".venv"
    places = {
        "PROJECT": tmp_path,
        "VENV": venv,
        "PYTHON": venv / "bin" / "python",
        "LOCK": tmp_path / "requirements.lock",
        "MARK": venv / ".installed",
        "LOG": venv / "install.log",
    }
    for name, path in places.items():
        monkeypatch.setattr(bootstrap, name, str(path))
    return tmp_path


def test_an_old_python_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 9, 2, "final", 0))
    assert bootstrap.main() == 1
    assert re.fullmatch(r"Python 3\.9\.2 太旧，.*\n", capsys.readouterr().err)


def test_without_a_network_one_sentence_says_so(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log = "error: Failed to fetch: connection refused; dns error"

    def fail(command: list[str]) -> int:
        (checkout / ".venv" / "install.log").write_text(log)
        return 1

    def make() -> None:
        (checkout / ".venv").mkdir()

    monkeypatch.setattr(bootstrap, "run", fail)
    monkeypatch.setattr(bootstrap, "make_venv", make)
    assert bootstrap.main() == 1
    assert "连不上软件源" in capsys.readouterr().err
    assert not (checkout / ".venv" / ".installed").exists()


def test_a_python_without_the_venv_module_is_told_what_to_install(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = checkout / "python3"
    bare.write_text("#!/bin/sh\necho 'Traceback:' >&2\necho 'No module named venv' >&2\nexit 1\n")
    bare.chmod(0o755)
    monkeypatch.setattr(bootstrap.sys, "executable", str(bare))
    assert bootstrap.main() == 1
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert "apt install python3-venv" in said[1]
    assert said[1].endswith("Traceback: No module named venv")


def test_a_disk_that_is_full_is_named(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / "install.log").write_text("error: write error: No space left on device (os error 28)")
    assert bootstrap.why_not_installed().startswith("磁盘已满")


def test_of_two_installations_one_waits_and_finds_everything_done(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = (checkout / "requirements.lock").open("rb")
    fcntl.flock(first, fcntl.LOCK_EX)
    said: list[str] = []

    def hear(sentence: str) -> None:
        said.append(sentence)
        first.close()

    monkeypatch.setattr(bootstrap, "say", hear)
    monkeypatch.setattr(bootstrap, "is_installed", lambda _wanted: bool(said))
    assert bootstrap.main() == 0
    assert said == ["另一个窗口正在安装依赖，等它装好 another installation is under way, waiting …"]
    assert not (checkout / ".venv").exists()


def test_an_installation_that_is_interrupted_ends_in_one_sentence(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(bootstrap, "make_venv", interrupt)
    assert bootstrap.main() == 1
    assert "安装中断了" in capsys.readouterr().err


def test_a_folder_that_can_not_be_written_is_named(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "PROJECT", str(checkout / "missing"))
    monkeypatch.setattr(bootstrap, "is_installed", lambda _wanted: False)
    assert bootstrap.main() == 1
    assert "不能写入" in capsys.readouterr().err


def test_what_is_installed_is_not_installed_again_until_the_lock_changes(checkout: Path) -> None:
    python = checkout / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("")
    (checkout / ".venv" / ".installed").write_text(f"runtime {bootstrap.fingerprint()}\n")
    assert bootstrap.is_installed("runtime")
    assert not bootstrap.is_installed("all")
    with (checkout / "requirements.lock").open("a") as lock:
        lock.write("# another\n")
    assert not bootstrap.is_installed("runtime")


def test_the_lock_names_hashes_and_no_registry() -> None:
    lock = (PROJECT / "requirements.lock").read_text()
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links", lock)
    pins = re.findall(r"^[a-zA-Z0-9][^\s;]*==\S+.*\\$", lock, re.MULTILINE)
    assert len(pins) > 50
    assert lock.count("--hash=sha256:") >= len(pins)


def test_make_without_a_python_says_so_in_one_sentence() -> None:
    answer = subprocess.run(
        ["make", "SYSTEM_PYTHON=", "run"],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert answer.returncode != 0
    assert "没有找到 Python 3.11" in answer.stderr
    assert sys.executable not in answer.stdout
