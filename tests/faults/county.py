"""A county's size on PostgreSQL within a minute or two: the demo township, and villages with a history beside it.

The demo brings people who can log in. The others are made by set-based statements: households without people, events
of the last three quarters, posted by the system's own scoring; half of the villages have adopted a revision of
larger amounts that waits for a recalculation, so that runs have something to post.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from services.points.ledger.village import prepare_village
from services.points.scoring import everything, score_and_post
from services.points.scoring.quarters import ensure_quarter
from services.points.store.items import ItemFacts, add_item
from services.points.store.stock import Delivery, receive_goods
from shared.calendar import today
from shared.database import Database
from shared.identity import Grant, Principal, Role
from shared.models.base import now
from shared.models.points import (
    Account,
    Adoption,
    Category,
    LotSource,
    PostingKind,
    Rule,
    Rulebook,
    RulebookState,
    RuleCode,
)
from shared.models.registry import Duty, DutyKind, Township, Village
from shared.quarters import first_day, quarter_of
from tests.fixtures.villages import SEED, History, Names, add_villages, drawn_events

CODE = "HJ02"
"""The line that clients declare: it asks for one review and no evidence."""
LINES = ("HJ01", "HJ02", "HJ03", "XF06", "ZY02", "ZY03", "ZY05", "CY06", "PA03", "WH01")


@dataclass(frozen=True, slots=True)
class Size:
    """Villages beside the demo's four, households of each, and events of each."""

    villages: int
    households: int
    events: int


SIZES = {"township": Size(4, 60, 500), "county": Size(160, 308, 9_700)}


@dataclass(frozen=True, slots=True)
class Store:
    """A village where clients redeem and declare: its goods, and households with points (two kinds, never the same)."""

    village: str
    item: int
    redeeming: tuple[int, ...]
    declaring: tuple[int, ...]
    has_waiting_revision: bool


def make_county(intake: Database, points: Database, size: Size) -> list[Store]:
    """Everything beside the demo; the stores that clients visit."""
    with intake.transaction() as session:
        villages = _registry(session, size)
    with points.transaction() as session:
        books = _rulebooks(session)
    quarter = quarter_of(today())
    for place, village_id in enumerate(villages):
        with points.transaction() as session:
            prepare_village(session, village_id)
            session.add(_adoption(village_id, books[0], quarter - 2))
            session.flush()
            for each in range(quarter - 2, quarter + 1):
                ensure_quarter(session, village_id, each)
            _events(session, village_id, size, quarter)
            score_and_post(
                session,
                village_id,
                scope=everything(session, village_id),
                kind=PostingKind.IMPORT,
                made_by="task:drill",
            )
            if place % 2:
                session.add(_adoption(village_id, books[1], quarter))
    with points.transaction() as session:
        stores = [_store(session, village_id, bool(place % 2)) for place, village_id in enumerate(villages)]
    with points.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    return stores


def _registry(session: Session, size: Size) -> tuple[int, ...]:
    township = session.scalars(select(Township)).one()
    names = Names("演练村{place:03d}", 431_230_203_600, "9{place:04d}{number:05d}")
    return add_villages(session, township.id, size.villages, size.households, names)


def _rulebooks(session: Session) -> tuple[int, int]:
    """The demo's first revision, and one more of which every plain line gives a little more."""
    first = session.scalars(select(Rulebook).where(Rulebook.revision == 1)).one()
    more = Rulebook(
        township_id=first.township_id, revision=9, title="演练细则", state=RulebookState.PUBLISHED, published_at=now()
    )
    session.add(more)
    session.flush()
    categories = {}
    for each in session.scalars(select(Category).where(Category.rulebook_id == first.id)).all():
        made = Category(rulebook_id=more.id, code=each.code, name=each.name, cap_quarter=each.cap_quarter)
        session.add(made)
        session.flush()
        categories[each.id] = made.id
    lines = session.scalars(
        select(Rule)
        .join(RuleCode, RuleCode.id == Rule.code_id)
        .where(Rule.rulebook_id == first.id, RuleCode.code.in_(LINES))
    ).all()
    names = [
        column.key for column in Rule.__mapper__.column_attrs if column.key not in ("id", "rulebook_id", "category_id")
    ]
    for line in lines:
        values = {name: getattr(line, name) for name in names}
        values["points"] = None if line.points is None else line.points + 25
        session.add(Rule(**values, rulebook_id=more.id, category_id=categories[line.category_id]))
    return first.id, more.id


def _adoption(village_id: int, rulebook_id: int, quarter: int) -> Adoption:
    return Adoption(village_id=village_id, rulebook_id=rulebook_id, from_quarter=quarter, matter_number="演练")


def _events(session: Session, village_id: int, size: Size, quarter: int) -> None:
    """Posted events of three quarters up to yesterday."""
    first = first_day(quarter - 2)
    history = History(size.events, first, days=(today() - timedelta(days=1) - first).days, codes=LINES)
    session.execute(text(SEED))
    session.execute(text(drawn_events(village_id, history)))


def _store(session: Session, village_id: int, waits: bool) -> Store:
    """Goods, few in every second village, so that clients also meet an empty shelf and an empty account."""
    village = session.get_one(Village, village_id)
    admin = _admin(session, village.township_id)
    item = add_item(
        session, admin, village_code=village.code, code="YG", facts=ItemFacts(name="牙膏", unit="支", points=20)
    )
    receive_goods(
        session, admin, item_id=item.id, quantity=60 if waits else 10_000, delivery=Delivery(source=LotSource.PURCHASE)
    )
    rich = session.scalars(
        select(Account.household_id)
        .where(Account.village_id == village_id, Account.balance >= 600)
        .order_by(Account.balance)
        .limit(40)
    ).all()
    half = len(rich) // 2
    return Store(village.code, item.id, tuple(rich[:half]), tuple(rich[half:]), waits)


def _admin(session: Session, township_id: int) -> Principal:
    duty = session.scalars(
        select(Duty).where(Duty.township_id == township_id, Duty.kind == DutyKind.ADMIN).order_by(Duty.id).limit(1)
    ).one()
    return Principal(
        township_id, actor="task:drill", person_id=duty.person_id, name="演练", grants=(Grant(Role.ADMIN),)
    )
