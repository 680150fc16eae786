"""Following a demand with number and code, without an account; wrong codes are counted in SQL."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from services.intake.demands.conversion import receipt_by_number
from services.intake.demands.numbers import clean_number, code_fits
from shared.database.upserts import execute_counted
from shared.errors import NotFound, TooMany
from shared.models.base import now
from shared.models.intake import Demand, FollowTry, SealedReceipt

TRIES = 5
WINDOW = timedelta(minutes=15)
_WRONG = "编号或查询码不对。请对照提交时记下的 8 位编号和 8 位查询码，重新填写。"


def admit_try(session: Session, township_id: int, number: str) -> None:
    """Count a try for a number before its code is looked at. Raises TooMany after five in a quarter of an hour."""
    number = clean_number(number)[:20]
    since = now() - WINDOW
    recent = select(func.count(), func.min(FollowTry.at)).where(
        FollowTry.township_id == township_id, FollowTry.number == number, FollowTry.at > since
    )
    count, first = session.execute(recent).one()
    if count >= TRIES:
        wait = max(1, int((first + WINDOW - now()).total_seconds()))
        raise TooMany(
            f"这个编号的查询码错得太多，请 {wait // 60 + 1} 分钟后再试。忘了查询码，可以带上编号到村里问。",
            retry_after=wait,
        )
    session.add(FollowTry(township_id=township_id, number=number, at=now()))
    session.flush()


def forget_tries(session: Session, township_id: int, number: str) -> None:
    """After a right code the number is free again."""
    session.execute(
        delete(FollowTry).where(FollowTry.township_id == township_id, FollowTry.number == clean_number(number)[:20])
    )


def forget_old_tries(session: Session) -> int:
    """Delete the counts of tries whose quarter of an hour is over; how many."""
    return execute_counted(session, delete(FollowTry).where(FollowTry.at < now() - WINDOW))


def find_followed(session: Session, township_id: int, number: str, code: str) -> Demand | SealedReceipt:
    """What number and code belong to. Raises NotFound with the same words for a wrong number and for a wrong code."""
    number = clean_number(number)
    if not code_fits(township_id, number, code):
        raise NotFound(_WRONG)
    demand = session.scalar(select(Demand).where(Demand.township_id == township_id, Demand.number == number))
    found = demand or receipt_by_number(session, township_id, number)
    if found is None:
        raise NotFound(_WRONG)
    return found
