"""The demo's registry: township, villages, groups, offices, households, and who holds which duty."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from sqlalchemy import insert
from sqlalchemy.orm import Session

from deploy.demo.names import NameMaker
from deploy.demo.people import HouseholdPlan, PeopleMaker, ResidentPlan
from deploy.demo.places import NUMERALS, OFFICES, TOWNSHIP_CODE, TOWNSHIP_NAME, VillagePlan, group_name
from services.intake.households.cards import card_check_digit
from services.intake.households.people import NewPerson, person_values
from services.intake.households.registration import NewHousehold, NewResident, register_households_bulk
from shared.models.registry import (
    Duty,
    DutyKind,
    Grid,
    GridLevel,
    Office,
    Person,
    Township,
    Village,
)

TOUR_HOUSEHOLD = 66
"""Number, in the first village, of the household whose 12.50 the tour explains."""
TOUR_HEAD = "石桂花"

SETTINGS = {
    "opening_hours": "周一至周五 8:30–12:00，14:30–17:30",
    "reception_place": "乡政府一楼信访工作室",
    "reception_phone": "0745-8600002",
    "store_hours": "每周三、周六 9:00–12:00（逢五、逢十赶集日全天）",
    "grid_levels": {"area": "片", "group": "组", "neighbours": "邻"},
}


@dataclass(slots=True)
class MadeVillage:
    """A village as it was made: ids, group ids by number, households by number, duty holders."""

    id: int
    plan: VillagePlan
    groups: dict[int, int] = field(default_factory=dict)
    households: dict[int, int] = field(default_factory=dict)
    group_of: dict[int, int] = field(default_factory=dict)
    heads: dict[int, int] = field(default_factory=dict)
    duties: dict[DutyKind, list[int]] = field(default_factory=lambda: defaultdict(list))


@dataclass(slots=True)
class MadeTownship:
    """The township as it was made; `officials` are person ids by duty, `offices` ids by code."""

    id: int
    villages: list[MadeVillage]
    offices: dict[str, int]
    handlers: dict[str, int]
    officials: dict[DutyKind, list[int]]


class RegistryMaker:
    """Makes the registry of the demo in the caller's transaction, the same for the same seed and day."""

    def __init__(self, session: Session, random: Random, day: date, denied: frozenset[str] = frozenset()) -> None:
        self._session = session
        self._random = random
        self._day = day
        self._since = date(day.year - 3, 1, 1)
        self._names = NameMaker(random, denied)
        self._people = PeopleMaker(random, self._names, day)
        self._cards = 0

    def make(self, plans: Sequence[VillagePlan]) -> MadeTownship:
        """Township, villages with people, offices, officials and duties."""
        township = Township(
            code=TOWNSHIP_CODE,
            name=TOWNSHIP_NAME,
            phone="0745-8600001",
            settings=json.dumps(SETTINGS, ensure_ascii=False),
            is_demo=True,
        )
        self._session.add(township)
        self._session.flush()
        villages = [self._village(township.id, index, plan) for index, plan in enumerate(plans)]
        made = MadeTownship(township.id, villages, {}, {}, defaultdict(list))
        self._offices(made)
        self._officials(made)
        for village in villages:
            self._village_duties(made, village)
        self._session.flush()
        return made

    def _village(self, township_id: int, index: int, plan: VillagePlan) -> MadeVillage:
        row = Village(
            township_id=township_id,
            code=plan.code,
            name=plan.name,
            phone=f"0745-8600{index % 900 + 100:03d}",
            valid_from=date(2016, 1, 1),
        )
        self._session.add(row)
        self._session.flush()
        village = MadeVillage(row.id, plan)
        areas = self._areas(village)
        for number in range(1, plan.groups + 1):
            area = areas[(number - 1) * len(areas) // plan.groups]
            group = Grid(
                village_id=row.id,
                parent_id=area,
                level=GridLevel.GROUP,
                code=f"{number:02d}",
                name=group_name(number),
            )
            self._session.add(group)
            self._session.flush()
            village.groups[number] = group.id
        self._households(township_id, village, first=index == 0)
        return village

    def _areas(self, village: MadeVillage) -> list[int]:
        rows = [
            Grid(village_id=village.id, level=GridLevel.AREA, code=f"P{number}", name=f"第{NUMERALS[number - 1]}片")
            for number in range(1, 2 + (village.plan.groups > 5))
        ]
        self._session.add_all(rows)
        self._session.flush()
        return [row.id for row in rows]

    def _households(self, township_id: int, village: MadeVillage, *, first: bool) -> None:
        plans = list(self._people.households_of(village.plan))
        if first:
            self._name_tour_head(plans[TOUR_HOUSEHOLD - 1])
        households = [self._new_household(village, plan) for plan in plans]
        registered = register_households_bulk(self._session, township_id, households)
        for plan, made in zip(plans, registered, strict=True):
            village.households[plan.number] = made.household_id
            village.group_of[plan.number] = plan.group
            village.heads[plan.number] = made.person_ids[0]

    def _name_tour_head(self, plan: HouseholdPlan) -> None:
        plan.residents = [
            self._people.person(TOUR_HEAD, "户主", male=False, age=66, phone=True),
            self._people.person("吴昌礼", "配偶", male=True, age=69, phone=False),
        ]

    def _new_household(self, village: MadeVillage, plan: HouseholdPlan) -> NewHousehold:
        self._cards += 1
        return NewHousehold(
            village_id=village.id,
            group_id=village.groups[plan.group],
            residents=[NewResident(_new_person(resident), resident.relation) for resident in plan.residents],
            valid_from=self._since,
            number=plan.number,
            card_number=demo_card(self._cards),
            card_token=f"{self._random.getrandbits(96):024x}",
            address=f"{village.plan.name}{group_name(plan.group)}{plan.number}号",
        )

    def _offices(self, made: MadeTownship) -> None:
        for position, plan in enumerate(OFFICES):
            office = Office(
                township_id=made.id,
                code=plan.code,
                name=plan.name,
                phone=f"0745-86000{position + 10}",
                handles=plan.handles,
                position=position,
            )
            self._session.add(office)
            self._session.flush()
            made.offices[plan.code] = office.id
            handler = self._official(made, DutyKind.HANDLER, "主任" if position else "党政办主任", office_id=office.id)
            made.handlers[plan.code] = handler
            office.head_id = handler

    def _officials(self, made: MadeTownship) -> None:
        for title in ("乡党委书记", "乡长", "党委副书记"):
            self._official(made, DutyKind.LEADER, title)
        for kind, title in (
            (DutyKind.CLERK, "信访专干"),
            (DutyKind.DISCIPLINE, "纪检干部"),
            (DutyKind.ADMIN, "乡镇管理员"),
            (DutyKind.ADMIN, "乡镇管理员（复核）"),
            (DutyKind.AUDITOR, "审计监督"),
            (DutyKind.OPERATOR, "运维"),
        ):
            self._official(made, kind, title)

    def _official(self, made: MadeTownship, kind: DutyKind, title: str, *, office_id: int | None = None) -> int:
        male = self._random.random() < 0.6
        age = self._random.randint(26, 55)
        name = self._names.full_name(self._names.surname(), male=male, born=self._day.year - age)
        plan = self._people.person(name, "", male=male, age=age, phone=True)
        values = person_values(made.id, [_new_person(plan)])
        person_id = self._session.scalars(insert(Person).returning(Person.id), values).one()
        self._session.add(
            Duty(
                township_id=made.id,
                person_id=person_id,
                kind=kind,
                office_id=office_id,
                title=title,
                valid_from=self._since,
            )
        )
        made.officials[kind].append(person_id)
        return person_id

    def _village_duties(self, made: MadeTownship, village: MadeVillage) -> None:
        """Heads of households hold the village's duties; a group's grid member is one of its own households."""
        free = [number for number in village.households if number != TOUR_HOUSEHOLD]
        self._random.shuffle(free)
        holders = iter(free)
        for kind, title in (
            (DutyKind.CADRE, "村党总支书记"),
            (DutyKind.CADRE, "村委会副主任"),
            (DutyKind.CADRE, "村文书"),
            (DutyKind.KEEPER, "积分超市管理员"),
            (DutyKind.SUPERVISOR, "村务监督委员会主任"),
            (DutyKind.JUDGE, "评议员"),
            (DutyKind.JUDGE, "评议员"),
            (DutyKind.JUDGE, "评议员"),
        ):
            self._duty(made, village, kind, title, village.heads[next(holders)])
        taken = set(village.duties[DutyKind.CADRE])
        for number, grid_id in village.groups.items():
            own = [n for n, group in village.group_of.items() if group == number and village.heads[n] not in taken]
            holder = village.heads[self._random.choice([n for n in own if n != TOUR_HOUSEHOLD])]
            self._duty(made, village, DutyKind.GRID_MEMBER, "组长", holder, grid_id=grid_id)

    def _duty(
        self,
        made: MadeTownship,
        village: MadeVillage,
        kind: DutyKind,
        title: str,
        person_id: int,
        *,
        grid_id: int | None = None,
    ) -> None:
        self._session.add(
            Duty(
                township_id=made.id,
                person_id=person_id,
                kind=kind,
                village_id=village.id,
                grid_id=grid_id,
                title=title,
                valid_from=self._since + timedelta(days=30),
            )
        )
        village.duties[kind].append(person_id)


def demo_card(count: int) -> str:
    """The card number of the `count`-th household that is made."""
    first_nine = str(100_000_000 + count * 7)
    return first_nine + card_check_digit(first_nine)


def _new_person(plan: ResidentPlan) -> NewPerson:
    return NewPerson(
        name=plan.name,
        identity_number=plan.identity_number,
        phone=plan.phone,
    )


__all__ = ["TOUR_HEAD", "TOUR_HOUSEHOLD", "MadeTownship", "MadeVillage", "RegistryMaker", "demo_card"]
