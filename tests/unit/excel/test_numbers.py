"""Numbers that are none: a workbook can hold more than Excel can show."""

from __future__ import annotations

import pytest

from shared.excel.cells import CellError, read_cell
from shared.excel.columns import CellKind, Column


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
@pytest.mark.parametrize("kind", list(CellKind))
def test_an_infinite_number_is_a_sentence_and_not_a_crash(kind: CellKind, number: float) -> None:
    with pytest.raises(CellError, match="不是一个可用的数字"):
        read_cell(number, Column("x", "数量", kind=kind, required=False))


@pytest.mark.parametrize("kind", list(CellKind))
def test_the_largest_number_is_a_sentence_or_text(kind: CellKind) -> None:
    with pytest.raises(CellError):
        read_cell(1.7e308, Column("x", "数量", kind=kind, required=False))
