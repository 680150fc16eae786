"""HTTP of villages and grids."""

from __future__ import annotations

from typing import Any

from services.intake.villages.grids import create_grid, grid_by_id, list_grids, rename_grid
from services.intake.villages.schemas import (
    GridChangeSchema,
    GridListArguments,
    GridSchema,
    VillageChangeSchema,
    VillageSchema,
)
from services.intake.villages.villages import VillageValues, change_village, create_village, list_villages
from shared.identity import Role
from shared.identity.scope import village_by_code
from shared.models.registry import Grid, Village
from shared.web import (
    Blueprint,
    Page,
    PageArguments,
    allow,
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
@villages.arguments(PageArguments, location="query")
@villages.response(200, page_schema(VillageSchema))
def list_present(values: dict[str, Any]) -> Page[Village]:
    """The villages of today."""
    return page_of(current_session(), list_villages(current_principal().township_id), [Village.code], **values)


@villages.route("/<code>")
@allow(Role.PUBLIC)
@villages.response(200, VillageSchema)
def show(code: str) -> Village:
    """One village."""
    village = village_by_code(current_session(), current_principal(), code)
    set_version(village.version)
    return village


@villages.route("", methods=["POST"])
@allow(Role.ADMIN)
@villages.arguments(VillageSchema)
@villages.response(201, VillageSchema)
@idempotent(village_by_code, identify=lambda village: village.code)
def create(values: dict[str, Any]) -> Village:
    """A new village."""
    village = create_village(current_session(), current_principal(), VillageValues(**values))
    set_version(village.version)
    return village


@villages.route("/<code>", methods=["PATCH"])
@allow(Role.ADMIN)
@villages.arguments(VillageChangeSchema)
@villages.response(200, VillageSchema)
def change(values: dict[str, Any], code: str) -> Village:
    """Name, phone, and the day on which a merger ends it; needs `If-Match`."""
    session, actor = current_session(), current_principal()
    village = change_village(session, actor, village_by_code(session, actor, code), expected_version(), **values)
    set_version(village.version)
    return village


@grids.route("")
@allow(Role.PUBLIC)
@grids.arguments(GridListArguments, location="query")
@grids.response(200, page_schema(GridSchema))
def list_of_village(values: dict[str, Any]) -> Page[Grid]:
    """The grids of a village: the public form asks for the group."""
    session = current_session()
    village = village_by_code(session, current_principal(), values.pop("village"))
    return page_of(session, list_grids(village.id, values.pop("level")), [Grid.code], **values)


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
@grids.arguments(GridChangeSchema)
@grids.response(200, GridSchema)
def rename(values: dict[str, Any], grid_id: int) -> Grid:
    """A new name; needs `If-Match`."""
    session, actor = current_session(), current_principal()
    grid = rename_grid(session, actor, grid_by_id(session, actor, grid_id), expected_version(), values["name"])
    set_version(grid.version)
    return grid
