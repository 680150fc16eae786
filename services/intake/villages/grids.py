"""Grids 网格 of three levels: 片 ⊃ 组 ⊃ 邻."""

from __future__ import annotations

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from shared import audit
from shared.errors import Conflict, Invalid, NotFound, Stale
from shared.identity import Principal, Role
from shared.models.registry import Grid, GridLevel, Village

_ABOVE = {GridLevel.AREA: None, GridLevel.GROUP: GridLevel.AREA, GridLevel.NEIGHBOURS: GridLevel.GROUP}
_WORDS = {GridLevel.AREA: "片", GridLevel.GROUP: "组", GridLevel.NEIGHBOURS: "邻"}


def list_grids(village_id: int, level: GridLevel | None = None) -> Select[Grid]:
    """The grids of a village, of one level where one is named."""
    statement = select(Grid).where(Grid.village_id == village_id)
    return statement if level is None else statement.where(Grid.level == level)


def grid_by_id(session: Session, actor: Principal, grid_id: int) -> Grid:
    """Raises NotFound, also for another township's."""
    grid = session.scalar(
        select(Grid)
        .join(Village, Village.id == Grid.village_id)
        .where(Grid.id == grid_id, Village.township_id == actor.township_id)
    )
    if grid is None:
        raise NotFound("没有这个网格。")
    return grid


def create_grid(
    session: Session,
    actor: Principal,
    village: Village,
    *,
    level: GridLevel,
    code: str,
    name: str,
    parent_id: int | None,
) -> Grid:
    """A new grid inside one of the level above. Raises Invalid, Conflict for a code that is taken."""
    actor.require_in(village.id, Role.ADMIN)
    above = _ABOVE[level]
    parent = session.get(Grid, parent_id) if parent_id is not None else None
    fits = parent is None if above is None else (
        parent is not None and parent.level is above and parent.village_id == village.id
    )  # fmt: skip
    if not fits:
        sentence = (
            "片不属于别的网格，请不要选上级。" if above is None else f"请选择这个{_WORDS[level]}所在的{_WORDS[above]}。"
        )
        raise Invalid(sentence, errors={"parent_id": [sentence]})
    if session.scalar(select(Grid.id).where(Grid.village_id == village.id, Grid.code == code)) is not None:
        raise Conflict("这个村已有这个网格代码，请换一个。")
    grid = Grid(village_id=village.id, parent_id=parent_id, level=level, code=code, name=name)
    session.add(grid)
    session.flush()
    audit.record(session, actor, "create_grid", "grid", grid.id, village_id=village.id)
    return grid


def rename_grid(session: Session, actor: Principal, grid: Grid, version: int, name: str) -> Grid:
    """Raises Stale."""
    actor.require_in(grid.village_id, Role.ADMIN)
    changed = session.execute(
        update(Grid).where(Grid.id == grid.id, Grid.version == version).values(name=name, version=version + 1)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise Stale("您打开之后，这个网格已被别人改过。请刷新后再改。")
    session.refresh(grid)
    audit.record(session, actor, "rename_grid", "grid", grid.id, village_id=grid.village_id)
    return grid
