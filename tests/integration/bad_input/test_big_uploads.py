"""200 MB where 30 are the most: refused before they are read, at the door and behind it, as JSON and as a page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import pytest
from werkzeug.routing import AnyConverter

from shared.identity import Role
from shared.identity.tokens import sign
from shared.settings import settings
from shared.topology import Service
from shared.web import ServiceApp
from tests.fixtures.township import act_as
from tests.integration.bad_input.conftest import System
from tests.integration.bad_input.listening import PIECE, Listening, RawAnswer, listen

BIG = 200 * 1024 * 1024
WORDS = "文件或内容超过了上限 30 MB，请压缩或拆成几份后再提交。"
MULTIPART = "multipart/form-data; boundary=part"
MEMORY = 12 * 1024 * 1024
"""What a process may take for a body of any size."""
BUFFERS = 16 * 1024 * 1024
"""What may be on the way when the server hangs up."""
START = b'--part\r\nContent-Disposition: form-data; name="file"; filename="a.xlsx"\r\n\r\n'

# Size is looked at before any database is asked: one of them is enough.
pytestmark = pytest.mark.parametrize("any_database", ["sqlite"], indirect=True)


@pytest.fixture
def listening(system: System) -> Iterator[dict[Service, Listening]]:
    """The gateway and the services that take files."""
    yield from listen([Service.GATEWAY, Service.INTAKE, Service.POINTS])


def uploads(service: Service) -> list[str]:
    """The routes of `service` that take a file, by what their views parse."""
    app = import_module(f"services.{service}.app").create_app()
    found = []
    for rule in app.url_map.iter_rules():
        parsed = getattr(app.view_functions[rule.endpoint], "_apidoc", {}).get("arguments", {}).get("parameters", [])
        if any(part["in"] == "files" for part in parsed):
            found.append(_path(app, rule))
    return found


def forms(app: ServiceApp) -> list[str]:
    """Every page of the gateway that a form can be sent to."""
    return [
        _path(app, rule)
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and not rule.rule.startswith(("/api/", "/open311/"))
    ]


def _path(app: ServiceApp, rule: Any) -> str:
    """A path that leads to `rule`, whether or not its record exists."""
    values = {
        name: next(iter(sorted(kind.items))) if isinstance(kind, AnyConverter) else "1"
        for name, kind in rule._converters.items()
    }
    return str(app.url_map.bind("localhost").build(rule.endpoint, values, method="POST"))


def declared(length: int = BIG) -> dict[str, str]:
    return {"Content-Length": str(length), "Content-Type": MULTIPART}


def chunked() -> dict[str, str]:
    return {"Transfer-Encoding": "chunked", "Content-Type": MULTIPART}


def beginning() -> Iterator[bytes]:
    """The first part of a body whose rest never comes."""
    yield START


def going_on() -> Iterator[bytes]:
    """Chunks of a body that does not say where it ends."""
    yield f"{len(START):x}\r\n".encode() + START + b"\r\n"
    for _ in range(BIG // PIECE):
        yield f"{PIECE:x}\r\n".encode() + b"x" * PIECE + b"\r\n"


def assert_too_large(answer: RawAnswer) -> None:
    assert answer.status == 413, answer
    assert "application/problem+json" in answer.headers
    body = json.loads(answer.text)
    assert (body["type"], body["detail"]) == ("urn:xiangzhi:problem:too-large", WORDS)


def token(system: System, service: Service, path: str) -> dict[str, str]:
    """What the gateway would say of the admin, for one who reaches a service without it."""
    admin = act_as(system.house.township, Role.ADMIN)
    signed = sign(admin, service, "POST", path, key_dir=settings().key_dir)
    return {"Authorization": f"Bearer {signed}", "Idempotency-Key": "much too large"}


def session_of(system: System) -> dict[str, str]:
    """The headers of an admin's program at the gateway."""
    client = system.log_in("admin")
    cookie = client.get_cookie("xz_session")
    assert cookie is not None
    return {
        "Cookie": f"xz_session={cookie.value}",
        "X-CSRF-Token": client.environ_base["HTTP_X_CSRF_TOKEN"],
        "Idempotency-Key": "much too large",
    }


def test_200_mb_are_refused_unread_by_every_route_that_takes_a_file_and_by_every_page(
    system: System, listening: dict[Service, Listening]
) -> None:
    # The processes start once: their start is what takes time here.
    before, places = (
        system.rows(),
        [(each, path) for each in (Service.INTAKE, Service.POINTS) for path in uploads(each)],
    )
    assert {path for _, path in places} >= {"/api/intake/imports", "/api/points/imports", "/api/points/evidence"}
    person = session_of(system)
    _load_everything(system, listening, places, person)
    for service, path in places:
        behind, gateway = listening[service], listening[Service.GATEWAY]
        signed = token(system, service, path)
        with _unread(gateway), _unread(behind):
            assert_too_large(gateway.send("POST", path, person | declared(), beginning()))
            assert_too_large(behind.send("POST", path, signed | declared(), beginning()))
            # Whoever goes on sending is not listened to.
            cut = gateway.send("POST", path, person | declared(), (b"x" * PIECE for _ in range(200)))
            assert_too_large(cut)
            assert cut.sent < BUFFERS
        with _unread(gateway), _read_to_the_limit(behind):
            refused = gateway.send("POST", path, person | chunked(), going_on())
            assert refused.status == 411, refused
            assert "请带上 Content-Length 重新提交，最多 30 MB" in json.loads(refused.text)["detail"]
            cut = behind.send("POST", path, signed | chunked(), going_on())
            assert_too_large(cut)
            assert cut.sent < settings().upload_limit_bytes + BUFFERS
    _assert_that_pages_say_the_same(system, listening[Service.GATEWAY])
    assert system.rows() == before


def _assert_that_pages_say_the_same(system: System, gateway: Listening) -> None:
    paths, wanted = forms(system.house.app), {"Accept": "text/html"}
    assert len(paths) > 30
    with _unread(gateway):
        for path in paths:
            answer = gateway.send("POST", path, declared() | wanted, beginning())
            assert answer.status == 413, (path, answer)
            assert "text/html" in answer.headers
            assert WORDS in answer.text
    with _read_to_the_limit(gateway):
        endless = gateway.send("POST", paths[0], chunked() | wanted, going_on())
        assert endless.status == 413
        assert WORDS in endless.text
        assert endless.sent < settings().upload_limit_bytes + BUFFERS


@contextmanager
def _unread(server: Listening) -> Iterator[None]:
    """Nothing of the body is held, in memory or on the disk."""
    memory, written = server.peak_memory(), server.written()
    yield
    assert server.peak_memory() - memory < MEMORY
    assert server.written() - written < PIECE


@contextmanager
def _read_to_the_limit(server: Listening) -> Iterator[None]:
    """No more than the limit reaches the disk, and little of it memory."""
    memory, written = server.peak_memory(), server.written()
    yield
    assert server.peak_memory() - memory < MEMORY
    assert server.written() - written < settings().upload_limit_bytes + PIECE


def _load_everything(
    system: System, listening: dict[Service, Listening], places: list[tuple[Service, str]], person: dict[str, str]
) -> None:
    """Let first requests load what they load, so that afterwards only bodies take memory."""
    small = declared(len(START))
    for service, path in places:
        listening[service].send("POST", path, token(system, service, path) | small, beginning())
        listening[Service.GATEWAY].send("POST", path, person | small, beginning())
    listening[Service.GATEWAY].send("GET", "/", {}, iter(()))
