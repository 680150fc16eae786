"""`/demands/new` and `/demands/progress`: what anybody does without login."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, render_template, request

from services.gateway.clients import ServiceProblem
from services.gateway.pages.answers import errors_of
from services.gateway.pages.demands import work
from services.gateway.pages.demands.choices import category_options, place_options, read_place
from services.gateway.pages.demands.presentation import act_buttons, due_words, tags, timeline
from services.gateway.pages.navigation import STAFF
from services.gateway.pages.services import intake
from services.gateway.pages.wording import _
from shared.identity import Principal, Role
from shared.web import allow, current_principal, current_session

blueprint = Blueprint("demands", __name__)
work.add_routes(blueprint)
_API = "/api/intake/demands"
_FIELDS = {"village": "place", "group_id": "place", "household_id": "card", "place": "spot"}


@blueprint.get("/demands/new")
@allow(Role.PUBLIC)
def new() -> str:
    """The form: whom it is about, where, what, and who asks."""
    form = {"place": request.args.get("place", ""), "name": _own_name(current_principal())}
    return _form(form, {})


@blueprint.post("/demands/new")
@allow(Role.PUBLIC)
def send() -> str | tuple[str, int]:
    """Take it in, and show number and code to write down. Sent twice, it shows the same ones."""
    form, principal = request.form, current_principal()
    village, group_id = read_place(form.get("place", ""))
    about_official = form.get("about") == "official"
    errors = _missing(form)
    body: dict[str, Any] = {
        "village": village,
        "group_id": group_id,
        "category": form.get("category", ""),
        "text": form.get("text", ""),
        "place": form.get("spot", "").strip(),
        "reporter_name": form.get("name", "").strip(),
        "phone": form.get("phone", "").strip(),
        "complains_of_official": about_official,
    }
    if not errors and principal.has(*STAFF):
        errors |= _for_household(form, principal, body)
    if errors:
        return _form(form, errors), 422
    # Who complains of an official leaves no trace of the own account behind.
    sender = Principal(principal.township_id, request_id=principal.request_id) if about_official else principal
    if about_official:
        body.pop("household_id", None)
        body.pop("channel", None)
    try:
        received = intake.post(_API, sender, body, idempotency_key=form.get("idempotency_key")).data
    except ServiceProblem as problem:
        return _form(form, errors_of(problem, {**_FIELDS, "reporter_name": "name"})), 422
    return render_template("demands/received.html", received=received)


@blueprint.get("/demands/progress")
@allow(Role.PUBLIC)
def progress() -> str:
    """Where number and code are typed."""
    return render_template("demands/follow.html", number=request.args.get("number", ""), errors={})


@blueprint.post("/demands/progress")
@allow(Role.PUBLIC)
def follow() -> str | tuple[str, int]:
    """How far it is; a POST, so that the code stands in no address and no log."""
    return _followed("", {})


@blueprint.post("/demands/progress/acts")
@allow(Role.PUBLIC)
def act_as_reporter() -> str | tuple[str, int]:
    """确认办结, 要求重新办理, 撤回."""
    form = request.form
    body = {name: form.get(name, "") for name in ("number", "code", "action", "note")}
    try:
        intake.post(f"{_API}/follow/acts", current_principal(), body)
    except ServiceProblem as problem:
        return _followed(form.get("note", ""), errors_of(problem))
    flash(_("已记下。"), "done")
    return _followed("", {})


def _followed(note: str, errors: dict[str, list[str]]) -> str | tuple[str, int]:
    slip = {"number": request.form.get("number", ""), "code": request.form.get("code", "")}
    missing = {
        name: [sentence]
        for name, sentence in (("number", _("请填写 8 位编号。")), ("code", _("请填写 8 位查询码。")))
        if not slip[name].strip()
    }
    if missing:
        return render_template("demands/follow.html", **slip, errors=missing), 422
    try:
        demand = intake.post(f"{_API}/follow", current_principal(), slip).data
    except ServiceProblem as problem:
        return render_template("demands/follow.html", **slip, errors=errors_of(problem)), 422
    if demand["is_petition"]:
        return render_template("demands/petition.html", demand=demand, slip=slip)
    shown = render_template(
        "demands/followed.html",
        demand=demand,
        slip=slip,
        tags=tags(demand),
        due=due_words(demand),
        steps=timeline(demand),
        buttons=act_buttons(demand["allowed"], inside=False),
        note=note,
        errors=errors,
    )
    return (shown, 422) if errors else shown


def _form(form: Any, errors: dict[str, list[str]]) -> str:
    principal = current_principal()
    return render_template(
        "demands/new.html",
        form=form,
        errors=errors,
        places=place_options(current_session(), principal.township_id),
        categories=category_options(principal),
        for_others=principal.has(*STAFF),
        key=form.get("idempotency_key"),
    )


def _missing(form: Any) -> dict[str, list[str]]:
    """What the service can't say in the words of this form."""
    errors: dict[str, list[str]] = {}
    if form.get("about") not in {"matter", "official"}:
        errors["about"] = [_("请先选这件事是不是反映干部或单位。")]
    if not form.get("place"):
        errors["place"] = [_("请选择在哪个村、哪个组。")]
    if form.get("about") == "matter" and not form.get("category"):
        errors["category"] = [_("请选择这是哪一类事。")]
    if not form.get("text", "").strip():
        errors["text"] = [_("请写清楚是什么事。")]
    if not form.get("name", "").strip():
        errors["name"] = [_("请填写姓名，办好后才知道找谁回话。")]
    return errors


def _for_household(form: Any, principal: Principal, body: dict[str, Any]) -> dict[str, list[str]]:
    """Staff who fill it in for somebody may name the household by its card number."""
    body["channel"] = form.get("channel") or "counter"
    card = form.get("card", "").strip()
    if not card:
        return {}
    found = intake.get("/api/intake/households", principal, query=card, limit=2).data["items"]
    exact = [each for each in found if each["card_number"] == card]
    if not exact:
        return {"card": [_("没有这个户卡号，或者它不在您负责的村。请核对，不清楚就空着。")]}
    body["household_id"] = int(exact[0]["id"])
    return {}


def _own_name(principal: Principal) -> str:
    return principal.name if principal.has(Role.RESIDENT) else ""
