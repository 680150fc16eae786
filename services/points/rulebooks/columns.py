"""The columns of a rulebook's workbook, and the words that stand in them for a line's choices."""

from __future__ import annotations

from shared.excel import CellKind, Column
from shared.models.points import CapPeriod, Evidence, Expiry, Mode, Once, Per, Review

MODES = {Mode.FIXED: "固定分", Mode.RANGE: "区间分", Mode.TIERED: "分档", Mode.STEPPED: "累次"}
PERS = {Per.EVENT: "按次", Per.YEAR: "全年累计"}
CAP_PERIODS = {CapPeriod.MONTH: "每月", CapPeriod.QUARTER: "每季度"}
ONCES = {Once.QUARTER: "每季度一次", Once.YEAR: "每年一次", Once.EVER: "只一次"}
EVIDENCES = {Evidence.NONE: "不用", Evidence.NOTE: "写明情况", Evidence.PROOF: "照片、材料或证明人"}
REVIEWS = {Review.NONE: "不用审", Review.SINGLE: "一人审", Review.DOUBLE: "两人审"}
EXPIRIES = {Expiry.NEVER: "一直有效", Expiry.MONTHS: "按月数", Expiry.YEAR_END: "年底前有效"}
YES = "是"

CODE = Column("code", "条目编号", ("编号", "代码"), CellKind.CODE, max_length=20)
CATEGORY = Column("category", "类别", ("类别名称", "类别代码"), max_length=60)
CATEGORY_CAP = Column("category_cap", "类别每季度上限", ("类别上限",), CellKind.AMOUNT, required=False)
TITLE = Column("title", "内容", ("条目内容", "条目名称", "积分项目"), max_length=200)
UNIT = Column("unit", "单位", ("计量单位",), max_length=10)
MODE = Column("mode", "计分方式", ("方式",), choices=tuple(MODES.values()))
POINTS = Column("points", "分值", ("分数", "积分"), CellKind.AMOUNT, required=False)
MINIMUM = Column("minimum", "最低分", kind=CellKind.AMOUNT, required=False)
MAXIMUM = Column("maximum", "最高分", kind=CellKind.AMOUNT, required=False)
PER = Column("per", "分档按什么算", required=False, choices=tuple(PERS.values()))
STEPS = Column("steps", "各档", ("各档分值", "各次分值"), required=False)
CAP = Column("cap", "每户上限", ("上限",), CellKind.AMOUNT, required=False)
CAP_PERIOD = Column("cap_period", "上限周期", required=False, choices=tuple(CAP_PERIODS.values()))
ONCE = Column("once", "只算一次", required=False, choices=tuple(ONCES.values()))
EVIDENCE = Column("evidence", "要什么证明", ("证明",), required=False, choices=tuple(EVIDENCES.values()))
REVIEW = Column("review", "谁审", ("审核",), required=False, choices=tuple(REVIEWS.values()))
EXPIRY = Column("expiry", "有效期", required=False, choices=tuple(EXPIRIES.values()))
VALID_MONTHS = Column("valid_months", "有效月数", kind=CellKind.INTEGER, required=False)
MAX_QUANTITY = Column("max_quantity", "一次最多", kind=CellKind.AMOUNT, required=False)
COMMON = Column("common", "常用", ("常用十条",), required=False, choices=(YES, "否"))
VILLAGE = Column("village", "只在哪个村", ("村",), CellKind.CODE, required=False, max_length=60)

COLUMNS = (
    CODE,
    CATEGORY,
    CATEGORY_CAP,
    TITLE,
    UNIT,
    MODE,
    POINTS,
    MINIMUM,
    MAXIMUM,
    PER,
    STEPS,
    CAP,
    CAP_PERIOD,
    ONCE,
    EVIDENCE,
    REVIEW,
    EXPIRY,
    VALID_MONTHS,
    MAX_QUANTITY,
    COMMON,
    VILLAGE,
)
