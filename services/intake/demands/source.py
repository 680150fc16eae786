"""The name under which other services know a demand."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.models.intake import Demand

_PREFIX = "intake.demand"


def source_of(township_id: int, number: str) -> str:
    """`intake.demand:3:26048213`: township and number; the same for sealed ones, which have no other record here."""
    return f"{_PREFIX}:{township_id}:{number}"


def demand_of_source(session: Session, source: str) -> Demand | None:
    """The demand that a message speaks of; None for a sealed one, of which only number and date are kept."""
    prefix, township, number = source.split(":") if source.count(":") == 2 else ("", "0", "")
    if prefix != _PREFIX or not township.isdigit():
        return None
    return session.scalar(select(Demand).where(Demand.township_id == int(township), Demand.number == number))
