"""Charts are drawn by the server, from zero, with the table behind them."""

from __future__ import annotations

import re

from services.gateway.pages.charts import Bar, horizontal_bars

HEADINGS = ("村", "加分", "减分")


def widths(svg: str, kind: str) -> list[float]:
    return [float(width) for width in re.findall(rf'class="{kind}"[^>]*width="([\d.]+)"', svg)]


def test_bars_begin_at_zero_and_keep_their_proportion() -> None:
    chart = horizontal_bars("图", "说明", [Bar("甲", 10), Bar("乙", 5), Bar("丙", 0)], headings=HEADINGS, plain=True)
    first, second, third = widths(str(chart.svg), "bar-main")
    assert abs(first - 2 * second) < 0.11
    assert third == 0


def test_up_and_down_share_one_scale() -> None:
    chart = horizontal_bars("图", "说明", [Bar("甲", 10, 10, "+10.00 分", "-10.00 分")], headings=HEADINGS)
    assert widths(str(chart.svg), "bar-up") == widths(str(chart.svg), "bar-down")


def test_a_chart_has_title_description_and_table() -> None:
    chart = horizontal_bars("各村加分", "每村一行", [Bar("甲", 1, 0, "+1.00 分")], headings=HEADINGS)
    assert "<title>各村加分</title><desc>每村一行</desc>" in chart.svg
    assert chart.rows == [{"label": "甲", "up": "+1.00 分", "down": ""}]


def test_names_in_a_chart_are_escaped() -> None:
    chart = horizontal_bars("图", "<script>", [Bar("<b>", 1)], headings=HEADINGS, plain=True)
    assert "<script>" not in chart.svg
    assert "<b>" not in chart.svg


def test_a_chart_of_nothing_is_drawn() -> None:
    assert horizontal_bars("图", "没有数字", [], headings=HEADINGS).svg.endswith("</svg>")
