"""The gateway's message: someone should know."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.gateway.notices.notices import keep_notice
from shared.messages.gateway import Notify
from shared.messaging import receives


@receives(Notify)
def notify(session: Session, message: Notify) -> None:
    """Show a notice, or take it back."""
    keep_notice(
        session,
        source=message.source,
        source_version=message.source_version,
        withdrawn=message.withdrawn,
        township_id=message.township_id,
        person_ids=message.person_ids,
        household_ids=message.household_ids,
        title=message.title,
        text=message.text,
        link=message.link,
        urgent=message.urgent,
    )
