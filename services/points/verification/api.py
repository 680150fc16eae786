"""HTTP of verifications: order one, poll it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from services.points.verification.runs import (
    VERIFIERS,
    VerificationProgress,
    progress_of,
    select_verifications,
    start_verification,
)
from services.points.verification.schemas import (
    VerificationLineSchema,
    VerificationOrderSchema,
    VerificationSchema,
)
from shared.identity import Principal
from shared.models.points import Verification
from shared.web import (
    Blueprint,
    Page,
    PageArguments,
    allow,
    current_principal,
    current_session,
    idempotent,
    page_of,
    page_schema,
)

URL = "/api/points/verifications"

blueprint = Blueprint("verifications", __name__, url_prefix=URL, description="账本核验")


def _answer(progress: VerificationProgress) -> tuple[VerificationProgress, dict[str, str]]:
    return progress, {"Location": f"{URL}/{progress.verification.id}"}


def _find(session: Session, actor: Principal, verification_id: str) -> tuple[VerificationProgress, dict[str, str]]:
    return _answer(progress_of(session, actor, int(verification_id)))


@blueprint.route("", methods=["POST"])
@allow(*VERIFIERS)
@blueprint.arguments(VerificationOrderSchema)
@blueprint.response(202, VerificationSchema)
@idempotent(_find, identify=lambda progress: progress.verification.id)
def start(values: dict[str, Any]) -> tuple[VerificationProgress, dict[str, str]]:
    """Prove ledger and chain; poll `Location`."""
    actor, session = current_principal(), current_session()
    verification = start_verification(session, actor, village_code=values["village"])
    return _answer(progress_of(session, actor, verification.id))


@blueprint.route("")
@allow(*VERIFIERS)
@blueprint.arguments(PageArguments, location="query")
@blueprint.response(200, page_schema(VerificationLineSchema))
def list_verifications(values: dict[str, Any]) -> Page[Row[Any]]:
    """Earlier verifications, newest first."""
    return page_of(
        current_session(),
        select_verifications(current_principal()),
        [Verification.id],
        cursor=values["cursor"],
        limit=values["limit"],
        descending=True,
        scalars=False,
    )


@blueprint.route("/<int:verification_id>")
@allow(*VERIFIERS)
@blueprint.response(200, VerificationSchema)
def show(verification_id: int) -> VerificationProgress:
    """How far a verification is, and what it found."""
    return progress_of(current_session(), current_principal(), verification_id)
