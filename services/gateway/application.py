"""The gateway's application: a service application that speaks to browsers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for

from services.gateway.clients import ServiceProblem
from services.gateway.sessions.csrf import FIELD, ExpiredForm, is_api_path
from shared.calendar import SHANGHAI
from shared.errors import TooMany
from shared.logging import get_logger
from shared.web.application import ServiceApp
from shared.web.problems import Kind, Problem, problem_of, problem_response
from shared.web.refusals import Unauthenticated

log = get_logger(__name__)
_NEVER_SHOWN = frozenset({"password", "current", "repeat", "pin"})


class GatewayApp(ServiceApp):
    """Problems are JSON for programs and a page for people, in the same words.

    A request of a page reads the database unless its view is `@writing`: a page that calls a service must not hold
    a write transaction meanwhile.
    """

    def problem(self, error: Exception) -> Response:
        found = _of_service(error) if isinstance(error, ServiceProblem) else problem_of(error)
        if is_api_path(request.path) or not _wants_page():
            return problem_response(found)
        if isinstance(error, Unauthenticated) and request.method == "GET":
            return make_response(redirect(url_for("login.show", back=request.full_path.rstrip("?")), code=303))
        number = found.body()["number"]
        try:
            if isinstance(error, ExpiredForm | TooMany) and request.method == "POST":
                form = "errors/held.html" if isinstance(error, ExpiredForm) else "errors/later.html"
                held = {"held": _held_fields(), "files": _has_files(), "action": request.full_path}
                page = render_template(form, problem=found, **_heard_again(error), **held)
            else:
                page = render_template("errors/show.html", problem=found, number=number)
        except Exception:
            # A page about a broken page: the words alone, rather than nothing.
            log.exception("error_page.failed")
            return problem_response(found)
        response = make_response(page, found.kind.status)
        response.headers.update({"Cache-Control": "no-store", **found.headers})
        return response


def _held_fields() -> list[tuple[str, str]]:
    """What was typed, without what must be new or must not be shown again; files can't be kept."""
    return [
        (name, value) for name, value in request.form.items(multi=True) if name != FIELD and name not in _NEVER_SHOWN
    ]


def _has_files() -> bool:
    return any(file.filename for file in request.files.values())


def _heard_again(error: Exception) -> dict[str, Any]:
    """When another try is heard, rounded up to the minute; limits hold for a day at most."""
    if not isinstance(error, TooMany):
        return {}
    present = datetime.now(SHANGHAI)
    then = present + timedelta(seconds=error.retry_after + 59)
    return {"until": f"{then:%H:%M}", "tomorrow": then.date() != present.date()}


def _of_service(error: ServiceProblem) -> Problem:
    kind = Kind(error.status, error.kind or "bad-upstream", error.title or "服务没有正常答复")
    return Problem(kind, error.detail, error.errors)


def _wants_page() -> bool:
    best: Any = request.accept_mimetypes.best_match(["text/html", "application/json"], default="text/html")
    return bool(best == "text/html")
