"""Grids 网格 of three levels: 片 ⊃ 组 ⊃ 邻."""

from __future__ import annotations

from itertools import count

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from shared import audit
from shared.database.upserts import execute_counted
from shared.errors import Conflict, Invalid, NotFound, Stale
from shared.identity import Principal, Role
from shared.models.registry import Grid, GridLevel, Village

_ABOVE = {GridLevel.AREA: None, GridLevel.GROUP: GridLevel.AREA, GridLevel.NEIGHBOURS: GridLevel.GROUP}
_WORDS = {GridLevel.AREA: "片", GridLevel.GROUP: "组", GridLevel.NEIGHBOURS: "邻"}
_PREFIXES = {GridLevel.AREA: "P", GridLevel.GROUP: "Z", GridLevel.NEIGHBOURS: "L"}


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
    _require_fitting_parent(session, village.id, level, parent_id)
    if session.scalar(select(Grid.id).where(Grid.village_id == village.id, Grid.code == code)) is not None:
        sentence = "这个村已有这个网格代码，请换一个。"
        raise Conflict(sentence, errors={"code": [sentence]})
    _require_new_names(session, village.id, level, [name], "name")
    grid = Grid(village_id=village.id, parent_id=parent_id, level=level, code=code, name=name)
    session.add(grid)
    session.flush()
    audit.record(session, actor, "create_grid", "grid", grid.id, village_id=village.id)
    return grid


def create_grids(
    session: Session, actor: Principal, village: Village, *, level: GridLevel, parent_id: int | None, names: list[str]
) -> list[Grid]:
    """Several grids of one level inside the same one, with the next free codes (`Z1`, `Z2` …), in the order given.

    Raises Invalid for names that the level has already or that are given twice.
    """
    actor.require_in(village.id, Role.ADMIN)
    _require_fitting_parent(session, village.id, level, parent_id)
    cleaned = [name.strip() for name in names]
    _require_new_names(session, village.id, level, cleaned, "names")
    taken = set(session.scalars(select(Grid.code).where(Grid.village_id == village.id)))
    free = (code for number in count(1) if (code := f"{_PREFIXES[level]}{number}") not in taken)
    made = [
        Grid(village_id=village.id, parent_id=parent_id, level=level, code=code, name=name)
        for name, code in zip(cleaned, free, strict=False)
    ]
    session.add_all(made)
    session.flush()
    audit.record(
        session, actor, "create_grids", "village", village.code,
        village_id=village.id, details={"level": level, "grids": [grid.id for grid in made]},
    )  # fmt: skip
    return made


def rename_grid(session: Session, actor: Principal, grid: Grid, version: int, name: str) -> Grid:
    """Raises Invalid for a name that the level has already, Stale."""
    actor.require_in(grid.village_id, Role.ADMIN)
    if name != grid.name:
        _require_new_names(session, grid.village_id, grid.level, [name], "name")
    statement = update(Grid).where(Grid.id == grid.id, Grid.version == version)
    if execute_counted(session, statement.values(name=name, version=version + 1)) != 1:
        raise Stale("您打开之后，这个网格已被别人改过。请刷新后再改。")
    session.refresh(grid)
    audit.record(session, actor, "rename_grid", "grid", grid.id, village_id=grid.village_id)
    return grid


def _require_fitting_parent(session: Session, village_id: int, level: GridLevel, parent_id: int | None) -> None:
    above = _ABOVE[level]
    parent = session.get(Grid, parent_id) if parent_id is not None else None
    fits = parent is None if above is None else (
        parent is not None and parent.level is above and parent.village_id == village_id
    )  # fmt: skip
    if not fits:
        sentence = (
            "片不属于别的网格，请不要选上级。" if above is None else f"请选择这个{_WORDS[level]}所在的{_WORDS[above]}。"
        )
        raise Invalid(sentence, errors={"parent_id": [sentence]})


def _require_new_names(session: Session, village_id: int, level: GridLevel, names: list[str], field: str) -> None:
    """Workbooks and people call a grid by its name: within a level of a village it must name one."""
    sentence = ""
    known = list_grids(village_id, level).where(Grid.name.in_(names))
    if not all(names):
        sentence = "名称不能是空的。"
    elif twice := [name for name in names if names.count(name) > 1]:
        sentence = f"“{twice[0]}”写了两次，请去掉一个。"
    elif taken := session.scalars(known).first():
        sentence = f"这个村已有叫“{taken.name}”的{_WORDS[level]}，请换一个名称。"
    if sentence:
        raise Invalid(sentence, errors={field: [sentence]})
