"""Events: who may declare and review what, what is refused with which words, and what the ledger then holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
import time_machine
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.points.events.declarations import Declaration, declare_events, withdraw_event
from services.points.events.finding import count_waiting
from services.points.events.reviews import Verdict, review_event, void_event
from services.points.verification.checks import check_village
from shared.errors import Conflict, Forbidden, Invalid, NotFound
from shared.identity import Role
from shared.models.points import Entry, EventState, Evidence, Mode, Once, Review, Rule, Rulebook
from shared.models.registry import Kinship, Resident
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import PrincipalOf, SmallTownship, build_township
from tests.integration.points.scored_township import ScoredTownship, build_scored_township

TODAY = datetime(2026, 5, 20, 4, tzinfo=UTC)
DAY = date(2026, 5, 18)


@pytest.fixture(autouse=True)
def in_may() -> Iterator[None]:
    with time_machine.travel(TODAY, tick=True):
        yield


@pytest.fixture
def session(database_for: DatabaseFor, any_database: str, small_township: SmallTownship) -> Iterator[Session]:
    with database_for(Service.POINTS).open_session(write=True) as session:
        yield session
        session.rollback()


@pytest.fixture
def scored(session: Session, small_township: SmallTownship) -> ScoredTownship:
    return build_scored_township(session, small_township, adopt_second=False)


def _change(session: Session, scored: ScoredTownship, code: str, **values: object) -> None:
    """Change a line of the revision in force, as another rulebook would have it."""
    line = session.scalars(
        select(Rule).where(Rule.rulebook_id == scored.first, Rule.code_id == scored.codes[code])
    ).one()
    for name, value in values.items():
        setattr(line, name, value)
    # What is published never changes, so its lines are kept by version: this is another one.
    session.get_one(Rulebook, scored.first).version += 1
    session.flush()


def _declared(scored: ScoredTownship, household: int = 2, code: str = "CLEAN", **values: object) -> Declaration:
    return Declaration(
        **{"household_id": scored.township.villages[0].households[household], "rule": code, "occurred_on": DAY} | values  # type: ignore[arg-type]
    )


def _held(session: Session, event_id: int) -> int:
    return session.scalar(select(func.coalesce(func.sum(Entry.amount), 0)).where(Entry.event_id == event_id)) or 0


def test_a_declared_event_is_posted_by_one_review(
    session: Session, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    event = declare_events(session, principal_of(Role.GRID_MEMBER), [_declared(scored, quantity=200)])[0]
    assert event.state is EventState.DECLARED
    assert _held(session, event.id) == 0
    reviewed = review_event(session, principal_of(Role.CADRE), event.id, verdict=Verdict.APPROVE)
    assert reviewed.state is EventState.POSTED
    assert _held(session, reviewed.id) == 200
    again = review_event(session, principal_of(Role.CADRE), event.id, verdict=Verdict.APPROVE)
    assert _held(session, again.id) == 200
    assert all(check.passed for check in check_village(session, event.village_id))


def test_double_review_needs_two_people(session: Session, scored: ScoredTownship, principal_of: PrincipalOf) -> None:
    _change(session, scored, "CLEAN", review=Review.DOUBLE)
    event = declare_events(session, principal_of(Role.GRID_MEMBER), [_declared(scored)])[0]
    first = review_event(session, principal_of(Role.CADRE), event.id, verdict=Verdict.APPROVE)
    assert first.state is EventState.REVIEWED
    with pytest.raises(Forbidden, match="另一位复审"):
        review_event(session, principal_of(Role.CADRE), event.id, verdict=Verdict.APPROVE)
    second = review_event(session, principal_of(Role.CADRE, number=1), event.id, verdict=Verdict.APPROVE)
    assert second.state is EventState.POSTED


def test_nobody_reviews_the_own_declaration_household_or_relatives(
    session: Session, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    cadre = principal_of(Role.CADRE)
    own = declare_events(session, cadre, [_declared(scored)])[0]
    with pytest.raises(Forbidden, match="自己申报"):
        review_event(session, cadre, own.id, verdict=Verdict.APPROVE)
    village = scored.township.villages[0]
    events = declare_events(session, principal_of(Role.GRID_MEMBER), [_declared(scored, 3), _declared(scored, 4)])
    assert cadre.person_id is not None
    session.add(
        Resident(person_id=cadre.person_id, household_id=village.households[3], relation="户主", valid_from=DAY)
    )
    session.add(Kinship(person_id=cadre.person_id, household_id=village.households[4]))
    session.flush()
    for event in events:
        with pytest.raises(Forbidden, match="亲属"):
            review_event(session, cadre, event.id, verdict=Verdict.APPROVE)
    assert count_waiting(session, cadre).to_review == 0
    assert count_waiting(session, principal_of(Role.CADRE, number=1)).to_review == 3


def test_nobody_voids_what_is_of_the_own_household_even_if_they_declared_it(
    session: Session, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    cadre, other = principal_of(Role.CADRE), principal_of(Role.CADRE, number=1)
    own, foreign = declare_events(session, cadre, [_declared(scored, 3, "FINE"), _declared(scored, 4, "FINE")])
    for event in (own, foreign):
        review_event(session, other, event.id, verdict=Verdict.APPROVE)
    household = scored.township.villages[0].households[3]
    assert cadre.person_id is not None
    session.add(Resident(person_id=cadre.person_id, household_id=household, relation="户主", valid_from=DAY))
    session.flush()
    with pytest.raises(Forbidden, match="本户"):
        void_event(session, cadre, own.id, reason="登记错误")
    assert void_event(session, cadre, foreign.id, reason="登记错误").state is EventState.VOIDED
    assert void_event(session, other, own.id, reason="登记错误").state is EventState.VOIDED


def test_a_line_without_review_is_posted_at_once(
    session: Session, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    _change(session, scored, "CLEAN", review=Review.NONE)
    event = declare_events(session, principal_of(Role.GRID_MEMBER), [_declared(scored)])[0]
    assert event.state is EventState.POSTED
    assert _held(session, event.id) == 100


def test_the_reviewer_chooses_inside_the_range(
    session: Session, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    _change(session, scored, "CLEAN", mode=Mode.RANGE, points=None, minimum=100, maximum=300)
    event = declare_events(session, principal_of(Role.GRID_MEMBER), [_declared(scored)])[0]
    with pytest.raises(Invalid, match=r"1\.00 到 3\.00"):
        review_event(session, principal_of(Role.CADRE), event.id, verdict=Verdict.APPROVE, chosen=350)
    review_event(session, principal_of(Role.CADRE), event.id, verdict=Verdict.APPROVE, chosen=250)
    assert _held(session, event.id) == 250


def test_a_line_that_is_no_range_takes_no_chosen_amount(
    session: Session, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    refusal = "不是区间分，积分由细则算出，不能另填分值"
    with pytest.raises(Invalid, match=refusal) as refused:
        declare_events(session, principal_of(Role.GRID_MEMBER), [replace(_declared(scored), chosen=100)])
    assert list(refused.value.errors) == ["chosen"]
    event = declare_events(session, principal_of(Role.GRID_MEMBER), [_declared(scored)])[0]
    with pytest.raises(Invalid, match=refusal):
        review_event(session, principal_of(Role.CADRE), event.id, verdict=Verdict.APPROVE, chosen=100)
    assert event.state is EventState.DECLARED
    _change(session, scored, "CLEAN", review=Review.DOUBLE)
    review_event(session, principal_of(Role.CADRE), event.id, verdict=Verdict.APPROVE)
    with pytest.raises(Invalid, match=refusal):
        review_event(session, principal_of(Role.CADRE, number=1), event.id, verdict=Verdict.APPROVE, chosen=100)


def test_a_rejection_says_why(session: Session, scored: ScoredTownship, principal_of: PrincipalOf) -> None:
    event = declare_events(session, principal_of(Role.GRID_MEMBER), [_declared(scored)])[0]
    with pytest.raises(Invalid, match="写明原因"):
        review_event(session, principal_of(Role.CADRE), event.id, verdict=Verdict.REJECT)
    rejected = review_event(session, principal_of(Role.CADRE), event.id, verdict=Verdict.REJECT, reason="那天没有活动")
    assert rejected.state is EventState.REJECTED
    with pytest.raises(Conflict, match="已经处理过"):
        review_event(session, principal_of(Role.CADRE, number=1), event.id, verdict=Verdict.APPROVE)


def test_a_void_takes_the_points_back_and_gives_later_ones_their_room(
    session: Session, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    """HELP has a cap of 6 a month: with the first voided, the fourth is worth something."""
    rows = [_declared(scored, 2, "HELP", occurred_on=date(2026, 3, day)) for day in (1, 2, 3, 4)]
    events = declare_events(session, principal_of(Role.GRID_MEMBER), rows)
    for event in events:
        review_event(session, principal_of(Role.CADRE), event.id, verdict=Verdict.APPROVE)
    ids = [event.id for event in events]
    assert [_held(session, event_id) for event_id in ids] == [200, 200, 200, 0]
    with pytest.raises(Invalid, match="原因"):
        void_event(session, principal_of(Role.CADRE), ids[0], reason=" ")
    void_event(session, principal_of(Role.CADRE), ids[0], reason="登记错了户")
    void_event(session, principal_of(Role.CADRE), ids[0], reason="再点一次")
    assert [_held(session, event_id) for event_id in ids] == [0, 200, 200, 200]
    assert all(check.passed for check in check_village(session, events[0].village_id))


def test_only_the_declarer_withdraws_and_only_before_review(
    session: Session, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    member = principal_of(Role.GRID_MEMBER)
    first, second = declare_events(session, member, [_declared(scored), _declared(scored)])
    with pytest.raises(Forbidden, match="申报人本人"):
        withdraw_event(session, principal_of(Role.CADRE), first.id)
    assert withdraw_event(session, member, first.id).state is EventState.WITHDRAWN
    review_event(session, principal_of(Role.CADRE), second.id, verdict=Verdict.APPROVE)
    with pytest.raises(Conflict, match="不能撤回"):
        withdraw_event(session, member, second.id)


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"rule": "NOPE"}, "rule", "没有“NOPE”这一条"),
        ({"occurred_on": date(2026, 5, 21)}, "occurred_on", "还没有到"),
        ({"occurred_on": date(2025, 12, 31)}, "occurred_on", "还没有采用任何积分细则"),
        ({"quantity": 100_01}, "quantity", "最多登记"),
        ({"quantity": 0}, "quantity", "大于 0"),
    ],
)
def test_what_can_not_be_right_is_refused_in_words(
    values: dict[str, object],
    field: str,
    words: str,
    session: Session,
    scored: ScoredTownship,
    principal_of: PrincipalOf,
) -> None:
    with pytest.raises(Invalid, match=words) as refused:
        declare_events(session, principal_of(Role.GRID_MEMBER), [_declared(scored, **values)])
    assert field in refused.value.errors


def test_a_batch_is_declared_whole_or_not_at_all(
    session: Session, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    rows = [_declared(scored), _declared(scored, code="NOPE"), _declared(scored, quantity=999_00)]
    with pytest.raises(Invalid, match="全部没有登记") as refused:
        declare_events(session, principal_of(Role.GRID_MEMBER), rows)
    assert set(refused.value.errors) == {"rows.1.rule", "rows.2.quantity"}


def test_evidence_and_once_are_asked_for(session: Session, scored: ScoredTownship, principal_of: PrincipalOf) -> None:
    member = principal_of(Role.GRID_MEMBER)
    _change(session, scored, "WORK", evidence=Evidence.PROOF, once=Once.EVER)
    with pytest.raises(Invalid, match="凭据"):
        declare_events(session, member, [_declared(scored, code="WORK", note="做了")])
    with pytest.raises(Conflict, match="只记一次"):
        declare_events(session, member, [_declared(scored, code="WORK", witness="石大")])


def test_households_of_other_villages_and_townships_are_out_of_reach(
    session: Session, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    with pytest.raises(Forbidden, match="不在您负责的村"):
        declare_events(session, principal_of(Role.GRID_MEMBER, village=1), [_declared(scored)])
    other = build_township(session, "431299002", "他乡")
    with pytest.raises(NotFound):
        declare_events(
            session,
            principal_of(Role.ADMIN),
            [_declared(scored, household_id=other.villages[0].households[0])],
        )
