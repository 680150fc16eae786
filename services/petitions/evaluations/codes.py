"""Number and code open the petitioner's own view. Wrong codes are counted per number, existing or not."""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import cast

from sqlalchemy import Table, case, delete, or_, select
from sqlalchemy.orm import Session

from services.petitions.register.secrets import clean_code, hide, new_code, reveal
from shared.database.upserts import execute_counted, upsert
from shared.errors import TooMany
from shared.identity import Principal
from shared.models.base import now
from shared.models.petitions import CodeTry, Petition
from shared.privacy import blind_index

TRIES = 10
WINDOW = timedelta(hours=1)
WRONG = "编号或查询码不对。请按回执上的编号和查询码重新填写。"
"""The one answer to a wrong number and to a wrong code."""


def petition_by_code(session: Session, actor: Principal, number: str, code: str) -> Petition | None:
    """The petition of the township with this number and code, or None, after counting the wrong try.

    Raises TooMany after ten wrong tries within an hour, for numbers that do not exist as well. The caller commits
    the count although it answers with an error.
    """
    number, code = clean_code(number), clean_code(code)
    index = blind_index(number, "petitions.number")
    _refuse_too_many(session, actor, index)
    petition = session.scalars(
        select(Petition).where(
            Petition.township_id == actor.township_id,
            # The slip of a demand that became a petition stays good: its number, its code.
            or_(Petition.number == number, Petition.source == f"intake.demand:{actor.township_id}:{number}"),
        )
    ).one_or_none()
    # A number that does not exist costs the same work as a wrong code.
    stored = petition.code_encrypted if petition else hide({"code": new_code()})
    if hmac.compare_digest(str(reveal(stored)["code"]).encode(), code.encode()) and petition is not None:
        return petition
    _count_try(session, actor, index)
    return None


def forget_old_tries(session: Session) -> int:
    """Delete counts whose hour is over; how many."""
    return execute_counted(session, delete(CodeTry).where(CodeTry.first_at < now() - WINDOW))


def _refuse_too_many(session: Session, actor: Principal, index: str) -> None:
    counted = session.execute(
        select(CodeTry.tries, CodeTry.first_at).where(
            CodeTry.township_id == actor.township_id, CodeTry.number_hash == index
        )
    ).one_or_none()
    if counted is None or counted.tries < TRIES:
        return
    left = counted.first_at + WINDOW - now()
    if left > timedelta():
        minutes = -(-int(left.total_seconds()) // 60)
        raise TooMany(
            f"这个编号试错的次数太多，请过 {minutes} 分钟再试，或带回执到信访工作室查询。",
            retry_after=max(int(left.total_seconds()), 1),
        )


def _count_try(session: Session, actor: Principal, index: str) -> None:
    """One more in the running hour, or the first of a new one; one statement, so that no try is lost."""
    present = now()
    over = CodeTry.first_at < present - WINDOW
    session.execute(
        upsert(session, cast(Table, CodeTry.__table__))
        .values(township_id=actor.township_id, number_hash=index, tries=1, first_at=present)
        .on_conflict_do_update(
            index_elements=["township_id", "number_hash"],
            set_={
                "tries": case((over, 1), else_=CodeTry.tries + 1),
                "first_at": case((over, present), else_=CodeTry.first_at),
            },
        )
    )
