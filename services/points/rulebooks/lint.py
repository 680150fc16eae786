"""Lint 合规检查: what a rulebook may not take points away for, line by line, with the reason in words.

Looks at the wording of lines that can deduct. A finding is a question to people, not a verdict on them: an innocent
line that trips it is answered as a false alarm by two persons.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.points.rulebooks.lines import RuleLine


@dataclass(frozen=True, slots=True)
class Prohibition:
    """One thing that is not deducted for. `overridable`: a published reason may keep the line."""

    name: str
    words: str
    reason: str
    overridable: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """A line that trips a prohibition; `found` are the words that did."""

    rule_code: str
    title: str
    finding: str
    found: str
    reason: str
    overridable: bool
    wording_digest: str


_REFUSED = "这样的条目不能采用，也不能以理由保留；如果是误报，请两人核对后确认。"

PROHIBITIONS: tuple[Prohibition, ...] = (
    Prohibition(
        "petition",
        r"信访|上访|非访|越级|赴京|进京|赴省|投诉|举报|控告|检举|12345|12388|热线|缠访|闹访|告状|维权",
        "信访、投诉、举报和拨打热线是群众的权利，不能因此扣分。",
        overridable=False,
    ),
    Prohibition(
        "health_family",
        r"生育|计生|节育|婚检|孕检|二孩|三孩|超生|流产|避孕|怀孕|传染病|乙肝|艾滋|精神病|残疾|体检|疫苗|接种|患病",
        "健康和生育是个人的事，不能因此扣分。",
        overridable=False,
    ),
    Prohibition(
        "belief_custom",
        r"宗教|信教|信仰|迷信|烧香|拜佛|教堂|寺庙|念经|礼拜|民族服|服饰|着装|穿着|奇装|方言|民族语|讲苗语|讲侗语|土葬|火葬|丧葬习俗|坟|祭祖|风俗习惯|民族习惯",
        "信仰、民族风俗、服饰、语言和丧葬习俗受法律保护，不能因此扣分。",
        overridable=False,
    ),
    Prohibition(
        "benefit",
        r"取消.{0,8}(低保|补贴|补助|待遇|救助|养老|医保|分红)|停发|扣发|(不得|不能|不予|不再|停止|取消)享受|不予(办理|盖章|开具|出具|受理|审批)|暂停.{0,6}(补贴|待遇|办理)|降低.{0,4}低保",
        "法定的待遇和应办的事项不能因积分被取消、停发或拒办。",
        overridable=False,
    ),
    Prohibition(
        "voluntary",
        r"(不|未|拒绝?|没有|不愿|缺席).{0,8}(志愿|义务|公益|自愿|捐)",
        "志愿和义务活动自愿参加，不参加不应扣分。",
        overridable=True,
    ),
    Prohibition(
        "app",
        r"(不|未|拒绝?|没有).{0,6}(安装|下载|注册|使用|打卡|登录|签到|转发|点赞|关注).{0,10}(APP|app|软件|小程序|公众号|平台|反诈|群)?",
        "不装软件、不打卡、不转发不应扣分。",
        overridable=True,
    ),
    Prohibition(
        "insurance",
        r"(不|未|拒绝?|没有|拖欠).{0,8}(保险|医保|参保|养老保险|合作医疗|农合)",
        "买不买保险由各户自己决定，不应扣分。",
        overridable=True,
    ),
    Prohibition(
        "donation",
        r"(不|未|拒绝?|没有).{0,6}(捐款|捐资|集资|缴纳|交纳|交费|缴费)",
        "捐款和筹资自愿，不捐不交不应扣分。",
        overridable=True,
    ),
    Prohibition(
        "land",
        r"(不|未|拒绝?|阻挠|不配合).{0,10}(征地|拆迁|征收|流转|签约|签订|协议|拆除)",
        "土地流转、征收和拆迁协议由各户自己决定，不应扣分。",
        overridable=True,
    ),
    Prohibition("fine", r"罚款|罚金|罚没|违约金|罚\s*\d+\s*元", "积分细则不能设罚款。", overridable=True),
)


def lint_lines(rules: Sequence[RuleLine]) -> list[Finding]:
    """Findings in the order of the lines; fines and lost benefits in every line, the rest in deductions."""
    findings = []
    for rule in rules:
        for prohibition in PROHIBITIONS:
            if rule.lowest >= 0 and prohibition.name not in ("benefit", "fine"):
                continue
            match = re.search(prohibition.words, rule.title)
            if match:
                findings.append(
                    Finding(
                        rule_code=rule.code,
                        title=rule.title,
                        finding=prohibition.name,
                        found=match.group(0),
                        reason=prohibition.reason + ("" if prohibition.overridable else _REFUSED),
                        overridable=prohibition.overridable,
                        wording_digest=wording_digest(rule.title),
                    )
                )
    return findings


def wording_digest(title: str) -> str:
    """SHA-256 of the wording that people read when they answered a finding."""
    return hashlib.sha256(title.encode()).hexdigest()
