"""What a rulebook may not take points away for."""

from __future__ import annotations

import pytest

from services.points.rulebooks.lines import RuleLine
from services.points.rulebooks.lint import lint_lines
from shared.models.points import Mode


def line(title: str, points: int = -200) -> RuleLine:
    return RuleLine(code="X1", category="A", title=title, unit="次", mode=Mode.FIXED, points=points)


@pytest.mark.parametrize(
    ("title", "finding"),
    [
        ("越级上访的", "petition"),
        ("拨打12345反映不实问题", "petition"),
        ("违反计划生育政策", "health_family"),
        ("不接种疫苗", "health_family"),
        ("参加宗教活动", "belief_custom"),
        ("穿奇装异服", "belief_custom"),
        ("在公墓以外修坟", "belief_custom"),
        ("取消低保资格", "benefit"),
        ("赴京非访的", "petition"),
        ("不按时参加孕检", "health_family"),
        ("参与封建迷信活动", "belief_custom"),
        ("一年内不得享受各项惠民政策", "benefit"),
        ("积分低于零的，不予出具证明", "benefit"),
    ],
)
def test_these_deductions_can_never_be_overridden(title: str, finding: str) -> None:
    found = lint_lines([line(title)])
    assert finding in {each.finding for each in found}
    assert all(not each.overridable for each in found if each.finding == finding)


@pytest.mark.parametrize(
    ("title", "finding"),
    [
        ("不参加志愿服务", "voluntary"),
        ("未下载反诈APP", "app"),
        ("不买医疗保险的", "insurance"),
        ("未捐款的", "donation"),
        ("不签订土地流转协议", "land"),
        ("乱倒垃圾罚款50元", "fine"),
    ],
)
def test_these_deductions_need_a_published_reason(title: str, finding: str) -> None:
    found = {each.finding: each for each in lint_lines([line(title)])}
    assert found[finding].overridable
    assert found[finding].reason


@pytest.mark.parametrize("title", ["乱倒垃圾，经提醒未改", "聚众赌博，经公安机关处理", "柴草占道", "酒后驾驶"])
def test_ordinary_deductions_pass(title: str) -> None:
    assert lint_lines([line(title)]) == []


def test_awards_may_speak_of_what_deductions_may_not() -> None:
    assert lint_lines([line("主动参加志愿服务、无偿献血体检合格", points=200)]) == []


def test_a_lost_benefit_is_found_even_where_no_points_are_taken() -> None:
    found = lint_lines([line("评为末位的取消低保", points=100)])
    assert [each.finding for each in found] == ["benefit"]


def test_a_finding_names_the_line_and_the_words_that_tripped_it() -> None:
    (found,) = lint_lines([line("到县里信访")])
    assert (found.rule_code, found.found) == ("X1", "信访")
