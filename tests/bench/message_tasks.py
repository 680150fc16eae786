"""What our worker of the message bench runs: a message whose handler inserts a row.

celery -A tests.bench.message_tasks:ours worker
"""

from __future__ import annotations

from dataclasses import dataclass

from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from shared.messages.base import Message, message_class
from shared.messaging import receives
from shared.messaging.worker import create_worker_app
from shared.topology import Queue, Service
from tests.bench.bare_task import INSERT


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
    session.execute(INSERT, {"number": message.number})


ours = create_worker_app(Service.POINTS, task_modules=())
