"""`/card`: a household's own page with the card's number and its PIN; no account needed."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from services.gateway.pages.answers import GENERAL
from services.gateway.pages.database import gateway_database
from services.gateway.pages.login.views import begin
from services.gateway.pages.wording import _
from services.gateway.sessions.login import log_in_with_card
from services.gateway.sessions.sessions import card_of_token
from shared.calendar import today
from shared.errors import DomainError, TooMany
from shared.identity import Role
from shared.web import allow, current_session

blueprint = Blueprint("card", __name__)


@blueprint.get("/card")
@allow(Role.PUBLIC)
def show() -> str:
    """The form."""
    return render_template("card/show.html", card="", errors={})


@blueprint.get("/card/<token>")
@allow(Role.PUBLIC)
def scan(token: str) -> str | tuple[str, int]:
    """The same form with the number of the card whose QR code was scanned; only the PIN is left to type."""
    number = card_of_token(current_session(), token, today())
    if number is None:
        sentence = _("这张卡已经换新，旧的二维码不能用了。请用新卡，或找村干部。")
        return render_template("card/show.html", card="", errors={GENERAL: [sentence]}), 404
    return render_template("card/show.html", card=number, errors={})


@blueprint.post("/card")
@allow(Role.PUBLIC)
def enter() -> Response | tuple[str, int]:
    """Open the household's page; wrong numbers give the form back with the card's number."""
    card = "".join(request.form.get("card", "").split())
    pin = request.form.get("pin", "").strip()
    errors: dict[str, list[str]] = {}
    if not card.isdigit() or len(card) != 10:
        errors["card"] = [_("户卡号是 10 位数字，请看卡的正面重新填写。")]
    if not pin.isdigit() or len(pin) != 6:
        errors["pin"] = [_("密码是 6 位数字，请重新填写。")]
    if errors:
        return render_template("card/show.html", card=card, errors=errors), 422
    try:
        made = log_in_with_card(gateway_database(), card=card, pin=pin, address=request.remote_addr or "unknown")
    except DomainError as error:
        status = 429 if isinstance(error, TooMany) else 401
        return render_template("card/show.html", card=card, errors={GENERAL: [error.detail]}), status
    return begin(made, url_for("households.own"))
