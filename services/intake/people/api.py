"""HTTP of people."""

from __future__ import annotations

from typing import Any

from services.intake.households.people import checked_person
from services.intake.people.people import change_person_of_township, person_by_id, register_person, search_people
from services.intake.people.schemas import (
    ForgettingSchema,
    NewPersonSchema,
    PersonDetailsSchema,
    PersonListArguments,
    PersonSchema,
)
from services.intake.people.views import PersonView, person_views
from services.intake.retention.residents import forget_person
from shared.identity import Role
from shared.models.registry import Person
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

blueprint = Blueprint("people", __name__, url_prefix="/api/intake/people", description="人员")


@blueprint.route("")
@allow(Role.ADMIN)
@blueprint.arguments(PersonListArguments, location="query")
@blueprint.response(200, page_schema(PersonSchema))
def search(values: dict[str, Any]) -> Page[PersonView]:
    """Find people of the township, residents or not, to give them duties and accounts."""
    session, actor = current_session(), current_principal()
    statement = search_people(actor, query=values["query"], officials=values["officials"])
    page = page_of(session, statement, [Person.id], cursor=values["cursor"], limit=values["limit"])
    return Page(person_views(session, actor.township_id, page.items), page.next_cursor)


@blueprint.route("", methods=["POST"])
@allow(Role.ADMIN)
@blueprint.arguments(NewPersonSchema)
@blueprint.response(201, PersonSchema)
@idempotent(lambda session, actor, made: _view(person_by_id(session, actor, int(made))))
def register(values: dict[str, Any]) -> PersonView:
    """Register somebody who lives in no household of the township."""
    return _view(register_person(current_session(), current_principal(), checked_person(values)))


@blueprint.route("/<int:person_id>")
@allow(Role.ADMIN)
@blueprint.response(200, PersonSchema)
def show(person_id: int) -> PersonView:
    """One person."""
    return _view(person_by_id(current_session(), current_principal(), person_id))


@blueprint.route("/<int:person_id>", methods=["PATCH"])
@allow(Role.ADMIN)
@conditional()
@blueprint.arguments(PersonDetailsSchema)
@blueprint.response(200, PersonSchema)
def change(values: dict[str, Any], person_id: int) -> PersonView:
    """Change name or numbers; needs `If-Match`."""
    session, actor = current_session(), current_principal()
    person = person_by_id(session, actor, person_id)
    return _view(change_person_of_township(session, actor, person, expected_version(), **values))


@blueprint.route("/<int:person_id>/forget", methods=["POST"])
@allow(Role.ADMIN)
@blueprint.arguments(ForgettingSchema)
@blueprint.response(200, PersonSchema)
def forget(values: dict[str, Any], person_id: int) -> PersonView:
    """Forget the personal data of somebody who neither lives nor serves here any more. A repeat does nothing."""
    session, actor = current_session(), current_principal()
    return _view(forget_person(session, actor, person_by_id(session, actor, person_id), values["reason"]))


def _view(person: Person) -> PersonView:
    set_version(person.version)
    return person_views(current_session(), current_principal().township_id, [person])[0]
