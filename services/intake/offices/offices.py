"""Offices 办公室 of the township (六办三中心一大队): data with head, phone and what they handle."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from shared import audit
from shared.errors import Conflict, Invalid, NotFound, Stale
from shared.identity import Principal
from shared.models.registry import Office, Person

HEADS_SENTENCE = "负责人均为党员、预备党员或入党积极分子"
_NEAR_THE_PARTY = frozenset({"党员", "预备党员", "入党积极分子"})


@dataclass(frozen=True, slots=True)
class OfficeValues:
    """What is known of an office; `handles` says in plain words what people go there for."""

    code: str
    name: str
    phone: str = ""
    handles: str = ""
    head_id: int | None = None
    position: int = 0


def list_offices(township_id: int) -> Select[Office]:
    """The township's offices."""
    return select(Office).where(Office.township_id == township_id)


def office_by_id(session: Session, actor: Principal, office_id: int) -> Office:
    """Raises NotFound, also for another township's."""
    office = session.get(Office, office_id)
    if office is None or office.township_id != actor.township_id:
        raise NotFound("没有这个办公室。")
    return office


def create_office(session: Session, actor: Principal, values: OfficeValues) -> Office:
    """Raises Conflict for a code that is taken, Invalid for an unknown head."""
    _check_head(session, actor, values.head_id)
    taken = select(Office.id).where(Office.township_id == actor.township_id, Office.code == values.code)
    if session.scalar(taken) is not None:
        raise Conflict("这个办公室代码已经有了，请换一个。", errors={"code": ["这个办公室代码已经有了，请换一个。"]})
    office = Office(township_id=actor.township_id, **_columns(values))
    session.add(office)
    session.flush()
    audit.record(session, actor, "create_office", "office", office.id)
    return office


def change_office(session: Session, actor: Principal, office: Office, values: OfficeValues, version: int) -> Office:
    """Raises Stale."""
    _check_head(session, actor, values.head_id)
    changed = session.execute(
        update(Office)
        .where(Office.id == office.id, Office.version == version)
        .values(**_columns(values), version=version + 1)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise Stale("您打开之后，这个办公室已被别人改过。请刷新后再改。")
    session.refresh(office)
    audit.record(session, actor, "change_office", "office", office.id)
    return office


def heads_sentence(session: Session, township_id: int) -> str:
    """The sentence about the heads, where it is true of every head; else empty. No single status is told."""
    heads = select(Person.party_status).join(Office, Office.head_id == Person.id).where(
        Office.township_id == township_id
    )  # fmt: skip
    statuses = session.scalars(heads).all()
    return HEADS_SENTENCE if statuses and all(status in _NEAR_THE_PARTY for status in statuses) else ""


def _columns(values: OfficeValues) -> dict[str, object]:
    return {
        "code": values.code,
        "name": values.name,
        "phone": values.phone,
        "handles": values.handles,
        "head_id": values.head_id,
        "position": values.position,
    }


def _check_head(session: Session, actor: Principal, head_id: int | None) -> None:
    if head_id is None:
        return
    head = session.get(Person, head_id)
    if head is None or head.township_id != actor.township_id or head.forgotten_on:
        raise Invalid("没有这个人，请重新选择负责人。", errors={"head_id": ["没有这个人，请重新选择负责人。"]})
