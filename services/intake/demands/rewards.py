"""A confirmed demand of a household earns points, by a message to the points service; a reopened one earns no more."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.orm import Session

from shared.calendar import today
from shared.identity import Principal
from shared.messages.points import RecordEvent
from shared.messaging import outbox
from shared.models.intake import Demand, DemandCategory

ONE = 100
"""Once, in hundredths."""


def earn_points(session: Session, actor: Principal, demand: Demand) -> None:
    """State that the demand earns by its category's rule, on the day of its confirmation."""
    category = session.get_one(DemandCategory, demand.category_id)
    if demand.household_id is None or not category.rule_code:
        return
    _state(session, actor, demand, category.rule_code, withdrawn=False)


def withdraw_points(session: Session, actor: Principal, demand: Demand) -> None:
    """State that it earns nothing now, where it was stated before that it earns."""
    category = session.get_one(DemandCategory, demand.category_id)
    if demand.household_id is None or not category.rule_code or demand.points_version == 0:
        return
    _state(session, actor, demand, category.rule_code, withdrawn=True)


def _state(session: Session, actor: Principal, demand: Demand, rule_code: str, *, withdrawn: bool) -> None:
    session.execute(update(Demand).where(Demand.id == demand.id).values(points_version=Demand.points_version + 1))
    session.refresh(demand, ["points_version"])
    assert demand.household_id is not None  # noqa: S101 - both callers have returned without one
    outbox.send(
        session,
        RecordEvent(
            source=f"intake.demand:{demand.id}",
            source_version=demand.points_version,
            withdrawn=withdrawn,
            household_id=demand.household_id,
            rule_code=rule_code,
            occurred_on=demand.closed_on or today(),
            quantity=ONE,
            note=f"诉求 {demand.number} 办结",
            declared_by=actor.person_id,
            declarer_name=actor.name,
        ),
    )
