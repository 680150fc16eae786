"""An import of duties: people are found by identity number, else by name; what is there already stays as it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.intake.households.bulk import insert_rows
from services.intake.households.people import NewPerson, identity_index, person_values
from services.intake.imports.findings import Counts, Findings
from services.intake.imports.household_rows import Places
from services.intake.offices.duties import DUTY_WORDS
from shared.calendar import today
from shared.errors import Invalid
from shared.excel import Row
from shared.models.registry import VILLAGE_DUTIES, Duty, DutyKind, GridLevel, Office, Person
from shared.privacy import clean_name, parse_identity_number, parse_phone

_KINDS = {words: kind for kind, words in DUTY_WORDS.items()}
_LEVELS = (GridLevel.AREA, GridLevel.GROUP, GridLevel.NEIGHBOURS)


@dataclass(frozen=True, slots=True)
class DutyRow:
    """One clean row. `person_id` is None for somebody whom the registry does not know yet."""

    row: int
    person: NewPerson
    person_id: int | None
    kind: DutyKind
    village_id: int | None
    grid_id: int | None
    office_id: int | None
    title: str
    valid_from: date | None
    valid_to: date | None

    @property
    def place(self) -> tuple[object, ...]:
        return (self.kind, self.village_id, self.grid_id, self.office_id)


class DutyPlanner:
    """Checks rows of duties against the registry and writes those that are new."""

    def __init__(self, session: Session, township_id: int, places: Places, findings: Findings) -> None:
        self.session, self.township_id = session, township_id
        self.places, self.findings = places, findings
        offices = session.scalars(select(Office).where(Office.township_id == township_id))
        self.offices = {name: office.id for office in offices for name in (office.code, office.name)}
        self.by_name: dict[str, list[int]] = defaultdict(list)
        self.by_identity: dict[str, int] = {}
        people = select(Person.id, Person.name, Person.identity_index).where(Person.township_id == township_id)
        for person_id, name, index in session.execute(people):
            self.by_name[name].append(person_id)
            if index:
                self.by_identity[index] = person_id
        self.held = {
            (duty.person_id, duty.kind, duty.village_id, duty.grid_id, duty.office_id)
            for duty in session.scalars(select(Duty).where(Duty.township_id == township_id, Duty.valid_to.is_(None)))
        }

    def read(self, rows: Iterable[Row]) -> list[DutyRow]:
        """The clean rows; what is wrong with the others is in the findings."""
        clean = []
        for row in rows:
            self.findings.take(row)
            found = self._read(row)
            if found is not None and self.findings.is_clean(row.number):
                clean.append(found)
        return clean

    def count(self, rows: list[DutyRow]) -> Counts:
        """How many duties are new, and how many people hold them already."""
        held = sum(self._is_held(row) for row in rows)
        return Counts(created=len(rows) - held, unchanged=held)

    def write(self, rows: list[DutyRow]) -> None:
        """Insert new people and new duties, each in one statement."""
        new = [row for row in rows if not self._is_held(row)]
        people: dict[tuple[str, str], NewPerson] = {}
        for row in new:
            if row.person_id is None:
                people.setdefault((row.person.name, row.person.identity_number), row.person)
        made: dict[tuple[str, str], int] = {}
        if people:
            ids = insert_rows(self.session, Person, person_values(self.township_id, list(people.values())))
            made = dict(zip(people, ids, strict=True))
        insert_rows(self.session, Duty, [self._values(row, made) for row in new])

    def _values(self, row: DutyRow, made: dict[tuple[str, str], int]) -> dict[str, Any]:
        return {
            "township_id": self.township_id,
            "person_id": row.person_id or made[(row.person.name, row.person.identity_number)],
            "kind": row.kind,
            "village_id": row.village_id,
            "grid_id": row.grid_id,
            "office_id": row.office_id,
            "title": row.title,
            "valid_from": row.valid_from or today(),
            "valid_to": row.valid_to,
            "version": 1,
        }

    def _is_held(self, row: DutyRow) -> bool:
        return row.person_id is not None and (row.person_id, *row.place) in self.held

    def _read(self, row: Row) -> DutyRow | None:
        if row.errors:
            return None
        kind = _KINDS[row.text("kind")]
        try:
            person, person_id = self._person(row)
            village_id = self._village(row, kind)
            grid_id = self._grid(row, kind, village_id)
            office_id = self._office(row, kind)
        except _CellProblem as problem:
            self.findings.add(row.number, problem.key, problem.sentence)
            return None
        valid_from, valid_to = row.values["valid_from"], row.values["valid_to"]
        start = valid_from if isinstance(valid_from, date) else None
        end = valid_to if isinstance(valid_to, date) else None
        if end is not None and end < (start or today()):
            self.findings.add(row.number, "valid_to", "卸任日期早于任职日期，请核对。")
        return DutyRow(
            row.number, person, person_id, kind, village_id, grid_id, office_id, row.text("title"), start, end
        )

    def _person(self, row: Row) -> tuple[NewPerson, int | None]:
        name = _reading("name", clean_name, row.text("name"))
        identity = row.text("identity")
        number = _reading("identity", parse_identity_number, identity).number if identity else ""
        phone = _reading("phone", parse_phone, row.text("phone")) if row.text("phone") else ""
        person = NewPerson(name, number, phone)
        if number and (found := self.by_identity.get(identity_index(number))) is not None:
            return person, found
        namesakes = self.by_name.get(name, [])
        if not number and len(namesakes) > 1:
            raise _CellProblem("identity", f"台账里有 {len(namesakes)} 位“{name}”，请填身份证号，才知道是哪一位。")
        return person, (namesakes[0] if namesakes and not number else None)

    def _village(self, row: Row, kind: DutyKind) -> int | None:
        text = row.text("village")
        if kind in VILLAGE_DUTIES and not text:
            raise _CellProblem("village", f"“{DUTY_WORDS[kind]}”要填在哪个村。")
        if kind not in VILLAGE_DUTIES:
            if text:
                raise _CellProblem("village", f"“{DUTY_WORDS[kind]}”是乡镇的职责，村这一格请空着。")
            return None
        village_id: int = _reading("village", self.places.village, text)
        return village_id

    def _grid(self, row: Row, kind: DutyKind, village_id: int | None) -> int | None:
        text = row.text("grid")
        if kind is not DutyKind.GRID_MEMBER or village_id is None:
            return None
        for level in _LEVELS:
            try:
                return self.places.grid(village_id, level, text)
            except Invalid:
                continue
        raise _CellProblem(
            "grid",
            f"这个村没有叫“{text}”的片、组或邻，请核对。" if text else f"{DUTY_WORDS[kind]}要填负责的片、组或邻。",
        )

    def _office(self, row: Row, kind: DutyKind) -> int | None:
        text = row.text("office")
        if kind is not DutyKind.HANDLER:
            return None
        if text not in self.offices:
            raise _CellProblem(
                "office", f"没有叫“{text}”的办公室，请核对。" if text else f"{DUTY_WORDS[kind]}要填所在的办公室。"
            )
        return self.offices[text]


class _CellProblem(Exception):
    """Raised for the first cell of a row that can't be taken."""

    def __init__(self, key: str, sentence: str) -> None:
        super().__init__(sentence)
        self.key, self.sentence = key, sentence


def _reading(key: str, read: Any, text: str) -> Any:
    try:
        return read(text)
    except Invalid as error:
        raise _CellProblem(key, error.detail) from error
