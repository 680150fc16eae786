"""The columns of the registry's workbooks: the same for templates, imports and exports."""

from __future__ import annotations

from services.intake.offices.duties import DUTY_WORDS
from shared.excel import CellKind, Column
from shared.models.intake_kinds import ImportKind
from shared.models.registry import DutyKind

RELATIONS = ("户主", "配偶", "子", "女", "父", "母", "儿媳", "女婿", "孙子", "孙女", "兄弟", "姐妹", "其他")

HOUSEHOLDS_RESIDENTS = (
    Column("village", "村", ("村名", "行政村", "村代码", "所在村"), CellKind.CODE),
    Column("group", "组", ("组别", "村民小组", "小组", "组名"), CellKind.CODE),
    Column("neighbours", "邻", ("邻名", "邻里", "联户"), CellKind.CODE, required=False),
    Column("number", "户号", ("户编号", "户序号", "家庭编号"), CellKind.INTEGER),
    Column("card", "户卡号", ("卡号", "积分卡号"), CellKind.CODE, required=False),
    Column("name", "姓名", ("成员姓名", "居民姓名", "家庭成员"), max_length=60),
    Column("relation", "与户主关系", ("关系", "家庭关系", "户主关系"), max_length=20),
    Column("identity", "身份证号", ("身份证号码", "公民身份号码", "身份证", "证件号码"), CellKind.CODE, required=False),
    Column("phone", "电话", ("联系电话", "手机", "手机号", "手机号码"), CellKind.CODE, required=False),
    Column("care", "关爱标签", ("标签", "特殊情况"), required=False, max_length=100),
    Column("address", "住址", ("地址", "家庭住址", "门牌"), required=False, max_length=200),
)

# What earlier templates offered.
_EARLIER_DUTIES = (("网格员", DUTY_WORDS[DutyKind.GRID_MEMBER]), ("经办人", DUTY_WORDS[DutyKind.HANDLER]))
DUTIES = (
    Column("name", "姓名", ("人员姓名",), max_length=60),
    Column("identity", "身份证号", ("身份证号码", "公民身份号码", "身份证"), CellKind.CODE, required=False),
    Column("phone", "电话", ("联系电话", "手机", "手机号", "手机号码"), CellKind.CODE, required=False),
    Column("kind", "职责", ("角色", "职责类别"), choices=tuple(DUTY_WORDS.values()), earlier=_EARLIER_DUTIES),
    Column("village", "村", ("村名", "行政村", "村代码", "所在村"), CellKind.CODE, required=False),
    Column("grid", "网格", ("片组邻", "负责网格", "责任网格"), CellKind.CODE, required=False),
    Column("office", "办公室", ("所在办公室", "单位", "办"), required=False, max_length=60),
    Column("title", "职务", ("职务名称",), required=False, max_length=60),
    Column("valid_from", "任职日期", ("开始日期", "任期开始"), CellKind.DATE, required=False),
    Column("valid_to", "卸任日期", ("结束日期", "任期结束"), CellKind.DATE, required=False),
)

COLUMNS: dict[ImportKind, tuple[Column, ...]] = {
    ImportKind.HOUSEHOLDS_RESIDENTS: HOUSEHOLDS_RESIDENTS,
    ImportKind.DUTIES: DUTIES,
}
NAMES: dict[ImportKind, str] = {ImportKind.HOUSEHOLDS_RESIDENTS: "户和人", ImportKind.DUTIES: "职责"}
