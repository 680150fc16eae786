"""A renewed certificate: found once both files are whole, and served without one refused request."""

from __future__ import annotations

import os
import ssl
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from cryptography import x509

from deploy.demo.client import trust
from deploy.embedded.address import read_address
from deploy.embedded.processes import commands
from deploy.embedded.redis_server import free_port
from deploy.embedded.renewed import RenewedCertificate
from deploy.embedded.supervisor import Supervisor
from shared.certificates import SERVER, SERVER_KEY, read_chain
from shared.topology import PORTS, Service
from tests.fixtures.certificates import township_folder
from tests.fixtures.waiting import wait_until


def refuse() -> None:
    raise ValueError("no pair")


def test_a_renewed_certificate_is_found_once_and_only_when_its_files_are_settled(tmp_path: Path) -> None:
    renewed = RenewedCertificate(township_folder(tmp_path), lambda: None, seconds=0.2)
    assert not renewed.is_there()
    township_folder(tmp_path)
    assert not renewed.is_there()
    assert wait_until(renewed.is_there)
    assert not renewed.is_there()


def test_what_cannot_serve_is_said_once_and_looked_at_again_when_it_changes(tmp_path: Path) -> None:
    renewed = RenewedCertificate(township_folder(tmp_path), refuse, seconds=0)
    (tmp_path / SERVER_KEY).unlink()
    with pytest.raises(ValueError, match="no pair"):
        renewed.is_there()
    assert not renewed.is_there()
    township_folder(tmp_path)
    with pytest.raises(ValueError, match="no pair"):
        renewed.is_there()


@pytest.mark.slow
def test_a_web_server_that_reloads_shows_the_new_certificate_and_refuses_nobody_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_database: str
) -> None:
    folder, port = township_folder(tmp_path / "certificates", ["127.0.0.1"]), free_port()
    monkeypatch.setenv("XZ_CERTIFICATE_DIR", str(folder))
    environment = {**os.environ, "XZ_CERTIFICATE_DIR": str(folder), "DATABASE_URL": sqlite_database}
    address = read_address({"TLS": "1", "PORT": str(port)}, folder)
    command = commands(address.host, {**PORTS, Service.GATEWAY: port}, one_writer=True, address=address)["gateway"]
    # The smallest of our web applications stands for the gateway.
    command = ["services.gateway.doorstep:create_app" if "create_app" in word else word for word in command]
    supervisor = Supervisor()
    supervisor.add("gateway", command, environment)
    supervisor.start()
    try:
        wait_until(lambda: answer(address.here), 60)
        township_folder(folder, ["127.0.0.1"])
        supervisor.reload("gateway")
        deadline = time.monotonic() + 60
        wanted = read_chain(folder / SERVER)[0].serial_number
        asked = []
        while not asked or asked[-1][1] != wanted:
            asked.append((answer(address.here), serial_number(port)))
            assert time.monotonic() < deadline
    finally:
        supervisor.stop()
    assert {status for status, _ in asked} == {200}


def answer(base: str) -> int:
    """The status of the smallest page; 0 where nobody answers. Either CA of this test is taken."""
    context = trust(base)
    assert context is not None
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with urllib.request.urlopen(f"{base}/healthz", timeout=5, context=context) as given:  # noqa: S310
            return int(given.status)
    except (urllib.error.URLError, OSError):
        return 0


def serial_number(port: int) -> int:
    """Of the certificate that is shown."""
    shown = ssl.get_server_certificate(("127.0.0.1", port), timeout=5)
    return x509.load_pem_x509_certificate(shown.encode()).serial_number
