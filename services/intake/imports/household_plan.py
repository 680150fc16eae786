"""What an import of households would do: compared with the registry in a few statements, whatever its length."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.intake.households.people import identity_fields, identity_index, phone_fields, phone_index
from services.intake.households.registration import HEAD
from services.intake.imports.findings import Counts, Findings
from services.intake.imports.household_rows import ResidentRow
from shared.models.registry import Household, Person, Resident, Village
from shared.privacy import pinyin_of

Item = TypeVar("Item")
_CHUNK = 900


@dataclass(slots=True)
class HouseholdPlan:
    """What is to be written: new households with their people, people new in known ones, and changes."""

    new_households: list[list[ResidentRow]] = field(default_factory=list)
    new_residents: list[tuple[int, ResidentRow]] = field(default_factory=list)
    returning: list[tuple[int, int, ResidentRow]] = field(default_factory=list)
    household_changes: dict[int, dict[str, Any]] = field(default_factory=dict)
    person_changes: dict[int, dict[str, Any]] = field(default_factory=dict)
    relation_changes: dict[int, str] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)


@dataclass(frozen=True, slots=True)
class _Known:
    """A person of the registry, with the present membership where there is one."""

    person: Person
    resident: Resident | None


class HouseholdPlanner:
    """Compares clean rows with the registry. Errors that only the comparison shows go to `findings`."""

    def __init__(self, session: Session, township_id: int, rows: Sequence[ResidentRow], findings: Findings) -> None:
        self.findings = findings
        self.rows = rows
        villages = {row.village_id for row in rows}
        self.households = {
            (each.village_id, each.number): each
            for each in session.scalars(select(Household).where(Household.village_id.in_(villages)))
        }
        self.cards = {
            card: (village_id, number)
            for chunk in chunks(sorted({row.card for row in rows if row.card}))
            for card, village_id, number in session.execute(
                select(Household.card_number, Household.village_id, Household.number).where(
                    Household.card_number.in_(chunk)
                )
            )
        }
        self.by_identity = _people_by_identity(session, township_id, rows)
        self.members = _members(session, [each.id for each in self.households.values()])
        self.village_names = {
            row.id: row.name
            for row in session.execute(select(Village.id, Village.name).where(Village.township_id == township_id))
        }
        self.homes = _homes(session, self.by_identity.values())

    def plan(self) -> HouseholdPlan:
        """The plan of the rows without errors; the errors of the others are in `findings`."""
        self._refuse_doubles()
        grouped: dict[tuple[int, int], list[ResidentRow]] = defaultdict(list)
        for row in self.rows:
            grouped[(row.village_id, row.number)].append(row)
        plan = HouseholdPlan()
        for key, rows in grouped.items():
            household = self.households.get(key)
            self._check_household(household, key, rows)
            if any(not self.findings.is_clean(row.row) for row in rows):
                continue
            if household is None:
                self._plan_new(plan, rows)
            else:
                self._plan_known(plan, household, rows)
        return plan

    def _refuse_doubles(self) -> None:
        first: dict[str, int] = {}
        for row in self.rows:
            number = row.person.identity_number
            if number and number in first:
                self.findings.add(row.row, "identity", f"这个身份证号与第 {first[number]} 行相同，请核对。")
            elif number:
                first[number] = row.row

    def _check_household(self, household: Household | None, key: tuple[int, int], rows: Sequence[ResidentRow]) -> None:
        heads = [row for row in rows if row.relation == HEAD]
        for row in heads[1:]:
            self.findings.add(row.row, "relation", f"这一户有两位户主（第 {heads[0].row} 行也是），请核对。")
        if household is None and not heads:
            self.findings.add(rows[0].row, "relation", "这一户没有户主的一行，请补上；户主那一行有错时请先改好。")
        for row in rows:
            if (row.group_id, row.card or rows[0].card) != (rows[0].group_id, rows[0].card or row.card):
                self.findings.add(row.row, "group", f"同一户的组或卡号与第 {rows[0].row} 行不一样，请核对。")
            owner = self.cards.get(row.card)
            if owner is not None and owner != key:
                self.findings.add(row.row, "card", f"这个卡号已发给{self._place(owner)}，请核对。")
            if household is not None and row.card and row.card != household.card_number:
                self.findings.add(row.row, "card", "这一户已有另一个卡号。换卡请在住户页面办理。")
            self._check_person(household, row)

    def _check_person(self, household: Household | None, row: ResidentRow) -> None:
        known = self._known(household, row)
        if known is None or known.resident is None:
            return
        home = self.homes.get(known.person.id)
        if household is None or known.resident.household_id != household.id:
            where = self._place(home) if home else "另一户"
            self.findings.add(row.row, "identity", f"这个人已登记在{where}。迁户请先在原来的户里办理迁出。")
        elif (row.relation == HEAD) != (known.resident.relation == HEAD):
            self.findings.add(row.row, "relation", "变更户主请在住户页面办理，这里不改。")

    def _plan_new(self, plan: HouseholdPlan, rows: list[ResidentRow]) -> None:
        plan.new_households.append(rows)
        plan.counts.created += 1 + len(rows)

    def _plan_known(self, plan: HouseholdPlan, household: Household, rows: Sequence[ResidentRow]) -> None:
        first = rows[0]
        address = next((row.address for row in rows if row.address), household.address)
        wanted = {"group_id": first.group_id, "address": address}
        if first.neighbours_id is not None:
            wanted["neighbours_id"] = first.neighbours_id
        changed = {name: value for name, value in wanted.items() if getattr(household, name) != value}
        if changed:
            plan.household_changes[household.id] = changed
        _count(plan.counts, bool(changed))
        for row in rows:
            known = self._known(household, row)
            if known is None:
                plan.new_residents.append((household.id, row))
                plan.counts.created += 1
            elif known.resident is None:
                plan.returning.append((household.id, known.person.id, row))
                plan.counts.created += 1
            else:
                self._plan_person(plan, known, row)

    def _plan_person(self, plan: HouseholdPlan, known: _Known, row: ResidentRow) -> None:
        assert known.resident is not None  # noqa: S101 - the caller has looked
        changes = _person_changes(known.person, row)
        if changes:
            plan.person_changes[known.person.id] = changes
        if row.relation != known.resident.relation:
            plan.relation_changes[known.resident.id] = row.relation
        _count(plan.counts, bool(changes) or row.relation != known.resident.relation)

    def _known(self, household: Household | None, row: ResidentRow) -> _Known | None:
        """By identity number, else by name among the household's members who have none or gave none."""
        if row.person.identity_number:
            found = self.by_identity.get(identity_index(row.person.identity_number))
            if found is not None:
                return found
        if household is None:
            return None
        for known in self.members.get(household.id, ()):
            if known.person.name == row.person.name and (
                not row.person.identity_number or known.person.identity_index is None
            ):
                return known
        return None

    def _place(self, key: tuple[int, int]) -> str:
        return f"{self.village_names.get(key[0], '别的村')} {key[1]} 号户"


def _person_changes(person: Person, row: ResidentRow) -> dict[str, Any]:
    """Columns that differ. An empty cell changes nothing: workbooks often know less than the registry."""
    new = row.person
    changes: dict[str, Any] = {}
    if new.name != person.name:
        full, initials = pinyin_of(new.name)
        changes |= {"name": new.name, "pinyin": full, "initials": initials}
    if new.identity_number and identity_index(new.identity_number) != person.identity_index:
        changes |= identity_fields(new.identity_number) | {"birth_year": new.born_in}
    if new.phone and phone_index(new.phone) != person.phone_index:
        changes |= phone_fields(new.phone)
    if new.care_labels and list(new.care_labels) != json.loads(person.care_labels):
        changes["care_labels"] = json.dumps(list(new.care_labels), ensure_ascii=False)
    return changes


def _people_by_identity(session: Session, township_id: int, rows: Sequence[ResidentRow]) -> dict[str, _Known]:
    indexes = sorted({identity_index(row.person.identity_number) for row in rows if row.person.identity_number})
    found: dict[str, _Known] = {}
    for chunk in chunks(indexes):
        statement = (
            select(Person, Resident)
            .outerjoin(Resident, (Resident.person_id == Person.id) & Resident.valid_to.is_(None))
            .where(Person.township_id == township_id, Person.identity_index.in_(chunk))
        )
        for person, resident in session.execute(statement):
            found[str(person.identity_index)] = _Known(person, resident)
    return found


def _members(session: Session, household_ids: Sequence[int]) -> dict[int, list[_Known]]:
    members: dict[int, list[_Known]] = defaultdict(list)
    for chunk in chunks(household_ids):
        statement = (
            select(Person, Resident)
            .join(Resident, Resident.person_id == Person.id)
            .where(Resident.household_id.in_(chunk), Resident.valid_to.is_(None))
        )
        for person, resident in session.execute(statement):
            members[resident.household_id].append(_Known(person, resident))
    return members


def _homes(session: Session, people: Iterable[_Known]) -> dict[int, tuple[int, int]]:
    homes: dict[int, tuple[int, int]] = {}
    ids = sorted({known.resident.household_id for known in people if known.resident})
    places = {
        row.id: (row.village_id, row.number)
        for chunk in chunks(ids)
        for row in session.execute(
            select(Household.id, Household.village_id, Household.number).where(Household.id.in_(chunk))
        )
    }
    for known in people:
        if known.resident is not None:
            homes[known.person.id] = places[known.resident.household_id]
    return homes


def _count(counts: Counts, changed: bool) -> None:
    if changed:
        counts.changed += 1
    else:
        counts.unchanged += 1


def chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
