"""The application of every service: one factory, so that all of them behave alike at their edges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue
from flask_smorest import Blueprint as DocumentedBlueprint
from werkzeug.routing import IntegerConverter

from shared import tracing
from shared.database import Database, database_of
from shared.identity import Principal, Role
from shared.identity.tokens import InvalidToken, verify
from shared.logging import configure_logging, get_logger
from shared.metrics import serve_metrics
from shared.request_context import accept_request_id, current_request_id, request_context
from shared.settings import settings, settings_at_start
from shared.topology import Service
from shared.web import limits
from shared.web.access import allow
from shared.web.etags import send_version
from shared.web.health import register_probes
from shared.web.idempotency import store_claim
from shared.web.metrics import register_metrics
from shared.web.openapi import create_api
from shared.web.problems import problem_of, problem_response
from shared.web.refusals import Unauthenticated
from shared.web.unit_of_work import close_unit, request_unit

log = get_logger(__name__)
Authenticate = Callable[[], Principal]


class IdConverter(IntegerConverter):
    """`<int:…>` in paths: what fits into 64 bits; anything larger is no record."""

    def __init__(self, map: Any, **options: Any) -> None:
        super().__init__(map, **{"max": 2**63 - 1, **options})


class ServiceApp(Flask):
    """Flask with one transaction per request around the view, serialisation included.

    The transaction is opened when the view first asks for `current_session()`, committed before the answer is sent,
    and rolled back when the view raises or answers with an error.
    """

    def __init__(self, name: str, database: Database) -> None:
        super().__init__(name, static_folder=None)
        self.database = database
        self.url_map.converters["int"] = IdConverter

    def wsgi_app(self, environ: Any, start_response: Any) -> Any:
        """Everything of a request, its logs and its messages carry the request's id."""
        service = self.database.service
        # The gateway stands before browsers, whose word for what they are part of counts for nothing.
        caller = None if service is Service.GATEWAY else environ.get("HTTP_TRACEPARENT")
        with (
            request_context(accept_request_id(environ.get("HTTP_X_REQUEST_ID"))),
            tracing.answering(service, caller),
        ):
            return super().wsgi_app(environ, start_response)

    def dispatch_request(self) -> ResponseReturnValue:
        with request_unit() as unit:
            response = self.make_response(super().dispatch_request())
            if response.status_code < 400:
                if unit.write and unit.session is not None:
                    store_claim(unit.session, response.status_code)
                unit.keep()
            return response

    def problem(self, error: Exception) -> Response:
        """The answer for `error`; the gateway's pages show the same words in their own way."""
        return problem_response(problem_of(error))


def create_service_app(
    service: Service,
    blueprints: Sequence[Blueprint],
    *,
    database: Database | None = None,
    authenticate: Authenticate | None = None,
    app_class: type[ServiceApp] = ServiceApp,
    metrics_served: bool = True,
) -> ServiceApp:
    """The WSGI application of `service` with the routes of its topics (plain Flask blueprints are not documented).

    By default `database` is the process's own (and its logs are set up), and `authenticate` reads the gateway's token.
    """
    current = settings_at_start()
    if database is None:
        configure_logging(service.value)
    app = app_class(f"services.{service}", database or database_of(service))
    app.config.update(
        MAX_CONTENT_LENGTH=current.upload_limit_bytes,
        MAX_FORM_MEMORY_SIZE=limits.MOST_WORDS,
        WRITES_BY_METHOD=service is not Service.GATEWAY,
        JSON_SORT_KEYS=False,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions["xiangzhi.authenticate"] = authenticate or _token_reader(service)
    register_metrics(app, service, served=metrics_served)
    # Also of the services, whose own port a network may keep for the gateway alone.
    serve_metrics(current.metrics_port, current.metrics_host)
    app.register_error_handler(Exception, app.problem)
    app.request_class = limits.LimitedRequest
    app.before_request(limits.refuse_too_much)
    app.after_request(_name_request)
    app.after_request(send_version)
    app.teardown_request(close_unit)
    api = create_api(app, service)
    for blueprint in blueprints:
        if isinstance(blueprint, DocumentedBlueprint):
            api.register_blueprint(blueprint)
        else:
            app.register_blueprint(blueprint)
    register_probes(app, service, app.database)
    _register_description(app, service, api.spec.to_dict)
    return app


def _name_request(response: Response) -> Response:
    response.headers["X-Request-ID"] = current_request_id() or ""
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response


def _token_reader(service: Service) -> Authenticate:
    """Who asks, by the gateway's token for this service, method and path. A service trusts nothing else."""

    def authenticate() -> Principal:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("请从本系统的网页或接口入口访问，不要直接访问内部服务。")
        try:
            return verify(token, service, request.method, request.path, key_dir=settings().key_dir)
        except InvalidToken as error:
            log.warning("token.refused", reason=str(error), path=request.path)
            raise Unauthenticated("登录凭据无效或已过期，请刷新页面后重试。") from error

    return authenticate


def _register_description(app: ServiceApp, service: Service, describe: Callable[[], dict[str, Any]]) -> None:
    if service is Service.GATEWAY:
        app.extensions["xiangzhi.openapi"] = describe
        return

    @allow(Role.PUBLIC)
    def show_openapi() -> Response:
        return jsonify(describe())

    app.add_url_rule(f"/api/{service}/openapi.json", "openapi", show_openapi)
