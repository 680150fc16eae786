"""Tasks of the store: parse the message, call the domain."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.points.store.lapsing import lapse_redemptions
from shared.logging import get_logger
from shared.messages.points_work import LapseRedemptions
from shared.messaging import receives


@receives(LapseRedemptions)
def lapse(session: Session, message: LapseRedemptions) -> None:
    """Release what was not fetched in time."""
    lapsed = lapse_redemptions(session)
    if lapsed:
        get_logger().info("redemptions_lapsed", count=lapsed)
