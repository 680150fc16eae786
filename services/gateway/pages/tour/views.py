"""`/tour`: the list of stops, and going to one as the person that it needs. Only in a demo."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template
from werkzeug.wrappers import Response

from services.gateway.pages.frame import this_place
from services.gateway.pages.login.views import begin, demo_session
from services.gateway.pages.navigation import page_href
from services.gateway.pages.tour.stops import STOPS, Stop
from services.gateway.pages.wording import _
from shared.errors import NotFound
from shared.identity import Role
from shared.settings import settings
from shared.web import allow, current_principal

blueprint = Blueprint("tour", __name__)


@blueprint.get("/tour")
@allow(Role.PUBLIC)
def show() -> str:
    """The six stops."""
    _require_demo()
    return render_template("tour/show.html", stops=STOPS)


@blueprint.post("/tour/<int:number>")
@allow(Role.PUBLIC)
def go(number: int) -> Response:
    """Log in as the stop's person, if it needs one, and open its page. Raises NotFound."""
    _require_demo()
    stop = next((stop for stop in STOPS if stop.number == number), None)
    if stop is None:
        raise NotFound(_("导览没有这一站。"))
    return _arrive(stop)


def _arrive(stop: Stop) -> Response:
    target = page_href(stop.endpoint)
    if stop.role is None or current_principal().has(stop.role):
        return make_response(redirect(target, code=303))
    return begin(demo_session(stop.role), target)


def _require_demo() -> None:
    if not settings().demo and not this_place(current_principal()).is_demo:
        raise NotFound(_("这里不是演示，没有导览。"))
