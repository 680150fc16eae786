"""How often a message was tried, counted in transactions of their own, and what happens after the fifth time."""

from __future__ import annotations

import traceback
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from shared.database.upserts import execute_counted, insert_or_nothing, upsert
from shared.models.base import now
from shared.models.plumbing_tables import attempts_of, dead_letters_of, inbox_of, service_of

MAX_ATTEMPTS = 5
KILLED = "the worker process ended during the work (killed, out of memory or over the time limit)"
_ERROR_LENGTH = 1000


def is_handled(session: Session, message_id: str) -> bool:
    """Whether the inbox holds the message's id."""
    inbox = inbox_of(service_of(session))
    return session.scalar(select(inbox.c.message_id).where(inbox.c.message_id == message_id)) is not None


def count_attempt(session: Session, message_id: str, error: str, *, step: int = 1) -> int:
    """Add `step` to the message's attempts, note the error, and return how many they are now."""
    table = attempts_of(service_of(session))
    statement = upsert(session, table).values(message_id=message_id, attempts=step, last_error=error, last_at=now())
    counted = statement.on_conflict_do_update(
        index_elements=[table.c.message_id],
        set_={
            "attempts": table.c.attempts + step,
            "last_error": statement.excluded.last_error,
            "last_at": statement.excluded.last_at,
        },
    ).returning(table.c.attempts)
    return int(session.scalar(counted) or 0)


def count_start(session: Session, message_id: str) -> tuple[int, int]:
    """Count the start of a copy before its work: the starts so far with this one, and how many were added.

    Nobody counts the first start of a message. So the first count of all stands for two: the start that this copy
    follows, and its own.
    """
    table = attempts_of(service_of(session))
    first = insert_or_nothing(session, table).values(
        message_id=message_id, attempts=2, last_error=KILLED, last_at=now()
    )
    if execute_counted(session, first) == 1:
        return 2, 2
    return count_attempt(session, message_id, KILLED), 1


def uncount_start(session: Session, message_id: str, added: int) -> None:
    """Take back what `count_start` added: the start ended through no fault of the message."""
    table = attempts_of(service_of(session))
    one = table.c.message_id == message_id
    session.execute(delete(table).where(one, table.c.attempts <= added))
    session.execute(update(table).where(one).values(attempts=table.c.attempts - added))


def clear_attempts(session: Session, message_id: str) -> None:
    """Forget the count of a message that was handled, parked or sent again by someone."""
    table = attempts_of(service_of(session))
    session.execute(delete(table).where(table.c.message_id == message_id))


def park(session: Session, letter: dict[str, Any]) -> bool:
    """Keep a dead letter, and take its id into the inbox with it; False when the message was handled meanwhile."""
    service = service_of(session)
    inbox_row = {"message_id": letter["message_id"], "name": letter["name"], "handled_at": now()}
    if execute_counted(session, insert_or_nothing(session, inbox_of(service)).values(inbox_row)) != 1:
        return False
    session.execute(insert_or_nothing(session, dead_letters_of(service)).values(**letter, died_at=now()))
    clear_attempts(session, letter["message_id"])
    return True


def describe_error(error: BaseException) -> str:
    """Kind, first line and place of an error; never the parameters of a statement, which are people's data."""
    told = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    words = (str(told).strip().splitlines() or [""])[0]
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(told).__name__}: {words}"[:_ERROR_LENGTH] + place
