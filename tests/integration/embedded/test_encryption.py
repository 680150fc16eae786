"""HTTPS of `make run`: which address, which ports, and one sentence for whatever is wrong with the certificate."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from deploy.certificates import files
from deploy.embedded.address import read_address
from deploy.embedded.processes import DOORSTEP, commands
from deploy.embedded.redis_server import free_port
from deploy.embedded.refusal import CannotStart
from shared.certificates import SERVER, SERVER_KEY
from shared.topology import PORTS
from tests.fixtures.certificates import sign, township_folder
from tests.integration.embedded.started_system import TOWNSHIP, Started

# Whole sweeps and processes of their own: in the later part.
pytestmark = pytest.mark.slow


def test_without_tls_nothing_changes_whatever_lies_in_the_folder(tmp_path: Path) -> None:
    address = read_address({}, township_folder(tmp_path))
    assert (address.public, address.here) == ("http://127.0.0.1:8000", "http://127.0.0.1:8000")
    assert address.variables() == {"XZ_PUBLIC_URL": "http://127.0.0.1:8000"}
    assert address.plain_port is None
    assert DOORSTEP not in commands("127.0.0.1", PORTS, one_writer=True, address=address)


@pytest.mark.parametrize(
    ("variables", "public", "plain"),
    [
        ({}, "https://127.0.0.1:8443", "http://127.0.0.1:8000"),
        ({"HOST": "0.0.0.0"}, "https://jifen.example:8443", "http://jifen.example:8000"),  # noqa: S104
        ({"HOST": "192.168.1.10", "PORT": "9443"}, "https://192.168.1.10:9443", "http://192.168.1.10:8000"),
        ({"HOST": "::", "PORT": "443", "PLAIN_PORT": "80"}, "https://jifen.example", "http://jifen.example"),
        ({"PLAIN_PORT": "0"}, "https://127.0.0.1:8443", None),
        (
            {"XZ_PUBLIC_URL": "https://192.168.1.10:8443/"},
            "https://192.168.1.10:8443",
            "http://192.168.1.10:8000",
        ),
    ],
)
def test_people_come_to_a_name_of_the_certificate(
    tmp_path: Path, variables: dict[str, str], public: str, plain: str | None
) -> None:
    folder = township_folder(tmp_path, ["jifen.example", "192.168.1.10"])
    address = read_address({"TLS": "1", **variables}, folder)
    assert (address.public, address.plain) == (public, plain)
    told = address.variables()
    assert told["XZ_SECURE_COOKIES"] == "1"
    assert told.get("XZ_PLAIN_URL") == plain


def test_the_gateway_alone_is_encrypted_and_speaks_to_old_phones(tmp_path: Path) -> None:
    address = read_address({"TLS": "1"}, township_folder(tmp_path))
    programs = commands(address.host, PORTS, one_writer=True, address=address)
    assert [name for name, command in programs.items() if "--ssl-certificate" in command] == ["gateway"]
    gateway = programs["gateway"]
    assert gateway[gateway.index("--ssl-protocol-min") + 1] == "tls1.2"
    assert programs[DOORSTEP][programs[DOORSTEP].index("--port") + 1] == "8000"


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"TLS": "ja"}, "TLS 只能是 1 或 0"),
        ({"TLS": "1", "PORT": "8000"}, "PORT 和 PLAIN_PORT 都是 8000"),
        ({"TLS": "1", "PLAIN_PORT": "x"}, "PLAIN_PORT 应是 1 到 65535"),
        ({"TLS": "1", "XZ_PUBLIC_URL": "http://jifen.example"}, "要以 https:// 开头"),
        ({"TLS": "1", "XZ_PUBLIC_URL": "https://other.example"}, "证书里没有 other.example"),
    ],
)
def test_an_address_that_cannot_be_is_refused(tmp_path: Path, variables: dict[str, str], sentence: str) -> None:
    with pytest.raises(CannotStart, match=sentence):
        read_address(variables, township_folder(tmp_path))


def _without_certificate(folder: Path) -> None:
    (folder / SERVER).unlink()


def _of_another_key(folder: Path) -> None:
    files.write_key(folder / SERVER_KEY, sign("else").key)


def _expired(folder: Path) -> None:
    township_folder(folder, left=timedelta(seconds=-1))


def _read_by_all(folder: Path) -> None:
    (folder / SERVER_KEY).chmod(0o644)


def _without_key(folder: Path) -> None:
    (folder / SERVER_KEY).unlink()


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_without_certificate, "请先运行 make certificates"),
        (_of_another_key, "不是一对"),
        (_expired, "就到期了"),
        (_read_by_all, "chmod 600"),
        (_without_key, "读不了"),
    ],
)
def test_a_certificate_that_cannot_serve_stops_the_start_in_one_line(
    tmp_path: Path, launched: list[Started], spoil: object, sentence: str
) -> None:
    folder = township_folder(tmp_path / "certificates")
    spoil(folder)  # type: ignore[operator]
    started = Started(tmp_path, free_port(), TLS="1", XZ_CERTIFICATE_DIR=str(folder), **TOWNSHIP)
    launched.append(started)
    assert started.process.wait(60) == 1
    assert sentence in started.output()
    assert started.output().count("\n") == 1
