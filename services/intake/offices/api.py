"""HTTP of offices and duties."""

from __future__ import annotations

from typing import Any

from services.intake.offices.duties import NewDuty, duties_shown_to, duty_by_id, end_duty, give_duty, list_duties
from services.intake.offices.offices import (
    OfficeValues,
    change_office,
    create_office,
    heads_sentence,
    list_offices,
    office_by_id,
)
from services.intake.offices.schemas import (
    DutyListArguments,
    DutySchema,
    EndDutySchema,
    EndedDutySchema,
    NewDutySchema,
    OfficeSchema,
    OfficesSchema,
)
from services.intake.offices.views import DutyView, duty_views
from services.intake.roles import LIST_READERS
from shared.calendar import today
from shared.identity import Role
from shared.identity.scope import village_by_code
from shared.models.registry import Duty, Office
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

offices = Blueprint("offices", __name__, url_prefix="/api/intake/offices", description="办公室")
duties = Blueprint("duties", __name__, url_prefix="/api/intake/duties", description="职责")


@offices.route("")
@allow(Role.PUBLIC)
@offices.response(200, OfficesSchema)
def list_all() -> dict[str, Any]:
    """The offices with phones and what they handle."""
    session, township_id = current_session(), current_principal().township_id
    found = session.scalars(list_offices(township_id).order_by(Office.position, Office.id)).all()
    return {"items": found, "heads_sentence": heads_sentence(session, township_id)}


@offices.route("/<int:office_id>")
@allow(Role.PUBLIC)
@offices.response(200, OfficeSchema)
def show(office_id: int) -> Office:
    """One office."""
    office = office_by_id(current_session(), current_principal(), office_id)
    set_version(office.version)
    return office


@offices.route("", methods=["POST"])
@allow(Role.ADMIN)
@offices.arguments(OfficeSchema)
@offices.response(201, OfficeSchema)
@idempotent(lambda session, actor, made: office_by_id(session, actor, int(made)))
def create(values: dict[str, Any]) -> Office:
    """A new office."""
    office = create_office(current_session(), current_principal(), OfficeValues(**values))
    set_version(office.version)
    return office


@offices.route("/<int:office_id>", methods=["PUT"])
@allow(Role.ADMIN)
@conditional()
@offices.arguments(OfficeSchema)
@offices.response(200, OfficeSchema)
def change(values: dict[str, Any], office_id: int) -> Office:
    """Change an office; needs `If-Match`."""
    session, actor = current_session(), current_principal()
    office = office_by_id(session, actor, office_id)
    change_office(session, actor, office, OfficeValues(**values), expected_version())
    set_version(office.version)
    return office


@duties.route("")
@allow(*LIST_READERS)
@duties.arguments(DutyListArguments, location="query")
@duties.response(200, page_schema(DutySchema))
def list_held(values: dict[str, Any]) -> Page[DutyView]:
    """Who is responsible for what in the township's offices, and in the villages that one answers for."""
    session, actor = current_session(), current_principal()
    village = village_by_code(session, actor, values["village"], *LIST_READERS).id if values["village"] else None
    statement = list_duties(
        actor.township_id,
        day=None if values["all"] else today(),
        kind=values["kind"],
        village_id=village,
        office_id=values["office_id"],
        person_id=values["person_id"],
    ).where(duties_shown_to(actor))
    page = page_of(session, statement, [Duty.id], cursor=values["cursor"], limit=values["limit"])
    return Page(duty_views(session, page.items), page.next_cursor)


@duties.route("/<int:duty_id>")
@allow(*LIST_READERS)
@duties.response(200, DutySchema)
def show_one(duty_id: int) -> DutyView:
    """One duty."""
    return _view(duty_by_id(current_session(), current_principal(), duty_id))


@duties.route("", methods=["POST"])
@allow(Role.ADMIN)
@duties.arguments(NewDutySchema)
@duties.response(201, DutySchema)
@idempotent(lambda session, actor, made: _view(duty_by_id(session, actor, int(made))))
def give(values: dict[str, Any]) -> DutyView:
    """Give someone a duty."""
    session, actor = current_session(), current_principal()
    code = values.pop("village")
    village = village_by_code(session, actor, code).id if code else None
    values["valid_from"] = values["valid_from"] or today()
    return _view(give_duty(session, actor, NewDuty(village_id=village, **values)))


@duties.route("/<int:duty_id>/end", methods=["POST"])
@allow(Role.ADMIN)
@conditional()
@duties.arguments(EndDutySchema)
@duties.response(200, EndedDutySchema)
def end(values: dict[str, Any], duty_id: int) -> dict[str, Any]:
    """End a duty; open demands move to the successor; needs `If-Match`."""
    session, actor = current_session(), current_principal()
    duty = duty_by_id(session, actor, duty_id)
    moved = end_duty(session, actor, duty, values["last_day"], expected_version(), successor_id=values["successor_id"])
    set_version(duty.version)
    return {"id": duty.id, "valid_to": duty.valid_to, "demands_moved": moved}


def _view(duty: Duty) -> DutyView:
    set_version(duty.version)
    return duty_views(current_session(), [duty])[0]
