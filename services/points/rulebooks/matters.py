"""Resolutions 决议 on revisions, as the petitions service states them: the proof behind an adoption."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from sqlalchemy import Table, select, update
from sqlalchemy.orm import Session

from shared.database.upserts import execute_counted, upsert
from shared.models.base import now
from shared.models.points import Adoption, Rulebook, VillageMatter
from shared.models.registry import Village


@dataclass(frozen=True, slots=True)
class DecidedMatter:
    """What a message states: this resolution of this village is on this revision, or no longer stands."""

    source: str
    version: int
    withdrawn: bool
    village_id: int
    number: str
    decided_on: date
    revision: int


def keep_matter(session: Session, matter: DecidedMatter) -> None:
    """Keep the highest version of a resolution, and mark or unmark the adoption that names it."""
    values = {
        "version": matter.version,
        "withdrawn": matter.withdrawn,
        "village_id": matter.village_id,
        "revision": matter.revision,
        "number": matter.number,
        "decided_on": matter.decided_on,
    }
    statement = upsert(session, cast(Table, VillageMatter.__table__)).values(
        source=matter.source, received_at=now(), **values
    )
    newer = statement.on_conflict_do_update(
        index_elements=["source"], set_=values, where=VillageMatter.version < matter.version
    )
    if not execute_counted(session, newer):
        return
    book_id = (
        select(Rulebook.id)
        .join(Village, Village.township_id == Rulebook.township_id)
        .where(Village.id == matter.village_id, Rulebook.revision == matter.revision)
        .scalar_subquery()
    )
    session.execute(
        update(Adoption)
        .where(
            Adoption.village_id == matter.village_id,
            Adoption.rulebook_id == book_id,
            Adoption.matter_number == matter.number,
        )
        .values(matter_proven_at=None if matter.withdrawn else now())
        .execution_options(synchronize_session=False)
    )


def proof_of(session: Session, village_id: int, revision: int, number: str) -> datetime | None:
    """When the petitions service stated this resolution; None where it has not, or has withdrawn it."""
    return session.scalar(
        select(VillageMatter.received_at).where(
            VillageMatter.village_id == village_id,
            VillageMatter.revision == revision,
            VillageMatter.number == number,
            VillageMatter.withdrawn.is_(False),
        )
    )
