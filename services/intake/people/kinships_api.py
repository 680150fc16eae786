"""HTTP of declared relatives."""

from __future__ import annotations

from typing import Any

from services.intake.people.kinships import (
    KinshipView,
    declare_kinship,
    kinship_by_id,
    kinship_views,
    kinships_of,
    withdraw_kinship,
)
from services.intake.people.schemas import (
    KinshipListArguments,
    KinshipSchema,
    KinshipsSchema,
    NewKinshipSchema,
)
from services.intake.roles import LIST_READERS
from shared.identity import Role
from shared.models.registry import Kinship
from shared.web import Blueprint, allow, current_principal, current_session, idempotent

blueprint = Blueprint("kinships", __name__, url_prefix="/api/intake/kinships", description="申报亲属")


@blueprint.route("")
@allow(*LIST_READERS)
@blueprint.arguments(KinshipListArguments, location="query")
@blueprint.response(200, KinshipsSchema)
def list_declared(values: dict[str, Any]) -> dict[str, Any]:
    """What I have declared; an admin sees anybody's."""
    return {"items": kinships_of(current_session(), current_principal(), values["person_id"])}


@blueprint.route("", methods=["POST"])
@allow(*LIST_READERS)
@blueprint.arguments(NewKinshipSchema)
@blueprint.response(201, KinshipSchema)
@idempotent(lambda session, actor, made: _view(kinship_by_id(session, actor, int(made))))
def declare(values: dict[str, Any]) -> KinshipView:
    """Declare the household of a relative: nothing of it is reviewed by this person any more."""
    return _view(declare_kinship(current_session(), current_principal(), **values))


@blueprint.route("/<int:kinship_id>", methods=["DELETE"])
@allow(Role.ADMIN)
@blueprint.response(204)
def withdraw(kinship_id: int) -> None:
    """Take back what was declared by mistake."""
    session, actor = current_session(), current_principal()
    withdraw_kinship(session, actor, kinship_by_id(session, actor, kinship_id))


def _view(kinship: Kinship) -> KinshipView:
    return kinship_views(current_session(), [kinship])[0]
