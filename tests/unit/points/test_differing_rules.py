"""Which rules a change of revision can touch: derived from the lines, never given by hand."""

from __future__ import annotations

from dataclasses import replace

from services.points.scoring.lines import Line
from services.points.scoring.scope import Scope, differing_rules
from shared.models.points import Mode

LINE = Line(Mode.FIXED, 100, None, None, None, None, None, None, "A", None)
CAPPED = replace(LINE, category="B", category_cap=500)
OLD = {1: LINE, 2: LINE, 3: CAPPED, 4: CAPPED}


def test_equal_revisions_touch_nothing() -> None:
    assert differing_rules(OLD, dict(OLD)) == frozenset()
    assert Scope({8104: frozenset()}).is_empty


def test_a_changed_line_of_an_uncapped_category_touches_itself() -> None:
    assert differing_rules(OLD, OLD | {1: replace(LINE, points=200)}) == {1}


def test_lines_that_come_or_go_are_touched() -> None:
    assert differing_rules(OLD, {1: LINE, 3: CAPPED, 4: CAPPED, 5: LINE}) == {2, 5}


def test_a_line_that_leaves_a_capped_category_touches_those_that_stay() -> None:
    assert differing_rules(OLD, OLD | {3: replace(LINE)}) == {3, 4}


def test_a_changed_category_cap_touches_the_whole_category() -> None:
    raised = replace(CAPPED, category_cap=900)
    assert differing_rules(OLD, OLD | {3: raised, 4: raised}) == {3, 4}
