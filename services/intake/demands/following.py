"""Following a demand with number and code, without an account; wrong codes are counted in SQL."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from sqlalchemy import Table, case, delete, select
from sqlalchemy.orm import Session

from services.intake.demands.conversion import receipt_by_number
from services.intake.demands.numbers import clean_number, code_fits
from shared.database.upserts import execute_counted, upsert
from shared.errors import NotFound, TooMany
from shared.models.base import now
from shared.models.intake import Demand, FollowTry, SealedReceipt

TRIES = 5
WINDOW = timedelta(minutes=15)
_WRONG = "编号或查询码不对。请对照提交时记下的 8 位编号和 8 位查询码，重新填写。"


def admit_try(session: Session, township_id: int, number: str) -> None:
    """Count a try for a number before its code is looked at. Raises TooMany after five in a quarter of an hour.

    One statement counts: tries at the same moment wait for each other at the row.
    """
    present = now()
    over = FollowTry.first_at < present - WINDOW
    tries, first = session.execute(
        upsert(session, cast(Table, FollowTry.__table__))
        .values(township_id=township_id, number=_key(number), tries=1, first_at=present)
        .on_conflict_do_update(
            index_elements=["township_id", "number"],
            set_={
                "tries": case((over, 1), else_=FollowTry.tries + 1),
                "first_at": case((over, present), else_=FollowTry.first_at),
            },
        )
        .returning(FollowTry.tries, FollowTry.first_at)
    ).one()
    if tries > TRIES:
        wait = max(1, int((first + WINDOW - present).total_seconds()))
        raise TooMany(
            f"这个编号的查询码错得太多，请 {wait // 60 + 1} 分钟后再试。忘了查询码，可以带上编号到村里问。",
            retry_after=wait,
        )


def forget_tries(session: Session, township_id: int, number: str) -> None:
    """After a right code the number is free again."""
    session.execute(delete(FollowTry).where(FollowTry.township_id == township_id, FollowTry.number == _key(number)))


def forget_old_tries(session: Session) -> int:
    """Delete the counts of tries whose quarter of an hour is over; how many."""
    return execute_counted(session, delete(FollowTry).where(FollowTry.first_at < now() - WINDOW))


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


def _key(number: str) -> str:
    return clean_number(number)[:20]
