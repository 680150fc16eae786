"""HTTP of villages and grids."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from sqlalchemy.orm import Session

from services.intake.villages.grids import create_grid, create_grids, grid_by_id, list_grids, rename_grid
from services.intake.villages.schemas import (
    GridChangeSchema,
    GridListArguments,
    GridSchema,
    GridsSchema,
    NewGridsSchema,
    VillageChangeSchema,
    VillageListArguments,
    VillageSchema,
)
from services.intake.villages.views import VillageView, village_views
from services.intake.villages.villages import (
    VillageValues,
    all_villages,
    change_village,
    create_village,
    list_villages,
)
from shared.identity import Principal, Role
from shared.identity.scope import village_by_code
from shared.models.registry import Grid, GridLevel, Village
from shared.web import (
    Blueprint,
    Page,
    allow,
    conditional,
    current_principal,
    current_session,
    expected_version,
    idempotent,
    page_of,
    page_schema,
    set_version,
)

villages = Blueprint("villages", __name__, url_prefix="/api/intake/villages", description="村")
grids = Blueprint("grids", __name__, url_prefix="/api/intake/grids", description="网格：片、组、邻")


@villages.route("")
@allow(Role.PUBLIC)
@villages.arguments(VillageListArguments, location="query")
@villages.response(200, page_schema(VillageSchema))
def list_present(values: dict[str, Any]) -> Page[VillageView]:
    """The villages of today, or all that there are or were."""
    session = current_session()
    chosen = all_villages if values.pop("all") else list_villages
    page = page_of(session, chosen(current_principal().township_id), [Village.code], **values)
    return Page(village_views(session, page.items), page.next_cursor)


@villages.route("/<code>")
@allow(Role.PUBLIC)
@villages.response(200, VillageSchema)
def show(code: str) -> VillageView:
    """One village."""
    return _village(village_by_code(current_session(), current_principal(), code))


@villages.route("", methods=["POST"])
@allow(Role.ADMIN)
@villages.arguments(VillageSchema)
@villages.response(201, VillageSchema)
@idempotent(lambda session, actor, code: _village(village_by_code(session, actor, code)), identify=lambda one: one.code)
def create(values: dict[str, Any]) -> VillageView:
    """A new village."""
    return _village(create_village(current_session(), current_principal(), VillageValues(**values)))


@villages.route("/<code>", methods=["PATCH"])
@allow(Role.ADMIN)
@conditional()
@villages.arguments(VillageChangeSchema)
@villages.response(200, VillageSchema)
def change(values: dict[str, Any], code: str) -> VillageView:
    """Name, phone, and the day on which a merger ends it; needs `If-Match`."""
    session, actor = current_session(), current_principal()
    return _village(change_village(session, actor, village_by_code(session, actor, code), expected_version(), **values))


@villages.route("/<code>/grids", methods=["POST"])
@allow(Role.ADMIN)
@villages.arguments(NewGridsSchema)
@villages.response(201, GridsSchema)
@idempotent(lambda session, actor, made: _grids_of_level(session, actor, *made.split(":")), identify=itemgetter("key"))
def add_grids(values: dict[str, Any], code: str) -> dict[str, Any]:
    """Several new grids of one level by their names; the answer lists the whole level."""
    session, actor = current_session(), current_principal()
    create_grids(session, actor, village_by_code(session, actor, code), **values)
    return _grids_of_level(session, actor, code, values["level"])


@grids.route("")
@allow(Role.PUBLIC)
@grids.arguments(GridListArguments, location="query")
@grids.response(200, page_schema(GridSchema))
def list_of_village(values: dict[str, Any]) -> Page[Grid]:
    """The grids of a village: the public form asks for the group."""
    session = current_session()
    village = village_by_code(session, current_principal(), values.pop("village"))
    return page_of(session, list_grids(village.id, values.pop("level")), [Grid.code], **values)


@grids.route("/<int:grid_id>")
@allow(Role.PUBLIC)
@grids.response(200, GridSchema)
def show_one(grid_id: int) -> Grid:
    """One grid."""
    grid = grid_by_id(current_session(), current_principal(), grid_id)
    set_version(grid.version)
    return grid


@grids.route("", methods=["POST"])
@allow(Role.ADMIN)
@grids.arguments(GridSchema)
@grids.response(201, GridSchema)
@idempotent(lambda session, actor, made: grid_by_id(session, actor, int(made)))
def create_one(values: dict[str, Any]) -> Grid:
    """A new grid."""
    session, actor = current_session(), current_principal()
    grid = create_grid(session, actor, village_by_code(session, actor, values.pop("village")), **values)
    set_version(grid.version)
    return grid


@grids.route("/<int:grid_id>", methods=["PATCH"])
@allow(Role.ADMIN)
@conditional()
@grids.arguments(GridChangeSchema)
@grids.response(200, GridSchema)
def rename(values: dict[str, Any], grid_id: int) -> Grid:
    """A new name; needs `If-Match`."""
    session, actor = current_session(), current_principal()
    grid = rename_grid(session, actor, grid_by_id(session, actor, grid_id), expected_version(), values["name"])
    set_version(grid.version)
    return grid


def _village(village: Village) -> VillageView:
    set_version(village.version)
    return village_views(current_session(), [village])[0]


def _grids_of_level(session: Session, actor: Principal, code: str, level: str) -> dict[str, Any]:
    village = village_by_code(session, actor, code)
    found = session.scalars(list_grids(village.id, GridLevel(level)).order_by(Grid.id)).all()
    return {"items": found, "key": f"{code}:{level}"}
