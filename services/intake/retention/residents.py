"""People who have left: their names, numbers and labels are forgotten, their ids stay, so that ledgers still add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from services.intake.households.registration import HEAD
from services.intake.retention.demands import forget_demands_of
from shared import audit
from shared.calendar import SHANGHAI, today
from shared.errors import Conflict, Invalid
from shared.identity import Principal
from shared.identity.principal import system
from shared.messages.retention import FORGET_RESIDENT
from shared.messaging import outbox
from shared.models.intake import RegistryImport
from shared.models.registry import Duty, Household, Kinship, Office, Person, Resident
from shared.retention import FORGOTTEN, period_words, record_forgotten

BATCH = 200
_NOTHING: dict[str, Any] = {
    "name": FORGOTTEN,
    "pinyin": "",
    "initials": "",
    "birth_year": None,
    "identity_encrypted": None,
    "identity_index": None,
    "identity_tail": "",
    "phone_encrypted": None,
    "phone_index": None,
    "phone_tail": "",
    "care_labels": "[]",
    "party_status": None,
}


def forget_moved_residents(session: Session, task: str, *, after_days: int) -> int:
    """Forget the next batch of people who have lived nowhere here and held no duty for `after_days`; how many."""
    last = today() - timedelta(days=after_days)
    due = session.execute(
        select(Person.township_id, Person.id)
        .where(
            Person.forgotten_on.is_(None),
            Person.created_at < datetime.combine(last, time(), SHANGHAI),
            ~_belongs_here(last),
        )
        .order_by(Person.township_id, Person.id)
        .limit(BATCH)
    ).all()
    for township_id in sorted({row.township_id for row in due}):
        people = [row.id for row in due if row.township_id == township_id]
        _forget(session, system(township_id, task), people, purpose=period_words(after_days))
    record_forgotten(session, task, "residents", Counter(row.township_id for row in due), after_days=after_days)
    return len(due)


def forget_person(session: Session, actor: Principal, person: Person, reason: str) -> Person:
    """Forget somebody before that. Raises Conflict for who lives or serves here, Invalid without a reason."""
    reason = reason.strip()
    if not reason:
        raise Invalid("请写明为什么删除，例如“本人申请”。", errors={"reason": ["请写明为什么删除。"]})
    if session.scalar(select(_belongs_here(today() - timedelta(days=1))).where(Person.id == person.id)):
        raise Conflict("这个人现在还登记在一户里，或者还有职责。请先办迁出、结束职责，再删除个人信息。")
    if person.forgotten_on is None:
        _forget(session, actor, [person.id], purpose=reason[:200])
        session.refresh(person)
    return person


def _forget(session: Session, actor: Principal, people: Sequence[int], *, purpose: str) -> None:
    session.execute(
        update(Person)
        .where(Person.id.in_(people))
        .values(forgotten_on=today(), version=Person.version + 1)
        .execution_options(synchronize_session=False)
    )
    households = _empty_households(session, people)
    forget_demands_of(session, people, households)
    _forget_names(session, people, households)
    for person_id in people:
        audit.record(session, actor, "forget_resident", "person", person_id, purpose=purpose)
    for message in FORGET_RESIDENT.values():
        outbox.send(session, message(actor.township_id, list(people), households))


def _forget_names(session: Session, people: Sequence[int], households: Sequence[int]) -> None:
    session.execute(
        update(Person)
        .where(Person.id.in_(people))
        .values(**_NOTHING)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    session.execute(delete(Kinship).where(Kinship.person_id.in_(people)))
    session.execute(
        update(RegistryImport)
        .where(RegistryImport.person_id.in_(people))
        .values(actor_name="")
        .execution_options(synchronize_session=False)
    )
    # A head leaves a household only when it ends: it goes on being called so, also where the others are remembered.
    led = select(Resident.household_id).where(Resident.person_id.in_(people), Resident.relation == HEAD)
    named = and_(Household.id.in_(led), Household.valid_to.is_not(None))
    session.execute(
        update(Household)
        .where(or_(Household.id.in_(households), named))
        .values(head_name=FORGOTTEN, head_pinyin="", head_initials="", address="", version=Household.version + 1)
        .execution_options(synchronize_session=False)
    )


def _empty_households(session: Session, people: Sequence[int]) -> list[int]:
    """The ended households of these people in which nobody is left whom the registry remembers."""
    remembered = (
        select(Resident.id)
        .join(Person, Person.id == Resident.person_id)
        .where(Resident.household_id == Household.id, Person.forgotten_on.is_(None))
    )
    theirs = select(Resident.household_id).where(Resident.person_id.in_(people))
    return list(
        session.scalars(
            select(Household.id)
            .where(Household.id.in_(theirs), Household.valid_to.is_not(None), ~remembered.exists())
            .order_by(Household.id)
        )
    )


def _belongs_here(last: date) -> ColumnElement[bool]:
    """Whether the person lived in a household or held a duty after `last`, or heads an office."""
    return or_(
        exists().where(Resident.person_id == Person.id, or_(Resident.valid_to.is_(None), Resident.valid_to > last)),
        exists().where(Duty.person_id == Person.id, or_(Duty.valid_to.is_(None), Duty.valid_to > last)),
        exists().where(Office.head_id == Person.id),
    )
