"""The demo township's 积分细则: 40 rules in all modes, written for it, and the revision that mends two mistyped lines.

Amounts are decimal strings as people write them; the loader turns them into hundredths.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class CategoryLine:
    """A category, with the most that a household can gain in it in a quarter (None: no limit)."""

    code: str
    title: str
    cap_quarter: str | None = None


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A line as it would stand in the township's table."""

    code: str
    category: str
    title: str
    unit: str
    mode: str
    points: str | None = None
    minimum: str | None = None
    maximum: str | None = None
    tiers: tuple[tuple[str, str], ...] = ()
    per: str = "event"
    steps: tuple[str, ...] = ()
    cap: str | None = None
    cap_period: str | None = None
    evidence: str = "none"
    review: str = "single"
    once: str | None = None
    valid_months: int | None = None
    expires: str = "never"
    common: bool = False


CATEGORIES = (
    CategoryLine("HJ", "环境卫生", "30.00"),
    CategoryLine("XF", "乡风文明"),
    CategoryLine("ZY", "志愿服务", "40.00"),
    CategoryLine("CY", "产业发展", "60.00"),
    CategoryLine("PA", "平安和谐"),
    CategoryLine("WH", "文化传承"),
)

RULES: tuple[RuleLine, ...] = (
    RuleLine("HJ01", "HJ", "房前屋后整洁，月度评比为“清洁户”", "次", "fixed", "3", cap="3", cap_period="month", common=True),
    RuleLine("HJ02", "HJ", "参加村里集中大扫除", "人次", "fixed", "2", cap="6", cap_period="month", common=True),
    RuleLine("HJ03", "HJ", "垃圾分类投放，月度检查合格", "次", "fixed", "1.50", cap="1.50", cap_period="month"),
    RuleLine("HJ04", "HJ", "认领并管护公共绿地、花坛", "次", "fixed", "1", cap="4", cap_period="quarter"),
    RuleLine("HJ05", "HJ", "庭院改造通过验收（微菜园、微果园、微花园）", "处", "range", minimum="5", maximum="15", evidence="proof", once="year"),
    RuleLine("HJ06", "HJ", "改厕或改圈通过验收", "处", "fixed", "8", evidence="proof", once="ever"),
    RuleLine("HJ07", "HJ", "乱倒垃圾、污水，经提醒未改", "次", "stepped", steps=("-2", "-4", "-6"), common=True),
    RuleLine("HJ08", "HJ", "柴草杂物占用村道，经提醒未清", "次", "fixed", "-2", cap="6", cap_period="quarter"),
    RuleLine("HJ09", "HJ", "露天焚烧垃圾、秸秆", "次", "stepped", steps=("-3", "-6", "-10")),
    RuleLine("XF01", "XF", "红事白事从简办理，按村规民约备案", "次", "fixed", "10", evidence="note", once="year", common=True),
    RuleLine("XF02", "XF", "孝老爱亲，经邻里评议推荐", "次", "range", minimum="3", maximum="10", evidence="note", review="double"),
    RuleLine("XF03", "XF", "家中子女考上高中、大学", "人", "tiered", tiers=(("1", "5"), ("2", "8"), ("3", "10")), evidence="note"),
    RuleLine("XF04", "XF", "被评为村级以上先进个人或文明家庭", "次", "tiered", tiers=(("1", "5"), ("2", "10"), ("3", "20")), evidence="proof", review="double"),
    RuleLine("XF05", "XF", "拾金不昧、救急助困", "次", "range", minimum="2", maximum="8", evidence="note"),
    RuleLine("XF06", "XF", "参加村民小组会、院坝会", "人次", "fixed", "0.50", cap="1.50", cap_period="month", common=True),
    RuleLine("XF07", "XF", "聚众赌博，经公安机关处理", "次", "stepped", steps=("-8", "-15", "-20"), evidence="proof", review="double"),
    RuleLine("XF08", "XF", "虐待老人，经调解仍不改正", "次", "fixed", "-15", evidence="note", review="double"),
    RuleLine("ZY01", "ZY", "志愿服务时长（全年累计）", "小时", "tiered", tiers=(("4", "1"), ("10", "3"), ("20", "7"), ("40", "16"), ("80", "36")), per="year", common=True),
    RuleLine("ZY02", "ZY", "参加政策宣讲志愿服务", "次", "fixed", "2", cap="6", cap_period="quarter"),
    RuleLine("ZY03", "ZY", "参加环境整治志愿服务", "次", "fixed", "2", cap="4", cap_period="month", common=True),
    RuleLine("ZY04", "ZY", "参加“敲锣行动”（火险、汛期沿村提醒）", "次", "fixed", "1.50", cap="6", cap_period="month"),
    RuleLine("ZY05", "ZY", "参加夜巡", "次", "fixed", "2.50", cap="10", cap_period="month"),
    RuleLine("ZY06", "ZY", "照看独居老人、留守儿童", "次", "fixed", "1", cap="4", cap_period="month", evidence="note"),
    RuleLine("ZY07", "ZY", "无偿献血", "次", "fixed", "5", evidence="proof"),
    RuleLine("ZY08", "ZY", "抢险救灾出力", "次", "range", minimum="3", maximum="15", evidence="note"),
    RuleLine("CY01", "CY", "茶园管护达到当季标准", "亩", "fixed", "5", cap="40", cap_period="quarter", evidence="note", common=True),
    RuleLine("CY02", "CY", "跟着示范茶园新种茶树", "亩", "fixed", "3", cap="30", cap_period="quarter", evidence="note"),
    RuleLine("CY03", "CY", "参加种养技术培训", "人次", "fixed", "1", cap="2", cap_period="month", valid_months=24, expires="months"),
    RuleLine("CY04", "CY", "带动邻居发展产业", "户", "tiered", tiers=(("1", "2"), ("3", "5"), ("5", "9")), evidence="note"),
    RuleLine("CY05", "CY", "复耕撂荒地", "亩", "fixed", "4", cap="20", cap_period="quarter", evidence="proof"),
    RuleLine("CY06", "CY", "集体茶园义务出工", "天", "fixed", "3", cap="9", cap_period="month"),
    RuleLine("CY07", "CY", "牲畜放养损坏他人作物", "次", "fixed", "-3", cap="9", cap_period="quarter"),
    RuleLine("PA01", "PA", "主动化解邻里纠纷", "起", "range", minimum="2", maximum="6", evidence="note", common=True),
    RuleLine("PA02", "PA", "报告山火、滑坡等安全隐患并属实", "次", "fixed", "4", evidence="note", common=True),
    RuleLine("PA03", "PA", "参加消防、防溺水演练", "人次", "fixed", "1", cap="2", cap_period="quarter"),
    RuleLine("PA04", "PA", "提出的诉求或建议办结并被采用", "件", "fixed", "2", cap="6", cap_period="quarter", review="none"),
    RuleLine("PA05", "PA", "野外违规用火", "次", "stepped", steps=("-5", "-10", "-20"), evidence="note", review="double"),
    RuleLine("WH01", "WH", "参加大戊梁文化节、黑米饭文化节的筹备或演出", "人次", "fixed", "3", cap="9", cap_period="quarter"),
    RuleLine("WH02", "WH", "教授传统技艺（蜡染、芦笙、山歌）", "课时", "fixed", "2", cap="10", cap_period="quarter", valid_months=12, expires="months"),
    RuleLine("WH03", "WH", "为村史、家谱、老照片征集提供材料", "件", "fixed", "1", cap="3", cap_period="quarter", expires="year_end"),
)  # fmt: skip

REVISION_1_TITLE = "大高坪苗族乡积分细则（第一版）"
REVISION_2_TITLE = "大高坪苗族乡积分细则（第二版，更正两处录入错误）"
CORRECTION_REASON = (
    "录入第一版时有两行与村民代表会议通过的文本不一致：HJ02 集中大扫除应为每人次 2.50 分，误录为 2.00 分；"
    "CY06 集体茶园义务出工应为每天 2.50 分，误录为 3.00 分。现按通过的文本更正，已公布的榜不改，差额记入本季度。"
)

_MENDED = {"HJ02": {"points": "2.50", "cap": "7.50"}, "CY06": {"points": "2.50", "cap": "7.50"}}
CORRECTED_LINES = tuple(_MENDED)


def revision_2() -> tuple[RuleLine, ...]:
    """The rules with the two mistyped lines as the villages had adopted them."""
    return tuple(replace(rule, **_MENDED.get(rule.code, {})) for rule in RULES)  # type: ignore[arg-type]
