"""The Chinese words of states, actions, needs and clocks: the same on pages, in the API and in errors."""

from __future__ import annotations

from enum import StrEnum

from services.petitions.procedure.transitions import Action, Need
from shared.models.petition_kinds import Category, Channel, ClockKind, Grade, LegalRoute, State


class Notice(StrEnum):
    """How the petitioner was told (Art. 23)."""

    SPOT = "spot"
    """当场告知."""
    WRITTEN = "written"
    """书面告知."""
    IMPOSSIBLE = "impossible"
    """姓名或住址不清, 无法告知: the reason is recorded."""


class Result(StrEnum):
    """The result of a handling (Art. 32)."""

    SUPPORTED = "supported"
    EXPLAINED = "explained"
    NOT_SUPPORTED = "not_supported"


CHANNELS = {
    Channel.VISIT: "来访",
    Channel.LETTER: "来信",
    Channel.CALL: "来电",
    Channel.ONLINE: "网上信访",
    Channel.FAX: "传真",
    Channel.LEADER_MAILBOX: "领导信箱",
    Channel.HOTLINE: "12345 热线",
    Channel.TRANSFERRED_IN: "上级转送、交办",
    Channel.DEMAND: "群众诉求转来",
}
CATEGORIES = {
    Category.SUGGESTION: "建议意见",
    Category.ACCUSATION: "检举控告",
    Category.CLAIM: "申诉求决",
}
ROUTES = {
    LegalRoute.LITIGATION: "诉讼",
    LegalRoute.ARBITRATION: "仲裁",
    LegalRoute.APPEAL: "党员申诉、申请复审等",
    LegalRoute.ADMINISTRATIVE: "行政复议、行政裁决等行政程序",
    LegalRoute.INVESTIGATION: "申请查处",
    LegalRoute.OPINION: "信访处理意见书",
}
STATES = {
    State.DRAFT: "密封待核",
    State.REGISTERED: "已登记",
    State.OBJECTED: "已提出异议",
    State.RETURNED: "已退回",
    State.TRANSFERRED: "已转送",
    State.ASSIGNED_DOWN: "已交办",
    State.TOLD: "已告知有权机关",
    State.MERGED: "已并案",
    State.NOT_ACCEPTED: "不予受理",
    State.NO_LONGER_ACCEPTED: "不再受理",
    State.REPORTED_UP: "已报送县纪委监委",
    State.GUIDED: "已引导到法定途径",
    State.ACCEPTED: "已受理",
    State.DELIVERED: "已送达",
    State.RECONCILED: "已达成协议",
    State.WITHDRAWN: "已撤回",
    State.CONCLUDED: "已办结",
}
ACTIONS = {
    Action.SEAL: "移交纪检干部",
    Action.CONFIRM_ACCUSATION: "确认为检举控告",
    Action.HAND_OVER: "转为普通信访事项",
    Action.REPORT_UP: "报送县纪委监委",
    Action.CLASSIFY: "更正类别",
    Action.ACCEPT: "受理",
    Action.GUIDE: "引导到法定途径",
    Action.TRANSFER: "转送有关机关",
    Action.ASSIGN_DOWN: "交办下级单位",
    Action.TELL: "告知有权处理的机关",
    Action.MERGE: "并入正在办理的事项",
    Action.REFUSE: "不予受理",
    Action.REFUSE_AGAIN: "不再受理",
    Action.OBJECT: "提出异议",
    Action.CONFIRM_RETURN: "确认退回",
    Action.KEEP: "继续办理",
    Action.EXTEND: "延长办理期限",
    Action.DELIVER: "送达处理意见",
    Action.RECONCILE: "记录调解或和解协议",
    Action.WITHDRAW: "记录撤回",
    Action.REVISIT: "记录回访",
    Action.CONCLUDE: "办结",
}
NEEDS = {
    Need.REASON: "原因",
    Need.BODY: "机关或单位名称",
    Need.NOTICE: "告知方式",
    Need.CATEGORY: "类别",
    Need.ROUTE: "法定途径",
    Need.DUE_ON: "该途径的期限",
    Need.REVIEW_OPINION: "复核意见书文号",
    Need.MERGED_INTO: "并入的信访编号",
    Need.DAYS: "延长天数",
    Need.RESULT: "处理结果",
    Need.AGREEMENT: "协议内容",
    Need.WORDS: "回访记录",
}
CLOCKS = {
    ClockKind.NOTICE: "15 日内告知",
    ClockKind.OBJECTION: "5 个工作日内提出异议",
    ClockKind.HANDLING: "60 日内办理",
    ClockKind.LEGAL_ROUTE: "法定途径期限",
    ClockKind.REVIEW_WINDOW: "30 日内可申请复查",
}
CLOCK_SOURCES = {
    ClockKind.NOTICE: "《信访工作条例》第二十三条，从收到之日起算",
    ClockKind.OBJECTION: "《信访工作条例》第二十三条，从收到转送之日起算，只算工作日",
    ClockKind.HANDLING: "《信访工作条例》第三十四条，从受理之日起算，可延长一次，不超过 30 日",
    ClockKind.LEGAL_ROUTE: "《信访工作条例》第三十一条，按该途径的规定",
    ClockKind.REVIEW_WINDOW: "《信访工作条例》第三十五条，从送达之日起算，由信访人决定",
}
NOTICES = {
    Notice.SPOT: "当场告知",
    Notice.WRITTEN: "书面告知",
    Notice.IMPOSSIBLE: "姓名或住址不清，无法告知",
}
RESULTS = {
    Result.SUPPORTED: "支持",
    Result.EXPLAINED: "解释说明",
    Result.NOT_SUPPORTED: "不予支持",
}
_VALUES: dict[str, dict[str, str]] = {
    "notice": {value.value: text for value, text in NOTICES.items()},
    "result": {value.value: text for value, text in RESULTS.items()},
    "category": {value.value: text for value, text in CATEGORIES.items()},
    "route": {value.value: text for value, text in ROUTES.items()},
}
_LABELS = {need.value: text for need, text in NEEDS.items()} | {"notice_reason": "无法告知的原因", "text": "补充内容"}
GRADES = {
    Grade.SATISFIED: "满意",
    Grade.BASICALLY_SATISFIED: "基本满意",
    Grade.DISSATISFIED: "不满意",
}


def say_details(details: dict[str, object]) -> list[str]:
    """What was said at an act, as sentences: `告知方式：书面告知`."""
    return [
        f"{_LABELS.get(name, name)}：{_VALUES.get(name, {}).get(str(value), str(value))}"
        for name, value in details.items()
    ]
