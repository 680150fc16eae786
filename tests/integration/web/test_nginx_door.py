"""The nginx of the containers, with its own configuration: what the gateway never gets to see is told in words."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import pytest
import urllib3
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.wrappers import Request, Response

from deploy.embedded.redis_server import free_port
from shared.certificates import SERVER, SERVER_KEY
from shared.web.limits import LONGEST_ADDRESS, MOST_IN_HEADERS
from tests.fixtures.certificates import township_folder
from tests.fixtures.missing import missing_tool
from tests.fixtures.postgresql_cluster import PROJECT
from tests.fixtures.waiting import wait_until

OWN = PROJECT / "deploy/containers/nginx"
# The door, and the router behind it.
PROGRAMS = ("router", "nginx")
MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Door:
    """nginx before a gateway that answers to everything."""

    port: int
    plain_port: int
    gateway: BaseWSGIServer
    pool: urllib3.HTTPSConnectionPool

    def get(self, path: str, **headers: str) -> urllib3.BaseHTTPResponse:
        return self.pool.request("GET", path, headers=headers, retries=False)

    def get_much(self, path: str, **headers: str) -> urllib3.BaseHTTPResponse:
        """The same for what nginx hangs up on before it has read it all; its answer lies there nevertheless."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        lines = [f"GET {path} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in headers.items())]
        with context.wrap_socket(socket.create_connection(("127.0.0.1", self.port), timeout=20)) as connection:
            with contextlib.suppress(OSError):
                connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            answer = HTTPResponse(connection)
            answer.begin()
            return urllib3.HTTPResponse(answer.read(), headers=dict(answer.getheaders()), status=answer.status)


def configure(folder: Path, tls: Path, ports: dict[str, int], gateway: int) -> None:
    """Both configurations as they are, with the places and ports of this test, in `folder/own`."""
    shutil.copytree(OWN, folder / "own")
    places = {
        "/tmp/": f"{folder}/",  # noqa: S108
        "/etc/nginx/xiangzhi/": f"{folder}/own/",
        "/etc/nginx/tls/server.pem": f"{tls / SERVER}",
        "/etc/nginx/tls/server-key.pem": f"{tls / SERVER_KEY}",
    }
    for path in (folder / "own").rglob("*.conf"):
        text = path.read_text(encoding="utf-8")
        for there, here in places.items():
            text = text.replace(there, here)
        text = re.sub(
            r"(listen |http://)(?:127\.0\.0\.1:)?(\d{4})\b",
            lambda found: f"{found[1]}127.0.0.1:{ports[found[2]]}",
            text,
        )
        if path.stem in PROGRAMS:
            text = ("user root;\n" if os.geteuid() == 0 else "") + text
        path.write_text(text, encoding="utf-8")
    (folder / "xiangzhi").mkdir()
    routes = [f"map '' ${name}_route {{ default 127.0.0.1:{gateway}; }}" for name in _services()]
    (folder / "xiangzhi/route-all.conf").write_text("\n".join(routes))
    own = [
        "map '' $public_url { default 'https://jifen.example'; }",
        "map $status $retry_after { default ''; 502 5; 504 5; }",
        "client_max_body_size 35m;",
    ]
    (folder / "xiangzhi/settings.conf").write_text("\n".join(own))


def _services() -> list[str]:
    return ["gateway", "intake", "points", "petitions"]


def gateway_app(environ: Any, start_response: Any) -> Any:
    request = Request(environ)
    told = f"{request.path} {len(request.query_string)} {len(request.get_data())}"
    return Response(told)(environ, start_response)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        missing_tool("nginx", "apt-get install nginx-light")
    gateway = make_server("127.0.0.1", 0, gateway_app, threaded=True)
    threading.Thread(target=gateway.serve_forever, args=(0.02,), daemon=True).start()
    ports = {name: free_port() for name in ("8080", "8443", "8001", "8002", "8003", "8004", "8005", "8006")}
    folder = tmp_path / "nginx"
    folder.mkdir()
    tls = township_folder(tmp_path / "tls", ("localhost",))
    configure(folder, tls, ports, gateway.server_port)
    processes = [
        subprocess.Popen([nginx, "-c", str(folder / "own" / f"{name}.conf")], stdin=subprocess.DEVNULL)
        for name in PROGRAMS
    ]
    pool = urllib3.HTTPSConnectionPool("127.0.0.1", ports["8443"], cert_reqs="CERT_NONE", assert_hostname=False)
    try:
        for process, port in zip(processes, ("8006", "8443"), strict=True):
            wait_until(partial(_listens, process, ports[port]), 20)
        yield Door(ports["8443"], ports["8080"], gateway, pool)
    finally:
        pool.close()
        for process in processes:
            process.terminate()
            process.wait(20)
        gateway.shutdown()
        gateway.server_close()


def _listens(process: subprocess.Popen[bytes], port: int) -> bool:
    assert process.poll() is None, "nginx has ended"
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def assert_page(answer: urllib3.BaseHTTPResponse, status: int, words: str) -> None:
    """A plain page that is kept to itself and by nobody."""
    assert answer.status == status
    assert answer.headers["Content-Type"].startswith("text/html")
    text = answer.data.decode()
    assert words in text
    assert 'charset="utf-8"' in text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_what_never_reaches_the_gateway_is_told_in_words(door: Door) -> None:
    assert door.get("/board?a=b").data == b"/board 3 0"
    # Whatever the gateway itself refuses in its own words comes through to it.
    assert door.get(f"/?{'x' * (LONGEST_ADDRESS + 1000)}").status == 200
    large = {f"X-{number}": "x" * 8_000 for number in range(MOST_IN_HEADERS // 8_000)}
    assert door.get("/", **large).status == 200
    assert_page(door.get_much(f"/?{'x' * 40_000}"), 414, "地址太长")
    assert_page(door.get_much("/", Cookie="x" * 40_000), 431, "清除浏览器里这个网站的数据")
    assert door.get("/.pages/too-large.html").status == 404


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_a_body_of_200_mb_is_refused_at_its_first_byte(door: Door) -> None:
    began = time.monotonic()
    headers = {"Content-Length": str(200 * MB)}
    answer = door.pool.request("POST", "/registry/imports", headers=headers, body=iter([b"x"]), retries=False)
    assert_page(answer, 413, "文件太大")
    assert time.monotonic() - began < 5
    assert door.pool.request("POST", "/x", body=b"x" * 34 * MB).data == f"/x 0 {34 * MB}".encode()


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_while_the_gateway_is_away_there_is_a_page(door: Door) -> None:
    door.gateway.shutdown()
    door.gateway.server_close()
    answer = door.get("/")
    assert_page(answer, 502, "正在恢复")
    assert answer.headers["Retry-After"] == "5"


def spoken(port: int, version: ssl.TLSVersion, ciphers: str = "ALL:@SECLEVEL=0") -> str | None:
    """The cipher that nginx agrees to for a client that knows one version of TLS only; None where it refuses."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers(ciphers)
    with warnings.catch_warnings():
        # The old versions are warned of, and are what is tried here.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    try:
        with context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=20)) as connection:
            agreed = connection.cipher()
    except (ssl.SSLError, ConnectionError):
        return None
    return agreed[0] if agreed else None


def test_tls_is_1_2_or_newer_with_forward_secrecy_and_authenticated_encryption_only(door: Door) -> None:
    assert spoken(door.port, ssl.TLSVersion.TLSv1) is None
    assert spoken(door.port, ssl.TLSVersion.TLSv1_1) is None
    assert spoken(door.port, ssl.TLSVersion.TLSv1_3)
    for weak in ("AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA256", "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA"):
        assert spoken(door.port, ssl.TLSVersion.TLSv1_2, f"{weak}:@SECLEVEL=0") is None, weak
    # Phones from before Android 10 and iOS 12.2 have these.
    assert "GCM" in (spoken(door.port, ssl.TLSVersion.TLSv1_2, "ECDHE+AES128") or "")


def test_the_way_to_https_is_not_remembered_by_browsers(door: Door) -> None:
    """A phone that has lost the township's CA must reach the page of its installation again."""
    answer = urllib3.PoolManager().request(
        "GET", f"http://127.0.0.1:{door.plain_port}/board?quarter=1", redirect=False, retries=False
    )
    assert (answer.status, answer.headers["Location"]) == (307, "https://jifen.example/board?quarter=1")
