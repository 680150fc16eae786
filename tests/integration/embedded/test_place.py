"""One system per folder, on ports that are free, with one clear sentence when that can't be."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.embedded import place
from deploy.embedded.place import (
    check_gateway_port,
    choose_inner_ports,
    make_data_dir,
    only_one_here,
    read_port,
    running_address,
)
from deploy.embedded.redis_server import free_port
from deploy.embedded.refusal import CannotStart
from shared.topology import PORTS, Service


def test_a_second_system_in_the_same_folder_is_refused_by_name(tmp_path: Path) -> None:
    with only_one_here(tmp_path, "http://127.0.0.1:8000"):
        with pytest.raises(CannotStart, match="已经在这个文件夹里运行：http://127.0.0.1:8000"):
            only_one_here(tmp_path, "http://127.0.0.1:8001").__enter__()
        assert running_address(tmp_path) == "http://127.0.0.1:8000"
    assert running_address(tmp_path) is None
    with only_one_here(tmp_path, "http://127.0.0.1:8001"):
        assert running_address(tmp_path) == "http://127.0.0.1:8001"


def test_a_port_in_use_is_named_with_another_to_try() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=rf"端口 {port} 已被别的程序占用"):
            check_gateway_port("127.0.0.1", port)
    check_gateway_port("127.0.0.1", free_port())


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(CannotStart, match="HOST"):
        check_gateway_port("192.0.2.1", 8000)


@pytest.mark.parametrize("text", ["", "80x", "0", "65536", "-1", "八千"])
def test_a_port_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(CannotStart, match="PORT"):
        read_port(text)


def test_inner_services_move_to_free_ports_when_theirs_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    monkeypatch.setattr(place, "PORTS", {**PORTS, Service.POINTS: taken.getsockname()[1]})
    ports = choose_inner_ports()
    taken.close()
    assert ports[Service.POINTS] != PORTS[Service.POINTS]
    assert Service.GATEWAY not in ports


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("")
    with pytest.raises(CannotStart, match="不能写入"):
        make_data_dir(tmp_path / "var")


def test_of_two_that_start_at_the_same_moment_one_takes_other_ports(no_claims: None) -> None:
    first, second = choose_inner_ports(), choose_inner_ports()
    assert not set(first.values()) & set(second.values())


@pytest.fixture
def no_claims() -> Iterator[None]:
    """What a test claims is given back after it."""
    yield
    while place._claims:
        place._claims.pop().close()
