"""Tasks of quarters: parse the message, call the domain."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.points.quarters.opening import open_quarters
from shared.logging import get_logger
from shared.messages.points_work import OpenQuarters
from shared.messaging import receives


@receives(OpenQuarters)
def open_running_quarters(session: Session, message: OpenQuarters) -> None:
    """Open the running quarter in every village."""
    opened = open_quarters(session)
    if opened:
        get_logger().info("quarters_opened", villages=opened)
