"""The gateway's web application: `granian --interface wsgi services.gateway.app:create_app --factory`."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from flask import Blueprint

from services.gateway.accounts.api import blueprint as accounts
from services.gateway.accounts.api import cards_blueprint as cards
from services.gateway.application import GatewayApp
from services.gateway.compression import compress
from services.gateway.documentation.api import blueprint as documentation
from services.gateway.forwarded import Forwarded
from services.gateway.limits.door import count_act
from services.gateway.notices.api import blueprint as notices
from services.gateway.proxy.api import blueprint as proxy
from services.gateway.security import protect, spare_borrowed_phones
from services.gateway.sessions.api import blueprint as session
from services.gateway.sessions.cookies import WORDS, name_of, send_browser_cookie
from services.gateway.sessions.csrf import check_csrf, csrf_token
from services.gateway.sessions.visitors import current_visitor, principal_of_visitor
from shared.audit_api import audit_blueprint
from shared.certificate_metrics import CertificateCollector
from shared.database import Database
from shared.messaging.api import messaging_blueprint
from shared.metrics import look_up_when_asked
from shared.privacy import blind_index
from shared.settings import settings
from shared.topology import Service
from shared.web import ServiceApp, create_service_app


def create_app(*, database: Database | None = None) -> ServiceApp:
    """The single door: the API of all services, and the pages for people."""
    app = create_service_app(
        Service.GATEWAY,
        [
            session,
            accounts,
            cards,
            notices,
            messaging_blueprint(Service.GATEWAY),
            audit_blueprint(Service.GATEWAY),
            documentation,
            proxy,
        ],
        database=database,
        authenticate=principal_of_visitor,
        app_class=GatewayApp,
        metrics_served=False,
    )
    # Signs the cookie that carries a sentence over a redirect; no rights hang on it.
    app.secret_key = blind_index("words over a redirect", "gateway.cookies")
    app.config.update(
        SESSION_COOKIE_NAME=name_of(WORDS),
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings().secure_cookies,
    )
    look_up_when_asked(CertificateCollector())
    app.before_request(check_csrf)
    app.before_request(count_act)
    # These run from the last to the first: a page is squeezed when it is complete.
    app.after_request(spare_borrowed_phones)
    app.after_request(compress)
    app.after_request(send_browser_cookie)
    app.after_request(protect)
    app.jinja_env.globals.update(csrf_token=csrf_token, current_visitor=current_visitor)
    for blueprint in page_blueprints():
        app.register_blueprint(blueprint)
    if hops := settings().trusted_proxies:
        app.wsgi_app = Forwarded(app.wsgi_app, hops, settings().proxy_networks)  # type: ignore[method-assign]
    return app


def page_blueprints() -> list[Blueprint]:
    """The pages' blueprints."""
    pages: Any = import_module("services.gateway.pages")
    return list(pages.page_blueprints())
