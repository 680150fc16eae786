"""Whose public pages these are: the township by host name, where a county hosts several."""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from shared.models.registry import Township

NONE_YET = 0


def township_of_host(session: Session, host: str) -> int:
    """Id of the township that answers to `host` (with or without a port), else of the first that answers to any.

    0 while there is no such township: the public then sees no records at all.
    """
    name = host.rsplit(":", 1)[0].lower() if not host.endswith("]") else host.lower()
    found = session.execute(
        select(Township.id)
        .where(or_(Township.host == name, Township.host.is_(None)))
        .order_by(Township.host.is_(None), Township.id)
        .limit(1)
    ).scalar()
    return found or NONE_YET
