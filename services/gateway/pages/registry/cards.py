"""A household's card: printed with its QR code, replaced when lost, and given a new PIN."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from services.gateway.accounts.passwords import hash_pin, random_pin
from services.gateway.accounts.pins import issue_first_pins, reset_pin
from services.gateway.pages.database import gateway_database
from services.gateway.pages.place import villages_of_principal
from services.gateway.pages.qr import qr_svg
from services.gateway.pages.registry.grids import group_options
from services.gateway.pages.registry.residents import API
from services.gateway.pages.registry.sections import WRITERS
from services.gateway.pages.services import intake
from services.gateway.pages.wording import _
from shared.errors import NotFound
from shared.models.gateway import CardPin
from shared.models.registry import Household
from shared.settings import settings
from shared.web import allow, current_principal, current_session

_MOST_OF_A_GROUP = 200


def add_routes(blueprint: Blueprint) -> None:
    """Give the topic's blueprint the pages of cards."""
    one = "/registry/households/<int:household_id>/card"
    blueprint.add_url_rule(one, "card", show)
    blueprint.add_url_rule(f"{one}/code", "replace_code", replace_code, methods=["POST"])
    blueprint.add_url_rule(f"{one}/pin", "replace_pin", replace_pin, methods=["POST"])
    blueprint.add_url_rule("/registry/cards", "cards", show_group)
    blueprint.add_url_rule("/registry/cards", "print_cards", print_group, methods=["POST"])


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


@allow(*WRITERS)
def show_group() -> str:
    """First the village, then the group whose cards are to be printed."""
    return _group(request.args, {})


@allow(*WRITERS)
def print_group() -> Response | tuple[str, int]:
    """The cards of a group; those that have no PIN get one, which stands on this page only."""
    form, principal = request.form, current_principal()
    if not form.get("group_id", "").isdigit():
        return make_response(_group(form, {"group_id": [_("请选择在哪个组。")]}), 422)
    village = form.get("village", "")
    if village not in {each.code for each in villages_of_principal(current_session(), principal, *WRITERS)}:
        raise NotFound(_("没有这个村，请重新选择。"))
    found = intake.get(API, principal, village=village, group_id=int(form["group_id"]), limit=_MOST_OF_A_GROUP).data[
        "items"
    ]
    with gateway_database().reading() as session:
        tokens = _tokens(session, [int(each["id"]) for each in found])
        held = set(session.scalars(select(CardPin.household_id).where(CardPin.household_id.in_(tokens))))
    pins = {household_id: random_pin() for household_id in tokens if household_id not in held}
    hashes = {household_id: hash_pin(pin) for household_id, pin in pins.items()}
    with gateway_database().transaction() as session:
        given = issue_first_pins(session, principal, hashes)
    cards = [
        {**each, "qr": _qr(tokens[int(each["id"])]), "pin": pins[int(each["id"])] if int(each["id"]) in given else ""}
        for each in found
    ]
    page = render_template("registry/cards.html", cards=cards, address=_address(), new=len(given))
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response


def _group(form: Any, errors: dict[str, list[str]]) -> str:
    principal = current_principal()
    villages = villages_of_principal(current_session(), principal, *WRITERS)
    chosen = form.get("village", "") or (villages[0].code if len(villages) == 1 else "")
    village = next((each for each in villages if each.code == chosen), None)
    return render_template(
        "registry/cards_choose.html",
        village=village,
        villages=villages,
        groups=group_options(principal, village.code) if village else [],
        form=form,
        errors=errors,
    )


def _show(household_id: int, pin: str) -> str:
    # The service says whether this person may know of the household; a writer's villages are checked here.
    household = intake.get(f"{API}/{household_id}", current_principal()).data
    session = current_session()
    village = select(Household.village_id).where(Household.id == household_id)
    current_principal().require_in(session.scalars(village).one(), *WRITERS)
    return render_template(
        "registry/card.html",
        household=household,
        qr=_qr(_tokens(session, [household_id])[household_id]),
        address=_address(),
        pin=pin,
        has_pin=session.get(CardPin, household_id) is not None,
    )


def _tokens(session: Session, household_ids: Sequence[int]) -> dict[int, str]:
    """What the cards' QR codes hold; the service never gives it away."""
    rows = session.execute(
        select(Household.id, Household.card_token).where(Household.id.in_(household_ids)).order_by(Household.id)
    )
    return {row.id: row.card_token for row in rows}


def _qr(token: str) -> Markup:
    address = settings().gateway_public_url + url_for("card.scan", token=token)
    return qr_svg(address, _("扫码打开查积分的页面，再输入 6 位密码"))


def _address() -> str:
    return settings().gateway_public_url + url_for("card.show")
