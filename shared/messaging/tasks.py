"""Tasks that every service has: the upkeep of its own plumbing tables."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared import audit
from shared.logging import get_logger
from shared.messages.base import Message
from shared.messages.plumbing import CHAIN_AUDIT, FORGET_EXPIRED
from shared.messaging.handlers import receives
from shared.metrics import DEAD_LETTERS
from shared.models.plumbing_tables import dead_letters_of, service_of
from shared.retention import forget_expired_plumbing


def chain_audit(session: Session, message: Message) -> None:
    """Chain the audit rows that were written since the last time."""
    service = service_of(session)
    if rows := audit.chain_new_rows(session):
        get_logger().info("audit_chained", service=service.value, rows=rows)
    # Each minute is often enough to be told that messages wait for a person's decision.
    DEAD_LETTERS.labels(service).set(session.scalar(select(func.count()).select_from(dead_letters_of(service))) or 0)


def forget_expired(session: Session, message: Message) -> None:
    """Delete the keys of repeated requests and the files that nobody needs any longer."""
    forgotten = forget_expired_plumbing(session)
    get_logger().info(
        "expired_forgotten", service=session.info["service"].value, keys=forgotten.keys, files=forgotten.files
    )


for _message in CHAIN_AUDIT.values():
    receives(_message)(chain_audit)
for _message in FORGET_EXPIRED.values():
    receives(_message)(forget_expired)
