"""Under one process manager every process that has no inner port shows its numbers on a port of its own, or nowhere."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from deploy.embedded.metrics import MEASURED, metrics_environments
from deploy.embedded.processes import commands
from deploy.embedded.refusal import CannotStart
from shared.topology import EMBEDDED_WORKERS, PORTS, Service
from tests.integration.embedded.free_ports import free_ports


def test_without_a_first_port_nobody_shows_numbers(tmp_path: Path) -> None:
    (tmp_path / "light-worker").mkdir()
    assert metrics_environments(0, tmp_path) == {}


def test_every_process_without_an_inner_port_has_its_own(tmp_path: Path) -> None:
    first = free_ports(len(MEASURED))
    found = metrics_environments(first, tmp_path)
    inner = {service.value for service in PORTS} - {Service.GATEWAY}
    assert set(found) == set(commands("127.0.0.1", PORTS, one_writer=True)) - inner
    assert [found[name]["XZ_METRICS_PORT"] for name in MEASURED] == [str(first + place) for place in range(5)]


def test_the_children_of_a_worker_count_in_a_folder_of_its_own_that_is_empty_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "bulk-worker").mkdir()
    (tmp_path / "bulk-worker" / "counter_7.db").write_bytes(b"of the last time")
    found = metrics_environments(free_ports(len(MEASURED)), tmp_path)
    folders = {found[name]["PROMETHEUS_MULTIPROC_DIR"] for name in EMBEDDED_WORKERS}
    assert folders == {str(tmp_path / "light-worker"), str(tmp_path / "bulk-worker")}
    assert not any(list(Path(folder).iterdir()) for folder in folders)


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    first = free_ports(len(MEASURED))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first + 2))
        taken.listen()
        with pytest.raises(CannotStart, match=f"其中 {first + 2} 不能用"):
            metrics_environments(first, tmp_path)


def test_ports_beyond_the_last_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="XZ_METRICS_PORT"):
        metrics_environments(65533, tmp_path)
