"""People, duties and accounts as their pages say them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import url_for

from services.gateway.pages.wording import _, _l
from services.gateway.pages.words import day_words, moment_words, role_words
from shared.calendar import day_of, today
from shared.identity import Role
from shared.models.gateway import Account
from shared.models.registry import VILLAGE_DUTIES, DutyKind

DUTIES_DO: dict[DutyKind, str] = {
    DutyKind.GRID_MEMBER: _l("走访、报诉求、报积分，管一个片、组或邻"),
    DutyKind.CADRE: _l("登记住户、审核积分、公示榜、派单，管一个村"),
    DutyKind.KEEPER: _l("在积分超市发货、收货，管一个村"),
    DutyKind.JUDGE: _l("评议一个村的积分"),
    DutyKind.SUPERVISOR: _l("监督一个村的积分、账目和公示"),
    DutyKind.HANDLER: _l("在一个办公室办理派来的诉求"),
    DutyKind.LEADER: _l("接待来访、包案"),
    DutyKind.CLERK: _l("登记信访、看时限"),
    DutyKind.DISCIPLINE: _l("办理反映干部的信访"),
    DutyKind.ADMIN: _l("管村、人员、细则和重算"),
    DutyKind.AUDITOR: _l("查账、查日志，什么也不能改"),
    DutyKind.OPERATOR: _l("看系统运行得怎么样"),
}
"""What a duty lets somebody do, in the order in which a township gives them."""


def kind_words(kind: DutyKind) -> str:
    """What people call a duty."""
    return role_words(Role(kind.value))


def kind_lines(person_id: int) -> list[dict[str, str]]:
    """Every kind of duty with what it is for, those of villages first."""
    return [
        {
            "words": kind_words(kind),
            "text": str(text),
            "where": _("村里") if kind in VILLAGE_DUTIES else _("乡镇"),
            "href": url_for("people.new_duty", person_id=person_id, kind=kind.value),
        }
        for kind, text in DUTIES_DO.items()
    ]


def duty_line(duty: Mapping[str, Any]) -> dict[str, Any]:
    """A duty with its place and term, and whether it can still be ended."""
    day = today().isoformat()
    until = duty["valid_to"]
    is_over = until is not None and until < day
    if is_over:
        term = _("%(since)s 到 %(until)s", since=day_words(duty["valid_from"]), until=day_words(until))
    elif until:
        term = _("从 %(since)s，到 %(until)s为止", since=day_words(duty["valid_from"]), until=day_words(until))
    else:
        term = _("从 %(since)s起", since=day_words(duty["valid_from"]))
    kind = kind_words(DutyKind(duty["kind"]))
    return {
        "id": duty["id"],
        "person": duty["person_name"],
        "person_id": duty["person_id"],
        "kind": kind,
        "title": duty["title"] if duty["title"] != kind else "",
        "place": " ".join(part for part in (duty["village_name"], duty["grid_name"], duty["office_name"]) if part)
        or _("全乡镇"),
        "term": term,
        "is_over": is_over,
        "waits": duty["valid_from"] > day,
        "end_href": "" if is_over else url_for("people.show_end", duty_id=duty["id"]),
    }


def _duty_words(duty: Mapping[str, Any]) -> str:
    line = duty_line(duty)
    return f"{line['place']} {line['title'] or line['kind']}"


def person_line(person: Mapping[str, Any], account: Account | None) -> dict[str, str]:
    """A person of the list."""
    state, _kind = account_words(account)
    home = ""
    if person["household_id"]:
        home = _("%(village)s %(head)s户", village=person["village_name"], head=person["head_name"])
    return {
        "name": person["name"],
        "href": url_for("people.show", person_id=person["id"]),
        "duties": "、".join(_duty_words(duty) for duty in person["duties"]) or _("没有职责"),
        "home": home,
        "account": state,
    }


def account_words(account: Account | None) -> tuple[str, str]:
    """How far an account is, and the kind of its tag."""
    if account is None:
        return _("没有账号"), "plain"
    if account.disabled_at is not None:
        return _("已停用"), "late"
    if account.must_change:
        return _("等本人改密码"), "soon"
    return _("可以登录"), "done"


def account_state(account: Account) -> dict[str, Any]:
    """An account for the page of its owner."""
    words, kind = account_words(account)
    last = account.last_login_at
    return {
        "username": account.username,
        "words": words,
        "kind": kind,
        "is_disabled": account.disabled_at is not None,
        "is_demo": account.is_demo,
        "second_factor": account.totp_confirmed_at is not None,
        "made": day_words(day_of(account.created_at)),
        "last_login": moment_words(last) if last else _("还没有登录过"),
    }
