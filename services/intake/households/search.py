"""Finding a household: by name of anybody in it, pinyin, initials, card number, or the last digits of a phone."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import ColumnElement, Select, case, false, literal, or_, select

from services.intake.households.people import phone_index
from services.intake.households.scope import household_visible
from services.intake.roles import LIST_READERS
from shared.errors import Invalid
from shared.identity import Principal
from shared.models.registry import Household, Person, Resident, Village
from shared.privacy import clean_query, parse_phone


def search_households(
    actor: Principal, *, query: str = "", village: str | None = None, group_id: int | None = None, ended: bool = False
) -> Select[Household, int, int, int]:
    """The households that this person may find, in no order yet; `ended` includes those that are no more.

    Beside each household stand its `nearness` to the query, the village's id and the number, to order by. Nearest (0)
    is what was typed in full: the head's name or sound, card or number; then what the head's name or the card begins
    with (1); then a household found by somebody else in it (2). Without a query all are as near.
    """
    cleaned = clean_query(query)
    nearness = (_nearness(cleaned) if cleaned else literal(0)).label("nearness")
    statement = select(Household, nearness, Household.village_id, Household.number).where(
        household_visible(actor, *LIST_READERS)
    )
    if not ended:
        statement = statement.where(Household.valid_to.is_(None))
    if village:
        statement = statement.where(
            Household.village_id.in_(
                select(Village.id).where(Village.code == village, Village.township_id == actor.township_id)
            )
        )
    if group_id is not None:
        statement = statement.where(Household.group_id == group_id)
    if cleaned:
        statement = statement.where(_matches(actor, cleaned))
    return statement


def _nearness(query: str) -> ColumnElement[int]:
    if query.isascii() and query.isdigit():
        number = Household.number == int(query) if len(query) <= 4 else false()
        typed, begun = or_(Household.card_number == query, number), _starts(Household.card_number, query)
    elif query.isascii():
        typed = or_(Household.head_pinyin == query, Household.head_initials == query)
        begun = or_(_starts(Household.head_pinyin, query), _starts(Household.head_initials, query))
    else:
        typed, begun = Household.head_name == query, _holds(Household.head_name, query)
    return case((typed, 0), (begun, 1), else_=2)


def _matches(actor: Principal, query: str) -> ColumnElement[bool]:
    if query.isascii() and query.isdigit():
        return _by_digits(actor, query)
    if query.isascii():
        sounds = _starts(Person.pinyin, query) | _starts(Person.initials, query)
        return or_(
            _starts(Household.head_pinyin, query), _starts(Household.head_initials, query), _of_member(actor, sounds)
        )
    return or_(_holds(Household.head_name, query), _of_member(actor, _holds(Person.name, query)))


def _by_digits(actor: Principal, digits: str) -> ColumnElement[bool]:
    """Card number or its beginning, number in the village, tail of a phone, or a whole phone by its blind index."""
    conditions = [_starts(Household.card_number, digits)]
    if len(digits) <= 4:
        conditions.append(Household.number == int(digits))
    if len(digits) == 4:
        conditions.append(_of_member(actor, Person.phone_tail == digits))
    if len(digits) >= 7:
        with suppress(Invalid):
            conditions.append(_of_member(actor, Person.phone_index == phone_index(parse_phone(digits))))
    return or_(*conditions)


def _of_member(actor: Principal, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return Household.id.in_(
        select(Resident.household_id)
        .join(Person, Person.id == Resident.person_id)
        .where(Person.township_id == actor.township_id, Resident.valid_to.is_(None), condition)
    )


def _starts(column: object, text: str) -> ColumnElement[bool]:
    return column.like(f"{escape_like(text)}%", escape="\\")  # type: ignore[attr-defined, no-any-return]


def _holds(column: object, text: str) -> ColumnElement[bool]:
    return column.like(f"%{escape_like(text)}%", escape="\\")  # type: ignore[attr-defined, no-any-return]


def escape_like(text: str) -> str:
    """`text` as it stands, in a LIKE pattern that escapes with a backslash."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
