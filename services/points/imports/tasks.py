"""Tasks of imports: parse the message, call the domain."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.points.imports.reading import read_import
from services.points.imports.releasing import post_released
from shared.logging import get_logger
from shared.messages.points_work import ReadImport, ReleaseImport
from shared.messaging import receives


@receives(ReadImport)
def read(session: Session, message: ReadImport) -> None:
    """Read and check a workbook, declare its rows."""
    batch = read_import(session, message.import_id)
    if batch is not None:
        get_logger().info("import_read", batch=batch.id, rows=batch.rows_total, wrong=batch.rows_wrong)


@receives(ReleaseImport)
def release(session: Session, message: ReleaseImport) -> None:
    """Post what was released."""
    batch = post_released(session, message.import_id)
    if batch is not None:
        get_logger().info("import_released", batch=batch.id, rows=batch.rows_released, left=batch.rows_left)
