"""Tasks of expiry: parse the message, call the domain."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.points.expiry.booking import expire_village, order_expiry
from shared.logging import get_logger
from shared.messages.points_work import ExpirePoints, ExpireVillage
from shared.messaging import receives


@receives(ExpirePoints)
def expire_points(session: Session, message: ExpirePoints) -> None:
    """Let the month that is over go, village by village."""
    get_logger().info("expiry_ordered", villages=order_expiry(session))


@receives(ExpireVillage)
def expire_one_village(session: Session, message: ExpireVillage) -> None:
    """Book one village's expiry of a month, and announce the next one."""
    households = expire_village(session, message.village_id, message.month)
    if households:
        get_logger().info("points_expired", village=message.village_id, month=message.month, households=households)
