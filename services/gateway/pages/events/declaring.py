"""Declaring an event: find the household, tap what was done, send."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.gateway.clients import ServiceProblem, Upload
from services.gateway.pages.answers import errors_of
from services.gateway.pages.events.presentation import title_of
from services.gateway.pages.households.found import FoundHousehold, household_of, search_households
from services.gateway.pages.rulebooks.presentation import worth_words
from services.gateway.pages.services import points
from services.gateway.pages.wording import _
from shared.calendar import today
from shared.identity import Principal, Role
from shared.quarters import parse_quarter, quarter_of
from shared.web import allow, current_principal

DECLARERS = (Role.GRID_MEMBER, Role.CADRE, Role.JUDGE, Role.ADMIN)


def add_declaring(blueprint: Blueprint) -> None:
    """Add the pages of declaring to the topic's blueprint."""
    blueprint.add_url_rule("/events/declare", "declare", declare)
    blueprint.add_url_rule("/events/declare", "send_declaration", send_declaration, methods=["POST"])


@allow(*DECLARERS)
def declare() -> str:
    """First whose, then what."""
    principal = current_principal()
    household_id, query = request.args.get("household", type=int), request.args.get("q", "").strip()
    if household_id is not None:
        return _form(household_of(principal, household_id), {}, {"occurred_on": today().isoformat(), "quantity": "1"})
    return render_template(
        "events/declare.html",
        household=None,
        query=query,
        households=search_households(principal, query)[0] if query else [],
        sent=request.args.get("sent", "")[:100],
    )


@allow(*DECLARERS)
def send_declaration() -> Response | tuple[str, int]:
    """Declare; a refusal gives the form back filled in."""
    principal, form = current_principal(), request.form
    household_id = request.args.get("household", type=int)
    if household_id is None:
        return redirect(url_for("events.declare"), code=303)
    try:
        evidence = _evidence(principal)
    except ServiceProblem as problem:
        return _form(household_of(principal, household_id), errors_of(problem, {"file": "evidence"}), form), 422
    filled = {**form.to_dict(), "evidence_file": evidence}
    body: dict[str, Any] = {
        "household": household_id,
        "rule": form.get("other_rule") or form.get("rule", ""),
        "occurred_on": form.get("occurred_on", ""),
        "quantity": form.get("quantity", "").strip() or "1",
        "note": form.get("note", "").strip(),
        "witness": form.get("witness", "").strip(),
        "evidence_file": evidence or None,
    }
    if not body["rule"]:
        errors = {"rule": [_("请选择做了什么。")]}
        return _form(household_of(principal, household_id), errors, filled), 422
    try:
        made = points.post("/api/points/events", principal, body, idempotency_key=form.get("idempotency_key")).data
    except ServiceProblem as problem:
        household = household_of(principal, household_id)
        errors = errors_of(problem, {"evidence_file": "evidence"})
        if "evidence_file" in problem.errors:
            filled["evidence_file"] = ""
        return _form(household, errors, filled), 422
    what = _("%(name)s 户，%(title)s", name=made["head_name"], title=title_of(made))
    return redirect(url_for("events.declare", sent=what), code=303)


def _evidence(principal: Principal) -> str:
    """The digest of the photo or scan that was chosen, or of the one that an earlier try has sent; else nothing."""
    chosen = request.files.get("evidence")
    if chosen is None or not chosen.filename:
        return request.form.get("evidence_file", "")
    content = chosen.read()
    # Another photo in the same form is another sending; the same one again is not.
    key = hashlib.sha256(request.form.get("idempotency_key", "").encode() + content).hexdigest()
    upload = Upload(chosen.filename, content, chosen.mimetype or "application/octet-stream")
    answer = points.request("POST", "/api/points/evidence", principal, files={"file": upload}, idempotency_key=key)
    return str(answer.data["sha256"])


def _form(household: FoundHousehold, errors: dict[str, list[str]], values: Any) -> str:
    principal = current_principal()
    revision = _revision(principal, household.village)
    common = _rules(principal, household.village, revision, common=True)
    if not common and "rule" in errors:
        # Without tiles the list of all lines is what has to be mended.
        errors = {**errors, "other_rule": errors["rule"]}
        del errors["rule"]
    return render_template(
        "events/declare.html",
        household=household,
        common_rules=[(rule["code"], rule["title"], _asked(rule)) for rule in common],
        other_rules=[("", _("（选一条）"))]
        + [
            (rule["code"], _("%(title)s：%(worth)s", title=rule["title"], worth=_asked(rule)))
            for rule in _rules(principal, household.village, revision)
        ],
        values=values,
        errors=errors,
        key=values.get("idempotency_key"),
    )


def _asked(rule: dict[str, Any]) -> str:
    """What a line is worth, and what its declaration must bring."""
    needs = {"none": "", "note": _("要写说明"), "proof": _("要照片、材料或证明人")}[rule["evidence"]]
    return _("%(worth)s；%(needs)s", worth=worth_words(rule), needs=needs) if needs else worth_words(rule)


def _revision(principal: Principal, village: str) -> int | None:
    """The newest revision that the village has adopted for today."""
    now = quarter_of(today())
    adoptions = points.get("/api/points/adoptions", principal).data["adoptions"]
    begun = [each for each in adoptions if each["village"] == village and parse_quarter(each["from_quarter"]) <= now]
    return max((each["revision"] for each in begun), default=None)


def _rules(
    principal: Principal, village: str, revision: int | None, *, common: bool | None = None
) -> list[dict[str, Any]]:
    """The lines that hold in the village."""
    if revision is None:
        return []
    book = points.get(f"/api/points/rulebooks/{revision}", principal, village=village, common=common).data
    rules: list[dict[str, Any]] = book["rules"]
    return rules
