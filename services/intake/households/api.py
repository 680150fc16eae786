"""HTTP of households and residents."""

from __future__ import annotations

from typing import Any

from services.intake.households.heads import replace_head
from services.intake.households.households import (
    HouseholdChange,
    change_household,
    end_household,
    register_household,
    replace_card_token,
)
from services.intake.households.opening import open_value
from services.intake.households.people import checked_person
from services.intake.households.registration import NewHousehold, NewResident
from services.intake.households.residents import add_resident, change_person, move_out, residents_of
from services.intake.households.schemas import (
    HouseholdChangeSchema,
    HouseholdListArguments,
    HouseholdSchema,
    LastDaySchema,
    NewHeadSchema,
    NewHouseholdSchema,
    NewResidentSchema,
    OpenedSecretSchema,
    OpenSchema,
    PersonChangeSchema,
    PersonMadeSchema,
    ResidentsSchema,
)
from services.intake.households.scope import household_for
from services.intake.households.search import search_households
from services.intake.households.views import HouseholdView, household_views
from services.intake.roles import LIST_READERS, MEMBER_READERS, OPENERS, REGISTRY_WRITERS
from shared.calendar import today
from shared.identity import Role
from shared.identity.scope import village_by_code
from shared.models.registry import Household, Person
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

blueprint = Blueprint("households", __name__, url_prefix="/api/intake/households", description="户和户内成员")


@blueprint.route("")
@allow(*LIST_READERS)
@blueprint.arguments(HouseholdListArguments, location="query")
@blueprint.response(200, page_schema(HouseholdSchema))
def search(values: dict[str, Any]) -> Page[HouseholdView]:
    """Find households by name, pinyin, initials, card number or phone tail: the nearest first, else by number."""
    session = current_session()
    cursor, limit = values.pop("cursor"), values.pop("limit")
    statement = search_households(current_principal(), **values)
    columns = statement.selected_columns
    order = ([columns.nearness] if values["query"] else []) + [columns.village_id, columns.number]
    found = page_of(session, statement, order, cursor=cursor, limit=limit, scalars=False)
    return Page(household_views(session, [row.Household for row in found.items]), found.next_cursor)


@blueprint.route("", methods=["POST"])
@allow(*REGISTRY_WRITERS)
@blueprint.arguments(NewHouseholdSchema)
@blueprint.response(201, HouseholdSchema)
@idempotent(lambda session, actor, made: _view(household_for(session, actor, int(made), *REGISTRY_WRITERS)))
def register(values: dict[str, Any]) -> HouseholdView:
    """Register a household with its people."""
    session, actor = current_session(), current_principal()
    village = village_by_code(session, actor, values.pop("village"), *REGISTRY_WRITERS)
    residents = [
        NewResident(checked_person(each, f"residents.{position}."), each["relation"].strip())
        for position, each in enumerate(values.pop("residents"))
    ]
    new = NewHousehold(village_id=village.id, residents=residents, valid_from=today(), **values)
    return _view(register_household(session, actor, new))


@blueprint.route("/<int:household_id>")
@allow(*LIST_READERS, Role.RESIDENT)
@blueprint.response(200, HouseholdSchema)
def show(household_id: int) -> HouseholdView:
    """One household."""
    return _view(household_for(current_session(), current_principal(), household_id, *LIST_READERS, Role.RESIDENT))


@blueprint.route("/<int:household_id>", methods=["PATCH"])
@allow(*REGISTRY_WRITERS)
@conditional()
@blueprint.arguments(HouseholdChangeSchema)
@blueprint.response(200, HouseholdSchema)
def change(values: dict[str, Any], household_id: int) -> HouseholdView:
    """Another group or address; needs `If-Match`."""
    session, actor = current_session(), current_principal()
    household = household_for(session, actor, household_id, *REGISTRY_WRITERS)
    return _view(change_household(session, actor, household, HouseholdChange(**values), expected_version()))


@blueprint.route("/<int:household_id>/end", methods=["POST"])
@allow(*REGISTRY_WRITERS)
@conditional()
@blueprint.arguments(LastDaySchema)
@blueprint.response(200, HouseholdSchema)
def end(values: dict[str, Any], household_id: int) -> HouseholdView:
    """The household is no more after a day; needs `If-Match`."""
    session, actor = current_session(), current_principal()
    household = household_for(session, actor, household_id, *REGISTRY_WRITERS)
    return _view(end_household(session, actor, household, values["last_day"], expected_version()))


@blueprint.route("/<int:household_id>/head", methods=["POST"])
@allow(*REGISTRY_WRITERS)
@conditional()
@blueprint.arguments(NewHeadSchema)
@blueprint.response(200, HouseholdSchema)
def change_head(values: dict[str, Any], household_id: int) -> HouseholdView:
    """Another member becomes the head; needs `If-Match`."""
    session, actor = current_session(), current_principal()
    household = household_for(session, actor, household_id, *REGISTRY_WRITERS)
    return _view(replace_head(session, actor, household, version=expected_version(), **values))


@blueprint.route("/<int:household_id>/card", methods=["POST"])
@allow(*REGISTRY_WRITERS)
@blueprint.response(200, HouseholdSchema)
def replace_card(household_id: int) -> HouseholdView:
    """A new QR for a lost card."""
    session, actor = current_session(), current_principal()
    return _view(replace_card_token(session, actor, household_for(session, actor, household_id, *REGISTRY_WRITERS)))


@blueprint.route("/<int:household_id>/residents")
@allow(*MEMBER_READERS, Role.RESIDENT)
@blueprint.response(200, ResidentsSchema)
def list_residents(household_id: int) -> dict[str, Any]:
    """Who belongs to the household."""
    session, actor = current_session(), current_principal()
    household = household_for(session, actor, household_id, *MEMBER_READERS, Role.RESIDENT)
    return {"items": residents_of(session, actor, household)}


@blueprint.route("/<int:household_id>/residents", methods=["POST"])
@allow(*REGISTRY_WRITERS)
@blueprint.arguments(NewResidentSchema)
@blueprint.response(201, PersonMadeSchema)
@idempotent(
    lambda session, actor, made: made_person(session.get_one(Person, int(made))),
    identify=lambda made: made["person_id"],
)
def add(values: dict[str, Any], household_id: int) -> dict[str, Any]:
    """A new member of the household."""
    session, actor = current_session(), current_principal()
    household = household_for(session, actor, household_id, *REGISTRY_WRITERS)
    person_id = add_resident(session, actor, household, checked_person(values), values["relation"].strip())
    return made_person(session.get_one(Person, person_id))


@blueprint.route("/<int:household_id>/residents/<int:person_id>", methods=["PATCH"])
@allow(*REGISTRY_WRITERS)
@conditional()
@blueprint.arguments(PersonChangeSchema)
@blueprint.response(200, PersonMadeSchema)
def change_resident(values: dict[str, Any], household_id: int, person_id: int) -> dict[str, Any]:
    """Change a member's name, numbers or care labels; needs `If-Match`."""
    session, actor = current_session(), current_principal()
    household = household_for(session, actor, household_id, *REGISTRY_WRITERS)
    return made_person(change_person(session, actor, household, person_id, expected_version(), **values))


@blueprint.route("/<int:household_id>/residents/<int:person_id>/move_out", methods=["POST"])
@allow(*REGISTRY_WRITERS)
@blueprint.arguments(LastDaySchema)
@blueprint.response(200, ResidentsSchema)
def move_resident_out(values: dict[str, Any], household_id: int, person_id: int) -> dict[str, Any]:
    """The member belongs to the household until a day."""
    session, actor = current_session(), current_principal()
    household = household_for(session, actor, household_id, *REGISTRY_WRITERS)
    move_out(session, actor, household, person_id, values["last_day"])
    return {"items": residents_of(session, actor, household)}


@blueprint.route("/<int:household_id>/residents/<int:person_id>/open", methods=["POST"])
@allow(*OPENERS)
@blueprint.arguments(OpenSchema)
@blueprint.response(200, OpenedSecretSchema)
def open_secret(values: dict[str, Any], household_id: int, person_id: int) -> dict[str, str]:
    """A full identity number or phone, for a purpose that the audit log keeps."""
    session, actor = current_session(), current_principal()
    household = household_for(session, actor, household_id, *OPENERS)
    return {"value": open_value(session, actor, household, person_id, values["secret"], values["purpose"])}


def made_person(person: Person) -> dict[str, Any]:
    """Whose record was made or changed; the answer carries its version."""
    set_version(person.version)
    return {"person_id": person.id, "version": person.version}


def _view(household: Household) -> HouseholdView:
    set_version(household.version)
    return household_views(current_session(), [household])[0]
