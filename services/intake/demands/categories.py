"""Categories of demands: a township's own list, with time limit, usual office and rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from shared import audit
from shared.errors import Conflict, Invalid, NotFound, Stale
from shared.identity import Principal
from shared.models.intake import DemandCategory
from shared.models.registry import Office


@dataclass(frozen=True, slots=True)
class CategoryValues:
    """What a township decides about a category. `limit_days` in working days; `rule_code` earns points."""

    code: str
    name: str
    limit_days: int = 7
    office_id: int | None = None
    rule_code: str | None = None
    position: int = 0
    is_active: bool = True


# What a new township starts from; it changes them as it likes.
USUAL: tuple[CategoryValues, ...] = tuple(
    CategoryValues(code, name, limit, position=position)
    for position, (code, name, limit) in enumerate(
        (
            ("road", "道路", 10),
            ("water", "饮水", 5),
            ("light", "路灯", 7),
            ("rubbish", "垃圾", 5),
            ("irrigation", "水利", 10),
            ("farming", "产业", 15),
            ("welfare", "民政", 10),
            ("power", "用电", 5),
            ("papers", "政务", 5),
            ("safety", "安全", 3),
            ("culture", "文化", 15),
            ("other", "其他", 10),
        )
    )
)


def list_categories(township_id: int) -> Select[DemandCategory]:
    """The categories that may be chosen, in the township's order."""
    return (
        select(DemandCategory)
        .where(DemandCategory.township_id == township_id, DemandCategory.is_active)
        .order_by(DemandCategory.position, DemandCategory.id)
    )


def all_categories(township_id: int) -> Select[DemandCategory]:
    """Every category, also those that may no longer be chosen, in the township's order."""
    return (
        select(DemandCategory)
        .where(DemandCategory.township_id == township_id)
        .order_by(DemandCategory.position, DemandCategory.id)
    )


def category_by_code(session: Session, township_id: int, code: str) -> DemandCategory:
    """An active category. Raises Invalid at the field, since people choose it from a list."""
    category = session.scalar(list_categories(township_id).where(DemandCategory.code == code))
    if category is None:
        raise Invalid("请从列表里选择这是哪一类事。", errors={"category": ["请从列表里选择这是哪一类事。"]})
    return category


def category_by_id(session: Session, actor: Principal, category_id: int) -> DemandCategory:
    """Raises NotFound for another township's."""
    category = session.get(DemandCategory, category_id)
    if category is None or category.township_id != actor.township_id:
        raise NotFound("没有这个诉求类别。")
    return category


def add_usual_categories(session: Session, township_id: int, *, offices: dict[str, int] | None = None) -> int:
    """Give a township the usual categories where it has none of that code; `offices` names an office id by code."""
    known = set(session.scalars(select(DemandCategory.code).where(DemandCategory.township_id == township_id)))
    new = [values for values in USUAL if values.code not in known]
    session.add_all(
        DemandCategory(
            township_id=township_id,
            code=values.code,
            name=values.name,
            limit_days=values.limit_days,
            office_id=(offices or {}).get(values.code),
            position=values.position,
        )
        for values in new
    )
    session.flush()
    return len(new)


def take_usual_categories(session: Session, actor: Principal) -> int:
    """The same as an act of an admin, who goes on from there; how many are new."""
    made = add_usual_categories(session, actor.township_id)
    if made:
        audit.record(session, actor, "take_usual_categories", "township", actor.township_id, details={"count": made})
    return made


def create_category(session: Session, actor: Principal, values: CategoryValues) -> DemandCategory:
    """Raises Conflict for a code that is taken, Invalid for values that can't be."""
    _check(session, actor, values)
    taken = select(DemandCategory.id).where(
        DemandCategory.township_id == actor.township_id, DemandCategory.code == values.code
    )
    if session.scalar(taken) is not None:
        sentence = "这个类别代码已经有了，请换一个，或修改原来的类别。"
        raise Conflict(sentence, errors={"code": [sentence]})
    category = DemandCategory(township_id=actor.township_id, **_columns(values))
    session.add(category)
    session.flush()
    audit.record(session, actor, "create_category", "demand_category", category.id)
    return category


def change_category(
    session: Session, actor: Principal, category: DemandCategory, values: CategoryValues, version: int
) -> DemandCategory:
    """Raises Stale when it was changed since it was read."""
    _check(session, actor, values)
    changed = session.execute(
        update(DemandCategory)
        .where(DemandCategory.id == category.id, DemandCategory.version == version)
        .values(**_columns(values), version=version + 1)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise Stale("您打开之后，这个类别已被别人改过。请刷新后再改。")
    session.refresh(category)
    audit.record(session, actor, "change_category", "demand_category", category.id, details={"version": version + 1})
    return category


def names_of(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """Names by id, for lists."""
    statement = select(DemandCategory.id, DemandCategory.name).where(DemandCategory.id.in_(set(ids)))
    return {row.id: row.name for row in session.execute(statement)}


def _columns(values: CategoryValues) -> dict[str, object]:
    return {
        "code": values.code,
        "name": values.name,
        "limit_days": values.limit_days,
        "office_id": values.office_id,
        "rule_code": values.rule_code or None,
        "position": values.position,
        "is_active": values.is_active,
    }


def _check(session: Session, actor: Principal, values: CategoryValues) -> None:
    if not 1 <= values.limit_days <= 90:
        raise Invalid("办理时限应为 1 到 90 个工作日。", errors={"limit_days": ["应为 1 到 90 个工作日。"]})
    if values.office_id is not None:
        office = session.get(Office, values.office_id)
        if office is None or office.township_id != actor.township_id:
            raise Invalid("没有这个办公室，请重新选择。", errors={"office_id": ["没有这个办公室，请重新选择。"]})
