"""`/opinions`: the form that every page links to, and the admins' list."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.gateway.pages.frame import new_idempotency_key
from services.gateway.pages.opinions.opinions import (
    answer_opinion,
    contact_of,
    open_opinions,
    opinion_of,
    send_opinion,
)
from services.gateway.pages.reading import local_path
from services.gateway.pages.todo import Ask, AskGroup, ask_source
from services.gateway.pages.wording import _
from shared.calendar import day_of
from shared.errors import DomainError, Invalid
from shared.identity import Principal, Role
from shared.web import allow, current_principal, current_session, writing

blueprint = Blueprint("opinions", __name__)


@blueprint.get("/opinions")
@allow(Role.PUBLIC)
def show() -> str:
    """The form, about the page that it was opened from; after sending, its number."""
    about = local_path(request.args.get("page"))
    return render_template("opinions/show.html", about=about, back=about, sent=request.args.get("sent"), errors={})


@blueprint.post("/opinions")
@allow(Role.PUBLIC)
@writing
def send() -> Response | tuple[str, int]:
    """Take an opinion; an error gives the form back filled in."""
    form = request.form
    about = local_path(form.get("page"))
    key = form.get("idempotency_key") or new_idempotency_key()
    try:
        opinion = send_opinion(
            current_session(),
            current_principal(),
            key=key,
            page=about,
            text=form.get("text", ""),
            contact=form.get("contact", ""),
        )
    except Invalid as error:
        page = render_template(
            "opinions/show.html",
            about=about,
            back=about,
            errors=error.errors,
            text=form.get("text", ""),
            contact=form.get("contact", ""),
            key=key,
        )
        return page, 422
    return redirect(url_for("opinions.show", page=about, sent=opinion.id), code=303)


@blueprint.get("/opinions/<int:opinion_id>")
@allow(Role.ADMIN)
@writing
def read(opinion_id: int) -> str:
    """One opinion with its contact, whose opening is audited, and the form of the answer."""
    session, principal = current_session(), current_principal()
    opinion = opinion_of(session, principal, opinion_id)
    contact = contact_of(session, principal, opinion)
    return render_template("opinions/read.html", opinion=opinion, contact=contact, errors={})


@blueprint.post("/opinions/<int:opinion_id>")
@allow(Role.ADMIN)
@writing
def answer(opinion_id: int) -> Response | tuple[str, int]:
    """Write down what was done."""
    session, principal = current_session(), current_principal()
    try:
        answer_opinion(session, principal, opinion_id, request.form.get("answer", ""))
    except Invalid as error:
        opinion = opinion_of(session, principal, opinion_id)
        return render_template("opinions/read.html", opinion=opinion, contact="", errors=error.errors), 422
    flash(_("已记下处理结果。"), "done")
    return redirect(url_for("todo.show"), code=303)


@ask_source(Role.ADMIN)
def opinions_to_answer(principal: Principal) -> list[AskGroup]:
    """意见建议 that nobody has answered."""
    try:
        found = open_opinions(current_session(), principal, limit=50)
    except DomainError:
        return []
    asks = [
        Ask(
            opinion.text[:40],
            _("看这条意见并答复"),
            url_for("opinions.read", opinion_id=opinion.id),
            day_of(opinion.created_at),
        )
        for opinion in found
    ]
    return [AskGroup(_("意见建议等答复"), asks)]
