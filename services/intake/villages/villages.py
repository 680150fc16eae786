"""Villages 村: by their statistical code, with their grids."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, or_, select, update
from sqlalchemy.orm import Session

from shared import audit
from shared.calendar import today
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


def create_village(session: Session, actor: Principal, values: VillageValues) -> Village:
    """Raises Invalid for a code that is none, Conflict for one that is taken."""
    if not re.fullmatch(r"\d{12}", values.code, re.ASCII):
        raise Invalid("村的统计代码是 12 位数字。", errors={"code": ["村的统计代码是 12 位数字。"]})
    if session.scalar(select(Village.id).where(Village.code == values.code)) is not None:
        raise Conflict("这个村的代码已经登记过了。")
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
    session: Session, actor: Principal, village: Village, version: int, *, name: str, phone: str, valid_to: date | None
) -> Village:
    """Change what may change; the code stays. Raises Stale."""
    if valid_to is not None and valid_to <= village.valid_from:
        raise Invalid("撤并日期应晚于启用日期。", errors={"valid_to": ["撤并日期应晚于启用日期。"]})
    changed = session.execute(
        update(Village)
        .where(Village.id == village.id, Village.version == version)
        .values(name=name, phone=phone, valid_to=valid_to, version=version + 1)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise Stale("您打开之后，这个村的资料已被别人改过。请刷新后再改。")
    session.refresh(village)
    audit.record(session, actor, "change_village", "village", village.code, village_id=village.id)
    return village
