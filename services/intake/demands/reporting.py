"""Taking a demand in: checked, numbered, with its time limit; or sealed to petitions when it complains of someone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.intake.demands.categories import category_by_code
from services.intake.demands.notices import tell_dispatchers
from services.intake.demands.numbers import new_number
from services.intake.demands.sealing import seal_draft
from services.intake.demands.time_limits import due_day
from services.intake.roles import LIST_READERS
from shared import audit
from shared.calendar import today
from shared.errors import Forbidden, Invalid
from shared.identity import Principal
from shared.identity.scope import household_in_scope, village_by_code
from shared.models.intake import Demand, SealedReceipt
from shared.models.intake_kinds import DemandChannel, DemandState
from shared.models.registry import Grid, GridLevel, Household, Village
from shared.privacy import clean_name, field_cipher, parse_phone
from shared.topology import Service

SHORTEST, LONGEST = 4, 2000


@dataclass(frozen=True, slots=True)
class NewDemand:
    """What someone reports. `village` is the 12-digit code, `category` the township's code of one."""

    village: str
    category: str
    text: str
    reporter_name: str
    phone: str = ""
    group_id: int | None = None
    household_id: int | None = None
    place: str = ""
    is_urgent: bool = False
    channel: DemandChannel = DemandChannel.PAGE
    complains_of_official: bool = False


@dataclass(frozen=True, slots=True)
class Reporter:
    """Checked name and phone of whoever reports; the phone may be empty."""

    name: str
    phone: str

    @property
    def phone_columns(self) -> dict[str, Any]:
        if not self.phone:
            return {"phone_encrypted": None, "phone_tail": ""}
        return {
            "phone_encrypted": field_cipher(Service.INTAKE).encrypt(self.phone),
            "phone_tail": self.phone[-4:],
        }


def report_demand(session: Session, actor: Principal, new: NewDemand) -> Demand | SealedReceipt:
    """Take a demand in. One that complains of a cadre or office is sealed before anything of it is stored or queued.

    Raises Invalid with a sentence for each field that is wrong, NotFound for an unknown village.
    """
    village = village_by_code(session, actor, new.village)
    reporter = _check(new)
    day = today()
    if new.complains_of_official:
        return seal_draft(session, actor.township_id, village, reporter.name, reporter.phone, new.text, new.place, day)
    category = category_by_code(session, actor.township_id, new.category)
    household = _household(session, actor, new, village)
    due_on, is_open = due_day(day, category.limit_days)
    demand = Demand(
        township_id=actor.township_id,
        village_id=village.id,
        group_id=household.group_id if household else _group(session, new.group_id, village),
        household_id=household.id if household else None,
        category_id=category.id,
        number=new_number(session, actor.township_id, day),
        channel=_channel(actor, new.channel),
        state=DemandState.WAITING,
        is_urgent=new.is_urgent,
        text=new.text.strip(),
        place=new.place.strip(),
        reporter_name=reporter.name,
        **reporter.phone_columns,
        received_on=day,
        due_on=due_on,
        due_is_provisional=is_open,
    )
    session.add(demand)
    session.flush()
    audit.record(session, actor, "report_demand", "demand", demand.number, village_id=village.id)
    tell_dispatchers(
        session,
        demand,
        "有新诉求待派单",
        f"{village.name}有一条新诉求（{category.name}，编号 {demand.number}），请派单。",
    )
    return demand


def _check(new: NewDemand) -> Reporter:
    """Every field at once, so that nobody mends one error only to meet the next."""
    errors: dict[str, list[str]] = {}
    name = phone = ""
    try:
        name = clean_name(new.reporter_name)
    except Invalid as error:
        errors["reporter_name"] = [error.detail]
    try:
        phone = parse_phone(new.phone) if new.phone.strip() else ""
    except Invalid as error:
        errors["phone"] = [error.detail]
    length = len(new.text.strip())
    if length < SHORTEST:
        errors["text"] = ["请写清楚是什么事，至少几个字。"]
    elif length > LONGEST:
        errors["text"] = [f"内容有 {length} 个字，最多 {LONGEST} 个字，请缩短一些。"]
    if errors:
        raise Invalid("有几处填写得不对，请按提示修改后重新提交。", errors=errors)
    return Reporter(name, phone)


def _household(session: Session, actor: Principal, new: NewDemand, village: Village) -> Household | None:
    """A resident's own household; officials may name one of their villages; the public names none."""
    if actor.household_id is not None:
        household = session.get(Household, actor.household_id)
        return household if household and household.village_id == village.id else None
    if new.household_id is None:
        return None
    if not actor.has(*LIST_READERS):
        raise Forbidden("只有工作人员代填时可以选择住户。")
    household = household_in_scope(session, actor, new.household_id, *LIST_READERS)
    if household.village_id != village.id:
        raise Invalid("这一户不在所选的村，请重新选择。", errors={"household_id": ["这一户不在所选的村。"]})
    return household


def _group(session: Session, group_id: int | None, village: Village) -> int | None:
    if group_id is None:
        return None
    found = session.scalar(
        select(Grid.id).where(Grid.id == group_id, Grid.village_id == village.id, Grid.level == GridLevel.GROUP)
    )
    if found is None:
        raise Invalid("所选的组不在这个村，请重新选择。", errors={"group_id": ["所选的组不在这个村，请重新选择。"]})
    return found


def _channel(actor: Principal, channel: DemandChannel) -> DemandChannel:
    return channel if actor.has(*LIST_READERS) else DemandChannel.PAGE
