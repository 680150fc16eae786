"""The gateway's application: a service application that speaks to browsers."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, render_template, request

from services.gateway.clients import ServiceProblem
from services.gateway.sessions.csrf import is_api_path
from shared.logging import get_logger
from shared.web.application import ServiceApp
from shared.web.problems import Kind, Problem, problem_of, problem_response

log = get_logger(__name__)


class GatewayApp(ServiceApp):
    """Problems are JSON for programs and a page for people, in the same words.

    A request of a page reads the database unless its view is `@writing`: a page that calls a service must not hold
    a write transaction meanwhile.
    """

    def problem(self, error: Exception) -> Response:
        found = _of_service(error) if isinstance(error, ServiceProblem) else problem_of(error)
        if is_api_path(request.path) or not _wants_page():
            return problem_response(found)
        try:
            page = render_template("errors/show.html", problem=found, number=found.body()["number"])
        except Exception:
            # A page about a broken page: the words alone, rather than nothing.
            log.exception("error_page.failed")
            return problem_response(found)
        response = make_response(page, found.kind.status)
        response.headers.update({"Cache-Control": "no-store", **found.headers})
        return response


def _of_service(error: ServiceProblem) -> Problem:
    kind = Kind(error.status, error.kind or "bad-upstream", error.title or "服务没有正常答复")
    return Problem(kind, error.detail, error.errors)


def _wants_page() -> bool:
    best: Any = request.accept_mimetypes.best_match(["text/html", "application/json"], default="text/html")
    return bool(best == "text/html")
