"""`make run`'s own program where it can't start: one sentence, an exit code, and no process that is left."""

from __future__ import annotations

import errno
import signal
import socket
import sqlite3
import sys
from pathlib import Path

import psutil
import pytest
from sqlalchemy.exc import OperationalError

from deploy.embedded.preparation import prepare_apart
from deploy.embedded.redis_server import free_port
from deploy.embedded.refusal import BUSY, FULL, CannotStart, in_words
from deploy.migrations.migrate import migrate
from shared.database import Database
from shared.topology import Service
from tests.fixtures.waiting import wait_until
from tests.integration.embedded.started_system import READY_SECONDS, TOWNSHIP, Started


def refused(started: Started) -> str:
    """What it said, having ended with one line and without a process of its own."""
    assert started.process.wait(60) == 1
    said = started.output()
    assert said.count("\n") == 1, said
    assert living_in(started.folder) == []
    return said


def living_in(folder: Path) -> list[str]:
    """Commands of processes that have something in this folder, such as its Redis."""
    commands = [" ".join(each.info["cmdline"] or ()) for each in psutil.process_iter(["cmdline"])]
    return [command for command in commands if str(folder) in command]


def test_a_port_in_use_is_one_sentence(tmp_path: Path, launched: list[Started]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        launched.append(Started(tmp_path, port))
        assert f"端口 {port} 已被别的程序占用" in refused(launched[0])


def test_a_database_of_a_newer_release_is_one_sentence(tmp_path: Path, launched: list[Started]) -> None:
    (tmp_path / "var").mkdir()
    path = tmp_path / "var" / "xiangzhi.db"
    database = Database(f"sqlite:///{path}", Service.INTAKE)
    migrate(database)
    database.dispose()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9001_next_year'")
    connection.close()
    launched.append(Started(tmp_path, free_port()))
    assert "数据库是更新的版本留下的" in refused(launched[0])


def test_in_production_nobody_guesses_the_address_that_people_type(tmp_path: Path, launched: list[Started]) -> None:
    chosen = {"DATABASE_URL": f"sqlite:///{tmp_path / 'xiangzhi.db'}", "REDIS_URL": "redis://127.0.0.1:1/0"}
    launched.append(
        Started(tmp_path, free_port(), XZ_PRODUCTION="1", XZ_KEY_DIR=str(tmp_path / "keys"), XZ_PUBLIC_URL="", **chosen)
    )
    assert "必须设 XZ_PUBLIC_URL：大家在浏览器里输入的网址" in refused(launched[0])


def test_a_file_where_the_data_folder_should_be_is_one_sentence(tmp_path: Path, launched: list[Started]) -> None:
    (tmp_path / "var").write_text("")
    launched.append(Started(tmp_path, free_port()))
    assert "不能写入" in refused(launched[0])


def test_a_preparation_that_was_killed_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no last words of its own."""
    killed = tmp_path / "killed"
    killed.write_text("#!/bin/sh\nkill -KILL $$\n")
    killed.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(killed))
    with pytest.raises(CannotStart, match="信号 9"):
        prepare_apart({})


@pytest.mark.slow
def test_what_a_killed_run_left_behind_does_not_hinder_the_next(tmp_path: Path, launched: list[Started]) -> None:
    """Lock file, Redis files and, for a moment, processes: the next start needs nobody to clear them away."""
    port = free_port()
    first = Started(tmp_path, port, **TOWNSHIP)
    launched.append(first)
    wait_until(first.is_ready, READY_SECONDS)
    family = first.family()
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    again = Started(tmp_path, port)
    launched.append(again)
    wait_until(again.is_ready, READY_SECONDS)
    wait_until(lambda: not [each for each in family if each.is_running() and each.status() != psutil.STATUS_ZOMBIE])


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_file_that_finds_no_room_says_that_the_disk_is_full(number: int) -> None:
    assert in_words(OSError(number, "No space left on device", "xiangzhi.log")) == FULL


def test_a_file_that_may_not_be_written_is_named() -> None:
    assert in_words(PermissionError(errno.EACCES, "Permission denied", "var/keys")).startswith("var/keys 不能读写")


def test_a_database_that_another_holds_is_said_to_be_in_use(tmp_path: Path) -> None:
    first = sqlite3.connect(tmp_path / "a.db")
    first.execute("BEGIN EXCLUSIVE")
    second = sqlite3.connect(tmp_path / "a.db", timeout=0)
    with pytest.raises(sqlite3.OperationalError) as refusal:
        second.execute("BEGIN IMMEDIATE")
    assert in_words(OperationalError("BEGIN IMMEDIATE", None, refusal.value)) == BUSY
    first.close()
    second.close()
