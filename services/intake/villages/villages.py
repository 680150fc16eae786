"""Villages 村: by their statistical code, with their grids."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, or_, select, update
from sqlalchemy.orm import Session

from shared import audit
from shared.calendar import today
from shared.database.upserts import execute_counted
from shared.errors import Conflict, Invalid, Stale
from shared.identity import Principal
from shared.models.registry import Village


@dataclass(frozen=True, slots=True)
class VillageValues:
    """What can be said of a village; `valid_to` is the first day on which it is no more."""

    code: str
    name: str
    phone: str = ""
    valid_from: date | None = None
    valid_to: date | None = None


def list_villages(township_id: int, *, day: date | None = None) -> Select[Village]:
    """The villages that exist on `day` (default: today)."""
    day = day or today()
    return select(Village).where(
        Village.township_id == township_id,
        Village.valid_from <= day,
        or_(Village.valid_to.is_(None), Village.valid_to > day),
    )


def all_villages(township_id: int) -> Select[Village]:
    """Every village that the township has or had: merged ones keep their records."""
    return select(Village).where(Village.township_id == township_id)


def create_village(session: Session, actor: Principal, values: VillageValues) -> Village:
    """Raises Invalid for a code that is none, Conflict for one that is taken."""
    if not re.fullmatch(r"\d{12}", values.code, re.ASCII):
        raise Invalid("村的统计代码是 12 位数字。", errors={"code": ["村的统计代码是 12 位数字。"]})
    if session.scalar(select(Village.id).where(Village.code == values.code)) is not None:
        raise Conflict("这个村的代码已经登记过了。", errors={"code": ["这个村的代码已经登记过了。"]})
    village = Village(
        township_id=actor.township_id,
        code=values.code,
        name=values.name,
        phone=values.phone,
        valid_from=values.valid_from or today(),
        valid_to=values.valid_to,
    )
    session.add(village)
    session.flush()
    audit.record(session, actor, "create_village", "village", village.code, village_id=village.id)
    return village


def change_village(
    session: Session,
    actor: Principal,
    village: Village,
    version: int,
    *,
    name: str,
    phone: str,
    valid_to: date | None,
    successor: str | None = None,
) -> Village:
    """Change what may change; the code stays. `successor` is the code of the village that it becomes part of.

    Raises Invalid, Stale.
    """
    if valid_to is not None and valid_to <= village.valid_from:
        raise Invalid("撤并日期应晚于启用日期。", errors={"valid_to": ["撤并日期应晚于启用日期。"]})
    successor_id = _successor(session, actor, village, valid_to, successor)
    statement = update(Village).where(Village.id == village.id, Village.version == version)
    values = {"name": name, "phone": phone, "valid_to": valid_to, "successor_id": successor_id}
    if execute_counted(session, statement.values(**values, version=version + 1)) != 1:
        raise Stale("您打开之后，这个村的资料已被别人改过。请刷新后再改。")
    session.refresh(village)
    audit.record(session, actor, "change_village", "village", village.code, village_id=village.id)
    return village


def _successor(
    session: Session, actor: Principal, village: Village, valid_to: date | None, code: str | None
) -> int | None:
    if not code:
        return None
    found = session.scalar(all_villages(actor.township_id).where(Village.code == code))
    sentence = ""
    if valid_to is None:
        sentence = "没有撤并日期的村不用选并入哪个村。"
    elif found is None or found.id == village.id or (found.valid_to is not None and found.valid_to <= valid_to):
        sentence = "请选择本乡镇另一个继续使用的村。"
    if sentence:
        raise Invalid(sentence, errors={"successor": [sentence]})
    return found.id if found is not None else None
