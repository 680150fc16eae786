"""Scheduled work on households."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.intake.households.renewal import renew_fields
from shared.logging import get_logger
from shared.messages.intake import RenewFields
from shared.messaging import receives


@receives(RenewFields)
def renew(session: Session, message: RenewFields) -> None:
    """Each week: write again what an older key wrote."""
    renewed = renew_fields(session)
    if renewed:
        get_logger().info("fields_renewed", values=renewed)
