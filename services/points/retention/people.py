"""People whom the registry has forgotten: names and texts go; ids, amounts and digests of the ledger stay untouched."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Update, or_, select, tuple_, update
from sqlalchemy.orm import Session

from services.points.retention.evidence import forget_unshown
from shared.database.upserts import execute_counted
from shared.models.points import BoardRow, Event, Objection, Redemption
from shared.models.registry import Duty, Household, Resident
from shared.privacy import mask_name
from shared.retention import FORGOTTEN


def forget_people(session: Session, person_ids: Collection[int], household_ids: Collection[int]) -> int:
    """Take these people's names, and these households' texts and evidence, out of the records; how many rows."""
    files = _evidence_of(session, household_ids)
    rows = sum(
        execute_counted(session, statement.execution_options(synchronize_session=False))
        for statement in _statements(session, person_ids, household_ids)
    )
    forget_unshown(session, files)
    return rows


def _statements(session: Session, person_ids: Collection[int], household_ids: Collection[int]) -> list[Update]:
    villages = _villages_of(session, person_ids, household_ids)
    theirs = Redemption.household_id.in_(household_ids)
    return [
        update(Event)
        .where(Event.village_id.in_(villages), Event.declared_by.in_(person_ids), Event.declarer_name.is_not(None))
        .values(declarer_name=None),
        update(Event)
        .where(Event.village_id.in_(villages), Event.household_id.in_(household_ids))
        .where(or_(Event.note.is_not(None), Event.witness.is_not(None), Event.evidence_file.is_not(None)))
        .values(note=None, witness=None, evidence_file=None),
        update(Objection)
        .where(Objection.raised_by.in_(person_ids), Objection.raiser_name != "")
        .values(raiser_name=""),
        update(Objection)
        .where(Objection.household_id.in_(household_ids), Objection.text != FORGOTTEN)
        .values(text=FORGOTTEN, raiser_name=""),
        update(Redemption).where(theirs, Redemption.fetched_by != "").values(fetched_by=""),
        *_renamed_rows(session, person_ids, household_ids),
    ]


def _renamed_rows(session: Session, person_ids: Collection[int], household_ids: Collection[int]) -> list[Update]:
    """Boards keep the name under which these people's households are known today, and no former one."""
    lived = select(Resident.household_id).where(Resident.person_id.in_(person_ids))
    named = session.execute(
        select(BoardRow.household_id, BoardRow.masked_name, Household.head_name)
        .join(Household, Household.id == BoardRow.household_id)
        .where(or_(Household.id.in_(lived), Household.id.in_(household_ids)), BoardRow.masked_name != FORGOTTEN)
        .distinct()
    ).all()
    former = [(row.household_id, row.masked_name) for row in named if mask_name(row.head_name) != row.masked_name]
    if not former:
        return []
    return [
        update(BoardRow)
        .where(tuple_(BoardRow.household_id, BoardRow.masked_name).in_(former))
        .values(masked_name=FORGOTTEN)
    ]


def _villages_of(session: Session, person_ids: Collection[int], household_ids: Collection[int]) -> list[int]:
    """Where they lived or served: events lie by village, and the others need not be read."""
    lived = (
        select(Household.village_id)
        .join(Resident, Resident.household_id == Household.id)
        .where(Resident.person_id.in_(person_ids))
    )
    served = select(Duty.village_id).where(Duty.person_id.in_(person_ids), Duty.village_id.is_not(None))
    theirs = select(Household.village_id).where(Household.id.in_(household_ids))
    return [village for village in session.scalars(lived.union(served, theirs)) if village is not None]


def _evidence_of(session: Session, household_ids: Collection[int]) -> list[str]:
    villages = list(session.scalars(select(Household.village_id).where(Household.id.in_(household_ids)).distinct()))
    statement = select(Event.evidence_file).where(
        Event.village_id.in_(villages), Event.household_id.in_(household_ids), Event.evidence_file.is_not(None)
    )
    return sorted({sha256 for sha256 in session.scalars(statement) if sha256 is not None})
