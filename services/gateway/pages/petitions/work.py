"""`/petitions`: the register's list and a petition's page, for those inside."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.gateway.clients import ServiceProblem
from services.gateway.pages.answers import errors_of
from services.gateway.pages.petitions.choices import register_options, worker_options
from services.gateway.pages.petitions.presentation import clock_rows, line, said_at, timeline
from services.gateway.pages.services import petitions
from services.gateway.pages.todo import Ask, AskGroup, ask_source
from services.gateway.pages.wording import _, _l
from services.gateway.pages.words import day_words
from shared.calendar import today
from shared.identity import Principal, Role
from shared.web import allow, current_principal, current_session

READERS = (Role.CLERK, Role.LEADER, Role.DISCIPLINE, Role.HANDLER, Role.ADMIN, Role.AUDITOR)
REGISTRARS = (Role.CLERK, Role.LEADER, Role.DISCIPLINE)
COUNTERS = (Role.CLERK, Role.LEADER, Role.ADMIN, Role.AUDITOR)
API = "/api/petitions/petitions"
_TABS = (("open", _l("在办的")), ("all", _l("全部")))
# Where one act is what is asked, 待办 opens it; where several may be, the page of the petition.
_ACT_OF = {"handle": "deliver", "revisit": "revisit", "conclude": "conclude"}


def add_routes(blueprint: Blueprint) -> None:
    """Give the topic's blueprint the list and the page."""
    blueprint.add_url_rule("/petitions", "index", index)
    blueprint.add_url_rule("/petitions/example", "example", example)
    blueprint.add_url_rule("/petitions/<string:number>", "show", show)
    blueprint.add_url_rule("/petitions/<string:number>/words", "open_words", open_words, methods=["POST"])


@allow(*READERS)
def index() -> str:
    """The register, what is due first on top."""
    principal = current_principal()
    tab = request.args.get("tab", "open")
    answer = petitions.get(API, principal, only_open=tab == "open", cursor=request.args.get("cursor"), limit=30).data
    following = answer["next_cursor"]
    return render_template(
        "petitions/index.html",
        tabs=[(str(word), url_for("petitions.index", tab=name), name == tab) for name, word in _TABS],
        tab=tab,
        petitions=[line(each) for each in answer["items"]],
        next_href=url_for("petitions.index", tab=tab, cursor=following) if following else None,
        may_register=principal.has(*REGISTRARS),
        rates=_rates(principal),
    )


@allow(*READERS)
def example() -> Response:
    """The petition that the tour shows: one in handling, else the newest of all."""
    principal = current_principal()
    for query in ({"state": "accepted"}, {"only_open": True}, {"only_open": False, "limit": 200}):
        found = petitions.get(API, principal, **query).data["items"]
        if found:
            newest = max(found, key=lambda each: (each["route"] == "opinion", each["received_on"]))
            return redirect(url_for("petitions.show", number=newest["number"]))
    return redirect(url_for("petitions.index", tab="all"))


@allow(*READERS)
def show(number: str) -> str:
    """One petition without its words: way, time limits, and what may be done now."""
    return show_petition(number)


@allow(*READERS)
def open_words(number: str) -> str | tuple[str, int]:
    """The same with its words; a POST, since every opening is logged."""
    purpose = request.form.get("purpose") or None
    try:
        opened = petitions.post(f"{API}/{number}/openings", current_principal(), {"purpose": purpose}).data
    except ServiceProblem as problem:
        return show_petition(number, errors=errors_of(problem)), 422
    return show_petition(number, opened=opened)


def show_petition(
    number: str,
    *,
    opened: dict[str, Any] | None = None,
    code: str = "",
    errors: dict[str, list[str]] | None = None,
) -> str:
    """A petition's page; `opened` are its words and `code` the petitioner's code, where they were asked for."""
    principal = current_principal()
    detail = petitions.get(f"{API}/{number}", principal).data
    sealed = detail["petition"]["category"] == "accusation"
    may_assign = not sealed and not detail["ended"] and principal.has(Role.CLERK, Role.LEADER)
    return render_template(
        "petitions/show.html",
        detail=detail,
        petition=line(detail["petition"]),
        steps=timeline(detail, said_at(opened) if opened else None),
        clocks=clock_rows(detail["clocks"]),
        acts=[each for each in detail["possible"] if each["allowed"]],
        others=[each for each in detail["possible"] if not each["allowed"]],
        purposes=[("", _("请选择")), *register_options(principal)["purposes"]],
        workers=worker_options(current_session(), principal.township_id) if may_assign else [],
        opened=opened,
        code=code,
        errors=errors or {},
    )


def _rates(principal: Principal) -> dict[str, Any] | None:
    """The last year's counts with their denominators, for those who see the whole register.

    A year back from today and not since January: in its first weeks a calendar year says nothing.
    """
    if not principal.has(*COUNTERS):
        return None
    last = today()
    first = last - timedelta(days=364)
    query = {"first": first.isoformat(), "last": last.isoformat()}
    rates: dict[str, Any] = petitions.get("/api/petitions/rates", principal, **query).data
    return {**rates, "since": first}


@ask_source(*READERS)
def petitions_waiting(principal: Principal) -> list[AskGroup]:
    """待办: petitions that wait for this person, by what is asked."""
    groups = petitions.get("/api/petitions/waiting", principal).data["groups"]
    return [
        AskGroup(
            group["title"],
            [_ask(group, petition) for petition in group["petitions"]],
            more=group["count"] - len(group["petitions"]),
            all_href=url_for("petitions.index"),
        )
        for group in groups
    ]


def _ask(group: dict[str, Any], petition: dict[str, Any]) -> Ask:
    number = petition["number"]
    action = _ACT_OF.get(group["asked"])
    due = petition["next_due_on"]
    return Ask(
        title=_("信访 %(number)s", number=number),
        act=group["act"],
        href=url_for("petitions.act_form", number=number, action=action)
        if action
        else url_for("petitions.show", number=number, _anchor="acts"),
        since=date.fromisoformat(petition["received_on"]),
        due=date.fromisoformat(due) if due else None,
        detail=" · ".join(
            part
            for part in (
                _("%(day)s 收到", day=day_words(petition["received_on"])),
                petition["category_text"],
                petition["channel_text"],
            )
            if part
        ),
    )
