"""The demo's points: rulebooks and their adoption, five quarters of events, boards, goods and redemptions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from deploy.demo.history import (
    EventPlan,
    HistoryMaker,
    follows_the_tea_garden,
    leads_the_tea_garden,
    tour_events,
)
from deploy.demo.places import VILLAGES
from deploy.demo.registry import TOUR_HOUSEHOLD, MadeTownship, MadeVillage
from services.points.events.bulk import ReviewedEvent, record_events_bulk
from services.points.quarters.transitions import close_quarter, publish_quarter, tally_quarter
from services.points.store.fulfilments import fulfil_redemption
from services.points.store.items import ItemFacts, add_item
from services.points.store.opening_days import state_opening_days, version_of
from services.points.store.reservations import reserve_goods
from services.points.store.stock import Delivery, receive_goods
from shared.errors import Conflict
from shared.identity import Grant, Principal, Role
from shared.models.base import now
from shared.models.points import BoardEdition, LotSource, RuleCode, VillageQuarter
from shared.models.registry import DutyKind, Person
from shared.quarters import first_day, last_day, quarter_of

CLOSED_QUARTERS = 4
EVENTS_PER_HOUSEHOLD = 2.92
"""In a quarter of the township; about 9,000 in four quarters and a half."""
COUNTY_EVENTS_PER_HOUSEHOLD = 7.0
"""In a quarter of the county; about 1.6 million."""


@dataclass(frozen=True, slots=True)
class Goods:
    """What the stores give: points for one, and how many came in."""

    code: str
    name: str
    unit: str
    points: int
    stock: int
    cost_fen: int


GOODS = (
    Goods("XJJ", "洗洁精", "瓶", 800, 60, 650),
    Goods("XYF", "洗衣粉", "袋", 1200, 50, 980),
    Goods("YG", "牙膏", "支", 600, 80, 520),
    Goods("XLP", "洗脸盆", "个", 1500, 30, 1200),
)

STORE_OPEN_ON = (3, 6)
"""Wednesday and Saturday."""


def villager_of(made: MadeTownship, village: MadeVillage, session: Session, kind: DutyKind, place: int) -> Principal:
    """The principal of one who holds a duty in a village."""
    person = session.get_one(Person, village.duties[kind][place])
    return Principal(
        made.id,
        actor=f"person:{person.id}",
        person_id=person.id,
        name=person.name,
        grants=(Grant(Role(kind.value), village_id=village.id),),
    )


class PointsMaker:
    """Writes one village's history in the caller's transaction, quarter by quarter, as it would have been."""

    def __init__(self, random: Random, day: date, *, per_household: float = EVENTS_PER_HOUSEHOLD) -> None:
        self._random = random
        self._day = day
        self._history = HistoryMaker(random, per_household=per_household)
        self.quarter = quarter_of(day)

    def village(self, session: Session, made: MadeTownship, village: MadeVillage, *, is_first: bool) -> int:
        """Events of all quarters, boards of the closed ones; the number of events."""
        codes = session.scalars(select(RuleCode).where(RuleCode.township_id == made.id))
        rules = {code.code: code.id for code in codes}
        cadre = villager_of(made, village, session, DutyKind.CADRE, 2)
        activity = self._history.activity(village.plan.households)
        if is_first:
            activity[TOUR_HOUSEHOLD - 1] = 0.0
        count = 0
        for quarter in range(self.quarter - CLOSED_QUARTERS, self.quarter + 1):
            plans = list(self._history.quarter_of(range(1, village.plan.households + 1), activity, quarter, self._day))
            if is_first and quarter == self.quarter:
                plans += tour_events(TOUR_HOUSEHOLD, quarter, self._day)
            if quarter < self.quarter and quarter % 4 == 0 and village.plan in VILLAGES:
                plans += self._tea_garden(village, quarter, is_first=is_first)
            plans.sort(key=lambda plan: plan.occurred_on)
            events = list(self._reviewed(plans, village, rules))
            # Booked on the quarter's last evening, what lies in the running one at once.
            booked_at = min(_at(min(last_day(quarter), self._day), 20), now())
            record_events_bulk(session, village.id, events, made_by=cadre.actor, made_at=booked_at)
            count += len(events)
            if quarter < self.quarter:
                self._close(session, cadre, village, quarter)
        return count

    def _tea_garden(self, village: MadeVillage, quarter: int, *, is_first: bool) -> list[EventPlan]:
        """What the report tells of the spring: who leads the demonstration garden, and who follows."""
        secretary = village.duties[DutyKind.CADRE][0]
        own = [number for number, head in village.heads.items() if is_first and head == secretary]
        others = [number for number in village.households if number not in (TOUR_HOUSEHOLD, *own)]
        plans = follows_the_tea_garden(others, quarter, self._random)
        return plans + [leads_the_tea_garden(number, quarter) for number in own]

    def _reviewed(self, plans: list[EventPlan], village: MadeVillage, rules: dict[str, int]) -> Iterator[ReviewedEvent]:
        """Declared by the group's grid member, reviewed by a cadre who is not of that household."""
        members = village.duties[DutyKind.GRID_MEMBER]
        cadres = village.duties[DutyKind.CADRE]
        for plan in plans:
            head = village.heads[plan.household]
            declared_by = members[village.group_of[plan.household] - 1]
            reviewer = next(cadre for cadre in reversed(cadres) if cadre not in (head, declared_by))
            yield ReviewedEvent(
                household_id=village.households[plan.household],
                rule_id=rules[plan.code],
                occurred_on=plan.occurred_on,
                quantity=plan.quantity,
                chosen=plan.chosen,
                note=plan.note or None,
                declared_by=declared_by,
                declared_at=_at(plan.occurred_on, 10),
                reviewed_by=reviewer,
                reviewed_at=_at(plan.occurred_on, 17),
            )

    def _close(self, session: Session, cadre: Principal, village: MadeVillage, quarter: int) -> None:
        """Tally, publish and close on the days on which a village does it: the 5th and the 15th after the quarter."""
        code = village.plan.code
        published_on = min(first_day(quarter + 1) + timedelta(days=4), self._day - timedelta(days=9))
        tally_quarter(session, cadre, code, quarter)
        publish_quarter(session, cadre, code, quarter)
        session.execute(
            update(VillageQuarter)
            .where(VillageQuarter.village_id == village.id, VillageQuarter.quarter == quarter)
            .values(
                tallied_at=_at(published_on, 9),
                published_at=_at(published_on, 10),
                objections_until=published_on + timedelta(days=7),
            )
        )
        close_quarter(session, cadre, code, quarter)
        closed_on = published_on + timedelta(days=8)
        session.execute(
            update(VillageQuarter)
            .where(VillageQuarter.village_id == village.id, VillageQuarter.quarter == quarter)
            .values(closed_at=_at(closed_on, 9))
        )
        for edition, day in ((1, published_on), (2, closed_on)):
            session.execute(
                update(BoardEdition)
                .where(
                    BoardEdition.village_id == village.id,
                    BoardEdition.quarter == quarter,
                    BoardEdition.edition == edition,
                )
                .values(published_at=_at(day, 10), public_until=day + timedelta(days=366))
            )

    def store(self, session: Session, made: MadeTownship, village: MadeVillage) -> None:
        """Goods on the shelf, some redemptions fulfilled, a few that wait to be fetched."""
        keeper = villager_of(made, village, session, DutyKind.KEEPER, 0)
        state_opening_days(
            session, keeper, village_code=village.plan.code, weekdays=STORE_OPEN_ON, expected_version=version_of(())
        )
        items = []
        for goods in GOODS:
            facts = ItemFacts(name=goods.name, unit=goods.unit, points=goods.points, cost_fen=goods.cost_fen)
            item = add_item(session, keeper, village_code=village.plan.code, code=goods.code, facts=facts)
            delivery = Delivery(source=LotSource.PURCHASE, unit_cost_fen=goods.cost_fen)
            receive_goods(session, keeper, item_id=item.id, quantity=goods.stock, delivery=delivery)
            items.append(item)
        households = [number for number in village.households if number != TOUR_HOUSEHOLD]
        self._random.shuffle(households)
        fulfilled = 0
        for number in households:
            if fulfilled >= 14:
                break
            redemption = self._reserve(session, keeper, village.households[number], self._random.choice(items).id)
            if redemption is None:
                continue
            fulfilled += 1
            if fulfilled <= 10:
                fulfil_redemption(session, keeper, redemption)

    def _reserve(self, session: Session, keeper: Principal, household_id: int, item_id: int) -> int | None:
        try:
            return reserve_goods(
                session, keeper, household_id=household_id, item_id=item_id, quantity=1, key=f"demo-{household_id}"
            ).id
        except Conflict:
            return None


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour - 8), UTC)
