"""`/demands`: the lists and acts of those who dispatch, handle and ask back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.gateway.clients import ServiceProblem
from services.gateway.pages.answers import GENERAL, errors_of
from services.gateway.pages.demands.choices import office_options, person_options, usual_office
from services.gateway.pages.demands.presentation import act_buttons, as_day, due_words, line, tags, timeline
from services.gateway.pages.services import intake
from services.gateway.pages.todo import Ask, AskGroup, ask_source
from services.gateway.pages.wording import _, _l
from services.gateway.pages.words import day_words
from shared.calendar import today
from shared.identity import Principal, Role
from shared.web import allow, current_principal, current_session

READERS = (
    Role.ADMIN,
    Role.LEADER,
    Role.CLERK,
    Role.AUDITOR,
    Role.CADRE,
    Role.SUPERVISOR,
    Role.GRID_MEMBER,
    Role.HANDLER,
)
ACTORS = (Role.ADMIN, Role.CADRE, Role.GRID_MEMBER, Role.HANDLER)
CONVERTERS = (*ACTORS, Role.CLERK)
_API = "/api/intake/demands"
_TABS = (("mine", _l("等我办的")), ("open", _l("没办结的")), ("closed", _l("已办结的")), ("all", _l("全部")))
_STATES = {"open": "waiting,assigned,taken,working,answered", "closed": "closed"}


def add_routes(blueprint: Blueprint) -> None:
    """Give the topic's blueprint the pages of those inside."""
    blueprint.add_url_rule("/demands", "index", index)
    blueprint.add_url_rule("/demands/figures", "figures", figures)
    blueprint.add_url_rule("/demands/example", "example", example)
    blueprint.add_url_rule("/demands/<int:demand_id>", "show", show)
    blueprint.add_url_rule("/demands/<int:demand_id>/acts", "act", act, methods=["POST"])
    blueprint.add_url_rule("/demands/<int:demand_id>/phone", "open_phone", open_phone, methods=["POST"])
    blueprint.add_url_rule("/demands/<int:demand_id>/convert", "convert", convert, methods=["POST"])


@allow(*READERS)
def index() -> str:
    """The list, by what is asked of me."""
    tab, query = request.args.get("tab", "mine"), request.args.get("q", "")
    answer = intake.get(
        _API,
        current_principal(),
        waits_for_me=True if tab == "mine" else None,
        state=_STATES.get(tab),
        query=query,
        cursor=request.args.get("cursor"),
        order="newest" if tab in {"closed", "all"} else "oldest",
        limit=30,
    ).data
    following = answer["next_cursor"]
    return render_template(
        "demands/index.html",
        tabs=[(str(word), url_for("demands.index", tab=name, q=query or None), name == tab) for name, word in _TABS],
        tab=tab,
        query=query,
        demands=[line(each) for each in answer["items"]],
        next_href=url_for("demands.index", tab=tab, q=query or None, cursor=following) if following else None,
    )


@allow(*READERS)
def figures() -> str:
    """Collected, solved, on time, by village or category; each figure opens its list."""
    until = today()
    since = as_day(request.args.get("since")) or until.replace(month=1, day=1)
    until = as_day(request.args.get("until")) or until
    by = request.args.get("by", "village")
    found = intake.get(
        f"{_API}/statistics", current_principal(), since=since.isoformat(), until=until.isoformat(), by=by
    ).data
    return render_template("demands/figures.html", since=since, until=until, by=by, **found)


@allow(*READERS)
def example() -> Response:
    """The demand that the tour shows: the newest that has gone all the way, else the newest of all."""
    principal = current_principal()
    for states in ("closed", "answered", None):
        found = intake.get(_API, principal, state=states, order="newest", limit=1).data["items"]
        if found:
            return redirect(url_for("demands.show", demand_id=found[0]["id"]))
    return redirect(url_for("demands.index", tab="all"))


@allow(*READERS)
def show(demand_id: int) -> str:
    """One demand: what was asked, how far it is, and the acts that are possible now."""
    return _show(demand_id, {}, {})


@allow(*ACTORS)
def act(demand_id: int) -> Response | tuple[str, int]:
    """One act. What was typed comes back when it is refused."""
    form = request.form
    body: dict[str, Any] = {
        name: form.get(name, "") for name in ("action", "note", "public_answer", "private_answer") if name in form
    }
    body |= {name: int(form[name]) for name in ("office_id", "assignee_id") if form.get(name, "").isdigit()}
    version = form.get("version", "")
    try:
        done = intake.request(
            "POST",
            f"{_API}/{demand_id}/acts",
            current_principal(),
            json=body,
            version=int(version) if version.isdigit() else None,
        ).data
    except ServiceProblem as problem:
        return _show(demand_id, errors_of(problem), form), 422
    flash(_("已记下，诉求现在是“%(state)s”。", state=done["state_words"]), "done")
    if body.get("action") == "send_back":
        return redirect(url_for("demands.index"), code=303)
    return redirect(url_for("demands.show", demand_id=demand_id), code=303)


@allow(*ACTORS)
def open_phone(demand_id: int) -> str | tuple[str, int]:
    """The full phone, for a purpose that is kept."""
    purpose = request.form.get("purpose", "").strip()
    try:
        opened = intake.post(f"{_API}/{demand_id}/phone", current_principal(), {"purpose": purpose}).data
    except ServiceProblem as problem:
        return _show(demand_id, errors_of(problem), request.form), 422
    return _show(demand_id, {}, {}, phone=opened["value"])


@allow(*CONVERTERS)
def convert(demand_id: int) -> Response | tuple[str, int]:
    """Hand it over to petitions; what is readable of it is deleted here."""
    about = request.form.get("about")
    if about not in {"matter", "official"}:
        return _show(demand_id, {"about": [_("请先选这件事是不是反映干部或单位。")]}, request.form), 422
    try:
        intake.post(
            f"{_API}/{demand_id}/conversion", current_principal(), {"complains_of_official": about == "official"}
        )
    except ServiceProblem as problem:
        return _show(demand_id, errors_of(problem), request.form), 422
    flash(_("已转给信访办理，原来的内容和姓名已从诉求里删除。"), "done")
    return redirect(url_for("demands.index"), code=303)


def _show(demand_id: int, errors: dict[str, list[str]], form: Any, *, phone: str = "") -> str:
    principal = current_principal()
    answer = intake.get(f"{_API}/{demand_id}", principal)
    demand, session = answer.data, current_session()
    buttons = act_buttons(demand["allowed"], inside=True)
    assigns = any(button.action == "assign" for button in buttons)
    return render_template(
        "demands/show.html",
        demand=demand,
        tags=tags(demand),
        due=due_words(demand),
        steps=timeline(demand),
        buttons=buttons,
        may_convert="convert" in demand["allowed"] and principal.has(*CONVERTERS),
        may_open=bool(demand["phone_masked"]) and principal.has(*ACTORS),
        offices=office_options(session, principal.township_id) if assigns else [],
        people=person_options(session, principal.township_id, demand["village"]) if assigns else [],
        office=form.get("office_id") or (usual_office(principal, demand["category"]) if assigns else ""),
        phone=phone,
        form=form,
        general=GENERAL,
        errors=errors,
    )


@ask_source(Role.CADRE, Role.HANDLER, Role.GRID_MEMBER, Role.ADMIN)
def demands_waiting(principal: Principal) -> list[AskGroup]:
    """Demands that ask something of this person, oldest first."""
    answer = intake.get(_API, principal, waits_for_me=True, order="oldest", limit=20).data
    verbs = {
        "waiting": _("派单"),
        "assigned": _("接单"),
        "taken": _("开始办理"),
        "working": _("答复"),
        "answered": _("回访并确认"),
    }
    asks = [
        Ask(
            f"{each['village_name']} {each['category_name']}：{each['text'][:30]}",
            verbs.get(each["state"], _("看一看")),
            url_for("demands.show", demand_id=each["id"]),
            as_day(each["received_on"]),
            as_day(each["due_on"]) if each["state"] != "answered" else None,
            _days_of(each),
        )
        for each in answer["items"]
    ]
    more = 0
    if answer["next_cursor"]:
        lines = intake.get(f"{_API}/waiting", principal).data["lines"]
        more = max(0, sum(each["count"] for each in lines) - len(asks))
    return [AskGroup(_("诉求"), asks, more, url_for("demands.index", tab="mine"))]


def _days_of(demand: dict[str, Any]) -> str:
    """When it came in, and when it was or should be answered."""
    words = (_("%(day)s 收到", day=day_words(demand["received_on"])), due_words(demand))
    return "，".join(part for part in words if part)
