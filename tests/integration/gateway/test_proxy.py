"""The API's single door, in front of services that really listen."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Response, jsonify, request

from shared.identity import Role
from shared.topology import Service
from shared.web import Blueprint, allow, create_service_app, current_principal
from tests.fixtures.databases import DatabaseFor
from tests.integration.gateway.conftest import House, Serve


@pytest.fixture
def points(database_for: DatabaseFor, serve: Serve, house: House) -> list[dict[str, str]]:
    """A points service behind the gateway; the list holds the headers of each request that it got."""
    seen: list[dict[str, str]] = []
    blueprint = Blueprint("echo", __name__, url_prefix="/api/points")

    @blueprint.route("/echo", methods=["GET", "POST", "PUT", "DELETE"])
    @allow(Role.PUBLIC)
    def echo() -> Response:
        seen.append(dict(request.headers.items()))
        principal = current_principal()
        answer = jsonify(
            actor=principal.actor,
            roles=sorted(principal.roles),
            township=principal.township_id,
            query=request.args.to_dict(),
            size=len(request.get_data()),
        )
        return answer

    @blueprint.route("/upload", methods=["POST"])
    @allow(Role.PUBLIC)
    def upload() -> Response:
        file = request.files["file"]
        return jsonify(name=file.filename, sha256=hashlib.file_digest(file.stream, "sha256").hexdigest())  # type: ignore[arg-type]

    @blueprint.route("/download/<int:size>", methods=["GET"])
    @allow(Role.PUBLIC)
    def download(size: int) -> Response:
        def pieces() -> Iterator[bytes]:
            for _ in range(size):
                yield b"x" * 1024

        headers = {"Content-Disposition": "attachment; filename*=UTF-8''%E8%A1%A8.xlsx"}
        return Response(pieces(), mimetype="application/octet-stream", headers=headers)

    @blueprint.route("/places/<name>", methods=["GET"])
    @allow(Role.PUBLIC)
    def place(name: str) -> Response:
        return jsonify(name=name)

    @blueprint.route("/staff", methods=["GET"])
    @allow(Role.CADRE)
    def staff() -> Response:
        return jsonify(ok=True)

    serve(Service.POINTS, create_service_app(Service.POINTS, [blueprint], database=database_for(Service.POINTS)))
    return seen


def test_the_service_learns_who_asks(house: House, points: list[dict[str, str]]) -> None:
    answer = house.log_in("cadre1").get("/api/points/echo?quarter=2026Q3&word=%E5%88%86")
    assert answer.json == {
        "actor": f"account:{house.accounts['cadre1']}",
        "roles": ["cadre"],
        "township": house.township.id,
        "query": {"quarter": "2026Q3", "word": "分"},
        "size": 0,
    }


def test_without_login_it_is_the_public_of_the_township(house: House, points: list[dict[str, str]]) -> None:
    answer = house.client().get("/api/points/echo")
    assert answer.json is not None
    assert (answer.json["actor"], answer.json["roles"]) == ("public", ["public"])
    assert answer.json["township"] == house.township.id
    assert house.client().get("/api/points/staff").status_code == 401


def test_what_a_client_says_about_itself_stays_outside(house: House, points: list[dict[str, str]]) -> None:
    client = house.client()
    client.set_cookie("xz_session", "stolen")
    client.get(
        "/api/points/echo",
        headers={
            "Authorization": "Bearer forged",
            "X-Forwarded-For": "10.0.0.1",
            "X-Forwarded-Host": "evil.example",
            "X-Real-IP": "10.0.0.1",
            "Connection": "close, X-Secret",
            "X-Secret": "1",
            "TE": "trailers",
            "Upgrade": "h2c",
            "X-Request-ID": "from-outside-1",
        },
    )
    (got,) = points
    assert got["Authorization"].startswith("Bearer ey")
    assert got["X-Request-Id"] == "from-outside-1"
    for name in ("Cookie", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "X-Secret", "Te", "Upgrade"):
        assert name not in got


def test_a_big_upload_streams_through(house: House, points: list[dict[str, str]]) -> None:
    content = b"0123456789abcdef" * (1024 * 1024)
    import io

    answer = house.log_in().post(
        "/api/points/upload", data={"file": (io.BytesIO(content), "表.xlsx")}, content_type="multipart/form-data"
    )
    assert answer.json == {"name": "表.xlsx", "sha256": hashlib.sha256(content).hexdigest()}


def test_an_upload_beyond_the_limit_is_not_sent_on(house: House, points: list[dict[str, str]]) -> None:
    house.app.config["MAX_CONTENT_LENGTH"] = 1024
    answer = house.client().post("/api/points/echo", data=b"x" * 2048)
    assert answer.status_code == 413
    assert points == []


def test_a_download_streams_through(house: House, points: list[dict[str, str]]) -> None:
    answer = house.client().get("/api/points/download/2048")
    assert len(answer.data) == 2048 * 1024
    assert answer.headers["Content-Disposition"].endswith("%E8%A1%A8.xlsx")


def test_names_in_paths_arrive_as_they_were(house: House, points: list[dict[str, str]]) -> None:
    answer = house.client().get("/api/points/places/%E5%9D%AA%20%E6%9D%91%3F%25")
    assert answer.json == {"name": "坪 村?%"}


@pytest.mark.parametrize(
    "path",
    ["/api/points/../petitions/x", "/api/points/./echo", "/api/points//echo", "/api/points/a/..", "/api/elsewhere/x"],
)
def test_paths_that_lead_elsewhere_lead_nowhere(house: House, points: list[dict[str, str]], path: str) -> None:
    assert house.client().get(path).status_code in {308, 404}
    assert points == []


def test_the_documents_of_all_services_are_one(house: House, points: list[dict[str, str]], serve: Serve) -> None:
    from openapi_spec_validator import validate

    document: Any = house.client().get("/api/openapi.json").json
    validate(document)
    assert "/api/points/echo" in document["paths"]
    assert "/api/session" in document["paths"]
    assert "gateway.Session" in document["components"]["schemas"]
    assert "intake" in document["info"]["description"]
    assert "points.echo" in {tag["name"] for tag in document["tags"]}


def test_the_page_of_the_api_loads_nothing_from_elsewhere(house: House) -> None:
    client = house.client()
    page = client.get("/api/docs").text
    assert "http" not in page.replace("http-equiv", "")
    assert "<script>" not in page
    for name in ("swagger-ui.css", "swagger-ui-bundle.js", "start.js"):
        assert name in page
        assert client.get(f"/api/docs/{name}").status_code == 200
    assert client.get("/api/docs/../app.py").status_code == 404
    assert client.get("/api/docs/api.py").status_code == 404
