"""Excel and CSV in and out: header synonyms, typed cells, refusals and errors that say what, where and how to mend it.

Reading::

    columns = (
        Column("village", "村", ("村名", "村代码"), CellKind.CODE),
        Column("name", "姓名", ("户主", "户主姓名")),
        Column("quantity", "数量", kind=CellKind.AMOUNT),
        Column("note", "备注", required=False),
    )
    with open_table(path, columns, name=uploaded_name) as table:   # raises shared.errors.Invalid with a sentence
        for row in table.rows():                                   # a stream without titles, totals and blanks
            row.number                                             # as Excel shows it
            row.values                                             # by column key; None where empty or wrong
            row.errors                                             # {column key: sentence}; empty for a good row
        table.warnings                                             # hidden rows, after the rows were read

Writing: `write_error_workbook` (the same layout plus 错误原因), `write_workbook` and `write_csv` (exports, escaped),
`write_template` (drop-downs in a hidden sheet).
"""

from shared.excel.columns import CellKind, Column
from shared.excel.error_workbook import ERROR_HEADER, write_error_workbook
from shared.excel.export import ExportColumn, escape_cell, write_csv, write_workbook
from shared.excel.source import recognise
from shared.excel.survey import Limits
from shared.excel.table import Row, Table, open_table
from shared.excel.template import write_template
from shared.excel.upload import store_workbook

__all__ = [
    "ERROR_HEADER",
    "CellKind",
    "Column",
    "ExportColumn",
    "Limits",
    "Row",
    "Table",
    "escape_cell",
    "open_table",
    "recognise",
    "store_workbook",
    "write_csv",
    "write_error_workbook",
    "write_template",
    "write_workbook",
]
