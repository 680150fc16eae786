"""HTTP of opening days: parse, call the domain, dump."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from services.points.store.items import KEEPERS
from services.points.store.opening_days import opening_days, state_opening_days, version_of
from services.points.store.schemas import OpeningDaysSchema
from shared.identity import Role
from shared.identity.scope import village_by_code
from shared.web import (
    Blueprint,
    allow,
    conditional,
    current_principal,
    current_session,
    expected_version,
    set_version,
)

blueprint = Blueprint("opening_days", __name__, url_prefix="/api/points/opening_days", description="积分超市营业日")


@blueprint.route("/<string:village>")
@allow(Role.PUBLIC)
@blueprint.response(200, OpeningDaysSchema)
def show(village: str) -> dict[str, Any]:
    """The weekdays on which a village's store is open."""
    session = current_session()
    return _shown(opening_days(session, village_by_code(session, current_principal(), village).id))


@blueprint.route("/<string:village>", methods=["PUT"])
@allow(*KEEPERS)
@conditional()
@blueprint.arguments(OpeningDaysSchema)
@blueprint.response(200, OpeningDaysSchema)
def state(values: dict[str, Any], village: str) -> dict[str, Any]:
    """Say on which weekdays the store is open, all of them at once."""
    state_opening_days(
        current_session(),
        current_principal(),
        village_code=village,
        weekdays=values["weekdays"],
        expected_version=expected_version(),
    )
    return _shown(values["weekdays"])


def _shown(weekdays: Collection[int]) -> dict[str, Any]:
    set_version(version_of(weekdays))
    return {"weekdays": sorted(set(weekdays))}
