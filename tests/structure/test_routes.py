"""Every route of every service says who may call it, and the API's description is a valid one."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any

import pytest
from openapi_spec_validator import validate

from shared.topology import Service
from shared.web.access import roles_of, routes_without_access

AppOf = Callable[[Service], Any]


@pytest.fixture
def app_of(sqlite_database: str) -> AppOf:
    """The application of a service, as its web process makes it."""
    return lambda service: importlib.import_module(f"services.{service}.app").create_app()


@pytest.mark.parametrize("service", list(Service))
def test_every_route_says_who_may_call_it(app_of: AppOf, service: Service) -> None:
    assert routes_without_access(app_of(service)) == []


@pytest.mark.parametrize("service", list(Service))
def test_only_probes_metrics_and_files_of_the_design_need_no_token(app_of: AppOf, service: Service) -> None:
    app = app_of(service)
    unguarded = {rule.rule for rule in app.url_map.iter_rules() if roles_of(app.view_functions[rule.endpoint]) == set()}
    allowed = ("/healthz", "/readyz", "/metrics", "/static/", "/api/docs/", "/assets/")
    assert [rule for rule in unguarded if not rule.startswith(allowed)] == []


@pytest.mark.parametrize("service", [service for service in Service if service is not Service.GATEWAY])
def test_the_routes_of_a_service_stand_under_its_own_path(app_of: AppOf, service: Service) -> None:
    rules = {rule.rule for rule in app_of(service).url_map.iter_rules()}
    own = (f"/api/{service}/", "/healthz", "/readyz", "/metrics", "/open311/")
    assert [rule for rule in rules if not rule.startswith(own)] == []


@pytest.mark.parametrize("service", list(Service))
def test_the_description_of_the_api_is_valid(app_of: AppOf, service: Service) -> None:
    app = app_of(service)
    if service is Service.GATEWAY:
        document = app.extensions["xiangzhi.openapi"]()
    else:
        authenticated = app.test_client()
        app.extensions["xiangzhi.authenticate"] = _public
        document = authenticated.get(f"/api/{service}/openapi.json").get_json()
    validate(document)
    assert document["paths"]


@pytest.mark.parametrize("service", list(Service))
def test_every_view_that_edits_what_was_looked_at_is_described_so(app_of: AppOf, service: Service) -> None:
    for name, view in app_of(service).view_functions.items():
        words = getattr(inspect.unwrap(view), "__code__", None)
        edits = words is not None and bool({"expected_version", "given_version"} & set(words.co_names))
        assert edits == ("conditional" in getattr(view, "_apidoc", {})), name


def _public() -> Any:
    from shared.identity import Principal

    return Principal(1)
