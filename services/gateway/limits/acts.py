"""Which acts are limited, and how far: one table.

The limits are far above what people do in a village, since whole villages come by one address of their phone company,
and far below what a program needs to guess a code, to fill the disk or to carry the register away. Logins and card
PINs have theirs in `sessions.throttle`, wrong codes of one demand or petition with the service that knows it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_HOUR = 3600
_DAY = 24 * _HOUR


@dataclass(frozen=True, slots=True)
class Act:
    """What is counted together. `per_login` holds for who is logged in, `per_address` for everybody else."""

    name: str
    per_login: int
    per_address: int
    seconds: int
    refusal: str
    """For people; `{minutes}` is how long to wait."""
    routes: tuple[str, ...] = ()
    """`METHOD rule`, of pages and of the services' API."""


UPLOAD = Act(
    "upload",
    per_login=600,
    per_address=60,
    seconds=_DAY,
    refusal="今天上传的文件太多，请过 {minutes} 分钟再传。要录的很多时，请用 Excel 导入。",
)
"""Whatever brings a file, by any route."""

ACTS = (
    Act(
        "look_up",
        per_login=120,
        per_address=120,
        seconds=_HOUR // 4,
        refusal="这里查询的次数太多，请过 {minutes} 分钟再查，或打村里、乡镇的电话问。",
        routes=(
            "POST /demands/progress",
            "POST /demands/progress/acts",
            "POST /petitions/progress",
            "POST /petitions/evaluation",
            "POST /api/intake/demands/follow",
            "POST /api/intake/demands/follow/acts",
            "POST /api/petitions/track",
            "POST /api/petitions/evaluations",
        ),
    ),
    Act(
        "demand",
        per_login=240,
        per_address=60,
        seconds=_HOUR,
        refusal="一小时内提交的诉求太多，请过 {minutes} 分钟再提交。急事请直接打村里或乡镇的电话。",
        routes=("POST /demands/new", "POST /api/intake/demands"),
    ),
    Act(
        "opinion",
        per_login=60,
        per_address=30,
        seconds=_HOUR,
        refusal="一小时内送来的意见太多，请过 {minutes} 分钟再送，或直接打乡镇的电话。",
        routes=("POST /opinions",),
    ),
    Act(
        "reset",
        per_login=60,
        per_address=20,
        seconds=_HOUR,
        refusal="一小时内重置的密码太多，请过 {minutes} 分钟再办。如果不是您本人在操作，请马上修改自己的密码。",
        routes=(
            "POST /api/accounts/<int:account_id>/reset",
            "POST /api/accounts/<int:account_id>/reset_second_factor",
            "POST /api/cards/<card>/pin",
            "POST /people/<int:person_id>/account/reset",
            "POST /registry/households/<int:household_id>/card/pin",
        ),
    ),
    Act(
        "opening",
        per_login=120,
        per_address=20,
        seconds=_HOUR,
        refusal="一小时内打开的完整号码和内容太多，请过 {minutes} 分钟再打开。要整村的名册，请用导出。",
        routes=(
            "POST /api/intake/demands/<int:demand_id>/phone",
            "POST /api/intake/households/<int:household_id>/residents/<int:person_id>/open",
            "POST /api/petitions/petitions/<string:number>/openings",
            "POST /api/petitions/petitions/<string:number>/codes",
            "POST /demands/<int:demand_id>/phone",
            "POST /petitions/<string:number>/words",
            "POST /petitions/<string:number>/code",
            "POST /registry/households/<int:household_id>/open",
        ),
    ),
    Act(
        "export",
        per_login=40,
        per_address=20,
        seconds=_HOUR,
        refusal="一小时内导出的次数太多，请过 {minutes} 分钟再导出。",
        routes=(
            "POST /api/intake/exports",
            "POST /api/points/exports",
            "POST /registry/exports",
            "POST /registry/cards",
            "GET /api/points/rulebooks/<int:revision>/lines.xlsx",
            "GET /revisions/<int:revision>/lines.xlsx",
        ),
    ),
)


def act_of(method: str, path: str) -> Act | None:
    """The act that a request is; None for what is not limited."""
    found = _ROUTES.fullmatch(f"{'GET' if method == 'HEAD' else method} {path}")
    return None if found is None else ACTS[int((found.lastgroup or "act0").removeprefix("act"))]


def _pattern(route: str) -> str:
    """`POST /a/<int:b>` as a regular expression: any one part of a path for what stands in brackets."""
    return "".join("[^/]+" if part.startswith("<") else re.escape(part) for part in re.split(r"(<[^>]+>)", route))


_ROUTES = re.compile(
    "|".join(f"(?P<act{place}>{'|'.join(map(_pattern, act.routes))})" for place, act in enumerate(ACTS)), re.DOTALL
)
