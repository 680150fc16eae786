"""Tasks of verification: parse the message, call the domain."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.points.verification.runs import verify_next_village
from shared.logging import get_logger
from shared.messages.points_work import RunVerification
from shared.messaging import receives


@receives(RunVerification)
def run_verification(session: Session, message: RunVerification) -> None:
    """Check the next village; the message for the one after it is sent with the result."""
    checks = verify_next_village(session, message.verification_id)
    failed = [check.name for check in checks if not check.passed]
    get_logger().info("village_verified", verification=message.verification_id, checks=len(checks), failed=failed)
