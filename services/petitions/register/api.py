"""HTTP of the register: parse, call the domain, dump."""

from __future__ import annotations

from typing import Any

from services.petitions.procedure.words import CATEGORIES, CHANNELS
from services.petitions.register import assignments, openings
from services.petitions.register.details import Detail, detail_of, names_of_people
from services.petitions.register.parties import PersonDetails
from services.petitions.register.registration import Filing, Receipt, receipt_of, register_petition
from services.petitions.register.schemas import (
    AssignmentSchema,
    ChoicesSchema,
    CodeSchema,
    DetailSchema,
    FilingSchema,
    ListArguments,
    OpenedSchema,
    PeopleSchema,
    PurposeSchema,
    ReceiptSchema,
    SummarySchema,
    WaitingSchema,
)
from services.petitions.register.summaries import Summary, list_petitions, summaries_of
from services.petitions.register.visibility import READER_ROLES, petition_by_number
from services.petitions.register.waiting import ACTS, TITLES, waiting_for
from shared.identity import Role
from shared.identity.scope import village_by_code
from shared.models.petition_kinds import Channel
from shared.models.petitions import Petition
from shared.web import (
    Blueprint,
    Page,
    allow,
    current_principal,
    current_session,
    idempotent,
    page_of,
    page_schema,
    set_version,
)

blueprint = Blueprint("register", __name__, url_prefix="/api/petitions", description="信访登记")


@blueprint.route("/petitions")
@allow(*READER_ROLES)
@blueprint.arguments(ListArguments, location="query")
@blueprint.response(200, page_schema(SummarySchema))
def list_visible(values: dict[str, Any]) -> Page[Summary]:
    """The petitions that exist for the caller, what is due first on top."""
    session = current_session()
    statement = list_petitions(current_principal(), only_open=values["only_open"], states=tuple(values["state"]))
    page = page_of(
        session,
        statement,
        [Petition.next_due_on, Petition.number],
        cursor=values["cursor"],
        limit=values["limit"],
    )
    return Page(summaries_of(session, page.items), page.next_cursor)


@blueprint.route("/petitions", methods=["POST"])
@allow(Role.CLERK, Role.LEADER, Role.DISCIPLINE)
@blueprint.arguments(FilingSchema)
@blueprint.response(201, ReceiptSchema)
@idempotent(receipt_of, identify=lambda receipt: receipt.number)
def register(values: dict[str, Any]) -> Receipt:
    """Register a petition; one that complains of an official is sealed for the discipline officers."""
    actor, session = current_principal(), current_session()
    code = values.pop("village")
    petitioner = values.pop("petitioner")
    filing = Filing(
        village_id=village_by_code(session, actor, code).id if code else None,
        petitioner=PersonDetails(**petitioner) if petitioner else None,
        representatives=tuple(PersonDetails(**each) for each in values.pop("representatives")),
        **values,
    )
    return register_petition(session, actor, filing)


@blueprint.route("/petitions/<string:number>")
@allow(*READER_ROLES)
@blueprint.response(200, DetailSchema)
def show(number: str) -> Detail:
    """One petition without its words."""
    session, actor = current_session(), current_principal()
    petition = petition_by_number(session, actor, number)
    set_version(petition.version)
    return detail_of(session, actor, petition)


@blueprint.route("/petitions/<string:number>/openings", methods=["POST"])
@allow(*READER_ROLES)
@blueprint.arguments(PurposeSchema)
@blueprint.response(200, OpenedSchema)
def open_words(values: dict[str, Any], number: str) -> openings.Opened:
    """The words of a petition; every opening is logged."""
    return openings.open_petition(current_session(), current_principal(), number, values["purpose"])


@blueprint.route("/petitions/<string:number>/codes", methods=["POST"])
@allow(*READER_ROLES)
@blueprint.response(200, CodeSchema)
def open_code(number: str) -> dict[str, str]:
    """The petitioner's code, to print it once more."""
    return {"code": openings.open_code(current_session(), current_principal(), number)}


@blueprint.route("/petitions/<string:number>/assignments", methods=["POST"])
@allow(Role.CLERK, Role.LEADER, Role.DISCIPLINE)
@blueprint.arguments(AssignmentSchema)
@blueprint.response(200, PeopleSchema)
def assign(values: dict[str, Any], number: str) -> dict[str, list[str]]:
    """Let one more person work on it."""
    session, actor = current_session(), current_principal()
    assignments.assign_person(session, actor, number, values["person_id"])
    return {"people": names_of_people(session, petition_by_number(session, actor, number))}


@blueprint.route("/petitions/<string:number>/recusals", methods=["POST"])
@allow(*READER_ROLES)
@blueprint.response(204)
def recuse(number: str) -> None:
    """Withdraw for a direct interest; the petition does not exist for the caller any more."""
    assignments.recuse(current_session(), current_principal(), number)


@blueprint.route("/waiting")
@allow(*READER_ROLES)
@blueprint.response(200, WaitingSchema)
def list_waiting() -> dict[str, Any]:
    """What waits for the caller: the lines of 待办."""
    session = current_session()
    groups = waiting_for(session, current_principal())
    return {
        "groups": [
            {
                "asked": group.asked.value,
                "title": TITLES[group.asked],
                "act": ACTS[group.asked],
                "count": group.count,
                "petitions": summaries_of(session, group.petitions),
            }
            for group in groups
        ]
    }


@blueprint.route("/choices")
@allow(*READER_ROLES)
@blueprint.response(200, ChoicesSchema)
def list_choices() -> dict[str, Any]:
    """What the register's forms offer."""
    return {
        "channels": [
            {"value": value.value, "text": text} for value, text in CHANNELS.items() if value is not Channel.DEMAND
        ],
        "categories": [{"value": value.value, "text": text} for value, text in CATEGORIES.items()],
        "purposes": [{"value": value.value, "text": text} for value, text in openings.PURPOSES.items()],
    }
