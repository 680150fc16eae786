"""Recalculation on both databases, its shards worked by hand: what runs, cancels and second runs do to the ledger."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from services.points.recalculation import dispatch
from services.points.recalculation.differences import describe_households, forget_previews, select_changed_households
from services.points.recalculation.dispatch import sweep_shards
from services.points.recalculation.losses import send_notices
from services.points.recalculation.progress import progress_of
from services.points.recalculation.runs import RunOrder, cancel_run, resume_run, start_run
from services.points.recalculation.shards import work_shard
from services.points.recalculation.targets import waiting_villages
from shared.database import Database
from shared.errors import Conflict, Forbidden, Invalid, NotFound
from shared.identity import Role
from shared.models.base import now
from shared.models.plumbing import DEAD_LETTERS, OUTBOX
from shared.models.points import (
    Adoption,
    Difference,
    Posting,
    PostingKind,
    Recalculation,
    RecalculationMode,
    RecalculationState,
    Rulebook,
    Shard,
    ShardState,
    VillageQuarter,
)
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import PrincipalOf, SmallTownship
from tests.integration.points.scored_township import FIRST_QUARTER, ScoredTownship, amounts, build_scored_township

pytestmark = pytest.mark.usefixtures("any_database")
PREVIEW, APPLY = RecalculationMode.PREVIEW, RecalculationMode.APPLY


@pytest.fixture
def database(database_for: DatabaseFor) -> Database:
    return database_for(Service.POINTS)


@pytest.fixture
def scored(database: Database, small_township: SmallTownship) -> ScoredTownship:
    with database.transaction() as session:
        return build_scored_township(session, small_township)


def work_off(database: Database, run_id: int) -> None:
    """Do what the messages would wake workers for, until nothing is sent any more."""
    while True:
        with database.transaction() as session:
            sent = session.scalars(
                select(Shard.id).where(Shard.recalculation_id == run_id, Shard.state == ShardState.RUNNING)
            ).all()
            for shard_id in sent:
                work_shard(session, shard_id)
        if not sent:
            return


def finished_preview(database: Database, principal_of: PrincipalOf, **order: object) -> int:
    admin = principal_of(Role.ADMIN)
    with database.transaction() as session:
        run_id = start_run(session, admin, RunOrder(PREVIEW, **order)).id  # type: ignore[arg-type]
    work_off(database, run_id)
    return run_id


def told_preview(database: Database, principal_of: PrincipalOf) -> int:
    run_id = finished_preview(database, principal_of)
    with database.transaction() as session:
        send_notices(session, principal_of(Role.ADMIN), run_id, reason="按通过的文本更正")
    return run_id


def applied(database: Database, principal_of: PrincipalOf, preview_id: int) -> int:
    with database.transaction() as session:
        run_id = start_run(session, principal_of(Role.ADMIN), RunOrder(APPLY, preview_id=preview_id)).id
    work_off(database, run_id)
    return run_id


def postings(session: Session) -> int:
    return session.scalar(select(func.count()).where(Posting.kind == PostingKind.RECALCULATION)) or 0


def test_villages_with_a_newer_adopted_revision_are_waiting_until_they_are_recalculated(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    admin = principal_of(Role.ADMIN)
    with database.reading() as session:
        waiting = waiting_villages(session, admin)
    assert [(village.held_revision, village.adopted_revision, village.correction) for village in waiting] == [
        (1, 2, True),
        (1, 2, True),
    ]
    assert waiting[0].quarters == (FIRST_QUARTER, FIRST_QUARTER + 1)
    applied(database, principal_of, told_preview(database, principal_of))
    with database.reading() as session:
        assert waiting_villages(session, admin) == []


def test_a_preview_stores_differences_by_household_and_event_and_writes_no_entry(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    with database.reading() as session:
        before = {village: amounts(session, village) for village in scored.villages}
    run_id = finished_preview(database, principal_of)
    with database.reading() as session:
        assert {village: amounts(session, village) for village in scored.villages} == before
        progress = progress_of(session, principal_of(Role.ADMIN), run_id)
        run = session.get_one(Recalculation, run_id)
        rows = session.execute(select_changed_households(run, village_id=scored.villages[0])).all()
        households = {household.household_id: household for household in describe_households(session, run, rows)}
        revisions = set(session.scalars(select(VillageQuarter.rulebook_id)))
    assert progress.run.state is RecalculationState.DONE
    assert (progress.done, progress.total, progress.eta_seconds) == (2, 2, 0)
    # Six households gain 1 point for each of four helps; the first loses 6 for the fine of 3 × 2.
    assert [
        (village.households, village.changed, village.points_up, village.points_down) for village in progress.villages
    ] == [
        (6, 25, 2400, -600),
        (6, 25, 2400, -600),
    ]
    assert progress.losers == 2
    assert revisions == {scored.first}
    loser = households[scored.township.villages[0].households[0]]
    assert loser.change == 400 - 600
    fine = next(event for event in loser.events if event.rule_code == "FINE")
    assert (fine.held, fine.scored, fine.title) == (-900, -1500, "乱倒垃圾")
    assert fine.why == "由“每单位 -3.00 分”改为“每单位 -5.00 分”。"


def test_an_apply_posts_one_chained_posting_a_village_moves_the_quarters_and_the_balances(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    with database.reading() as session:
        before = {village: amounts(session, village) for village in scored.villages}
    run_id = applied(database, principal_of, told_preview(database, principal_of))
    with database.reading() as session:
        progress = progress_of(session, principal_of(Role.ADMIN), run_id)
        after = {village: amounts(session, village) for village in scored.villages}
        assert postings(session) == 2
        assert set(session.scalars(select(VillageQuarter.rulebook_id))) == {scored.second}
        run = session.get_one(Recalculation, run_id)
        rows = session.execute(select_changed_households(run)).all()
        households = describe_households(session, run, rows)
    assert progress.total_of("changed_since_preview") == 0
    assert progress.total_of("changed") == 50
    for village in scored.township.villages:
        first, *others = village.households
        assert after[village.id][first] == before[village.id][first] - 200
        assert all(after[village.id][each] == before[village.id][each] + 400 for each in others)
    fines = [event for household in households for event in household.events if event.rule_code == "FINE"]
    assert [(event.held, event.scored) for event in fines] == [(-900, -1500)] * 2


def test_a_second_apply_posts_nothing(database: Database, scored: ScoredTownship, principal_of: PrincipalOf) -> None:
    applied(database, principal_of, told_preview(database, principal_of))
    with database.transaction() as session:
        again = start_run(session, principal_of(Role.ADMIN), RunOrder(APPLY, full=True)).id
    work_off(database, again)
    with database.reading() as session:
        assert postings(session) == 2
        progress = progress_of(session, principal_of(Role.ADMIN), again)
    assert (progress.run.state, progress.total_of("changed")) == (RecalculationState.DONE, 0)
    assert progress.total_of("events") == 146


def test_a_shard_that_is_worked_twice_does_nothing_the_second_time(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    run_id = applied(database, principal_of, told_preview(database, principal_of))
    with database.transaction() as session:
        for shard_id in session.scalars(select(Shard.id).where(Shard.recalculation_id == run_id)).all():
            assert work_shard(session, shard_id) is None
        assert postings(session) == 2


def test_an_apply_counts_what_has_changed_since_its_preview(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    preview = told_preview(database, principal_of)
    with database.transaction() as session:
        row = session.scalars(select(Difference).where(Difference.recalculation_id == preview)).first()
        assert row is not None
        row.scored += 1
        gone = session.scalars(
            select(Difference).where(Difference.recalculation_id == preview, Difference.event_id != row.event_id)
        ).first()
        session.delete(gone)
    run_id = applied(database, principal_of, preview)
    with database.reading() as session:
        assert progress_of(session, principal_of(Role.ADMIN), run_id).total_of("changed_since_preview") == 2


def test_a_correction_is_applied_only_after_a_preview_whose_losers_were_told(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    admin = principal_of(Role.ADMIN)
    with database.transaction() as session, pytest.raises(Conflict, match="请先预览"):
        start_run(session, admin, RunOrder(APPLY))
    preview = finished_preview(database, principal_of)
    with database.transaction() as session, pytest.raises(Conflict, match="告知"):
        start_run(session, admin, RunOrder(APPLY, preview_id=preview))
    partial = finished_preview(database, principal_of, villages=(scored.township.villages[0].code,))
    with database.transaction() as session:
        send_notices(session, admin, partial, reason="更正")
    with database.transaction() as session, pytest.raises(Conflict, match="没有包含"):
        start_run(session, admin, RunOrder(APPLY, preview_id=partial))


def test_losers_are_told_once_with_the_published_reason_one_message_a_village(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    preview = finished_preview(database, principal_of)
    for _ in range(2):
        with database.transaction() as session:
            run = send_notices(session, principal_of(Role.ADMIN), preview, reason="")
            assert run.notices_sent == 2
    with database.reading() as session:
        outbox = OUTBOX[Service.POINTS]
        bodies = session.scalars(select(outbox.body).where(outbox.name == "gateway.notify")).all()  # type: ignore[attr-defined]
    assert len(bodies) == 2
    assert all("两处打字错误" in body for body in bodies)


def test_a_cancelled_run_keeps_what_is_done_and_is_resumed_with_the_rest(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    admin, preview = principal_of(Role.ADMIN), told_preview(database, principal_of)
    with database.transaction() as session:
        run_id = start_run(session, admin, RunOrder(APPLY, preview_id=preview)).id
        first, second = session.scalars(select(Shard.id).where(Shard.recalculation_id == run_id).order_by(Shard.id))
    with database.transaction() as session:
        assert work_shard(session, first) is not None
        cancel_run(session, admin, run_id)
        cancel_run(session, admin, run_id)
    with database.transaction() as session:
        assert work_shard(session, second) is None
        assert session.get_one(Shard, second).state is ShardState.WAITING
        assert postings(session) == 1
        assert progress_of(session, admin, run_id).run.state is RecalculationState.CANCELLED
    with database.transaction() as session:
        resume_run(session, admin, run_id)
    work_off(database, run_id)
    with database.transaction() as session:
        assert postings(session) == 2
        assert progress_of(session, admin, run_id).run.state is RecalculationState.DONE
        with pytest.raises(Conflict, match="已经结束"):
            cancel_run(session, admin, run_id)


def test_a_later_run_on_a_village_waits_for_the_earlier(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    admin = principal_of(Role.ADMIN)
    code = scored.township.villages[0].code
    with database.transaction() as session:
        earlier = start_run(session, admin, RunOrder(PREVIEW, villages=(code,))).id
    with database.transaction() as session:
        later = start_run(session, admin, RunOrder(PREVIEW, villages=(code,))).id
        assert session.scalar(select(Shard.state).where(Shard.recalculation_id == later)) is ShardState.WAITING
    work_off(database, earlier)
    with database.reading() as session:
        assert session.scalar(select(Shard.state).where(Shard.recalculation_id == later)) is ShardState.RUNNING


def test_a_shard_whose_message_died_is_parked_visibly_and_can_be_tried_again(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    admin = principal_of(Role.ADMIN)
    code = scored.township.villages[0].code
    with database.transaction() as session:
        run_id = start_run(session, admin, RunOrder(PREVIEW, villages=(code,))).id
        shard = session.scalars(select(Shard).where(Shard.recalculation_id == run_id)).one()
        shard.lease_until = now()
        session.add(
            DEAD_LETTERS[Service.POINTS](
                message_id=shard.message_id,
                name="points.recalculate_shard",
                queue="points.bulk",
                envelope="{}",
                error="boom",
                attempts=5,
            )
        )
    with database.transaction() as session:
        sweep_shards(session)
    with database.reading() as session:
        progress = progress_of(session, admin, run_id)
    assert (progress.run.state, progress.parked) == (RecalculationState.PARKED, 1)
    assert (progress.villages[0].attempts, progress.villages[0].error) == (5, "boom")
    assert progress.errors == [f"{scored.township.villages[0].name}没有算成，已经搁置。"]
    with database.transaction() as session:
        resume_run(session, admin, run_id)
    work_off(database, run_id)
    with database.reading() as session:
        assert progress_of(session, admin, run_id).run.state is RecalculationState.DONE


def test_a_shard_that_is_still_on_its_way_is_left_to_the_relay_when_its_lease_lapses(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    with database.transaction() as session:
        run_id = start_run(session, principal_of(Role.ADMIN), RunOrder(PREVIEW)).id
        shard = session.scalars(select(Shard).where(Shard.recalculation_id == run_id).order_by(Shard.id)).first()
        assert shard is not None
        shard.lease_until, message_id, shard_id = now(), shard.message_id, shard.id
    with database.transaction() as session:
        sweep_shards(session)
        assert session.get_one(Shard, shard_id).message_id == message_id


def test_a_sweep_ends_runs_in_the_order_of_their_ids_so_that_two_sweeps_never_wait_for_each_other(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.transaction() as session:
        # A set of these two keeps the order in which they come: nine first, then one.
        for run_id, village_id in ((9, scored.villages[0]), (1, scored.villages[1])):
            session.add(
                Recalculation(id=run_id, township_id=scored.township.id, mode=PREVIEW, quarters="[]", made_by="test")
            )
            session.flush()
            session.add(
                Shard(recalculation_id=run_id, village_id=village_id, state=ShardState.RUNNING, lease_until=now())
            )
            session.flush()
    ended: list[int] = []
    monkeypatch.setattr(dispatch, "finish_run", lambda _, run_id: ended.append(run_id))
    with database.transaction() as session:
        sweep_shards(session)
    assert ended == [1, 9]


def test_differences_of_a_preview_are_forgotten_after_thirty_days_and_it_can_not_be_applied(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    preview = told_preview(database, principal_of)
    with database.transaction() as session:
        session.get_one(Recalculation, preview).expires_at = now()
    with database.transaction() as session:
        assert forget_previews(session) == 50
        with pytest.raises(Conflict, match="30 天"):
            start_run(session, principal_of(Role.ADMIN), RunOrder(APPLY, preview_id=preview))


def test_only_an_admin_of_the_township_recalculates(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    with database.transaction() as session:
        with pytest.raises(Forbidden):
            start_run(session, principal_of(Role.CADRE), RunOrder(PREVIEW))
        with pytest.raises(NotFound, match="999999999999"):
            start_run(session, principal_of(Role.ADMIN), RunOrder(PREVIEW, villages=("999999999999",)))
        with pytest.raises(NotFound, match="第 9 版"):
            start_run(session, principal_of(Role.ADMIN), RunOrder(PREVIEW, revision=9))
        with pytest.raises(Invalid, match="没有可以重算的内容"):
            start_run(session, principal_of(Role.ADMIN), RunOrder(PREVIEW, quarters=(1,)))


def test_a_draft_can_be_previewed_but_not_applied(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    admin = principal_of(Role.ADMIN)
    with database.transaction() as session:
        applied_to = (FIRST_QUARTER, FIRST_QUARTER + 1)
        session.execute(update(Rulebook).where(Rulebook.id == scored.second).values(state="draft", published_at=None))
        session.execute(delete(Adoption).where(Adoption.rulebook_id == scored.second))
    run_id = finished_preview(database, principal_of, revision=2, quarters=applied_to)
    with database.transaction() as session:
        assert progress_of(session, admin, run_id).total_of("changed") == 50
        with pytest.raises(Invalid, match="草稿只能预览"):
            start_run(session, admin, RunOrder(APPLY, revision=2, quarters=applied_to))


def test_an_apply_of_a_named_revision_needs_its_adoption(
    database: Database, scored: ScoredTownship, principal_of: PrincipalOf
) -> None:
    with database.transaction() as session, pytest.raises(Conflict, match="采用的不是第 1 版"):
        start_run(session, principal_of(Role.ADMIN), RunOrder(APPLY, revision=1, quarters=(FIRST_QUARTER,)))
