"""`/revisions/<revision>/findings`: what the lint asks about a line, and how people answer it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.gateway.clients import ServiceProblem
from services.gateway.pages.answers import errors_of
from services.gateway.pages.revisions.books import API, EDITORS, Errors, list_books, read_book
from services.gateway.pages.services import points
from services.gateway.pages.todo import Ask, AskGroup, ask_source
from services.gateway.pages.wording import _
from shared.errors import NotFound
from shared.identity import Principal
from shared.web import allow, current_principal

Finding = Mapping[str, Any]


def add_findings(blueprint: Blueprint) -> None:
    """Give the topic's blueprint the pages of findings."""
    path = "/revisions/<int:revision>/findings/<code>/<finding>"
    blueprint.add_url_rule(path, "finding", show)
    blueprint.add_url_rule(path, "answer_finding", answer, methods=["POST"])


@allow(*EDITORS)
def show(revision: int, code: str, finding: str) -> str:
    """The line, what is the matter with it, and the answers that are allowed."""
    return _show(revision, code, finding, {})


@allow(*EDITORS)
def answer(revision: int, code: str, finding: str) -> Response | tuple[str, int]:
    """Keep the line for a published reason, or confirm a false alarm."""
    body = {
        "rule_code": code,
        "finding": finding,
        "kind": request.form.get("kind", ""),
        "reason": request.form.get("reason", "").strip(),
    }
    if body["kind"] not in {"reasoned", "false_alarm"}:
        return _show(revision, code, finding, {"kind": [_("请选怎样处理。")]}), 422
    if not body["reason"]:
        return _show(revision, code, finding, {"reason": [_("请写明理由，它会公布在细则上。")]}), 422
    try:
        found = points.post(f"{API}/{revision}/findings", current_principal(), body).data
    except ServiceProblem as problem:
        return _show(revision, code, finding, errors_of(problem)), 422
    if found["settled"]:
        flash(_("“%(title)s”可以保留了，理由会公布在细则上。", title=found["title"]), "done")
    else:
        flash(_("已记下您的核对。还要另一位管理员也核对一次，这一条才能保留。"), "soon")
    return redirect(url_for("revisions.show", revision=revision) + f"#line-{code}", code=303)


def findings_of(revision: int) -> list[dict[str, Any]]:
    """All findings of a revision with what this person may do about each."""
    found = points.get(f"{API}/{revision}/lint", current_principal()).data["findings"]
    return [{**each, **_standing(each, current_principal())} for each in found]


def _standing(finding: Finding, principal: Principal) -> dict[str, Any]:
    """In words how far an answer is, and the act that this person may do next."""
    is_mine = finding["answered_by_id"] == str(principal.person_id)
    if finding["settled"] and finding["answer"] == "reasoned":
        words = _(
            "按公布的理由保留：%(reason)s（%(who)s）", reason=finding["answer_reason"], who=finding["answered_by"]
        )
        return {"kind": "done", "standing": words, "act": ""}
    if finding["settled"]:
        who = _("%(first)s、%(second)s", first=finding["answered_by"], second=finding["confirmed_by"])
        words = _("两人核对为误报：%(reason)s（%(who)s）", reason=finding["answer_reason"], who=who)
        return {"kind": "done", "standing": words, "act": ""}
    if finding["answer"] == "false_alarm":
        words = _("%(who)s认为是误报：%(reason)s", who=finding["answered_by"], reason=finding["answer_reason"])
        if is_mine:
            return {"kind": "soon", "standing": _("%(words)s。等另一位管理员核对。", words=words), "act": ""}
        return {"kind": "soon", "standing": words, "act": _("核对是不是误报")}
    if finding["overridable"]:
        return {"kind": "soon", "standing": _("改写或删除这一条，或写明要公布的理由。"), "act": _("说明理由或报误报")}
    return {
        "kind": "late",
        "standing": _("只能改写或删除这一条；是误报的，由两人核对。"),
        "act": _("报误报，请两人核对"),
    }


def _show(revision: int, code: str, finding: str, errors: Errors) -> str:
    book = read_book(revision)
    found = next(
        (each for each in findings_of(revision) if (each["rule_code"], each["finding"]) == (code, finding)), None
    )
    if found is None:
        raise NotFound(_("这一条现在没有这项检查结果，可能已经改过。请回到这一版再看。"))
    return render_template(
        "revisions/finding.html",
        book=book,
        finding=found,
        kinds=_kinds(found),
        errors=errors,
        values=request.form,
        key=request.form.get("idempotency_key"),
    )


def _kinds(finding: Finding) -> list[tuple[str, str, str]]:
    """The answers that the rules allow for this finding."""
    false_alarm = ("false_alarm", _("这是误报"), _("条目说的不是这回事；要两位管理员各核对一次"))
    if finding["answer"] == "false_alarm" or not finding["overridable"]:
        return [false_alarm]
    return [("reasoned", _("写明理由，保留这一条"), _("理由会公布在细则上")), false_alarm]


@ask_source(*EDITORS)
def false_alarms_to_confirm(principal: Principal) -> list[AskGroup]:
    """Lines of the draft that another admin holds for a false alarm: the second person is asked."""
    asks = []
    for book in list_books()[:1]:
        if book["state"] != "draft":
            continue
        for found in findings_of(book["revision"]):
            if found["answer"] != "false_alarm" or not found["act"]:
                continue
            href = url_for(
                "revisions.finding", revision=book["revision"], code=found["rule_code"], finding=found["finding"]
            )
            asks.append(Ask(found["title"], found["act"], href, date.fromisoformat(found["answered_at"][:10])))
    return [AskGroup(_("细则里的误报等第二个人核对"), asks)]
