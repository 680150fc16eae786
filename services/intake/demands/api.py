"""HTTP of demands: parse, call the domain, dump."""

from __future__ import annotations

from typing import Any

from services.intake.demands.access import READERS, demand_by_id
from services.intake.demands.acts import Act, act_on_demand
from services.intake.demands.conversion import convert_demand
from services.intake.demands.listing import DemandFilter, list_demands, waiting_lines
from services.intake.demands.opening import open_phone
from services.intake.demands.receipts import Received, received_of, stored_id, stored_receipt
from services.intake.demands.reporting import NewDemand, report_demand
from services.intake.demands.schemas import (
    ActSchema,
    ConversionSchema,
    ConvertedSchema,
    DemandDetailSchema,
    DemandListArguments,
    DemandSchema,
    FiguresArguments,
    FiguresSchema,
    NewDemandSchema,
    OpenedSchema,
    PurposeSchema,
    ReceivedSchema,
    WaitingListSchema,
)
from services.intake.demands.statistics import demand_figures
from services.intake.demands.views import DemandDetail, detail_of, views_of
from shared.calendar import today
from shared.identity import Role
from shared.models.intake import Demand, SealedReceipt
from shared.web import (
    Blueprint,
    Page,
    allow,
    conditional,
    current_principal,
    current_session,
    given_version,
    idempotent,
    page_of,
    page_schema,
    set_version,
)

blueprint = Blueprint("demands", __name__, url_prefix="/api/intake/demands", description="诉求")


@blueprint.route("", methods=["POST"])
@allow(Role.PUBLIC)
@blueprint.arguments(NewDemandSchema)
@blueprint.response(201, ReceivedSchema)
@idempotent(stored_receipt, identify=stored_id)
def report(values: dict[str, Any]) -> Received:
    """Report a demand; one that complains of a cadre or office is sealed to the petitions service."""
    actor = current_principal()
    return received_of(report_demand(current_session(), actor, NewDemand(**values)))


@blueprint.route("")
@allow(*READERS)
@blueprint.arguments(DemandListArguments, location="query")
@blueprint.response(200, page_schema(DemandSchema))
def list_visible(values: dict[str, Any]) -> Page[Any]:
    """The demands that the caller may see."""
    actor, session = current_principal(), current_session()
    cursor, limit, order = values.pop("cursor"), values.pop("limit"), values.pop("order")
    wanted = DemandFilter(states=values.pop("state"), **values)
    page = page_of(
        session, list_demands(actor, wanted), [Demand.id], cursor=cursor, limit=limit, descending=order == "newest"
    )
    return Page(views_of(session, actor, page.items), page.next_cursor)


@blueprint.route("/waiting")
@allow(*READERS)
@blueprint.response(200, WaitingListSchema)
def list_waiting() -> dict[str, Any]:
    """What waits for the caller, by state, oldest first: the lines of 待办."""
    return {"lines": waiting_lines(current_session(), current_principal(), today())}


@blueprint.route("/statistics")
@allow(*READERS)
@blueprint.arguments(FiguresArguments, location="query")
@blueprint.response(200, FiguresSchema)
def show_figures(values: dict[str, Any]) -> dict[str, Any]:
    """Collected, solved, on time, with denominators, of what the caller may see."""
    total, lines = demand_figures(
        current_session(), current_principal(), values["since"], values["until"], today(), values["by"]
    )
    return {"total": total, "lines": lines}


@blueprint.route("/<int:demand_id>")
@allow(*READERS)
@blueprint.response(200, DemandDetailSchema)
def show(demand_id: int) -> DemandDetail:
    """One demand with its history."""
    return _detail(demand_by_id(current_session(), current_principal(), demand_id))


@blueprint.route("/<int:demand_id>/acts", methods=["POST"])
@allow(*READERS)
@conditional(required=False)
@blueprint.arguments(ActSchema)
@blueprint.response(200, DemandDetailSchema)
def act(values: dict[str, Any], demand_id: int) -> DemandDetail:
    """Assign, take, start, answer, send back, confirm, reopen or withdraw; `If-Match` is heeded when given."""
    actor, session = current_principal(), current_session()
    demand = demand_by_id(session, actor, demand_id)
    act_on_demand(session, actor, demand, Act(**values), expected_version=given_version())
    return _detail(demand)


@blueprint.route("/<int:demand_id>/conversion", methods=["POST"])
@allow(Role.CADRE, Role.ADMIN, Role.HANDLER, Role.CLERK, Role.GRID_MEMBER)
@blueprint.arguments(ConversionSchema)
@blueprint.response(200, ConvertedSchema)
def convert(values: dict[str, Any], demand_id: int) -> dict[str, Any]:
    """Hand the demand over to petitions; what was readable of it is deleted here."""
    actor, session = current_principal(), current_session()
    demand = demand_by_id(session, actor, demand_id)
    made = convert_demand(session, actor, demand, complains_of_official=values["complains_of_official"])
    return {"number": made.number, "is_sealed": isinstance(made, SealedReceipt)}


@blueprint.route("/<int:demand_id>/phone", methods=["POST"])
@allow(Role.CADRE, Role.ADMIN, Role.HANDLER, Role.GRID_MEMBER)
@blueprint.arguments(PurposeSchema)
@blueprint.response(200, OpenedSchema)
def open_reporter_phone(values: dict[str, Any], demand_id: int) -> dict[str, str]:
    """The reporter's full phone, for a purpose that the audit log keeps."""
    actor, session = current_principal(), current_session()
    return {"value": open_phone(session, actor, demand_by_id(session, actor, demand_id), values["purpose"])}


def _detail(demand: Demand) -> DemandDetail:
    set_version(demand.version)
    return detail_of(current_session(), current_principal(), demand)
