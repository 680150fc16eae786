"""The demo's demands: 53 collected over a year, 46 solved, the other seven in the states that people wait in."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from random import Random

from sqlalchemy import update
from sqlalchemy.orm import Session

from deploy.demo.cases import DEMANDS, SOLVED_DEMANDS, DemandPlan
from deploy.demo.registry import MadeTownship, MadeVillage
from services.intake.demands.categories import add_usual_categories, list_categories
from services.intake.demands.time_limits import due_day
from services.intake.demands.transitions import TRANSITIONS
from shared.models.intake import Demand, DemandCategory, DemandStep
from shared.models.intake_kinds import DemandAction, DemandChannel, DemandState
from shared.models.registry import DutyKind, Grid, Household, Person

TOUR_DEMAND = "26000001"
"""Number of the demand that the tour follows."""
DEMAND_RULE = "PA04"
"""The rule that a confirmed demand earns by."""

_OPEN_STATES = (
    DemandState.WAITING,
    DemandState.WAITING,
    DemandState.ASSIGNED,
    DemandState.TAKEN,
    DemandState.WORKING,
    DemandState.ANSWERED,
    DemandState.ANSWERED,
)
_PATH = (
    DemandAction.ASSIGN,
    DemandAction.TAKE,
    DemandAction.START,
    DemandAction.ANSWER,
    DemandAction.CONFIRM,
)
_REACHED = {
    DemandState.WAITING: 0,
    DemandState.ASSIGNED: 1,
    DemandState.TAKEN: 2,
    DemandState.WORKING: 3,
    DemandState.ANSWERED: 4,
    DemandState.CLOSED: 5,
}


class DemandMaker:
    """Writes demands with their history, oldest first."""

    def __init__(self, session: Session, random: Random, made: MadeTownship, day: date) -> None:
        self._session = session
        self._random = random
        self._made = made
        self._day = day

    def make(self) -> None:
        """The categories, then all demands; the last solved one is the tour's."""
        offices = {plan.category: self._made.offices[plan.office] for plan in DEMANDS}
        add_usual_categories(self._session, self._made.id)
        self._session.execute(
            update(DemandCategory)
            .where(DemandCategory.township_id == self._made.id, DemandCategory.code != "other")
            .values(rule_code=DEMAND_RULE)
        )
        categories = {category.name: category for category in self._session.scalars(list_categories(self._made.id))}
        for name, office_id in offices.items():
            categories[name].office_id = office_id
        order = list(DEMANDS)
        self._random.shuffle(order)
        for index, plan in enumerate(order):
            solved = index < SOLVED_DEMANDS
            state = DemandState.CLOSED if solved else _OPEN_STATES[index - SOLVED_DEMANDS]
            ago = 380 - index * 8 if solved else 9 - (index - SOLVED_DEMANDS)
            received_on = self._day - timedelta(days=max(ago, 1))
            number = TOUR_DEMAND if index == SOLVED_DEMANDS - 1 else self._number(received_on, index)
            self._demand(plan, categories[plan.category], state, received_on, number)
        self._session.flush()

    def _number(self, received_on: date, index: int) -> str:
        return f"{received_on.year % 100:02d}{100_000 + index * 7919 % 800_000:06d}"

    def _demand(
        self, plan: DemandPlan, category: DemandCategory, state: DemandState, received_on: date, number: str
    ) -> None:
        village = self._random.choice(self._made.villages[:4])
        household_number = self._random.choice(list(village.households))
        if number == TOUR_DEMAND:
            # Where the tour's grid member looks: the first group of the first village.
            village = self._made.villages[0]
            household_number = min(village.households)
        household = self._session.get_one(Household, village.households[household_number])
        due_on, provisional = due_day(received_on, category.limit_days)
        reached = _REACHED[state]
        days = [min(received_on + timedelta(days=step), self._day) for step in range(1, 6)]
        demand = Demand(
            township_id=self._made.id,
            village_id=village.id,
            group_id=household.group_id,
            household_id=household.id,
            category_id=category.id,
            number=number,
            channel=self._random.choice((DemandChannel.VISIT, DemandChannel.VISIT, DemandChannel.COUNTER)),
            state=state,
            text=plan.text,
            place=self._session.get_one(Grid, household.group_id).name,
            reporter_name=household.head_name,
            office_id=self._made.offices[plan.office] if reached else None,
            answered_by=self._made.handlers[plan.office] if reached >= 4 else None,
            public_answer=plan.answer if reached >= 4 else "",
            received_on=received_on,
            due_on=due_on,
            due_is_provisional=provisional,
            answered_on=days[3] if reached >= 4 else None,
            closed_on=days[4] if reached >= 5 else None,
            created_at=_at(received_on, 9),
            version=1 + reached,
        )
        self._session.add(demand)
        self._session.flush()
        self._steps(demand, plan, village, reached, days)

    def _steps(self, demand: Demand, plan: DemandPlan, village: MadeVillage, reached: int, days: list[date]) -> None:
        cadre, handler = self._cadre_of(village), self._made.handlers[plan.office]
        people = (cadre, handler, handler, handler, cadre)
        state = DemandState.WAITING
        for action, day, person_id in zip(_PATH[:reached], days, people, strict=False):
            person = self._session.get_one(Person, person_id)
            target = TRANSITIONS[action].target
            self._session.add(
                DemandStep(
                    demand_id=demand.id,
                    at=_at(day, 10),
                    action=action,
                    from_state=state,
                    to_state=target,
                    actor=f"person:{person_id}",
                    person_id=person_id,
                    actor_name=person.name,
                )
            )
            state = target

    def _cadre_of(self, village: MadeVillage) -> int:
        return village.duties[DutyKind.CADRE][2]


def _at(day: date, hour: int) -> datetime:
    """Morning in the township, as an instant."""
    return datetime.combine(day, time(hour - 8), UTC)
