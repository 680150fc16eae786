"""Declared relatives 申报亲属: who reviews points names the households of relatives, and reviews nothing of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Select, Table, select
from sqlalchemy.orm import Session

from services.intake.people.people import person_by_id
from shared import audit
from shared.database.upserts import execute_counted, insert_or_nothing
from shared.errors import Forbidden, Invalid, NotFound
from shared.identity import Principal, Role
from shared.models.base import now
from shared.models.registry import Household, Kinship, Person, Village


@dataclass(frozen=True, slots=True)
class KinshipView:
    """One declaration with the names that belong to it."""

    id: int
    person_id: int
    household_id: int
    head_name: str
    village_name: str
    declared_at: datetime


def kinships_of(session: Session, actor: Principal, person_id: int | None) -> list[KinshipView]:
    """What a person has declared, the oldest first; without a person the actor's own. Raises Forbidden, NotFound."""
    person = _person(session, actor, person_id)
    found = session.scalars(select(Kinship).where(Kinship.person_id == person.id).order_by(Kinship.id)).all()
    return kinship_views(session, found)


def declare_kinship(session: Session, actor: Principal, household_id: int, person_id: int | None) -> Kinship:
    """The person reviews nothing of this household from now on; declaring it again changes nothing.

    Everybody declares for themselves, an admin for anybody. Raises Forbidden, NotFound, Invalid for a household that
    is none of the township's.
    """
    person = _person(session, actor, person_id)
    household = session.scalar(
        select(Household)
        .join(Village, Village.id == Household.village_id)
        .where(Household.id == household_id, Village.township_id == actor.township_id)
    )
    if household is None:
        raise Invalid("没有这一户，请重新查找。", errors={"household_id": ["没有这一户，请重新查找。"]})
    values = {"person_id": person.id, "household_id": household.id, "declared_at": now()}
    is_new = execute_counted(session, insert_or_nothing(session, cast(Table, Kinship.__table__)).values(**values))
    kinship = session.scalars(
        select(Kinship).where(Kinship.person_id == person.id, Kinship.household_id == household.id)
    ).one()
    if is_new:
        audit.record(
            session, actor, "declare_kinship", "person", person.id,
            village_id=household.village_id, details={"household": household.id},
        )  # fmt: skip
    return kinship


def kinship_by_id(session: Session, actor: Principal, kinship_id: int) -> Kinship:
    """Raises NotFound, also for another township's, and for another person's unless the actor is an admin."""
    kinship = session.scalar(
        select(Kinship)
        .join(Person, Person.id == Kinship.person_id)
        .where(Kinship.id == kinship_id, Person.township_id == actor.township_id)
    )
    if kinship is None or not (actor.has(Role.ADMIN) or kinship.person_id == actor.person_id):
        raise NotFound("没有这条亲属申报。")
    return kinship


def withdraw_kinship(session: Session, actor: Principal, kinship: Kinship) -> None:
    """Take back what was declared by mistake. Raises Forbidden for whoever is no admin, or for one's own."""
    if not actor.has(Role.ADMIN) or kinship.person_id == actor.person_id:
        raise Forbidden("申报过的亲属不能自己撤回。填错了的，请由另一位乡镇管理员撤回。")
    audit.record(
        session, actor, "withdraw_kinship", "person", kinship.person_id, details={"household": kinship.household_id}
    )  # fmt: skip
    session.delete(kinship)
    session.flush()


def kinship_views(session: Session, kinships: Sequence[Kinship]) -> list[KinshipView]:
    """Views in the order given, in one statement."""
    named: Select[int, str, str] = (
        select(Household.id, Household.head_name, Village.name)
        .join(Village, Village.id == Household.village_id)
        .where(Household.id.in_([kinship.household_id for kinship in kinships]))
    )
    names = {household_id: (head, village) for household_id, head, village in session.execute(named)}
    return [
        KinshipView(each.id, each.person_id, each.household_id, *names[each.household_id], each.declared_at)
        for each in kinships
    ]


def _person(session: Session, actor: Principal, person_id: int | None) -> Person:
    wanted = actor.person_id if person_id is None else person_id
    if wanted is None:
        raise Forbidden("申报亲属要以本人账号登录。")
    if wanted != actor.person_id and not actor.has(Role.ADMIN):
        raise Forbidden("只能为自己申报亲属。替别人登记的，请乡镇管理员来办。")
    return person_by_id(session, actor, wanted)
