"""HTTP of the township's own words."""

from __future__ import annotations

from typing import Any

from services.intake.township.schemas import TownshipSchema
from services.intake.township.words import TownshipView, TownshipWords, change_township, view_township
from shared.identity import Role
from shared.web import Blueprint, allow, conditional, current_principal, current_session, expected_version, set_version

blueprint = Blueprint("township", __name__, url_prefix="/api/intake/township", description="乡镇设置")


@blueprint.route("")
@allow(Role.PUBLIC)
@blueprint.response(200, TownshipSchema)
def show() -> TownshipView:
    """What the public page says of this township."""
    return _shown(view_township(current_session(), current_principal()))


@blueprint.route("", methods=["PUT"])
@allow(Role.ADMIN)
@conditional()
@blueprint.arguments(TownshipSchema)
@blueprint.response(200, TownshipSchema)
def change(values: dict[str, Any]) -> TownshipView:
    """Set it anew; needs `If-Match`."""
    said = values["words"]
    words = TownshipWords(**{**said, "reception_weekdays": tuple(sorted(set(said["reception_weekdays"])))})
    return _shown(change_township(current_session(), current_principal(), words, expected_version()))


def _shown(view: TownshipView) -> TownshipView:
    set_version(view.version)
    return view
