"""What the forms about petitions offer."""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.gateway.pages.place import villages_of
from services.gateway.pages.services import petitions
from services.gateway.pages.wording import _
from shared.calendar import today
from shared.identity import Principal
from shared.models.registry import Duty, DutyKind, Office, Person

Option = tuple[str, str]
_WORKERS = (DutyKind.HANDLER, DutyKind.LEADER, DutyKind.CLERK)


def register_options(principal: Principal) -> dict[str, list[Option]]:
    """Channels, categories and purposes, in the service's own words."""
    offered = petitions.get("/api/petitions/choices", principal).data
    return {name: [(each["value"], each["text"]) for each in values] for name, values in offered.items()}


def village_options(session: Session, township_id: int) -> list[Option]:
    """The township's villages, and none of them."""
    return [("", _("不是某个村的")), *((each.code, each.name) for each in villages_of(session, township_id))]


def worker_options(session: Session, township_id: int) -> list[Option]:
    """Those whose duty lets them work on a petition, with their office."""
    on = today()
    rows = session.execute(
        select(Person.id, Person.name, Office.name)
        .join(Duty, Duty.person_id == Person.id)
        .outerjoin(Office, Office.id == Duty.office_id)
        .where(Duty.township_id == township_id, Duty.kind.in_(_WORKERS))
        .where(Duty.valid_from <= on, or_(Duty.valid_to.is_(None), Duty.valid_to >= on))
        .order_by(Office.position, Person.id)
    )
    named = {str(person): f"{name}（{office}）" if office else name for person, name, office in rows}
    return [("", _("请选择")), *named.items()]
