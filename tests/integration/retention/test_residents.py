"""Who moved away is forgotten after the period, everywhere, while the ledger still adds up; who lives here is not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from services.intake.retention.residents import forget_person
from shared import audit
from shared.calendar import today
from shared.database import Database
from shared.errors import Conflict, Invalid
from shared.identity import Role
from shared.messaging.inbox import Outcome
from shared.models.base import now
from shared.models.intake import Demand, DemandCategory
from shared.models.intake_kinds import DemandChannel, DemandState
from shared.models.registry import Duty, Household, Kinship, Person, Resident
from shared.privacy import field_cipher
from shared.retention import FORGOTTEN
from shared.topology import Service
from tests.fixtures.township import SmallTownship, act_as
from tests.integration.retention.deliveries import LONG_AGO, logged, run_nightly, sent_to

pytestmark = pytest.mark.usefixtures("redis_url")


def people_left(session: Session, household: int) -> list[int]:
    return list(session.scalars(select(Resident.person_id).where(Resident.household_id == household)))


def test_who_left_long_ago_is_forgotten_and_everybody_else_is_not(
    intake: Database, small_township: SmallTownship
) -> None:
    household, head = small_township.villages[0].households[0], small_township.villages[0].heads[0]
    assert run_nightly(intake) is Outcome.HANDLED
    with intake.reading() as session:
        gone = session.scalars(select(Person).where(Person.forgotten_on.is_not(None)).order_by(Person.id)).all()
        assert [person.id for person in gone] == sorted(people_left(session, household))
        person = session.get_one(Person, head)
        assert (person.name, person.birth_year, person.identity_encrypted, person.identity_index) == (
            FORGOTTEN,
            None,
            None,
            None,
        )
        assert (person.identity_tail, person.care_labels, person.version) == ("", "[]", 2)
        home = session.get_one(Household, household)
        assert (home.head_name, home.address) == (FORGOTTEN, "")
        assert session.scalar(select(func.count(Household.id)).where(Household.head_name == FORGOTTEN)) == 1
        assert session.scalar(select(func.count(Kinship.id))) == 0
    assert [subject for subject, _ in logged(intake, "forget_resident")] == [str(person.id) for person in gone]
    assert logged(intake, "forget_resident")[0][1] == "保存期限 1095 天已满"
    for receiver in (Service.POINTS, Service.PETITIONS, Service.GATEWAY):
        (body,) = sent_to(intake, receiver, "forget_resident")
        assert f'"household_ids":[{household}]' in body
    with intake.transaction() as session:
        audit.chain_new_rows(session)
    with intake.reading() as session:
        assert audit.verify_audit(session, Service.INTAKE).holds


def test_a_second_night_finds_nothing_to_do(intake: Database) -> None:
    run_nightly(intake)
    assert len(sent_to(intake, Service.INTAKE, "forget_past")) == 1
    run_nightly(intake, "night-2")
    assert len(logged(intake, "forget_resident")) == 2
    assert len(sent_to(intake, Service.INTAKE, "forget_past")) == 1
    assert len(sent_to(intake, Service.POINTS, "forget_resident")) == 1


@pytest.mark.parametrize(
    "reason", ["a duty", "a late duty", "another household", "a new registration", "half a period"]
)
def test_who_still_belongs_here_is_remembered(intake: Database, small_township: SmallTownship, reason: str) -> None:
    village = small_township.villages[0]
    head, day = village.heads[0], today() - LONG_AGO
    with intake.transaction() as session:
        duty = session.scalars(select(Duty).limit(1)).one()
        values = {"township_id": duty.township_id, "person_id": head, "kind": duty.kind, "valid_from": day}
        where = {"village_id": duty.village_id, "grid_id": duty.grid_id, "office_id": duty.office_id}
        if reason == "a duty":
            session.add(Duty(**values, **where))
        elif reason == "a late duty":
            session.add(Duty(**values, **where, valid_to=today() - timedelta(days=1000)))
        elif reason == "another household":
            session.add(Resident(person_id=head, household_id=village.households[1], relation="父", valid_from=day))
        elif reason == "a new registration":
            session.execute(update(Person).where(Person.id == head).values(created_at=now()))
        else:
            session.execute(update(Resident).where(Resident.person_id == head).values(valid_to=today()))
    run_nightly(intake)
    with intake.reading() as session:
        person = session.get_one(Person, head)
        assert person.forgotten_on is None
        assert person.identity_tail == "1017"
        assert session.get_one(Household, village.households[0]).head_name != FORGOTTEN


def test_an_admin_forgets_before_the_period_who_asks_for_it_and_has_left(
    intake: Database, small_township: SmallTownship
) -> None:
    admin, village = act_as(small_township, Role.ADMIN), small_township.villages[0]
    with intake.transaction() as session:
        session.execute(
            update(Resident).where(Resident.person_id == village.heads[0]).values(valid_to=today() - timedelta(days=9))
        )
        with pytest.raises(Invalid, match="为什么"):
            forget_person(session, admin, session.get_one(Person, village.heads[0]), " ")
        for resident in (village.heads[1], small_township.villages[1].heads[0]):
            with pytest.raises(Conflict, match="先办迁出"):
                forget_person(session, admin, session.get_one(Person, resident), "本人申请")
        assert forget_person(session, admin, session.get_one(Person, village.heads[0]), "本人申请").name == FORGOTTEN
    with intake.transaction() as session:
        forget_person(session, admin, session.get_one(Person, village.heads[0]), "本人申请")
    assert logged(intake, "forget_resident") == [(str(village.heads[0]), "本人申请")]


def test_a_household_that_ended_is_not_called_after_its_forgotten_head_though_others_are_remembered(
    intake: Database, small_township: SmallTownship
) -> None:
    village = small_township.villages[0]
    with intake.transaction() as session:
        other = next(each for each in people_left(session, village.households[0]) if each != village.heads[0])
        home = village.households[1]
        session.add(Resident(person_id=other, household_id=home, relation="母", valid_from=today() - LONG_AGO))
    run_nightly(intake)
    with intake.reading() as session:
        assert session.get_one(Person, other).name != FORGOTTEN
        assert session.get_one(Household, village.households[0]).head_name == FORGOTTEN
        assert session.get_one(Household, home).head_name != FORGOTTEN
    (body,) = sent_to(intake, Service.POINTS, "forget_resident")
    assert '"household_ids":[]' in body


def test_demands_lose_who_asked_and_open_ones_go_on(intake: Database, small_township: SmallTownship) -> None:
    village, day = small_township.villages[0], today()
    with intake.transaction() as session:
        category = DemandCategory(township_id=small_township.id, code="ROAD", name="道路")
        session.add(category)
        session.flush()
        name = session.get_one(Person, village.heads[0]).name
        for number, state, household, reporter in (
            ("D1", DemandState.CLOSED, village.households[0], name),
            ("D2", DemandState.WAITING, village.households[0], name),
            ("D3", DemandState.WAITING, village.households[1], name),
        ):
            session.add(
                Demand(
                    township_id=small_township.id, village_id=village.id, category_id=category.id, number=number,
                    channel=DemandChannel.PAGE, state=state, text="路灯不亮", reporter_name=reporter, phone_tail="1234",
                    phone_encrypted=field_cipher(Service.INTAKE).encrypt("16000001234"), household_id=household,
                    received_on=day, due_on=day, closed_on=day if state is DemandState.CLOSED else None,
                )
            )  # fmt: skip
    run_nightly(intake)
    with intake.reading() as session:
        closed, waiting, others = session.scalars(select(Demand).order_by(Demand.number)).all()
        assert (closed.text, closed.reporter_name, closed.phone_encrypted) == (FORGOTTEN, "", None)
        assert closed.forgotten_on == today()
        assert (waiting.text, waiting.reporter_name, waiting.phone_encrypted) == ("路灯不亮", "", None)
        assert (waiting.state, waiting.household_id, waiting.forgotten_on) == (DemandState.WAITING, None, None)
        assert (others.reporter_name, others.phone_tail) == (name, "1234")
