"""The one description of the whole API, merged from the four services as they really are."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import validate

from services.gateway.documentation.merging import merge
from shared.identity import Principal
from shared.topology import Service
from shared.web import ServiceApp
from shared.web.problems import MEDIA_TYPE

UNDESCRIBED = {"/healthz", "/readyz", "/metrics"}
METHODS = {"get", "post", "put", "patch", "delete"}
# The gateway hands these on: their services describe them.
HANDED_ON = ("/api/<any(intake, points, petitions):service>/", "/open311/")
# What describes the API is no part of it.
ABOUT = ("/api/openapi.json", "/api/docs")

Description = dict[str, Any]


@pytest.fixture
def apps(sqlite_database: str) -> dict[Service, ServiceApp]:
    """The applications of all services, as their web processes make them."""
    return {service: importlib.import_module(f"services.{service}.app").create_app() for service in Service}


@pytest.fixture
def merged(apps: dict[Service, ServiceApp]) -> Description:
    """The description as the gateway answers it."""
    documents: dict[Service, Description] = {}
    for service, app in apps.items():
        if service is Service.GATEWAY:
            documents[service] = app.extensions["xiangzhi.openapi"]()
        else:
            app.extensions["xiangzhi.authenticate"] = lambda: Principal(1)
            documents[service] = app.test_client().get(f"/api/{service}/openapi.json").get_json()
    return merge(documents, [])


def test_the_description_of_all_services_is_valid_and_complete_in_itself(merged: Description) -> None:
    validate(merged)
    for reference in _references(merged):
        part: Any = merged
        for name in reference.removeprefix("#/").split("/"):
            part = part[name.replace("~1", "/").replace("~0", "~")]
        assert part, reference


def test_every_route_of_every_service_is_described(apps: dict[Service, ServiceApp], merged: Description) -> None:
    missing = []
    for app in apps.values():
        for rule in app.url_map.iter_rules():
            if not rule.rule.startswith(("/api/", "/open311/")) or rule.rule.startswith((*HANDED_ON, *ABOUT)):
                continue
            path = re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", rule.rule)
            described = merged["paths"].get(path, {})
            missing += [f"{method} {path}" for method in _methods(rule) if method not in described]
    assert [each for each in missing if not each.endswith("/openapi.json")] == []


def test_every_operation_says_what_it_answers_with_a_problem_too_and_has_a_name_of_its_own(merged: Description) -> None:
    names = []
    for place, operation in _operations(merged):
        names.append(operation["operationId"])
        assert operation.get("summary"), place
        assert any(status.startswith("2") for status in operation["responses"]), place
        problems = [_resolved(merged, operation["responses"].get("default", {}))]
        assert any(MEDIA_TYPE in answer.get("content", {}) for answer in problems), place
    assert len(names) == len(set(names))
    assert len(names) > 100


def test_every_post_that_creates_takes_a_key_that_makes_it_repeatable(merged: Description) -> None:
    without = []
    for place, operation in _operations(merged):
        headers = {each["name"] for each in operation.get("parameters", []) if each["in"] == "header"}
        if _creates(place, operation) and "Idempotency-Key" not in headers:
            without.append(place)
    # Who logs in twice wants two sessions.
    assert without == ["post /api/session", "post /api/session/demo"]


def _creates(place: str, operation: Description) -> bool:
    """Something new, at once or by long work; what goes on with a record answers 202 too, and repeats as it is."""
    answers = operation["responses"]
    return place.startswith("post ") and ("201" in answers or ("202" in answers and "{" not in place))


def _operations(merged: Description) -> Iterator[tuple[str, Description]]:
    for path, operations in merged["paths"].items():
        for method, operation in operations.items():
            if method in METHODS:
                yield f"{method} {path}", operation


def _methods(rule: Any) -> list[str]:
    return sorted(method.lower() for method in rule.methods if method.lower() in METHODS)


def _resolved(merged: Description, part: Description) -> Description:
    reference = part.get("$ref")
    if reference is None:
        return part
    found: Any = merged
    for name in reference.removeprefix("#/").split("/"):
        found = found[name]
    resolved: Description = found
    return resolved


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for below in part.values():
            yield from _references(below)
    elif isinstance(part, list):
        for below in part:
            yield from _references(below)
