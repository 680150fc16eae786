"""Tasks that every service has: the upkeep of its own plumbing tables."""

from __future__ import annotations

from sqlalchemy.orm import Session

from shared import audit
from shared.logging import get_logger
from shared.messages.base import Message
from shared.messages.plumbing import CHAIN_AUDIT
from shared.messaging.handlers import receives


def chain_audit(session: Session, message: Message) -> None:
    """Chain the audit rows that were written since the last time."""
    rows = audit.chain_new_rows(session)
    if rows:
        get_logger().info("audit_chained", service=session.info["service"].value, rows=rows)


for _message in CHAIN_AUDIT.values():
    receives(_message)(chain_audit)
