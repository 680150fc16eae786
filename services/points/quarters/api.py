"""HTTP of quarters and boards: parse, call the domain, dump."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from services.points.quarters.boards import Board, list_boards, read_board
from services.points.quarters.listing import QuarterView, list_quarters, show_quarter
from services.points.quarters.objections import (
    RAISERS,
    answer_objection,
    objection_in_scope,
    raise_objection,
    select_objections,
)
from services.points.quarters.schemas import (
    AnswerSchema,
    BoardArguments,
    BoardListSchema,
    BoardsArguments,
    BoardSchema,
    NewObjectionSchema,
    ObjectionsArguments,
    ObjectionSchema,
    PublishSchema,
    QuarterListSchema,
    QuartersArguments,
    QuarterSchema,
)
from services.points.quarters.transitions import (
    ACTORS,
    READERS,
    close_quarter,
    publish_quarter,
    reopen_quarter,
    tally_quarter,
)
from shared.errors import NotFound
from shared.identity import Principal, Role
from shared.models.points import Objection
from shared.quarters import parse_quarter
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

blueprint = Blueprint("quarters", __name__, url_prefix="/api/points", description="季度与公示榜")
_ONE = "/quarters/<string:quarter>/villages/<string:code>"


def _quarter(text: str) -> int:
    try:
        return parse_quarter(text)
    except ValueError as error:
        raise NotFound("没有这个季度。2026Q3 是 2026 年第三季度，请照这样写。") from error


def _act(act: Callable[..., Any], quarter: str, code: str, **values: Any) -> QuarterView:
    actor, session, number = current_principal(), current_session(), _quarter(quarter)
    act(session, actor, code, number, **values)
    return _shown(show_quarter(session, actor, code, number))


def _shown(view: QuarterView) -> QuarterView:
    set_version(view.row.version)
    return view


@blueprint.route("/quarters")
@allow(*READERS)
@blueprint.arguments(QuartersArguments, location="query")
@blueprint.response(200, QuarterListSchema)
def list_all(values: dict[str, Any]) -> dict[str, Any]:
    """The quarters of the caller's villages."""
    return {"items": list_quarters(current_session(), current_principal(), village_code=values["village"])}


@blueprint.route(_ONE)
@allow(*READERS)
@blueprint.response(200, QuarterSchema)
def show(quarter: str, code: str) -> QuarterView:
    """One quarter of one village."""
    return _shown(show_quarter(current_session(), current_principal(), code, _quarter(quarter)))


@blueprint.route(f"{_ONE}/tally", methods=["POST"])
@allow(*ACTORS)
@blueprint.response(200, QuarterSchema)
def tally(quarter: str, code: str) -> QuarterView:
    """Stop bookings and list what is left."""
    return _act(tally_quarter, quarter, code)


@blueprint.route(f"{_ONE}/reopen", methods=["POST"])
@allow(*ACTORS)
@blueprint.response(200, QuarterSchema)
def reopen(quarter: str, code: str) -> QuarterView:
    """Take bookings again, before anything was published."""
    return _act(reopen_quarter, quarter, code)


@blueprint.route(f"{_ONE}/publish", methods=["POST"])
@allow(*ACTORS)
@blueprint.arguments(PublishSchema)
@blueprint.response(200, QuarterSchema)
def publish(values: dict[str, Any], quarter: str, code: str) -> QuarterView:
    """Publish edition 1 and hear objections."""
    return _act(publish_quarter, quarter, code, **values)


@blueprint.route(f"{_ONE}/close", methods=["POST"])
@allow(*ACTORS)
@blueprint.response(200, QuarterSchema)
def close(quarter: str, code: str) -> QuarterView:
    """Publish edition 2."""
    return _act(close_quarter, quarter, code)


@blueprint.route("/boards")
@allow(Role.PUBLIC)
@blueprint.arguments(BoardsArguments, location="query")
@blueprint.response(200, BoardListSchema)
def list_public_boards(values: dict[str, Any]) -> dict[str, Any]:
    """The boards that are public today."""
    return {"items": list_boards(current_session(), current_principal(), quarter=values["quarter"])}


@blueprint.route("/boards/<string:quarter>/<string:code>")
@allow(Role.PUBLIC)
@blueprint.arguments(BoardArguments, location="query")
@blueprint.response(200, BoardSchema)
def show_board(values: dict[str, Any], quarter: str, code: str) -> Board:
    """One board with masked names."""
    return read_board(current_session(), current_principal(), code, _quarter(quarter), edition=values["edition"])


def _find_objection(session: Session, actor: Principal, objection_id: str) -> Objection:
    return objection_in_scope(session, actor, int(objection_id), Role.RESIDENT, *READERS, Role.GRID_MEMBER)


@blueprint.route(f"{_ONE}/objections", methods=["POST"])
@allow(*RAISERS)
@blueprint.arguments(NewObjectionSchema)
@blueprint.response(201, ObjectionSchema)
@idempotent(_find_objection)
def object_to(values: dict[str, Any], quarter: str, code: str) -> Objection:
    """Say that the published board is wrong."""
    return raise_objection(
        current_session(),
        current_principal(),
        code,
        _quarter(quarter),
        text=values["text"],
        household_id=values["household"],
        event_id=values["event"],
        raiser_name=values["raiser_name"],
    )


@blueprint.route(f"{_ONE}/objections")
@allow(*READERS)
@blueprint.arguments(ObjectionsArguments, location="query")
@blueprint.response(200, page_schema(ObjectionSchema))
def list_objections(values: dict[str, Any], quarter: str, code: str) -> Page[Objection]:
    """The objections to a quarter."""
    session = current_session()
    statement = select_objections(session, current_principal(), code, _quarter(quarter))
    return page_of(session, statement, [Objection.id], **values)


@blueprint.route("/objections/<int:objection_id>/answer", methods=["POST"])
@allow(*ACTORS)
@blueprint.arguments(AnswerSchema)
@blueprint.response(200, ObjectionSchema)
def answer(values: dict[str, Any], objection_id: int) -> Objection:
    """Answer in writing."""
    return answer_objection(
        current_session(),
        current_principal(),
        objection_id,
        upheld=values["upheld"],
        answer=values["answer"],
        posting_id=values["posting"],
    )
