"""Invented households and residents, as plain values that the registry's bulk functions take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from deploy.demo.names import NameMaker
from deploy.demo.places import VillagePlan

# Never assigned to any place: numbers made in it can't be anybody's.
IDENTITY_AREA = "431299"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"


@dataclass(frozen=True, slots=True)
class ResidentPlan:
    """One resident to be made."""

    name: str
    relation: str
    male: bool
    born_on: date
    identity_number: str
    phone: str


@dataclass(slots=True)
class HouseholdPlan:
    """One household to be made; `group` counts from 1 in its village, `number` too."""

    village: str
    number: int
    group: int
    residents: list[ResidentPlan] = field(default_factory=list)

    @property
    def head(self) -> ResidentPlan:
        return self.residents[0]


class IdentityNumbers:
    """Identity numbers with a right check digit in an area that was never assigned, each once."""

    def __init__(self) -> None:
        self._serials: dict[tuple[date, bool], int] = {}

    def make(self, born_on: date, *, male: bool) -> str:
        """18 characters; the 17th is odd for men."""
        serial = self._serials.get((born_on, male), 1 if male else 0)
        self._serials[(born_on, male)] = serial + 2
        body = f"{IDENTITY_AREA}{born_on:%Y%m%d}{serial:03d}"
        total = sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True))
        return body + _CHECK[total % 11]


class PhoneNumbers:
    """Numbers of the block 1600000xxxx, which is published as the demo's; a large demo shares them."""

    def __init__(self) -> None:
        self._next = 0

    def make(self) -> str:
        number = f"1600000{self._next % 10_000:04d}"
        self._next += 1
        return number


class PeopleMaker:
    """Draws the households of a village: about 4.7 residents each, three generations, most with one phone."""

    def __init__(self, random: Random, names: NameMaker, day: date) -> None:
        self._random = random
        self._names = names
        self._day = day
        self._identities = IdentityNumbers()
        self._phones = PhoneNumbers()

    def households_of(self, plan: VillagePlan) -> Iterator[HouseholdPlan]:
        """The households of one village, spread over its groups in order."""
        for number in range(1, plan.households + 1):
            group = (number - 1) * plan.groups // plan.households + 1
            household = HouseholdPlan(plan.code, number, group)
            household.residents = list(self._residents())
            yield household

    def person(self, name: str, relation: str, *, male: bool, age: int, phone: bool) -> ResidentPlan:
        """One person of about that age with everything that the registry asks for."""
        born_on = self._day - timedelta(days=age * 365 + self._random.randrange(365))
        return ResidentPlan(
            name=name,
            relation=relation,
            male=male,
            born_on=born_on,
            identity_number=self._identities.make(born_on, male=male),
            phone=self._phones.make() if phone else "",
        )

    def _residents(self) -> Iterator[ResidentPlan]:
        draw = self._random
        surname = self._names.surname()
        age = draw.randint(38, 74)
        head_male = draw.random() < 0.8
        yield self._member(surname, "户主", male=head_male, age=age, phone=draw.random() < 0.85)
        if draw.random() < 0.8:
            spouse_age = age - draw.randint(0, 5)
            yield self._member(self._names.surname(), "配偶", male=not head_male, age=spouse_age, phone=True)
        if age < 58 and draw.random() < 0.55:
            yield self._member(surname, "父亲", male=True, age=age + draw.randint(22, 28), phone=False)
        if age < 62 and draw.random() < 0.6:
            yield self._member(self._names.surname(), "母亲", male=False, age=age + draw.randint(20, 26), phone=False)
        for _ in range(draw.choice((0, 1, 1, 2, 2, 3))):
            male = draw.random() < 0.5
            child_age = max(0, age - draw.randint(22, 32))
            yield self._member(surname, "儿子" if male else "女儿", male=male, age=child_age, phone=child_age > 15)
        if age > 55 and draw.random() < 0.7:
            yield self._member(self._names.surname(), "儿媳", male=False, age=age - draw.randint(24, 30), phone=True)
            for _ in range(draw.choice((0, 1, 1, 2))):
                male = draw.random() < 0.5
                relation = "孙子" if male else "孙女"
                yield self._member(surname, relation, male=male, age=draw.randint(0, 16), phone=False)

    def _member(self, surname: str, relation: str, *, male: bool, age: int, phone: bool) -> ResidentPlan:
        name = self._names.full_name(surname, male=male, born=self._day.year - age)
        return self.person(name, relation, male=male, age=age, phone=phone)
