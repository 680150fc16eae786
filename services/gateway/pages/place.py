"""The township as its pages name it: name, phones, opening hours, reception."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from shared.calendar import today
from shared.identity import Principal, Role
from shared.models.registry import Office, Township, Village


@dataclass(frozen=True, slots=True)
class Place:
    """What every page says about its township. `settings` is what the township wrote itself."""

    name: str = "乡治"
    code: str = ""
    phone: str = ""
    is_demo: bool = False
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VillageName:
    """A village as lists name it."""

    code: str
    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class OfficePhone:
    """An office with what it handles, for the page of phones."""

    name: str
    phone: str
    handles: str


def place_of(session: Session, township_id: int) -> Place:
    """The township's words; an empty deployment has none yet."""
    township = session.get(Township, township_id)
    if township is None:
        return Place()
    return Place(township.name, township.code, township.phone, township.is_demo, json.loads(township.settings or "{}"))


def is_present() -> ColumnElement[bool]:
    """A village that is to be merged later is still one."""
    return or_(Village.valid_to.is_(None), Village.valid_to > today())


def villages_of(session: Session, township_id: int) -> list[VillageName]:
    """Present villages of the township in the order of their codes."""
    rows = session.execute(
        select(Village.code, Village.name, Village.phone)
        .where(Village.township_id == township_id, is_present())
        .order_by(Village.code)
    )
    return [VillageName(*row) for row in rows]


def offices_of(session: Session, township_id: int) -> list[OfficePhone]:
    """Offices in the township's own order."""
    rows = session.execute(
        select(Office.name, Office.phone, Office.handles)
        .where(Office.township_id == township_id)
        .order_by(Office.position, Office.code)
    )
    return [OfficePhone(*row) for row in rows]


def villages_of_principal(session: Session, principal: Principal, *roles: Role) -> list[VillageName]:
    """The villages in which the person holds one of `roles`; all of the township where one holds there."""
    statement = (
        select(Village.code, Village.name, Village.phone)
        .where(Village.township_id == principal.township_id, is_present())
        .order_by(Village.code)
    )
    if not principal.covers_township(*roles):
        statement = statement.where(Village.id.in_(principal.villages_of(*roles)))
    return [VillageName(*row) for row in session.execute(statement)]
