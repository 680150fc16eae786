"""Tasks of the store: parse the message, call the domain."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.points.store.lapsing import lapse_village, order_lapsing
from shared.logging import get_logger
from shared.messages.points_work import LapseRedemptions, LapseVillage
from shared.messaging import receives


@receives(LapseRedemptions)
def lapse(session: Session, message: LapseRedemptions) -> None:
    """Release what was not fetched in time, village by village."""
    villages = order_lapsing(session)
    if villages:
        get_logger().info("lapsing_ordered", villages=villages)


@receives(LapseVillage)
def lapse_one_village(session: Session, message: LapseVillage) -> None:
    """Release what was not fetched in time in one village."""
    lapsed = lapse_village(session, message.village_id)
    if lapsed:
        get_logger().info("redemptions_lapsed", village=message.village_id, count=lapsed)
