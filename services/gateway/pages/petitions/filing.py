"""`/petitions/new`: taking a petition into the register, and the slip that the petitioner takes home."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, render_template, request

from services.gateway.clients import ServiceProblem
from services.gateway.pages.answers import errors_of
from services.gateway.pages.petitions.choices import register_options, village_options
from services.gateway.pages.petitions.work import API, REGISTRARS
from services.gateway.pages.services import petitions
from services.gateway.pages.wording import _
from shared.calendar import today
from shared.web import allow, current_principal, current_session

_FIELDS = {
    "petitioner.name": "name",
    "petitioner.phone": "phone",
    "petitioner.identity_number": "identity_number",
    "petitioner.address": "address",
}
_LINES = ("text", "received_on", "complained_of", "place", "official_number", "channel", "category")


def add_routes(blueprint: Blueprint) -> None:
    """Give the topic's blueprint the form."""
    blueprint.add_url_rule("/petitions/new", "new", new)
    blueprint.add_url_rule("/petitions/new", "register", register, methods=["POST"])


@allow(*REGISTRARS)
def new() -> str:
    """The form."""
    return _form({"received_on": today().isoformat(), "channel": "visit", "category": "claim"}, {})


@allow(*REGISTRARS)
def register() -> str | tuple[str, int]:
    """Register it and show number and code. Sent twice, it shows the same ones."""
    form = request.form
    errors = _missing(form)
    if errors:
        return _form(form, errors), 422
    body: dict[str, Any] = {name: form.get(name, "").strip() for name in _LINES}
    body |= {
        "village": form.get("village") or None,
        "major": form.get("major") == "yes",
        "complains_of_official": form.get("about") == "official",
        "representatives": _representatives(form.get("representatives", "")),
        "petitioner": None
        if form.get("anonymous") == "yes"
        else {name: form.get(name, "").strip() for name in ("name", "phone", "identity_number", "address")},
    }
    try:
        receipt = petitions.post(API, current_principal(), body, idempotency_key=form.get("idempotency_key")).data
    except ServiceProblem as problem:
        names = _FIELDS | {path: "representatives" for path in problem.errors if path.startswith("representatives")}
        return _form(form, errors_of(problem, names)), 422
    return render_template("petitions/registered.html", receipt=receipt)


def _missing(form: Any) -> dict[str, list[str]]:
    """Everything that is not filled in, at once; what is filled in wrongly is said by the service."""
    errors: dict[str, list[str]] = {}
    if form.get("about") not in {"matter", "official"}:
        errors["about"] = [_("请先选这件事是不是反映干部或单位。")]
    if not form.get("received_on"):
        errors["received_on"] = [_("请填写收到的日期，期限从这一天起算。")]
    if not form.get("channel"):
        errors["channel"] = [_("请选这件信访是怎么来的。")]
    if not form.get("category"):
        errors["category"] = [_("请选这件信访是哪一类。")]
    if not form.get("text", "").strip():
        errors["text"] = [_("请写明事实、请求和理由。")]
    if form.get("anonymous") != "yes" and not form.get("name", "").strip():
        errors["name"] = [_("请填写姓名；不愿留名的请选匿名。")]
    return errors


def _representatives(text: str) -> list[dict[str, str]]:
    """One a line: name, then phone."""
    people = [re.split(r"[\s,，、]+", line.strip(), maxsplit=1) for line in text.splitlines() if line.strip()]
    return [{"name": parts[0], "phone": parts[1] if len(parts) > 1 else ""} for parts in people]


def _form(form: Any, errors: dict[str, list[str]]) -> str:
    principal = current_principal()
    return render_template(
        "petitions/new.html",
        form=form,
        errors=errors,
        options=register_options(principal),
        villages=village_options(current_session(), principal.township_id),
        key=form.get("idempotency_key"),
    )
