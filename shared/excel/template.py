"""Templates 模板: an empty workbook with header, notes and drop-downs that live in a hidden sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from shared.excel.columns import CellKind, Column
from shared.excel.export import cell_formats, escape_cell

FILLED_ROWS = 5_000
"""How far down drop-downs and formats reach."""

_HIDDEN_SHEET = "选项"
_FORMATS = {
    CellKind.TEXT: "text",
    CellKind.CODE: "text",
    CellKind.DATE: "date",
    CellKind.AMOUNT: "amount",
}


def write_template(
    target: Path,
    sheet: str,
    columns: Sequence[Column],
    *,
    choices: Mapping[str, Sequence[str]] | None = None,
    note: str = "",
) -> None:
    """Write a template. `choices` by column key become drop-downs (lists of any length: inline ones over 255 characters
    break, a hidden sheet does not); `note` stands above the header, as reading allows.
    """
    with xlsxwriter.Workbook(target, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        formats = cell_formats(book)
        page = book.add_worksheet(sheet[:31])
        lists = book.add_worksheet(_HIDDEN_SHEET)
        lists.hide()
        top = 0
        if note:
            page.write_string(0, 0, note, formats["caption"])
            top = 1
        for position, column in enumerate(columns):
            mark = "（必填）" if column.required else ""
            page.write_string(top, position, f"{column.header}{mark}", formats["header"])
            kind = _FORMATS.get(column.kind)
            page.set_column(position, position, 16, formats[kind] if kind else None)
            offered = (choices or {}).get(column.key) or column.choices
            if offered:
                letter = xl_col_to_name(position)
                for place, choice in enumerate(offered):
                    lists.write_string(place, position, escape_cell(choice))
                source = f"={_HIDDEN_SHEET}!${letter}$1:${letter}${len(offered)}"
                page.data_validation(
                    top + 1,
                    position,
                    top + FILLED_ROWS,
                    position,
                    {
                        "validate": "list",
                        "source": source,
                        "error_title": "请从列表中选择",
                        "error_message": f"“{column.header}”请从下拉列表中选择。",
                    },
                )
        page.freeze_panes(top + 1, 0)
