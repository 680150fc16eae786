"""The demo's petitions: ten received, ten concluded, nine to be evaluated, eight evaluated, eight satisfied."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from deploy.demo.cases import PETITIONS, PetitionPlan
from deploy.demo.registry import MadeTownship
from services.petitions.evaluations.evaluations import Answer, evaluate_petition
from services.petitions.procedure.acts import perform_action
from services.petitions.procedure.transitions import Action
from services.petitions.procedure.values import ActValues
from services.petitions.procedure.words import Notice, Result
from services.petitions.register.parties import PersonDetails
from services.petitions.register.registration import Filing, register_petition
from shared.identity import Grant, Principal, Role
from shared.models.petition_kinds import Category, Channel, Grade, LegalRoute
from shared.models.petitions import Petition
from shared.models.registry import DutyKind, Household, Person


class PetitionMaker:
    """Takes petitions through the procedure on days of the past year, as the clerk would have."""

    def __init__(self, session: Session, random: Random, made: MadeTownship, day: date) -> None:
        self._session = session
        self._random = random
        self._made = made
        self._day = day
        clerk = made.officials[DutyKind.CLERK][0]
        self._clerk = Principal(
            made.id,
            actor=f"person:{clerk}",
            person_id=clerk,
            name=session.get_one(Person, clerk).name,
            grants=(Grant(Role.CLERK),),
        )

    def make(self) -> list[str]:
        """All of them; their numbers, oldest first."""
        numbers = []
        for index, plan in enumerate(PETITIONS):
            received_on = self._day - timedelta(days=340 - index * 28)
            numbers.append(self._petition(plan, received_on))
        return numbers

    def _petition(self, plan: PetitionPlan, received_on: date) -> str:
        receipt = register_petition(
            self._session,
            self._clerk,
            Filing(
                channel=Channel(plan.channel),
                category=Category(plan.category),
                text=plan.text,
                received_on=received_on,
                petitioner=self._petitioner(),
            ),
        )
        number = receipt.number
        told = ActValues(notice=Notice.SPOT)
        if not plan.evaluable:
            guided = ActValues(
                notice=Notice.SPOT,
                route=LegalRoute.LITIGATION,
                due_on=received_on + timedelta(days=60),
            )
            self._do(number, Action.GUIDE, guided, received_on + timedelta(days=3))
            self._do(number, Action.CONCLUDE, ActValues(), received_on + timedelta(days=50))
            return number
        self._do(number, Action.ACCEPT, told, received_on + timedelta(days=self._random.randint(1, 9)))
        delivered_on = received_on + timedelta(days=self._random.randint(20, 48))
        delivered = ActValues(notice=Notice.SPOT, result=Result.SUPPORTED)
        self._do(number, Action.DELIVER, delivered, delivered_on)
        if plan.evaluated:
            self._evaluate(number, Grade(plan.evaluated), delivered_on + timedelta(days=2))
        self._do(number, Action.CONCLUDE, ActValues(), delivered_on + timedelta(days=3))
        return number

    def _do(self, number: str, action: Action, values: ActValues, on: date) -> None:
        perform_action(self._session, self._clerk, number, action, values, on=on)

    def _evaluate(self, number: str, grade: Grade, on: date) -> None:
        petition = self._session.scalars(
            select(Petition).where(Petition.township_id == self._made.id, Petition.number == number)
        ).one()
        evaluate_petition(self._session, self._clerk, petition, Answer(grade), on=on)

    def _petitioner(self) -> PersonDetails:
        village = self._random.choice(self._made.villages[:4])
        household_id = village.households[self._random.choice(list(village.households))]
        household = self._session.get_one(Household, household_id)
        return PersonDetails(name=household.head_name, address=household.address)
