"""HTTP for whoever reported a demand: number and code, no account."""

from __future__ import annotations

from typing import Any, cast

from flask import current_app

from services.intake.demands.acts import Act, act_on_demand
from services.intake.demands.following import admit_try, find_followed, forget_tries
from services.intake.demands.schemas import FollowActSchema, FollowedSchema, FollowSchema
from services.intake.demands.views import followed_view
from shared.errors import Conflict
from shared.identity import Role
from shared.models.intake import Demand, SealedReceipt
from shared.web import Blueprint, ServiceApp, allow, current_principal, current_session

blueprint = Blueprint("following", __name__, url_prefix="/api/intake/demands/follow", description="查诉求进度")


@blueprint.route("", methods=["POST"])
@allow(Role.PUBLIC)
@blueprint.arguments(FollowSchema)
@blueprint.response(200, FollowedSchema)
def follow(values: dict[str, Any]) -> dict[str, Any]:
    """How far a demand is."""
    found = _find(values["number"], values["code"])
    return followed_view(current_session(), current_principal(), found)


@blueprint.route("/acts", methods=["POST"])
@allow(Role.PUBLIC)
@blueprint.arguments(FollowActSchema)
@blueprint.response(200, FollowedSchema)
def act(values: dict[str, Any]) -> dict[str, Any]:
    """The reporter confirms, asks for it to be done again, or withdraws."""
    found = _find(values["number"], values["code"])
    session, actor = current_session(), current_principal()
    if isinstance(found, SealedReceipt):
        raise Conflict("这件事由信访部门办理，请在“查进度”里按信访查看。")
    act_on_demand(session, actor, found, Act(values["action"], note=values["note"]), as_reporter=True)
    return followed_view(session, actor, found)


def _find(number: str, code: str) -> Demand | SealedReceipt:
    """What the code opens. The try is counted in a transaction of its own: a refusal must not take it back."""
    township_id = current_principal().township_id
    with cast(ServiceApp, current_app).database.transaction() as session:
        admit_try(session, township_id, number)
    found = find_followed(current_session(), township_id, number, code)
    forget_tries(current_session(), township_id, number)
    return found
