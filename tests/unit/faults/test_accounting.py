"""The drill's count finds what was lost and what was doubled, and nothing where all is well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from tests.faults.accounting import Held, settle
from tests.faults.journal import Journal, Operation, Told

YES, NO, UNKNOWN = Told.ACKNOWLEDGED, Told.REFUSED, Told.UNKNOWN


def journal_of(*operations: tuple[str, str, str, Told]) -> Journal:
    """A journal of (act, key, subject, told)."""
    journal = Journal()
    for act, key, subject, told in operations:
        journal.note(Operation("client", act, key, subject, told))
    return journal


ALL_WELL = (
    ("reserve", "r1", "1", YES),
    ("fulfil", "f1", "1", YES),
    ("reserve", "r2", "2", YES),
    ("cancel", "c2", "2", YES),
    ("reserve", "r3", "", NO),
    ("reserve", "r4", "4", YES),
    ("declare", "d1", "11", YES),
    ("review", "v1", "11", YES),
    ("void", "w1", "11", YES),
    ("batch", "b1", "", YES),
    ("demand", "e1", "SQ1", YES),
    ("run", "n1", "21", YES),
    ("stop", "n2", "21", YES),
    ("run_ended", "n3", "21", YES),
    ("photo", "p1", "aa", YES),
    ("petition", "s1", "2026-0007", YES),
    ("open", "o1", "2026-0007", YES),
)


def held_well() -> Held:
    return Held(
        redemptions=Counter({"r1": 1, "r2": 1, "r4": 1}),
        redemption_states={"1": "fulfilled", "2": "cancelled", "4": "reserved"},
        handed_over=Counter({"1": 1}),
        booked=Counter({"1": 1}),
        events=Counter({"d1": 1, "b1": 4}),
        event_states={"11": "voided"},
        demands=Counter({"e1": 1}),
        petitions=Counter({"s1": 1}),
        petition_numbers={"s1": "2026-0007"},
        run_states={"21": "done"},
        runs_by_key=Counter({"n1": 1}),
        shards_posted=Counter({"21/5": 1}),
        files={"aa": True},
    )


def test_nothing_is_found_where_everything_is_as_it_was_told() -> None:
    count = settle(journal_of(*ALL_WELL), held_well())
    assert (count.is_clean, count.findings) == (True, [])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda held: held.redemptions.pop("r1"),
        lambda held: held.redemption_states.update({"2": "reserved"}),
        lambda held: held.handed_over.pop("1"),
        lambda held: held.booked.pop("1"),
        lambda held: held.events.pop("d1"),
        lambda held: held.event_states.update({"11": "declared"}),
        lambda held: held.events.update({"b1": -1}),
        lambda held: held.demands.pop("e1"),
        lambda held: held.petitions.pop("s1"),
        lambda held: held.petition_numbers.update({"s1": "2026-0008"}),
        lambda held: setattr(held, "number_gaps", 1),
        lambda held: held.untold.append("demand 17"),
        lambda held: held.runs_by_key.pop("n1"),
        lambda held: held.files.pop("aa"),
        lambda held: setattr(held, "messages_waiting", 1),
        lambda held: setattr(held, "messages_unhandled", 1),
    ],
)
def test_what_was_acknowledged_and_is_not_there_is_lost(spoil: Callable[[Held], object]) -> None:
    held = held_well()
    spoil(held)
    count = settle(journal_of(*ALL_WELL), held)
    assert count.lost >= 1
    assert (count.doubled, count.overdrawn, count.unreadable) == (0, 0, 0)


def test_a_run_that_rests_unfinished_is_lost() -> None:
    held = held_well()
    held.run_states["21"] = "parked"
    assert settle(journal_of(*ALL_WELL), held).lost >= 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda held: held.events.update({"d1": 1}),
        lambda held: held.events.update({"b1": 4}),
        lambda held: held.demands.update({"e1": 1}),
        lambda held: held.runs_by_key.update({"n1": 1}),
        lambda held: held.redemptions.update({"r4": 1}),
        lambda held: held.redemptions.update({"r3": 1}),
        lambda held: held.handed_over.update({"1": 1}),
        lambda held: held.handed_over.update({"2": 1}),
        lambda held: held.booked.update({"1": 1}),
        lambda held: held.shards_posted.update({"21/5": 1}),
        lambda held: held.petitions.update({"s1": 1}),
        lambda held: held.handled_again.update({"message": 2}),
    ],
)
def test_a_second_effect_or_one_of_a_refused_operation_is_doubled(spoil: Callable[[Held], object]) -> None:
    held = held_well()
    spoil(held)
    count = settle(journal_of(*ALL_WELL), held)
    assert count.doubled >= 1
    assert (count.lost, count.overdrawn, count.unreadable) == (0, 0, 0)


def test_overdrawn_accounts_and_what_can_not_be_proved_are_counted() -> None:
    held = held_well()
    held.overdrawn, held.unproved = ["household 7"], ["village 5, chain"]
    held.dead_letters, held.drafts, held.files["aa"] = 2, 1, False
    count = settle(journal_of(*ALL_WELL), held)
    assert (count.lost, count.doubled, count.overdrawn, count.unreadable) == (0, 0, 1, 5)


@pytest.mark.parametrize(("act", "rows", "lost"), [("declare", 0, 0), ("declare", 1, 0), ("batch", 3, 1)])
def test_what_nobody_answered_may_be_done_once_or_not_at_all_but_never_by_half(act: str, rows: int, lost: int) -> None:
    held = held_well()
    held.events["d9"] = rows
    count = settle(journal_of(*ALL_WELL, (act, "d9", "", UNKNOWN)), held)
    assert (count.lost, count.doubled) == (lost, 0)


@pytest.mark.parametrize(
    "operation",
    [("declare", "d9", "", UNKNOWN), ("review", "v9", "11", NO), ("demand", "e9", "", NO), ("petition", "s9", "", NO)],
)
def test_no_answer_at_all_and_a_no_that_nothing_explains_fail_a_drill(operation: tuple[str, str, str, Told]) -> None:
    count = settle(journal_of(*ALL_WELL, operation), held_well())
    assert count.broken == 1
    assert not count.is_clean


def test_an_empty_shelf_and_a_run_that_has_ended_explain_a_no() -> None:
    assert settle(journal_of(*ALL_WELL, ("reserve", "r9", "", NO), ("stop", "n9", "21", NO)), held_well()).is_clean


def test_a_bare_500_and_words_of_a_petition_where_they_do_not_belong_fail_a_drill() -> None:
    journal, held = journal_of(*ALL_WELL), held_well()
    journal.note_broken("review: answered 500")
    held.leaks.append("words of petitions stand in processes.log")
    count = settle(journal, held)
    assert count.broken == 2
    assert count.findings[0] == "broken: review: answered 500 (1 times)"
