"""Two townships side by side with something of every kind, and what a request may name of either.

Whatever the second one says of itself carries a sign that nothing of the first has: an answer to someone of the first
that holds the sign gives away what belongs to another township.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, String, cast, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from services.intake.demands.categories import add_usual_categories
from services.intake.demands.reporting import NewDemand, report_demand
from services.petitions.register.registration import Filing, register_petition
from services.points.events.declarations import Declaration, declare_events
from services.points.quarters.objections import raise_objection
from services.points.quarters.transitions import publish_quarter, tally_quarter
from services.points.recalculation.runs import RunOrder, start_run
from services.points.store.items import ItemFacts, add_item
from services.points.store.reservations import reserve_goods
from services.points.store.stock import Delivery, receive_goods
from services.points.verification.runs import start_verification
from shared.identity import Role
from shared.models.intake import Demand, DemandCategory
from shared.models.petition_kinds import Category, Channel
from shared.models.petitions import Petition
from shared.models.points import (
    Event,
    Item,
    LotSource,
    Objection,
    Recalculation,
    RecalculationMode,
    Redemption,
    Rule,
    Rulebook,
    Verification,
)
from shared.models.registry import Duty, Grid, Household, Office, Person, Resident, Township, Village
from shared.quarters import quarter_of
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import SmallTownship, act_as, build_township
from tests.integration.points.scored_township import build_scored_township

SIGN = "龘"
"""In every name and text of the second township; a masked name keeps its first sign."""
SECOND = "431288007"
_SHOWN = 4
"""Records of a kind that requests name: so many of the first village, of the others, and of the second township."""

_COLUMNS: dict[str, InstrumentedAttribute[Any]] = {
    "household_id": Household.id,
    "person_id": Person.id,
    "grid_id": Grid.id,
    "office_id": Office.id,
    "duty_id": Duty.id,
    "category_id": DemandCategory.id,
    "category": DemandCategory.code,
    "demand_id": Demand.id,
    "event_id": Event.id,
    "item_id": Item.id,
    "redemption_id": Redemption.id,
    "objection_id": Objection.id,
    "run_id": Recalculation.id,
    "verification_id": Verification.id,
    "number": Petition.number,
    "village": Village.code,
}
_ALIASES = {
    "household": "household_id",
    "group_id": "grid_id",
    "event": "event_id",
    "item": "item_id",
    "code": "village",
}
_WORDS: dict[str, list[Any]] = {
    "quarter": ["2026Q1", "2026Q2", "2026Q3", "1999Q1"],
    "revision": [1, 2, 3],
    "rule": ["HELP", "CLEAN", "FINE", "WORK", "NOPE"],
    "occurred_on": ["2026-05-18", "2026-02-03", "2019-01-01", "2026-12-31"],
}


def furnish(database_for: DatabaseFor, first: SmallTownship) -> None:
    """Give the first township points, goods, demands and petitions, and build a second one beside it."""
    furnish_one(database_for, first, "")
    furnish_neighbour(database_for)


def furnish_neighbour(database_for: DatabaseFor) -> None:
    """Build the second township, with something of every kind; it answers to a host name of its own."""
    with database_for(Service.INTAKE).transaction() as session:
        second = build_township(session, SECOND, "邻乡")
        session.execute(update(Township).where(Township.id == second.id).values(host="neighbour.example"))
        _sign_registry(session, second)
    furnish_one(database_for, second, SIGN)


def furnish_one(database_for: DatabaseFor, township: SmallTownship, sign: str) -> None:
    """Give a township points, goods, demands and petitions, whose texts carry `sign`."""
    with database_for(Service.INTAKE).transaction() as session:
        add_usual_categories(session, township.id, offices={"water": township.office})
        session.flush()
        _report(session, township, sign)
    with database_for(Service.POINTS).transaction() as session:
        _score(session, township, sign)
    with database_for(Service.PETITIONS).transaction() as session:
        filing = Filing(Channel.VISIT, Category.CLAIM, f"{sign}请求重新丈量。", date(2026, 5, 11))
        register_petition(session, act_as(township, Role.CLERK), filing)


def known_values(session: Session) -> dict[str, list[Any]]:
    """By the name of a parameter or field: values that name something of the first or of the second township."""
    values = dict(_WORDS)
    for name, column in _COLUMNS.items():
        found = list(session.scalars(select(column).order_by(column)))
        values[name] = found if len(found) <= 3 * _SHOWN else _of_both_ends_and_the_middle(found)
    return values | {alias: values[name] for alias, name in _ALIASES.items()}


def _of_both_ends_and_the_middle(found: list[Any]) -> list[Any]:
    middle = (len(found) - _SHOWN) // 2
    return found[:_SHOWN] + found[middle : middle + _SHOWN] + found[-_SHOWN:]


def _sign_registry(session: Session, second: SmallTownship) -> None:
    villages = [village.id for village in second.villages]
    own: list[tuple[Any, InstrumentedAttribute[str], ColumnElement[bool]]] = [
        (Township, Township.name, Township.id == second.id),
        (Village, Village.name, Village.township_id == second.id),
        (Office, Office.name, Office.township_id == second.id),
        (Person, Person.name, Person.township_id == second.id),
        (Grid, Grid.name, Grid.village_id.in_(villages)),
        (Household, Household.head_name, Household.village_id.in_(villages)),
        (Household, Household.address, Household.village_id.in_(villages)),
        (Resident, Resident.relation, Resident.household_id.in_(second.households)),
    ]
    for model, column, where in own:
        _sign(session, model, column, where)


def _sign(session: Session, model: Any, column: InstrumentedAttribute[str], where: ColumnElement[bool]) -> None:
    session.execute(
        update(model)
        .where(where)
        .values({column: cast(SIGN, String) + column})
        .execution_options(synchronize_session=False)
    )


def _report(session: Session, township: SmallTownship, sign: str) -> None:
    report_demand(
        session,
        act_as(township, Role.PUBLIC),
        NewDemand(township.villages[0].code, "water", f"{sign}晚上没有水。", f"{sign}石小满", phone="16000001234"),
    )


def _score(session: Session, township: SmallTownship, sign: str) -> None:
    """Events, a published and a waiting quarter, goods and a reservation, a run and a verification."""
    scored = build_scored_township(session, township)
    village = township.villages[0]
    admin, cadre, keeper = (act_as(township, role) for role in (Role.ADMIN, Role.CADRE, Role.KEEPER))
    if sign:
        books = (scored.first, scored.second)
        _sign(session, Rulebook, Rulebook.title, Rulebook.id.in_(books))
        _sign(session, Rule, Rule.title, Rule.rulebook_id.in_(books))
    declared = Declaration(village.households[3], "CLEAN", date(2026, 5, 18), note=f"{sign}路口")
    declare_events(session, act_as(township, Role.GRID_MEMBER), [declared])
    first = quarter_of(date(2026, 1, 1))
    tally_quarter(session, cadre, village.code, first)
    publish_quarter(session, cadre, village.code, first)
    raise_objection(session, act_as(township, Role.RESIDENT), village.code, first, text=f"{sign}少记了一次")
    facts = ItemFacts(f"{sign}脸盆", "个", 200)
    item = add_item(session, keeper, village_code=village.code, code="PAN", facts=facts)
    receive_goods(
        session, keeper, item_id=item.id, quantity=9, delivery=Delivery(LotSource.DONATION, donor=f"{sign}店")
    )
    reserve_goods(session, keeper, household_id=village.households[1], item_id=item.id, quantity=1, key="reserved-1")
    start_run(session, admin, RunOrder(RecalculationMode.PREVIEW, quarters=(first + 1,)))
    start_verification(session, admin, village_code=None)
