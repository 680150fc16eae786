"""Writing an import's plan in a few statements."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.intake.households.bulk import insert_rows
from services.intake.households.people import person_values
from services.intake.households.registration import HEAD, NewHousehold, NewResident, register_households_bulk
from services.intake.imports.household_plan import HouseholdPlan, chunks
from services.intake.imports.household_rows import ResidentRow
from shared.calendar import today
from shared.models.registry import Household, Person, Resident


def write_household_plan(session: Session, township_id: int, plan: HouseholdPlan) -> None:
    """Write everything of the plan. The plan was made in the same transaction."""
    register_households_bulk(session, township_id, [_new_household(rows) for rows in plan.new_households])
    _add_residents(session, township_id, plan)
    _change(session, Household, plan.household_changes)
    _change(session, Person, plan.person_changes)
    if plan.relation_changes:
        session.execute(
            update(Resident), [{"id": each, "relation": relation} for each, relation in plan.relation_changes.items()]
        )
    _rename_heads(session, plan)


def _new_household(rows: list[ResidentRow]) -> NewHousehold:
    first = rows[0]
    return NewHousehold(
        village_id=first.village_id,
        group_id=first.group_id,
        neighbours_id=next((row.neighbours_id for row in rows if row.neighbours_id), None),
        number=first.number,
        card_number=next((row.card for row in rows if row.card), None),
        address=next((row.address for row in rows if row.address), ""),
        residents=[NewResident(row.person, row.relation) for row in rows],
        valid_from=today(),
    )


def _add_residents(session: Session, township_id: int, plan: HouseholdPlan) -> None:
    person_ids = insert_rows(session, Person, person_values(township_id, [row.person for _, row in plan.new_residents]))
    memberships = [
        (household_id, person_id, row.relation)
        for (household_id, row), person_id in zip(plan.new_residents, person_ids, strict=True)
    ]
    memberships += [(household_id, person_id, row.relation) for household_id, person_id, row in plan.returning]
    insert_rows(
        session,
        Resident,
        [
            {
                "household_id": household_id,
                "person_id": person_id,
                "relation": relation,
                "valid_from": today(),
                "valid_to": None,
            }
            for household_id, person_id, relation in memberships
        ],
    )


def _change(session: Session, model: type[Household | Person], changes: dict[int, dict[str, Any]]) -> None:
    """One statement for each set of columns that change together."""
    by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for record_id, values in changes.items():
        by_columns.setdefault(tuple(sorted(values)), []).append({"id": record_id, **values})
    for rows in by_columns.values():
        session.execute(update(model), rows)
    for ids in chunks(list(changes)):
        session.execute(update(model).where(model.id.in_(ids)).values(version=model.version + 1))


def _rename_heads(session: Session, plan: HouseholdPlan) -> None:
    """Lists show the head's name from the household itself."""
    renamed = [person_id for person_id, values in plan.person_changes.items() if "name" in values]
    if not renamed:
        return
    head = select(Resident.household_id).where(Resident.relation == HEAD, Resident.valid_to.is_(None))
    mine = (
        select(Person)
        .join(Resident, Resident.person_id == Person.id)
        .where(Resident.household_id == Household.id, Resident.relation == HEAD, Resident.valid_to.is_(None))
    )
    values = {
        name: mine.with_only_columns(column).scalar_subquery()
        for name, column in (
            ("head_name", Person.name),
            ("head_pinyin", Person.pinyin),
            ("head_initials", Person.initials),
        )
    }
    for ids in chunks(renamed):
        session.execute(
            update(Household)
            .where(Household.id.in_(head.where(Resident.person_id.in_(ids))))
            .values(values)
            .execution_options(synchronize_session=False)
        )
