"""The table of the procedure, line by line."""

from __future__ import annotations

import itertools
from collections import Counter
from enum import StrEnum

import pytest

from services.petitions.procedure.outlook import outlook_of
from services.petitions.procedure.tidings import state_for_intake
from services.petitions.procedure.transitions import (
    TRANSITIONS,
    Action,
    Need,
    find_transition,
    transitions_from,
)
from services.petitions.procedure.values import ActValues
from services.petitions.procedure.words import (
    ACTIONS,
    CATEGORIES,
    CHANNELS,
    CLOCK_SOURCES,
    CLOCKS,
    GRADES,
    NEEDS,
    NOTICES,
    RESULTS,
    ROUTES,
    STATES,
    Notice,
    Result,
)
from services.petitions.register.visibility import visible_petitions
from shared.identity import Grant, Principal, Role
from shared.models.petition_kinds import Category, Channel, ClockKind, Grade, LegalRoute, State
from shared.models.petitions import Petition

C, A, S = Category, Action, State

# Every line as the law and the township's order of work have it: (state, action, category) → state.
EXPECTED = {
    **{(S.DRAFT, action, C.ACCUSATION): S.REGISTERED for action in (A.CONFIRM_ACCUSATION, A.HAND_OVER)},
    (S.DRAFT, A.REPORT_UP, C.ACCUSATION): S.REPORTED_UP,
    (S.REGISTERED, A.REPORT_UP, C.ACCUSATION): S.REPORTED_UP,
    **{(S.REGISTERED, A.SEAL, category): S.DRAFT for category in (C.CLAIM, C.SUGGESTION)},
    **{(S.REGISTERED, A.CLASSIFY, category): S.REGISTERED for category in (C.CLAIM, C.SUGGESTION)},
    (S.REGISTERED, A.GUIDE, C.CLAIM): S.GUIDED,
    (S.ACCEPTED, A.EXTEND, C.CLAIM): S.ACCEPTED,
    (S.ACCEPTED, A.RECONCILE, C.CLAIM): S.RECONCILED,
    (S.GUIDED, A.CONCLUDE, C.CLAIM): S.CONCLUDED,
    **{
        (state, A.REVISIT, category): state
        for state in (S.DELIVERED, S.CONCLUDED)
        for category in (C.CLAIM, C.SUGGESTION)
    },
    **{
        (state, action, category): after
        for (state, action), after in {
            (S.REGISTERED, A.ACCEPT): S.ACCEPTED,
            (S.REGISTERED, A.TRANSFER): S.TRANSFERRED,
            (S.REGISTERED, A.ASSIGN_DOWN): S.ASSIGNED_DOWN,
            (S.REGISTERED, A.TELL): S.TOLD,
            (S.REGISTERED, A.MERGE): S.MERGED,
            (S.REGISTERED, A.REFUSE): S.NOT_ACCEPTED,
            (S.REGISTERED, A.REFUSE_AGAIN): S.NO_LONGER_ACCEPTED,
            (S.REGISTERED, A.OBJECT): S.OBJECTED,
            (S.OBJECTED, A.CONFIRM_RETURN): S.RETURNED,
            (S.OBJECTED, A.KEEP): S.REGISTERED,
            (S.REGISTERED, A.WITHDRAW): S.WITHDRAWN,
            (S.ACCEPTED, A.WITHDRAW): S.WITHDRAWN,
            (S.ACCEPTED, A.DELIVER): S.DELIVERED,
            (S.DELIVERED, A.CONCLUDE): S.CONCLUDED,
        }.items()
        for category in C
    },
}


@pytest.mark.parametrize("state", list(State))
def test_every_state_action_and_category_leads_where_it_should_or_nowhere(state: State) -> None:
    for action, category in itertools.product(Action, Category):
        line = find_transition(state, action, category)
        assert (line.to_state if line else None) == EXPECTED.get((state, action, category)), (action, category)


def test_no_line_hides_another() -> None:
    counted = Counter((line.from_state, line.action, each) for line in TRANSITIONS for each in line.categories)
    assert set(counted.values()) == {1}


def test_accusations_are_in_the_hands_of_discipline_officers_only() -> None:
    for line in TRANSITIONS:
        sealed = Category.ACCUSATION in line.categories
        assert sealed == (line.who == {Role.DISCIPLINE})
        assert not sealed or line.categories == {Category.ACCUSATION}


def test_the_sixty_days_start_with_the_acceptance_of_a_claim_and_end_with_delivery() -> None:
    starts = [line for line in TRANSITIONS if ClockKind.HANDLING in line.starts]
    assert [(line.action, set(line.categories)) for line in starts] == [(Action.ACCEPT, {Category.CLAIM})]
    for state in (State.DELIVERED, State.RECONCILED, State.WITHDRAWN):
        lines = [
            line
            for line in TRANSITIONS
            if line.from_state is State.ACCEPTED and line.to_state is state and Category.CLAIM in line.categories
        ]
        assert all(ClockKind.HANDLING in line.stops for line in lines)


def test_whatever_leaves_registration_for_good_stops_the_clock_of_the_notice() -> None:
    stays = {State.REGISTERED, State.DRAFT, State.OBJECTED}
    for line in TRANSITIONS:
        if line.from_state in stays and line.to_state not in stays:
            assert ClockKind.NOTICE in line.stops, line


def test_a_refusal_gives_its_reason_and_says_how_the_petitioner_was_told() -> None:
    for line in TRANSITIONS:
        if line.action in (Action.REFUSE, Action.REFUSE_AGAIN):
            assert {Need.REASON, Need.NOTICE} <= set(line.needs)
    for category in Category:
        again = find_transition(State.REGISTERED, Action.REFUSE_AGAIN, category)
        assert again is not None
        assert Need.REVIEW_OPINION in again.needs


def test_every_state_is_reached() -> None:
    reached = {line.to_state for line in TRANSITIONS}
    assert reached == set(State)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Action, ACTIONS),
        (State, STATES),
        (Category, CATEGORIES),
        (Channel, CHANNELS),
        (ClockKind, CLOCKS),
        (ClockKind, CLOCK_SOURCES),
        (LegalRoute, ROUTES),
        (Grade, GRADES),
        (Need, NEEDS),
        (Notice, NOTICES),
        (Result, RESULTS),
    ],
)
def test_everything_has_its_chinese_word(kind: type[StrEnum], words: dict[StrEnum, str]) -> None:
    assert set(words) == set(kind)
    assert len(set(words.values())) == len(words)


def test_every_need_is_a_value_of_an_act() -> None:
    for need in Need:
        assert hasattr(ActValues(), need.value)


def test_the_history_keeps_what_was_asked_for_and_nothing_else() -> None:
    line = find_transition(State.REGISTERED, Action.ACCEPT, Category.CLAIM)
    assert line is not None
    told = ActValues(notice=Notice.SPOT, reason="不相干").told(line)
    assert told == {"notice": "spot"}


def test_intake_hears_one_of_its_five_words_for_every_state() -> None:
    words = {state_for_intake(state) for state in State}
    assert words == {"registered", "accepted", "delivered", "concluded", "other_end"}


def test_the_outlook_shows_only_what_makes_sense_for_this_petition() -> None:
    clerk = Principal(1, grants=(Grant(Role.CLERK),))
    petition = Petition(state=State.REGISTERED, category=Category.CLAIM, channel=Channel.VISIT)
    actions = [each.action for each in outlook_of(clerk, petition, None)]
    assert Action.OBJECT not in actions
    petition.channel = Channel.TRANSFERRED_IN
    assert Action.OBJECT in [each.action for each in outlook_of(clerk, petition, None)]
    petition.state = State.CONCLUDED
    assert outlook_of(clerk, petition, Grade.SATISFIED) == []
    assert [each.action for each in outlook_of(clerk, petition, Grade.DISSATISFIED)] == [Action.REVISIT]


def test_ends_lead_nowhere() -> None:
    ends = set(State) - {line.from_state for line in TRANSITIONS}
    assert ends == {
        State.RETURNED,
        State.TRANSFERRED,
        State.ASSIGNED_DOWN,
        State.TOLD,
        State.MERGED,
        State.NOT_ACCEPTED,
        State.NO_LONGER_ACCEPTED,
        State.REPORTED_UP,
        State.RECONCILED,
        State.WITHDRAWN,
    }
    assert all(transitions_from(state, category) == [] for state in ends for category in Category)


def test_visibility_is_part_of_the_statement_and_the_public_sees_nothing() -> None:
    admin = Principal(1, person_id=7, grants=(Grant(Role.ADMIN),))
    statement = str(visible_petitions(admin))
    assert "petitions_petition.category !=" in statement
    assert "petitions_exclusion" in statement
    assert "false" in str(visible_petitions(Principal(1))) or "0 = 1" in str(visible_petitions(Principal(1)))
