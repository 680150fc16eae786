"""A fault that nobody felt is an error, and what was struck is waited for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.case import Case, NotFelt, Tools
from tests.faults.journal import Journal
from tests.faults.plan import Strike
from tests.faults.previous import PreviousVersion
from tests.faults.system import DrillSystem
from tests.faults.uploads import UploadRoom


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """A strike on a system that was never started."""
    system = DrillSystem.__new__(DrillSystem)
    journal = Journal()
    journal.note_answer("photos", 201)
    room = UploadRoom(tmp_path, lambda: None)
    return Case(system, Strike("disk_full", "", 1.0), Tools(room, PreviousVersion(tmp_path), journal))


def test_what_is_observed_is_noted_and_what_is_not_is_an_error(case: Case) -> None:
    case.require(3, "3 questions unanswered")
    assert case.felt == ["3 questions unanswered"]
    with pytest.raises(NotFelt, match="not seen: 0 questions unanswered"):
        case.require(0, "0 questions unanswered")
    with pytest.raises(NotFelt, match="not seen: another beats"):
        case.require_soon(lambda: False, "another beats", seconds=0.0)


def test_what_was_struck_is_timed_from_the_end_of_the_fault(case: Case) -> None:
    case.over()
    case.watch(lambda: True, "another works")
    case.wait_until_watched()
    assert case.back is not None
    assert 0 <= case.back < 60
    assert (case.felt, case.errors) == (["another works"], [])


def test_only_answers_since_the_strike_are_heard(case: Case) -> None:
    case.tools.journal.note_answer("photos", 507)
    case.tools.journal.note_answer("redeem", 507)
    case.tools.journal.note_answer("photos", 0)
    assert case.heard(507) == 2
    assert case.heard(507, 0, client="photos") == 2
    assert case.heard(201) == 0


def test_a_file_that_was_left_half_written_is_found(case: Case, tmp_path: Path) -> None:
    (tmp_path / "ab").mkdir()
    (tmp_path / "ab" / "whole").touch()
    assert case.tools.room.drafts() == []
    (tmp_path / "ab" / ".half").touch()
    assert [path.name for path in case.tools.room.drafts()] == [".half"]
