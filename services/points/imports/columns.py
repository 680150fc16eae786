"""The columns of an events' workbook: the same for the template, the import and the export."""

from __future__ import annotations

from shared.excel import CellKind, Column

VILLAGE = Column("village", "村", ("村名", "行政村", "村代码", "所在村"), CellKind.CODE, required=False)
NUMBER = Column("number", "户号", ("户编号", "户序号", "家庭编号"), CellKind.INTEGER, required=False)
CARD = Column("card", "户卡号", ("卡号", "积分卡号"), CellKind.CODE, required=False)
HEAD = Column("head", "户主", ("户主姓名", "姓名"), required=False, max_length=60)
RULE = Column("rule", "条目", ("条目编号", "编号", "条目名称", "积分项目", "积分条目", "项目"), max_length=200)
DAY = Column("day", "日期", ("发生日期", "时间", "发生时间"), CellKind.DATE)
QUANTITY = Column("quantity", "数量", ("次数", "时长", "件数"), CellKind.AMOUNT, required=False)
CHOSEN = Column("chosen", "评定分", ("分值", "评分"), CellKind.AMOUNT, required=False)
NOTE = Column("note", "备注", ("说明", "事由", "情况说明"), required=False, max_length=400)
WITNESS = Column("witness", "证明人", ("见证人",), required=False, max_length=60)

COLUMNS = (VILLAGE, NUMBER, CARD, HEAD, RULE, DAY, QUANTITY, CHOSEN, NOTE, WITNESS)
