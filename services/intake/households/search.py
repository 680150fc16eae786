"""Finding a household: by name of anybody in it, pinyin, initials, card number, or the last digits of a phone."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import ColumnElement, Select, or_, select

from services.intake.households.people import phone_index
from services.intake.households.scope import household_visible
from services.intake.roles import LIST_READERS
from shared.errors import Invalid
from shared.identity import Principal
from shared.models.registry import Household, Person, Resident, Village
from shared.privacy import clean_query, parse_phone


def search_households(
    actor: Principal, *, query: str = "", village: str | None = None, group_id: int | None = None, ended: bool = False
) -> Select[Household]:
    """The households that this person may find, in no order yet; `ended` includes those that are no more."""
    statement = select(Household).where(household_visible(actor, *LIST_READERS))
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
    if cleaned := clean_query(query):
        statement = statement.where(_matches(actor, cleaned))
    return statement


def _matches(actor: Principal, query: str) -> ColumnElement[bool]:
    if query.isascii() and query.isdigit():
        return _by_digits(actor, query)
    if query.isascii():
        sounds = _starts(Person.pinyin, query) | _starts(Person.initials, query)
        return or_(
            _starts(Household.head_pinyin, query), _starts(Household.head_initials, query), _of_member(actor, sounds)
        )
    named = Person.name.like(f"%{escape_like(query)}%", escape="\\")
    return or_(Household.head_name.like(f"%{escape_like(query)}%", escape="\\"), _of_member(actor, named))


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


def escape_like(text: str) -> str:
    """`text` as it stands, in a LIKE pattern that escapes with a backslash."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
