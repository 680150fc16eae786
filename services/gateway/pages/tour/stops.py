"""The six stops as data: what is seen, as whom, and where the stop opens."""

from __future__ import annotations

from dataclasses import dataclass

from services.gateway.pages.wording import _l
from shared.identity import Role


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop. `role` logs in first (None: stays as it is); `endpoint` is the page that it opens."""

    number: int
    title: str
    why: str
    look: str
    role: Role | None
    endpoint: str


STOPS: tuple[Stop, ...] = (
    Stop(
        1,
        _l("一户人家的 12.50 分从哪里来"),
        _l("每一分都说得出来历：哪件事、哪条细则、谁报的、谁审的。"),
        _l("在积分单上点开任意一条，看三句话的说明和前后的数字。"),
        Role.RESIDENT,
        "households.own",
    ),
    Stop(
        2,
        _l("墙上的公示榜"),
        _l("每季一榜，按组列出每一户，姓名遮住一字，和村务公开栏上的纸一样。"),
        _l("看榜底的校验码和二维码：纸贴出去以后，账就改不动了。"),
        None,
        "boards.newest",
    ),
    Stop(
        3,
        _l("改了细则：先看预览，再应用"),
        _l("修订第 2 版改正了两条打错的细则，采用了它的四个村要重算一次。"),
        _l("点“预览重算结果”，看哪村哪户加减多少；把原因告诉减分的户，再应用。算过的在“做过的重算”里。"),
        Role.ADMIN,
        "recalculation.index",
    ),
    Stop(
        4,
        _l("山冲里的一件诉求，到办结"),
        _l("从提出、派单、办理到办结，每一步有时间、有人、有答复。"),
        _l("顺着时间线往下看；提诉求的人用编号和查询码也能看到。"),
        Role.GRID_MEMBER,
        "demands.example",
    ),
    Stop(
        5,
        _l("一件信访的 60 天"),
        _l("受理、办理、答复各有期限，还剩几天、超没超，一眼看到。"),
        _l("看时限一栏，每个期限写着依据和到期的日子。"),
        Role.CLERK,
        "petitions.example",
    ),
    Stop(
        6,
        _l("核验：账对不对，自己算一遍"),
        _l("每户余额等于明细之和，每个村的记账批次一环扣一环。"),
        _l("点“核验积分账”，几秒后看每一项检查覆盖了多少行。"),
        Role.AUDITOR,
        "verification.index",
    ),
)
