"""What petitions, their states, clocks and parties may be."""

from __future__ import annotations

from enum import StrEnum


class Channel(StrEnum):
    """How a petition came in (信访工作条例 Art. 17–21)."""

    VISIT = "visit"
    """来访."""
    LETTER = "letter"
    """来信."""
    CALL = "call"
    """来电."""
    ONLINE = "online"
    """网上信访."""
    FAX = "fax"
    """传真."""
    LEADER_MAILBOX = "leader_mailbox"
    """领导信箱."""
    HOTLINE = "hotline"
    """12345."""
    TRANSFERRED_IN = "transferred_in"
    """上级转送、交办."""
    DEMAND = "demand"
    """群众诉求转来: escalated from intake."""


class Category(StrEnum):
    """What kind it is (Art. 29–31)."""

    SUGGESTION = "suggestion"
    """建议意见."""
    ACCUSATION = "accusation"
    """检举控告: for discipline officers only."""
    CLAIM = "claim"
    """申诉求决."""


class LegalRoute(StrEnum):
    """The six lawful routes of a claim (Art. 31). The 60-day clock runs for the last only."""

    LITIGATION = "litigation"
    """诉讼."""
    ARBITRATION = "arbitration"
    """仲裁."""
    APPEAL = "appeal"
    """党员申诉、申请复审 and other appeals by rule."""
    ADMINISTRATIVE = "administrative"
    """行政复议、行政裁决、行政确认、行政许可、行政处罚 and other administrative procedures."""
    INVESTIGATION = "investigation"
    """申请查处: a request that an office does its duty of protecting rights."""
    OPINION = "opinion"
    """信访处理意见书: handled by this procedure."""


class State(StrEnum):
    """Where a petition stands; what leads from one to the next is the table in `services.petitions.procedure`."""

    DRAFT = "draft"
    """密封件: complains of an official; only discipline officers may know of it."""
    REGISTERED = "registered"
    """已登记."""
    OBJECTED = "objected"
    """已提出异议: sent back to the sender, who has not agreed yet."""
    RETURNED = "returned"
    """已退回."""
    TRANSFERRED = "transferred"
    """已转送."""
    ASSIGNED_DOWN = "assigned_down"
    """已交办."""
    TOLD = "told"
    """已告知有权处理的机关."""
    MERGED = "merged"
    """已并案."""
    NOT_ACCEPTED = "not_accepted"
    """不予受理."""
    NO_LONGER_ACCEPTED = "no_longer_accepted"
    """不再受理."""
    REPORTED_UP = "reported_up"
    """已报送县纪委监委."""
    GUIDED = "guided"
    """已引导到法定途径."""
    ACCEPTED = "accepted"
    """已受理."""
    DELIVERED = "delivered"
    """已送达."""
    RECONCILED = "reconciled"
    """已达成调解或和解协议."""
    WITHDRAWN = "withdrawn"
    """已撤回."""
    CONCLUDED = "concluded"
    """已办结."""


class ClockKind(StrEnum):
    """The statutory time limits."""

    NOTICE = "notice"
    """15 days from receipt to the written notice (Art. 23)."""
    OBJECTION = "objection"
    """5 working days from receipt to an objection against a transfer (Art. 23)."""
    HANDLING = "handling"
    """60 days from acceptance to the opinion, one extension of at most 30 (Art. 34)."""
    LEGAL_ROUTE = "legal_route"
    """The due day of a lawful route, entered by hand."""
    REVIEW_WINDOW = "review_window"
    """30 days from delivery in which the petitioner may ask for a review (Art. 35): information only."""


class PartyKind(StrEnum):
    """Who is named in a petition."""

    PETITIONER = "petitioner"
    """信访人."""
    REPRESENTATIVE = "representative"
    """联名信访的代表."""
    ACCUSED = "accused"
    """被反映的人或单位."""


class Grade(StrEnum):
    """What the petitioner says of the handling. No answer is 未评价, never one of these."""

    SATISFIED = "satisfied"
    """满意."""
    BASICALLY_SATISFIED = "basically_satisfied"
    """基本满意."""
    DISSATISFIED = "dissatisfied"
    """不满意."""


class ExclusionReason(StrEnum):
    """Why someone must never know of a petition."""

    COMPLAINED_OF = "complained_of"
    """被反映的人或单位."""
    RECUSED = "recused"
    """有直接利害关系, 回避."""


class ReminderStage(StrEnum):
    """When the people who work on a petition are reminded, once each."""

    SEVEN_DAYS = "seven_days"
    THREE_DAYS = "three_days"
    DUE = "due"
    OVERDUE = "overdue"
