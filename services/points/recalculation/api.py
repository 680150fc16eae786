"""HTTP of recalculations: parse, call the domain, dump."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from services.points.recalculation.differences import (
    HouseholdDifference,
    describe_households,
    select_changed_households,
)
from services.points.recalculation.losses import send_notices
from services.points.recalculation.progress import RunProgress, progress_of, select_runs, summaries_of
from services.points.recalculation.runs import RunOrder, cancel_run, resume_run, run_in_scope, start_run
from services.points.recalculation.schemas import (
    DifferencesArguments,
    HouseholdDifferenceSchema,
    NoticesSchema,
    RunLineSchema,
    RunOrderSchema,
    RunsArguments,
    RunSchema,
    WaitingListSchema,
)
from services.points.recalculation.targets import waiting_villages
from shared.identity import Principal, Role
from shared.identity.scope import village_by_code
from shared.models.points import Recalculation
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

URL = "/api/points/recalculations"
READERS = (Role.ADMIN, Role.AUDITOR)

blueprint = Blueprint("recalculations", __name__, url_prefix=URL, description="积分重算")


def _answer(progress: RunProgress) -> tuple[RunProgress, dict[str, str]]:
    return progress, {"Location": f"{URL}/{progress.run.id}"}


def _find(session: Session, actor: Principal, run_id: str) -> tuple[RunProgress, dict[str, str]]:
    return _answer(progress_of(session, actor, int(run_id)))


@blueprint.route("", methods=["POST"])
@allow(Role.ADMIN)
@blueprint.arguments(RunOrderSchema)
@blueprint.response(202, RunSchema)
@idempotent(_find, identify=lambda progress: progress.run.id)
def start(values: dict[str, Any]) -> tuple[RunProgress, dict[str, str]]:
    """Preview or apply; poll `Location` for how far it is."""
    actor, session = current_principal(), current_session()
    order = RunOrder(
        mode=values["mode"],
        villages=tuple(values["villages"]) if values["villages"] else None,
        quarters=tuple(values["quarters"]) if values["quarters"] else None,
        revision=values["revision"],
        full=values["full"],
        preview_id=values["preview"],
    )
    return _answer(progress_of(session, actor, start_run(session, actor, order).id))


@blueprint.route("")
@allow(*READERS, Role.OPERATOR)
@blueprint.arguments(RunsArguments, location="query")
@blueprint.response(200, page_schema(RunLineSchema))
def list_runs(values: dict[str, Any]) -> Page[Any]:
    """The township's runs, newest first."""
    session = current_session()
    page = page_of(
        session,
        select_runs(current_principal(), values["mode"]),
        [Recalculation.id],
        cursor=values["cursor"],
        limit=values["limit"],
        descending=True,
    )
    return Page(summaries_of(session, page.items), page.next_cursor)


@blueprint.route("/waiting")
@allow(*READERS, Role.CADRE)
@blueprint.response(200, WaitingListSchema)
def list_waiting() -> dict[str, Any]:
    """Villages whose adopted revision waits for a recalculation."""
    return {"villages": waiting_villages(current_session(), current_principal())}


@blueprint.route("/<int:run_id>")
@allow(*READERS)
@blueprint.response(200, RunSchema)
def show(run_id: int) -> RunProgress:
    """How far a run is, by village."""
    progress = progress_of(current_session(), current_principal(), run_id)
    set_version(progress.run.version)
    return progress


@blueprint.route("/<int:run_id>/differences")
@allow(*READERS)
@blueprint.arguments(DifferencesArguments, location="query")
@blueprint.response(200, page_schema(HouseholdDifferenceSchema))
def list_differences(values: dict[str, Any], run_id: int) -> Page[HouseholdDifference]:
    """Households whose points change, the largest change first, each with its events."""
    actor, session = current_principal(), current_session()
    run = run_in_scope(session, actor, run_id)
    village_id = village_by_code(session, actor, values["village"]).id if values["village"] else None
    changed = select_changed_households(
        run, village_id=village_id, household_id=values["household"], losing=values["losing"]
    ).subquery()
    page = page_of(
        session,
        changed.select(),
        [changed.c.magnitude, changed.c.household_id, changed.c.village_id],
        cursor=values["cursor"],
        limit=values["limit"],
        descending=True,
        scalars=False,
    )
    return Page(describe_households(session, run, page.items), page.next_cursor)


@blueprint.route("/<int:run_id>/cancel", methods=["POST"])
@allow(Role.ADMIN)
@blueprint.response(200, RunSchema)
def cancel(run_id: int) -> RunProgress:
    """Stop between shards."""
    actor, session = current_principal(), current_session()
    return progress_of(session, actor, cancel_run(session, actor, run_id).id)


@blueprint.route("/<int:run_id>/resume", methods=["POST"])
@allow(Role.ADMIN)
@blueprint.response(200, RunSchema)
def resume(run_id: int) -> RunProgress:
    """Go on with what is not done."""
    actor, session = current_principal(), current_session()
    return progress_of(session, actor, resume_run(session, actor, run_id).id)


@blueprint.route("/<int:run_id>/notices", methods=["POST"])
@allow(Role.ADMIN)
@blueprint.arguments(NoticesSchema)
@blueprint.response(200, RunSchema)
def notify_losers(values: dict[str, Any], run_id: int) -> RunProgress:
    """Tell the households that lose by a preview why."""
    actor, session = current_principal(), current_session()
    return progress_of(session, actor, send_notices(session, actor, run_id, reason=values["reason"]).id)
