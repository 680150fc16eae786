"""What points, petitions and gateway forget of people whom the registry has forgotten, and what they keep."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from services.gateway.sessions.login import log_in
from services.points.verification.checks import check_village
from shared import audit
from shared.calendar import today
from shared.database import Database
from shared.errors import NotFound
from shared.files import SCAN_TYPES, file_of, read_file, store_file, sweep_files
from shared.messaging.inbox import Outcome
from shared.models.base import now
from shared.models.gateway import Account, CardPin, LoginSession, Notice, NoticeSource
from shared.models.petition_kinds import State
from shared.models.petitions import Assignment, Petition
from shared.models.points import BoardEdition, BoardRow, Entry, Event, VillageQuarter
from shared.models.registry import Household
from shared.privacy import mask_name
from shared.retention import FORGOTTEN
from shared.topology import Service
from shared.web.refusals import Unauthenticated
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import SmallTownship
from tests.integration.database.encrypted_values import fill
from tests.integration.points.scored_township import FIRST_QUARTER, build_scored_township
from tests.integration.retention.deliveries import deliver, logged, run_nightly, sent_to

pytestmark = pytest.mark.usefixtures("redis_url")


def test_boards_lose_the_name_and_evidence_leaves_the_file_store(
    intake: Database, database_for: DatabaseFor, small_township: SmallTownship
) -> None:
    points, village = database_for(Service.POINTS), small_township.villages[0]
    gone, kept = village.households[:2]
    with points.transaction() as session:
        scored = build_scored_township(session, small_township)
        photos = [store_file(session, paper(text), name="a.pdf", allowed=SCAN_TYPES).sha256 for text in "ab"]
        for household, photo in ((gone, photos[0]), (gone, photos[1]), (kept, photos[1])):
            event = select(Event.id).where(Event.household_id == household, Event.evidence_file.is_(None)).limit(1)
            session.execute(
                update(Event)
                .where(Event.household_id == household, Event.id == event.scalar_subquery())
                .values(evidence_file=photo)
                .execution_options(synchronize_session=False)
            )
        publish_rows(session, village.id, scored.first, (gone, kept))
    run_nightly(intake)
    (body,) = sent_to(intake, Service.POINTS, "forget_resident")
    deliver(points, "points.forget_resident", body, "one")
    with points.transaction() as session:
        rows = session.execute(select(BoardRow.household_id, BoardRow.masked_name)).all()
        names = {row.household_id: row.masked_name for row in rows}
        assert names[gone] == FORGOTTEN
        assert names[kept] == mask_name(session.get_one(Household, kept).head_name)
        assert session.scalars(select(Event.evidence_file).where(Event.evidence_file.is_not(None))).all() == [photos[1]]
        assert [file_of(session, photo) is not None for photo in photos] == [False, True]
        assert sweep_files(session, older_than=now() + timedelta(hours=1)) == 1
        with pytest.raises(NotFound):
            read_file(session, photos[0])
        assert read_file(session, photos[1])[1] == paper("b")


def test_photos_go_with_the_newest_event_that_they_show(
    any_database: str, database_for: DatabaseFor, small_township: SmallTownship, monkeypatch: pytest.MonkeyPatch
) -> None:
    points, (first, second) = database_for(Service.POINTS), small_township.villages[0].households[:2]
    with points.transaction() as session:
        build_scored_township(session, small_township)
        old, shared = (store_file(session, paper(text), name="a.pdf", allowed=SCAN_TYPES).sha256 for text in "ab")
        days = sorted(session.scalars(select(Event.occurred_on).where(Event.household_id == first).distinct()))
        for day, photo, household in ((days[0], old, first), (days[0], shared, first), (days[-1], shared, second)):
            there = (Event.household_id == household, Event.occurred_on == day, Event.evidence_file.is_(None))
            one = select(func.min(Event.id)).where(*there).scalar_subquery()
            session.execute(
                update(Event)
                .where(Event.id == one, Event.household_id == household)
                .values(evidence_file=photo)
                .execution_options(synchronize_session=False)
            )
        before = session.execute(select(Entry.id, Entry.amount).order_by(Entry.id)).all()
    shown: list[list[bool]] = []
    for night, day in enumerate((days[0], days[0] + timedelta(days=1), days[-1] + timedelta(days=1))):
        monkeypatch.setattr("services.points.retention.evidence.today", lambda day=day: day + timedelta(days=1095))
        assert run_nightly(points, f"night-{night}") is Outcome.HANDLED
        with points.reading() as session:
            shown.append([file_of(session, photo) is not None for photo in (old, shared)])
    assert shown == [[True, True], [False, True], [False, False]]
    with points.reading() as session:
        assert session.scalars(select(Event.id).where(Event.evidence_file.is_not(None))).all() == []
        assert session.execute(select(Entry.id, Entry.amount).order_by(Entry.id)).all() == before
    assert logged(points, "forget_past") == [("1", "保存期限 1095 天已满")] * 2


def paper(text: str) -> bytes:
    """A small scan."""
    return b"%PDF-1.4\n% " + text.encode() + b"\n%%EOF\n"


def publish_rows(session: Session, village: int, rulebook: int, households: tuple[int, ...]) -> None:
    """An edition that names these households as they are called now."""
    session.merge(VillageQuarter(village_id=village, quarter=FIRST_QUARTER))
    session.flush()
    edition = BoardEdition(
        village_id=village, quarter=FIRST_QUARTER, edition=1, rulebook_id=rulebook, posting_seq=1,
        posting_digest="0" * 64, public_until=today() + timedelta(days=300),
    )  # fmt: skip
    session.add(edition)
    session.flush()
    known = session.execute(select(Household).where(Household.id.in_(households))).scalars()
    names = {each.id: mask_name(each.head_name) for each in known}
    for number, household in enumerate(households, 1):
        session.add(
            BoardRow(
                board_id=edition.id, household_id=household, group_name="1组", number=number, net=0, rank=number,
                masked_name=names[household],
            )
        )  # fmt: skip


def test_points_lose_names_and_texts_and_the_ledger_stays_proved(
    intake: Database, database_for: DatabaseFor, small_township: SmallTownship
) -> None:
    points, village = database_for(Service.POINTS), small_township.villages[0]
    household, head = village.households[0], village.heads[0]
    with points.transaction() as session:
        build_scored_township(session, small_township)
        session.execute(update(Event).values(note="帮邻居收谷子", witness="吴小满"))
        session.execute(
            update(Event)
            .where(Event.household_id == village.households[1])
            .values(declared_by=head, declarer_name="石桂花")
        )
        before = session.execute(select(Entry.id, Entry.amount).order_by(Entry.id)).all()
    run_nightly(intake)
    (body,) = sent_to(intake, Service.POINTS, "forget_resident")
    assert deliver(points, "points.forget_resident", body, "one") is Outcome.HANDLED
    with points.reading() as session:
        mine = session.execute(
            select(Event.note, Event.witness).where(Event.household_id == household).distinct()
        ).all()
        assert [tuple(row) for row in mine] == [(None, None)]
        assert session.scalar(select(func.count(Event.id)).where(Event.declarer_name.is_not(None))) == 0
        others = select(Event.household_id).where(Event.note == "帮邻居收谷子").distinct()
        assert set(session.scalars(others)) == set(small_township.households) - {household}
        assert session.execute(select(Entry.id, Entry.amount).order_by(Entry.id)).all() == before
    with points.transaction() as session:
        assert all(check.passed for check in check_village(session, village.id))
        assert audit.chain_new_rows(session) > 0
    with points.reading() as session:
        assert audit.verify_audit(session, Service.POINTS).holds
    assert deliver(points, "points.forget_resident", body, "two") is Outcome.HANDLED
    assert len(logged(points, "forget_resident")) == 1


def test_the_gateway_loses_accounts_logins_pins_and_notices(
    intake: Database, database_for: DatabaseFor, small_township: SmallTownship
) -> None:
    gateway, village = database_for(Service.GATEWAY), small_township.villages[0]
    with gateway.transaction() as session:
        for number in (0, 1):
            household, head = village.households[number], village.heads[number]
            account = Account(
                township_id=1, person_id=head, username=f"shi{number}", password_hash="-", totp_encrypted=b"sealed"
            )
            session.add_all([account, CardPin(household_id=household, pin_hash="-")])
            session.add(NoticeSource(source=f"points.event:{number}", source_version=1))
            session.flush()
            common = {"csrf_token": "-", "expires_at": now() + timedelta(hours=1)}
            session.add(LoginSession(token_sha256=f"a{number}", account_id=account.id, **common))
            session.add(LoginSession(token_sha256=f"b{number}", household_id=household, **common))
            for recipient in (f"person:{head}", f"household:{household}"):
                told = {"title": "积分", "text": "已入账", "source": f"points.event:{number}"}
                session.add(Notice(township_id=1, recipient=recipient, **told))
    run_nightly(intake)
    (body,) = sent_to(intake, Service.GATEWAY, "forget_resident")
    assert deliver(gateway, "gateway.forget_resident", body, "one") is Outcome.HANDLED
    with gateway.reading() as session:
        accounts = {account.person_id: account for account in session.scalars(select(Account))}
        gone, kept = (accounts[head] for head in village.heads[:2])
        assert (gone.username, gone.password_hash, gone.totp_encrypted) == (f"#{gone.id}", "", None)
        assert gone.disabled_at is not None
        assert (kept.username, kept.disabled_at) == ("shi1", None)
        assert session.scalars(select(CardPin.household_id)).all() == [village.households[1]]
        assert sorted(session.scalars(select(LoginSession.token_sha256))) == ["a1", "b1"]
        assert session.scalar(select(func.count(Notice.id))) == 2
    for name in ("shi0", f"#{gone.id}"):
        with pytest.raises(Unauthenticated):
            log_in(gateway, username=name, password="", code=None, address="10.0.0.1")
    assert deliver(gateway, "gateway.forget_resident", body, "two") is Outcome.HANDLED
    assert len(logged(gateway, "forget_resident")) == 1


def test_petitions_are_kept_for_their_own_period_and_lose_who_worked_on_ended_ones(
    intake: Database, database_for: DatabaseFor, small_township: SmallTownship
) -> None:
    petitions, head = database_for(Service.PETITIONS), small_township.villages[0].heads[0]
    with petitions.transaction() as session:
        fill(session, Service.PETITIONS, small_township)
        petition = session.scalars(select(Petition)).one()
        session.add(Assignment(petition_id=petition.id, person_id=head, assigned_on=today()))
        number = petition.id
    run_nightly(intake)
    (body,) = sent_to(intake, Service.PETITIONS, "forget_resident")
    assert deliver(petitions, "petitions.forget_resident", body, "open") is Outcome.HANDLED
    assert assigned(petitions) == [head]
    with petitions.transaction() as session:
        session.execute(update(Petition).where(Petition.id == number).values(state=State.CONCLUDED))
    assert deliver(petitions, "petitions.forget_resident", body, "ended") is Outcome.HANDLED
    assert assigned(petitions) == []


def assigned(petitions: Database) -> list[int]:
    with petitions.reading() as session:
        assert session.scalars(select(Petition.forgotten_on)).all() == [None]
        return list(session.scalars(select(Assignment.person_id)))
