"""What intake forgets each night."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.intake.retention.demands import forget_closed_demands
from services.intake.retention.residents import forget_moved_residents
from shared.logging import get_logger
from shared.messages.base import Message
from shared.messages.retention import FORGET_PAST
from shared.messaging import outbox, receives
from shared.settings import settings
from shared.topology import Service

_MESSAGE = FORGET_PAST[Service.INTAKE]


@receives(_MESSAGE)
def forget_past(session: Session, message: Message) -> None:
    """Forget one batch of each kind; another message comes for the rest."""
    keep = settings().keep
    people = forget_moved_residents(session, _MESSAGE.name, after_days=keep.residents_days)
    demands = forget_closed_demands(session, _MESSAGE.name, after_days=keep.demands_days)
    if people or demands:
        get_logger().info("past_forgotten", service=Service.INTAKE.value, people=people, demands=demands)
        outbox.send(session, _MESSAGE())
