"""Tasks of rulebooks: parse the message, call the domain."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.points.rulebooks.matters import DecidedMatter, keep_matter
from shared.messages.points import MatterDecided
from shared.messaging import receives


@receives(MatterDecided)
def matter_decided(session: Session, message: MatterDecided) -> None:
    """A village has decided on a revision."""
    keep_matter(
        session,
        DecidedMatter(
            source=message.source,
            version=message.source_version,
            withdrawn=message.withdrawn,
            village_id=message.village_id,
            number=message.number,
            decided_on=message.decided_on,
            revision=message.revision,
        ),
    )
