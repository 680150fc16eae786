"""From an empty township to its first published board: each step is done, or says what to do next.

It stands on 待办 of an admin until the first quarter is published, and then never again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from services.gateway.clients import ServiceProblem
from services.gateway.pages.place import VillageName
from services.gateway.pages.services import intake, points
from services.gateway.pages.todo.progress import Progress, progress_of
from services.gateway.pages.wording import _
from shared.identity import Principal

_SHOWN = frozenset({"published", "closed"})


@dataclass(frozen=True, slots=True)
class Step:
    """One line: `text` says how far it is, or what to do; `act` with `href` opens the next act."""

    title: str
    done: bool
    text: str
    act: str
    href: str
    state: str = "next"


def first_steps(session: Session, principal: Principal) -> list[Step]:
    """The steps with the first open one marked `now`; empty once they are over, or while that can't be found out."""
    try:
        quarters = points.get("/api/points/quarters", principal).data["items"]
        if any(each["state"] in _SHOWN for each in quarters):
            return []
        found = progress_of(session, principal.township_id)
        categories = intake.get("/api/intake/demand_categories", principal).data
        books = points.get("/api/points/rulebooks", principal, limit=100).data["items"]
        adoptions = points.get("/api/points/adoptions", principal).data["adoptions"]
    except ServiceProblem:
        # The groups of 待办 below say which service is silent.
        return []
    steps = [
        *_of_registry(found, len(categories)),
        _rulebook(books),
        _adoption(found, adoptions),
        _quarter(len(quarters)),
    ]
    current = next((step for step in steps if not step.done), None)
    return [_with_state(step, step is current) for step in steps]


def _of_registry(found: Progress, categories: int) -> list[Step]:
    count = len(found.villages)
    return [
        Step(
            _("登记村"),
            bool(count),
            _("已登记 %(n)s 个村。", n=count) if count else _("按统计代码添加每一个村。"),
            _("添加一个村"),
            url_for("registry.new_village"),
        ),
        Step(
            _("分片和组"),
            bool(count) and not found.without_groups,
            _left(found.without_groups, _("每个村先分片，片里分组；住户登记在组里。"), _("每个村都分好了组。"), count),
            _("去分片和组"),
            _village_href(found.without_groups),
        ),
        Step(
            _("登记办公室和诉求类别"),
            bool(found.offices and categories),
            _("已有 %(n)s 个办公室、%(m)s 个诉求类别。", n=found.offices, m=categories)
            if found.offices and categories
            else _("诉求按类别派给办公室，各有时限。"),
            _("添加办公室") if not found.offices else _("选诉求类别"),
            url_for("registry.new_office") if not found.offices else url_for("registry.categories"),
        ),
        Step(
            _("给人职责和账号"),
            bool(count) and not found.without_cadres,
            _left(
                found.without_cadres,
                _("每个村至少要有一位有账号的村干部：登记人员，给职责，建账号。"),
                _("每个村都有能登录的村干部。"),
                count,
            ),
            _("登记人员"),
            url_for("people.index"),
        ),
        Step(
            _("登记住户"),
            bool(count) and not found.without_households,
            _left(
                found.without_households,
                _("把村里现有的户和人的 Excel 表导入；几户的也可以手工登记。"),
                _("已登记 %(n)s 户。", n=found.households),
                count,
            ),
            _("用表格导入"),
            url_for("registry.imports"),
        ),
    ]


def _rulebook(books: list[dict[str, Any]]) -> Step:
    published = any(book["state"] == "published" for book in books)
    text = _("先起草，检查没有问题再发布。") if not books else _("草稿写好以后发布。")
    href = url_for("revisions.index") if books else url_for("revisions.new")
    return Step(_("写积分细则"), published, _("细则已发布。") if published else text, _("去写积分细则"), href)


def _adoption(found: Progress, adoptions: list[dict[str, Any]]) -> Step:
    adopted = {adoption["village"] for adoption in adoptions}
    left = [village for village in found.villages if village.code not in adopted]
    text = _left(left, _("每个村开会议定从哪天起用哪一版。"), _("每个村都定了从哪天起用。"), len(found.villages))
    is_done, href = bool(found.villages) and not left, url_for("revisions.index")
    return Step(_("村里采用细则"), is_done, text, _("登记村里的决定"), href)


def _quarter(begun: int) -> Step:
    text = _("申报和审核积分，季度结束后统计、公示。")
    if begun:
        text = _("已经开始记分。季度结束后统计，公示第一张榜。")
    return Step(_("办第一个季度"), False, text, _("看季度榜"), url_for("quarters.index"))


def _left(left: list[VillageName], todo: str, done: str, count: int) -> str:
    """What to do with the villages that are left; without any village yet, what it will be."""
    if not count:
        return todo
    if not left:
        return done
    names = "、".join(village.name for village in left[:3])
    more = _("等 %(n)s 个村", n=len(left)) if len(left) > 3 else ""
    return _("%(todo)s还差：%(names)s%(more)s。", todo=todo, names=names, more=more)


def _village_href(left: list[VillageName]) -> str:
    return url_for("registry.village", code=left[0].code) if left else url_for("registry.villages")


def _with_state(step: Step, is_current: bool) -> Step:
    state = "done" if step.done else "now" if is_current else "next"
    return Step(step.title, step.done, step.text, step.act, step.href, state)
