"""A household's card: printed with its QR code, replaced when lost, and given a new PIN."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from services.gateway.accounts.passwords import hash_pin, random_pin
from services.gateway.accounts.pins import reset_pin
from services.gateway.pages.database import gateway_database
from services.gateway.pages.qr import qr_svg
from services.gateway.pages.registry.residents import API
from services.gateway.pages.registry.sections import WRITERS
from services.gateway.pages.services import intake
from services.gateway.pages.wording import _
from shared.models.gateway import CardPin
from shared.models.registry import Household
from shared.settings import settings
from shared.web import allow, current_principal, current_session


def add_routes(blueprint: Blueprint) -> None:
    """Give the topic's blueprint the pages of cards."""
    one = "/registry/households/<int:household_id>/card"
    blueprint.add_url_rule(one, "card", show)
    blueprint.add_url_rule(f"{one}/code", "replace_code", replace_code, methods=["POST"])
    blueprint.add_url_rule(f"{one}/pin", "replace_pin", replace_pin, methods=["POST"])


@allow(*WRITERS)
def show(household_id: int) -> str:
    """The card as it is printed, and what can be replaced."""
    return _show(household_id, "")


@allow(*WRITERS)
def replace_code(household_id: int) -> Response:
    """A new QR code: the lost card's opens nothing any more."""
    intake.post(f"{API}/{household_id}/card", current_principal())
    flash(_("已换新二维码，旧卡上的扫不开了。请打印新卡；卡丢了的，查询密码也请换一个。"), "done")
    return redirect(url_for("registry.card", household_id=household_id), code=303)


@allow(*WRITERS)
def replace_pin(household_id: int) -> Response:
    """A new PIN, on this page only; whoever is logged in with the card is logged out."""
    household = intake.get(f"{API}/{household_id}", current_principal()).data
    pin = random_pin()
    hashed = hash_pin(pin)
    with gateway_database().transaction() as session:
        reset_pin(session, current_principal(), household["card_number"], hashed)
    response = make_response(_show(household_id, pin))
    response.headers["Cache-Control"] = "no-store"
    return response


def _show(household_id: int, pin: str) -> str:
    # The service says whether this person may know of the household; a writer's villages are checked by both acts.
    household = intake.get(f"{API}/{household_id}", current_principal()).data
    session = current_session()
    token, village_id = session.execute(
        select(Household.card_token, Household.village_id).where(Household.id == household_id)
    ).one()
    current_principal().require_in(village_id, *WRITERS)
    address = settings().gateway_public_url + url_for("card.scan", token=token)
    return render_template(
        "registry/card.html",
        household=household,
        qr=qr_svg(address, _("扫码打开查积分的页面，再输入 6 位密码")),
        address=settings().gateway_public_url + url_for("card.show"),
        pin=pin,
        has_pin=session.get(CardPin, household_id) is not None,
    )
