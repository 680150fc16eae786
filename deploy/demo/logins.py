"""The demo's logins: one account per role with a published password, and the card of the household of the tour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from deploy.demo.registry import TOUR_HOUSEHOLD, MadeTownship, demo_card
from services.gateway.accounts.accounts import DemoLogin
from shared.models.registry import DutyKind

PASSWORD = "xiangzhi-demo"
PIN = "246810"


@dataclass(frozen=True, slots=True)
class RoleLogin:
    """A role's account: who holds it is taken from the duties of the demo."""

    username: str
    words: str
    duty: DutyKind | None
    place: int = 0
    in_village: bool = False


LOGINS = (
    RoleLogin("villager", "村民", None),
    RoleLogin("grid", "片组邻长", DutyKind.GRID_MEMBER, in_village=True),
    RoleLogin("cadre", "村干部", DutyKind.CADRE, place=2, in_village=True),
    RoleLogin("cadre2", "村干部（复核）", DutyKind.CADRE, place=1, in_village=True),
    RoleLogin("keeper", "超市管理员", DutyKind.KEEPER, in_village=True),
    RoleLogin("judge", "评议员", DutyKind.JUDGE, in_village=True),
    RoleLogin("supervisor", "村务监督委员会主任", DutyKind.SUPERVISOR, in_village=True),
    RoleLogin("handler", "办公室经办人（自然资源和生态环境办公室）", DutyKind.HANDLER, place=5),
    RoleLogin("leader", "接访领导", DutyKind.LEADER),
    RoleLogin("clerk", "信访专干", DutyKind.CLERK),
    RoleLogin("discipline", "纪检干部", DutyKind.DISCIPLINE),
    RoleLogin("admin", "乡镇管理员", DutyKind.ADMIN),
    RoleLogin("admin2", "乡镇管理员（复核）", DutyKind.ADMIN, place=1),
    RoleLogin("auditor", "审计监督", DutyKind.AUDITOR),
    RoleLogin("operator", "运维", DutyKind.OPERATOR),
)


def demo_logins(made: MadeTownship) -> Iterator[DemoLogin]:
    """The accounts with the persons that hold the duties."""
    first = made.villages[0]
    for login in LOGINS:
        if login.duty is None:
            person_id = first.heads[TOUR_HOUSEHOLD]
        elif login.in_village:
            person_id = first.duties[login.duty][login.place]
        else:
            person_id = made.officials[login.duty][login.place]
        yield DemoLogin(person_id, login.username)


def login_lines() -> Iterator[str]:
    """What the terminal shows: one line per role."""
    for login in LOGINS:
        yield f"{login.username:<12}{PASSWORD}    {login.words}"
    yield f"卡号 {demo_card(TOUR_HOUSEHOLD)}  密码 {PIN}    村民查积分"
