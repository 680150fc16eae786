"""HTTP of the procedure: acts and clocks."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from services.petitions.procedure.acts import perform_action
from services.petitions.procedure.clocks import clocks_of
from services.petitions.procedure.schemas import ActionSchema, ClocksSchema, MovedSchema
from services.petitions.procedure.values import ActValues
from services.petitions.procedure.words import STATES
from services.petitions.register.details import ShownClock, show_clock
from services.petitions.register.visibility import READER_ROLES, petition_by_number
from shared.identity import Principal, Role
from shared.models.petitions import Petition
from shared.web import (
    Blueprint,
    allow,
    conditional,
    current_principal,
    current_session,
    given_version,
    idempotent,
    set_version,
)

blueprint = Blueprint("procedure", __name__, url_prefix="/api/petitions/petitions", description="信访办理")


def _moved(petition: Petition) -> dict[str, Any]:
    set_version(petition.version)
    return {"number": petition.number, "state": petition.state, "state_text": STATES[petition.state]}


def _moved_before(session: Session, actor: Principal, number: str) -> dict[str, Any]:
    return _moved(petition_by_number(session, actor, number))


@blueprint.route("/<string:number>/actions", methods=["POST"])
@allow(Role.CLERK, Role.LEADER, Role.DISCIPLINE)
@conditional(required=False)
@blueprint.arguments(ActionSchema)
@blueprint.response(200, MovedSchema)
@idempotent(_moved_before, identify=lambda moved: moved["number"])
def act(values: dict[str, Any], number: str) -> dict[str, Any]:
    """Do one act of the table. `If-Match` is heeded when given."""
    action, on = values.pop("action"), values.pop("on")
    version = given_version()
    session, actor = current_session(), current_principal()
    return _moved(perform_action(session, actor, number, action, ActValues(**values), on=on, expected_version=version))


@blueprint.route("/<string:number>/clocks")
@allow(*READER_ROLES)
@blueprint.response(200, ClocksSchema)
def list_clocks(number: str) -> dict[str, list[ShownClock]]:
    """All clocks of a petition."""
    session = current_session()
    petition = petition_by_number(session, current_principal(), number)
    return {"clocks": [show_clock(clock) for clock in clocks_of(session, petition)]}
