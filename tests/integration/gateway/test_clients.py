"""How pages call services."""

from __future__ import annotations

from typing import Any

import pytest
from flask import jsonify, request
from marshmallow import Schema, fields

from services.gateway.clients import ServiceClient, ServiceProblem, Upload
from shared.errors import Conflict
from shared.identity import Principal, Role
from shared.topology import Service
from shared.web import Blueprint, allow, create_service_app, current_session, set_version, writing
from tests.fixtures.databases import DatabaseFor
from tests.integration.gateway.conftest import House, Serve


class Points(ServiceClient):
    """A client of points."""

    service = Service.POINTS


class BodySchema(Schema):
    """A body with one number."""

    number = fields.Integer(required=True)


@pytest.fixture
def points(house: House, database_for: DatabaseFor, serve: Serve) -> Points:
    """The client, with a service behind it."""
    blueprint = Blueprint("echo", __name__, url_prefix="/api/points")

    @blueprint.route("/echo", methods=["GET", "PATCH"])
    @allow(Role.PUBLIC)
    def echo() -> Any:
        set_version(4)
        return jsonify(query=request.args.to_dict(), match=request.headers.get("If-Match"))

    @blueprint.route("/numbers", methods=["POST"])
    @allow(Role.PUBLIC)
    @blueprint.arguments(BodySchema)
    def number(body: dict[str, int]) -> Any:
        if body["number"] == 13:
            raise Conflict("这个数不行。")
        return jsonify(number=body["number"], key=request.headers.get("Idempotency-Key")), 202, {"Location": "/there"}

    @blueprint.route("/files", methods=["POST"])
    @allow(Role.PUBLIC)
    def file() -> Any:
        upload = request.files["file"]
        return jsonify(name=upload.filename, kind=request.form["kind"], content=upload.read().decode())

    serve(Service.POINTS, create_service_app(Service.POINTS, [blueprint], database=database_for(Service.POINTS)))
    return Points()


PUBLIC = Principal(1)


def test_queries_versions_and_keys_go_along(points: Points) -> None:
    read = points.get("/api/points/echo", PUBLIC, quarter="2026Q3", village=None, all=True)
    assert read.data == {"query": {"quarter": "2026Q3", "all": "true"}, "match": None}
    assert read.version == 4
    edited = points.request("PATCH", "/api/points/echo", PUBLIC, json={}, version=4)
    assert edited.data["match"] == '"v4"'
    made = points.post("/api/points/numbers", PUBLIC, {"number": 1}, idempotency_key="12345678")
    assert (made.status, made.location, made.data) == (202, "/there", {"number": 1, "key": "12345678"})


def test_files_go_as_a_form(points: Points) -> None:
    answer = points.request(
        "POST",
        "/api/points/files",
        PUBLIC,
        fields={"kind": "events"},
        files={"file": Upload("表.csv", "一,二".encode(), "text/csv")},
    )
    assert answer.data == {"name": "表.csv", "kind": "events", "content": "一,二"}


def test_a_refusal_keeps_the_services_words(points: Points) -> None:
    with pytest.raises(ServiceProblem) as refused:
        points.post("/api/points/numbers", PUBLIC, {"number": 13})
    assert (refused.value.status, refused.value.kind, refused.value.detail) == (409, "conflict", "这个数不行。")
    with pytest.raises(ServiceProblem) as invalid:
        points.post("/api/points/numbers", PUBLIC, {"number": "x"})
    assert invalid.value.errors == {"number": ["请填写整数。"]}


def test_a_page_shows_the_same_words(house: House, points: Points) -> None:
    @house.app.get("/test/page")
    @allow(Role.PUBLIC)
    def page() -> str:
        points.post("/api/points/numbers", PUBLIC, {"number": 13})
        return ""

    as_page = house.client().get("/test/page", headers={"Accept": "text/html"})
    as_json = house.client().get("/test/page", headers={"Accept": "application/json"})
    assert (as_page.status_code, as_json.status_code) == (409, 409)
    assert as_page.mimetype == "text/html"
    assert "这个数不行。" in as_page.text
    assert as_json.json is not None
    assert as_json.json["detail"] == "这个数不行。"


def test_no_write_transaction_waits_for_a_service(house: House, points: Points) -> None:
    @house.app.post("/api/session/test")
    @allow(Role.PUBLIC)
    @writing
    def careless() -> str:
        current_session().connection()
        points.get("/api/points/echo", PUBLIC)
        return ""

    assert house.client().post("/api/session/test").status_code == 500
