"""`/`: what anybody may come for, without login."""

from __future__ import annotations

from flask import Blueprint, render_template

from services.gateway.pages.frame import this_place
from services.gateway.pages.login.demo import demo_logins
from services.gateway.pages.place import offices_of, villages_of
from services.gateway.pages.public.opening import opening_on
from shared.calendar import today
from shared.identity import Role
from shared.web import allow, current_principal, current_session

blueprint = Blueprint("public", __name__)


@blueprint.get("/")
@allow(Role.PUBLIC)
def home() -> str:
    """Four doors, opening and reception of today, phones that dial, and in the demo one button per role."""
    principal = current_principal()
    place = this_place(principal)
    return render_template(
        "public/home.html",
        opening=opening_on(today(), place.settings),
        offices=offices_of(current_session(), principal.township_id),
        villages=villages_of(current_session(), principal.township_id),
        demo_logins=demo_logins(current_session(), principal.township_id),
    )


@blueprint.get("/progress")
@allow(Role.PUBLIC)
def progress() -> str:
    """查进度: a demand and a petition are followed in two different ways, so the page asks which."""
    return render_template("public/progress.html")
