"""HTTP of residents across households: finding a person, and registering one."""

from __future__ import annotations

from typing import Any

from services.intake.households.api import made_person
from services.intake.households.people import checked_person
from services.intake.households.people_search import ResidentLine, resident_lines, search_residents
from services.intake.households.residents import add_resident
from services.intake.households.schemas import (
    PersonMadeSchema,
    ResidentLineSchema,
    ResidentListArguments,
    ResidentOfHouseholdSchema,
)
from services.intake.households.scope import household_for
from services.intake.roles import MEMBER_READERS, REGISTRY_WRITERS
from shared.models.registry import Person, Resident
from shared.web import (
    Blueprint,
    Page,
    allow,
    current_principal,
    current_session,
    idempotent,
    page_of,
    page_schema,
)

blueprint = Blueprint("residents", __name__, url_prefix="/api/intake/residents", description="居民")


@blueprint.route("")
@allow(*MEMBER_READERS)
@blueprint.arguments(ResidentListArguments, location="query")
@blueprint.response(200, page_schema(ResidentLineSchema))
def search(values: dict[str, Any]) -> Page[ResidentLine]:
    """Present residents by name, pinyin, initials or phone tail, with their households."""
    session, actor = current_session(), current_principal()
    statement = search_residents(actor, query=values["query"], village=values["village"])
    page = page_of(session, statement, [Resident.id], cursor=values["cursor"], limit=values["limit"])
    return Page(resident_lines(session, page.items), page.next_cursor)


@blueprint.route("", methods=["POST"])
@allow(*REGISTRY_WRITERS)
@blueprint.arguments(ResidentOfHouseholdSchema)
@blueprint.response(201, PersonMadeSchema)
@idempotent(
    lambda session, actor, made: made_person(session.get_one(Person, int(made))),
    identify=lambda made: made["person_id"],
)
def register(values: dict[str, Any]) -> dict[str, Any]:
    """A new member of a household."""
    session, actor = current_session(), current_principal()
    household = household_for(session, actor, values["household_id"], *REGISTRY_WRITERS)
    person_id = add_resident(session, actor, household, checked_person(values), values["relation"].strip())
    return made_person(session.get_one(Person, person_id))
