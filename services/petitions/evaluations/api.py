"""HTTP of following and evaluating with number and code, and of the rates."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import current_app, g
from sqlalchemy.orm import Session

from services.petitions.evaluations.codes import WRONG, petition_by_code
from services.petitions.evaluations.evaluations import Answer, evaluate_petition, evaluation_of
from services.petitions.evaluations.progress import Progress, progress_of
from services.petitions.evaluations.rates import Rates, rates_of
from services.petitions.evaluations.schemas import (
    AnswerSchema,
    GivenSchema,
    ProgressSchema,
    RatesArguments,
    RatesSchema,
    SlipSchema,
)
from services.petitions.procedure.words import GRADES
from services.petitions.register.details import show_clock
from services.petitions.register.visibility import REGISTER_ROLES
from shared.errors import NotFound
from shared.identity import Principal, Role
from shared.models.petitions import Evaluation, Petition
from shared.web import Blueprint, ServiceApp, allow, current_principal, current_session, idempotent

blueprint = Blueprint("evaluations", __name__, url_prefix="/api/petitions", description="信访查询与评价")
View = TypeVar("View", bound=Callable[..., Any])


def _with_code(view: View) -> View:
    """Check number and code first, in a transaction of its own, so that a wrong try is counted although it fails."""

    @wraps(view)
    def checked(values: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        database = cast(ServiceApp, current_app).database
        with database.transaction() as session:
            petition = petition_by_code(session, current_principal(), values["number"], values["code"])
            g.petition_id = petition.id if petition else None
        if g.petition_id is None:
            raise NotFound(WRONG)
        return view(values, *args, **kwargs)

    return cast(View, checked)


@blueprint.route("/track", methods=["POST"])
@allow(Role.PUBLIC)
@blueprint.arguments(SlipSchema)
@blueprint.response(200, ProgressSchema)
@_with_code
def track(values: dict[str, Any]) -> dict[str, Any]:
    """How far the petition with this number and code is."""
    session = current_session()
    return _told(progress_of(session, session.get_one(Petition, g.petition_id)))


@blueprint.route("/evaluations", methods=["POST"])
@allow(Role.PUBLIC)
@blueprint.arguments(AnswerSchema)
@blueprint.response(201, GivenSchema)
@_with_code
@idempotent(lambda session, actor, key: _given_before(session, actor, key), identify=lambda given: given["id"])
def evaluate(values: dict[str, Any]) -> dict[str, Any]:
    """Say 满意, 基本满意 or 不满意, once, after delivery."""
    session = current_session()
    answer = Answer(values["grade"], values["words"], values["assisted_by"])
    petition = session.get_one(Petition, g.petition_id)
    return _given(evaluate_petition(session, current_principal(), petition, answer))


@blueprint.route("/rates")
@allow(*REGISTER_ROLES)
@blueprint.arguments(RatesArguments, location="query")
@blueprint.response(200, RatesSchema)
def show_rates(values: dict[str, Any]) -> Rates:
    """The counts of the petitions received in a period."""
    return rates_of(current_session(), current_principal(), values["first"], values["last"])


def _told(progress: Progress) -> dict[str, Any]:
    return {
        "number": progress.number,
        "state": progress.state,
        "received_on": progress.received_on,
        "steps": progress.steps,
        "clocks": [show_clock(clock) for clock in progress.clocks],
        "evaluable": progress.evaluable,
        "grade": progress.grade,
        "grade_text": GRADES[progress.grade] if progress.grade else "",
    }


def _given(evaluation: Evaluation) -> dict[str, Any]:
    return {
        "id": evaluation.petition_id,
        "grade": evaluation.grade,
        "grade_text": GRADES[evaluation.grade],
        "evaluated_on": evaluation.evaluated_on,
    }


def _given_before(session: Session, actor: Principal, petition_id: str) -> dict[str, Any]:
    """The answer again, for who sent it twice: number and code were checked before this is reached."""
    if int(petition_id) != g.petition_id:
        raise NotFound(WRONG)
    given = evaluation_of(session, session.get_one(Petition, g.petition_id))
    if given is None:
        raise NotFound(WRONG)
    return _given(given)
