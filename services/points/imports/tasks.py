"""Tasks of imports: parse the message, call the domain."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.points.imports.declaring import declare_import, fail_reading
from services.points.imports.reading import (
    Reading,
    begin_reading,
    open_import,
    read_workbook,
    sort_rows,
    tell_reading,
    write_errors,
)
from services.points.imports.releasing import fail_release, post_released
from shared.database import Database
from shared.logging import get_logger
from shared.messages.points_work import ReadImport, ReleaseImport
from shared.messaging import receives
from shared.models.points import ImportBatch


def prepare_reading(database: Database, message: ReadImport) -> Reading | None:
    """Read and check a workbook; its row says how far that is."""

    def tell(done: int, total: int) -> None:
        with database.transaction() as session:
            tell_reading(session, message.import_id, done, total)

    with database.transaction() as session:
        if not begin_reading(session, message.import_id):
            return None
    with database.reading() as session:
        opened = open_import(session, session.get_one(ImportBatch, message.import_id))
    reading = read_workbook(opened, tell)
    with database.reading() as session:
        wrong = sort_rows(session, reading).wrong
    write_errors(reading, wrong)
    return reading


def give_up_reading(session: Session, message: ReadImport) -> None:
    """Say that the reading failed."""
    fail_reading(session, message.import_id)


def give_up_release(session: Session, message: ReleaseImport) -> None:
    """Say that the release failed."""
    fail_release(session, message.import_id)


@receives(ReadImport, prepare=prepare_reading, give_up=give_up_reading)
def read(session: Session, message: ReadImport, reading: Reading | None) -> None:
    """Declare the rows of a workbook."""
    batch = declare_import(session, message.import_id, reading)
    if batch is not None:
        get_logger().info("import_read", batch=batch.id, rows=batch.rows_total, wrong=batch.rows_wrong)


@receives(ReleaseImport, give_up=give_up_release)
def release(session: Session, message: ReleaseImport) -> None:
    """Post what was released."""
    batch = post_released(session, message.import_id)
    if batch is not None:
        get_logger().info("import_released", batch=batch.id, rows=batch.rows_released, left=batch.rows_left)
