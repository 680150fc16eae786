"""The bare Celery task of the message bench: one insert. Celery as it comes, with the settings of our own workers.

celery -A tests.bench.bare_task:bare worker
"""

from __future__ import annotations

from sqlalchemy import text

from shared.database import database_of
from shared.messaging.celery_settings import new_app
from shared.settings import settings
from shared.topology import Queue, Service

INSERT = text("INSERT INTO bench_row (number) VALUES (:number)")

bare = new_app("bench.bare", settings().redis_url, (Queue.POINTS_BULK,))


@bare.task(name="bench.insert")  # type: ignore[untyped-decorator]
def insert_plainly(number: int) -> None:
    """One insert in a transaction of its own, through the same engine as ours."""
    with database_of(Service.POINTS).transaction() as session:
        session.execute(INSERT, {"number": number})
