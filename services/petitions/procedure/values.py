"""What an act says besides its name, and whether it says all that the table asks for."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from services.petitions.procedure.clocks import LONGEST_EXTENSION_DAYS
from services.petitions.procedure.transitions import Need, Transition
from services.petitions.procedure.words import Notice, Result
from shared.errors import Invalid
from shared.models.petition_kinds import Category, LegalRoute

_SENTENCES = {
    Need.REASON: "请写明原因，要让信访人看得懂。",
    Need.BODY: "请填写机关或单位的全称。",
    Need.NOTICE: "请选择是怎样告知信访人的。",
    Need.CATEGORY: "请选择类别。",
    Need.ROUTE: "请选择法定途径。",
    Need.DUE_ON: "请填写这条途径的期限，应晚于今天办理的日期。",
    Need.REVIEW_OPINION: "不再受理要有复核意见，请填写复核意见书的文号。",
    Need.MERGED_INTO: "请填写正在办理的那件的信访编号。",
    Need.DAYS: f"延长天数应在 1 到 {LONGEST_EXTENSION_DAYS} 天之间。",
    Need.RESULT: "请选择处理结果：支持、解释说明或不予支持。",
    Need.AGREEMENT: "请写明协议的主要内容。",
    Need.WORDS: "请写明回访的情况。",
}


@dataclass(frozen=True, slots=True)
class ActValues:
    """The values of an act; only those that its line of the table asks for are read. `days` in calendar days."""

    reason: str = ""
    body: str = ""
    notice: Notice | None = None
    notice_reason: str = ""
    category: Category | None = None
    route: LegalRoute | None = None
    due_on: date | None = None
    review_opinion: str = ""
    merged_into: str = ""
    days: int | None = None
    result: Result | None = None
    agreement: str = ""
    words: str = ""

    def told(self, line: Transition) -> dict[str, Any]:
        """The values that `line` asks for, as the history keeps them."""
        kept = {need.value for need in line.needs} | ({"notice_reason"} if Need.NOTICE in line.needs else set())
        return {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in asdict(self).items()
            if name in kept and value not in (None, "")
        }


def require_values(line: Transition, values: ActValues, on: date) -> None:
    """Raise Invalid, naming each field, unless everything that `line` asks for is there and possible."""
    found = {need.value: [_SENTENCES[need]] for need in line.needs if not _is_possible(need, getattr(values, need), on)}
    if Need.NOTICE in line.needs and values.notice is Notice.IMPOSSIBLE and not values.notice_reason.strip():
        found["notice_reason"] = ["请写明为什么无法告知，例如没有留下姓名和住址。"]
    if found:
        raise Invalid("这一步还缺少必要的内容，请补充后再提交。", errors=found)


def _is_possible(need: Need, value: Any, on: date) -> bool:
    if need is Need.DAYS:
        return isinstance(value, int) and 1 <= value <= LONGEST_EXTENSION_DAYS
    if need is Need.DUE_ON:
        return isinstance(value, date) and value > on
    if need is Need.CATEGORY:
        return value in (Category.CLAIM, Category.SUGGESTION)
    if need is Need.ROUTE:
        return isinstance(value, LegalRoute) and value is not LegalRoute.OPINION
    return bool(value.strip() if isinstance(value, str) else value)
