"""Requests that bring too much, or come when the disk is nearly full: refused in words, as a page and as JSON."""

from __future__ import annotations

import io
import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from services.points.app import BLUEPRINTS
from shared.disk import require_room
from shared.errors import NoRoom
from shared.settings import settings
from shared.topology import Service
from shared.web import create_service_app
from shared.web.limits import LONGEST_ADDRESS, MOST_FILES, MOST_IN_HEADERS, MOST_WORDS
from tests.fixtures.databases import DatabaseFor
from tests.integration.gateway.conftest import House, Serve

MB = 1024 * 1024
Usage = namedtuple("Usage", "total used free")
PAGE = {"Accept": "text/html"}
NEARLY_FULL = "磁盘快满了，现在不能上传文件，别的事情都照常办"


def assert_refused(answer: TestResponse, status: int, words: str) -> None:
    """A page for people, a problem for programs, in the same words."""
    assert answer.status_code == status
    if answer.request.path.startswith("/api/"):
        assert answer.mimetype == "application/problem+json"
        assert answer.json is not None
        assert words in answer.json["detail"]
    else:
        assert answer.mimetype == "text/html"
        assert words in answer.text
        assert "请报编号" in answer.text


@pytest.fixture
def nearly_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk with a little less than is kept free."""
    free = settings().spare_bytes - 1
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: Usage(100 * free, 99 * free, free))


@pytest.mark.usefixtures("nearly_full")
def test_with_a_nearly_full_disk_no_file_is_taken_and_all_else_goes_on(
    house: House, serve: Serve, database_for: DatabaseFor
) -> None:
    app = create_service_app(Service.POINTS, BLUEPRINTS, database=database_for(Service.POINTS))
    serve(Service.POINTS, app)
    cadre = house.log_in()
    for path in ("/events/imports", "/api/points/imports", "/api/points/evidence"):
        sent = {"file": (io.BytesIO(b"\xff\xd8\xff"), "a.jpg"), "csrf_token": "whatever"}
        answer = cadre.post(path, data=sent, headers={"Idempotency-Key": "nearly-full"} | PAGE)
        assert_refused(answer, 507, NEARLY_FULL)
    direct = app.test_client().post("/api/points/evidence", data={"file": (io.BytesIO(b"x"), "a.jpg")})
    assert_refused(direct, 507, NEARLY_FULL)
    assert [path for path in (settings().data_dir / "files").rglob("*") if path.is_file()] == []
    assert cadre.get("/opinions").status_code == 200
    form = house.client().get("/opinions").text
    assert "csrf_token" in form
    assert cadre.post("/api/points/events", json={}, headers={"Idempotency-Key": "nearly-full"}).status_code == 422


def test_a_file_is_taken_as_long_as_it_leaves_the_spare_space(monkeypatch: pytest.MonkeyPatch) -> None:
    spare = settings().spare_bytes
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: Usage(9 * spare, 0, spare + 20 * MB))
    require_room(Service.POINTS, 10 * MB)
    with pytest.raises(NoRoom):
        require_room(Service.POINTS, 10 * MB + 1)
    monkeypatch.setenv("XZ_DISK_SPARE_MB", "0")
    settings.cache_clear()
    require_room(Service.POINTS, 10**15)


def test_the_disk_is_that_of_the_services_own_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XZ_DATA_DIR", str(tmp_path / "var"))
    settings.cache_clear()
    own = tmp_path / "var" / "files" / "points"
    own.mkdir(parents=True)
    looked: list[object] = []
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: looked.append(folder) or Usage(1, 0, 10**12))
    require_room(Service.POINTS, MB)
    # The gateway keeps no files.
    require_room(Service.GATEWAY, MB)
    assert looked == [own, own.parent]


@pytest.mark.parametrize("path", ["/board", "/api/session", "/api/points/boards"])
def test_a_long_address_is_refused_in_words(house: House, path: str) -> None:
    assert_refused(house.client().get(f"{path}?q={'x' * LONGEST_ADDRESS}", headers=PAGE), 414, "地址太长")
    assert_refused(house.client().get(f"{path}/{'x' * LONGEST_ADDRESS}", headers=PAGE), 414, "地址太长")
    assert house.client().get(f"{path}?q={'x' * (LONGEST_ADDRESS - 100)}").status_code != 414


@pytest.mark.parametrize("path", ["/", "/api/session"])
def test_large_headers_are_refused_in_words(house: House, path: str) -> None:
    large = {"X-Large": "x" * MOST_IN_HEADERS} | PAGE
    assert_refused(house.client().get(path, headers=large), 431, "请清除浏览器的缓存")
    many = {f"X-{number}": "x" * 500 for number in range(90)} | PAGE
    assert_refused(house.client().get(path, headers=many), 431, "请清除浏览器的缓存")


@pytest.mark.parametrize("path", ["/opinions", "/api/points/events"])
def test_what_is_no_file_has_a_limit_of_its_own(house: House, path: str) -> None:
    for media_type in ("application/json", "application/x-www-form-urlencoded", "text/plain", ""):
        body = b"a=" + b"x" * MOST_WORDS
        answer = house.log_in().post(path, data=body, content_type=media_type, headers=PAGE)
        assert_refused(answer, 413, "有 5 MB，最多 4 MB")


@pytest.mark.parametrize("path", ["/opinions", "/events/imports"])
def test_a_form_brings_a_handful_of_files_and_no_flood(house: House, path: str) -> None:
    files = [(io.BytesIO(b"x"), f"{number}.jpg") for number in range(MOST_FILES + 1)]
    answer = house.log_in().post(path, data={"file": files}, headers=PAGE)
    assert_refused(answer, 413, "请一个一个上传")
