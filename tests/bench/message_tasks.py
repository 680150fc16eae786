"""What the workers of the message bench run: a message whose handler inserts a row, and a bare task that does so too.

celery -A tests.bench.message_tasks:ours worker     celery -A tests.bench.message_tasks:bare worker
"""

from __future__ import annotations

from dataclasses import dataclass

from marshmallow import Schema, fields
from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.database import database_of
from shared.messages.base import Message, message_class
from shared.messaging import create_worker_app, receives
from shared.messaging.celery_settings import new_app
from shared.settings import settings
from shared.topology import Queue, Service

_INSERT = text("INSERT INTO bench_row (number) VALUES (:number)")


class _NumberV1(Schema):
    number = fields.Integer(required=True, strict=True)


@message_class(name="points.bench_insert", queue=Queue.POINTS, version=1, accepts={1: _NumberV1()})
@dataclass(frozen=True, slots=True)
class InsertNumber(Message):
    """Leaves a row."""

    number: int


@receives(InsertNumber)
def insert_number(session: Session, message: InsertNumber) -> None:
    """The handler: one insert, in the transaction that takes the message."""
    session.execute(_INSERT, {"number": message.number})


ours = create_worker_app(Service.POINTS, task_modules=())
bare = new_app("bench.bare", settings().redis_url, (Queue.POINTS_BULK,))


@bare.task(name="bench.insert")  # type: ignore[untyped-decorator]
def insert_plainly(number: int) -> None:
    """The bare task: one insert."""
    with database_of(Service.POINTS).transaction() as session:
        session.execute(_INSERT, {"number": number})
