"""PINs of household cards: drawn anew by a cadre or admin, shown once, and logged."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from services.gateway.accounts.passwords import hash_pin
from services.gateway.limits.attempts import forget_attempts
from services.gateway.sessions.throttle import card_subject
from shared import audit
from shared.database.engine import is_sqlite
from shared.errors import Forbidden, NotFound
from shared.identity import Principal, Role
from shared.models.base import now
from shared.models.gateway import CardPin, LoginSession
from shared.models.registry import Household, Township, Village
from shared.settings import settings


def household_of_card(session: Session, actor: Principal, card_number: str) -> Household:
    """The household with this card in a village of the actor. Raises NotFound, Forbidden."""
    household = session.scalar(
        select(Household)
        .join(Village, Village.id == Household.village_id)
        .where(Household.card_number == card_number, Village.township_id == actor.township_id)
    )
    if household is None:
        raise NotFound("没有这个卡号，请检查后重新输入。")
    actor.require_in(household.village_id, Role.ADMIN, Role.CADRE)
    return household


def reset_pin(session: Session, actor: Principal, card_number: str, pin_hash: str) -> Household:
    """Give a card a new PIN; whoever is logged in with the card is logged out.

    `pin_hash` is `hash_pin(…)`, made before the transaction began.
    """
    household = household_of_card(session, actor, card_number)
    set_card_pins(session, {household.id: pin_hash})
    session.execute(delete(LoginSession).where(LoginSession.household_id == household.id))
    forget_attempts(session, card_subject(household.card_number))
    audit.record(session, actor, "reset_pin", "household", household.id, village_id=household.village_id)
    return household


def issue_first_pins(session: Session, actor: Principal, pin_hashes: Mapping[int, str]) -> frozenset[int]:
    """Give cards that have no PIN their first one: hashes by household id, for a whole group at once.

    Returns the households whose PIN is the one given; a card that has one by now keeps it, so that what was printed
    stays true. Raises NotFound for a household of another township, Forbidden for one of another's village.
    """
    if not pin_hashes:
        return frozenset()
    villages = session.execute(
        select(Household.village_id, func.count())
        .join(Village, Village.id == Household.village_id)
        .where(Household.id.in_(pin_hashes), Village.township_id == actor.township_id)
        .group_by(Household.village_id)
    ).all()
    if sum(count for _, count in villages) != len(pin_hashes):
        raise NotFound("有的户不在这里，请刷新后再办。")
    for village_id, _ in villages:
        actor.require_in(village_id, Role.ADMIN, Role.CADRE)
    insert = sqlite_insert if is_sqlite(session) else postgresql_insert
    rows = [{"household_id": each, "pin_hash": pin_hash, "set_at": now()} for each, pin_hash in pin_hashes.items()]
    statement = insert(CardPin).values(rows).on_conflict_do_nothing(index_elements=["household_id"])
    given = frozenset(session.scalars(statement.returning(CardPin.household_id)))
    for village_id, _ in villages:
        audit.record(
            session, actor, "issue_pins", "village", village_id,
            village_id=village_id, details={"households": sorted(given)},
        )  # fmt: skip
    return given


def set_card_pins(session: Session, pin_hashes: Mapping[int, str]) -> None:
    """Set the PINs of many households: hashes (`hash_pin`) by household id, in one statement."""
    if not pin_hashes:
        return
    insert = sqlite_insert if is_sqlite(session) else postgresql_insert
    statement = insert(CardPin)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["household_id"],
            set_={"pin_hash": statement.excluded.pin_hash, "set_at": statement.excluded.set_at},
        ),
        [
            {"household_id": household_id, "pin_hash": pin_hash, "set_at": now()}
            for household_id, pin_hash in pin_hashes.items()
        ],
    )


def set_demo_pins(session: Session, township_id: int, pin: str) -> None:
    """Give every card of the demo township the one published PIN, hashed once, in one statement.

    Raises Forbidden in production and for a township that is no demo.
    """
    if settings().production or not session.scalar(select(Township.is_demo).where(Township.id == township_id)):
        raise Forbidden("演示卡的密码是公开的，只能用于演示乡镇。")
    insert = sqlite_insert if is_sqlite(session) else postgresql_insert
    households = (
        select(Household.id, literal(hash_pin(pin)), literal(now(), CardPin.set_at.type))
        .join(Village, Village.id == Household.village_id)
        .where(Village.township_id == township_id)
    )
    statement = insert(CardPin).from_select(["household_id", "pin_hash", "set_at"], households)
    session.execute(statement.on_conflict_do_nothing(index_elements=["household_id"]))
