"""HTTP of evidence: send a photo or scan, see the one of an event."""

from __future__ import annotations

from typing import Any

from flask import Response
from sqlalchemy.orm import Session

from services.points.events.declarations import DECLARERS
from services.points.events.evidence import SHOWN_TO, evidence_of, receive_evidence, received_evidence
from services.points.events.schemas import EvidenceFileSchema, EvidenceSchema
from shared.files import StoredFile, headers_of
from shared.identity import Principal
from shared.web import Blueprint, allow, current_principal, current_session, idempotent

blueprint = Blueprint("evidence", __name__, url_prefix="/api/points", description="积分记录的凭据")


def _find(session: Session, _actor: Principal, sha256: str) -> StoredFile:
    return received_evidence(session, sha256)


@blueprint.route("/evidence", methods=["POST"])
@allow(*DECLARERS)
@blueprint.arguments(EvidenceFileSchema, location="files")
@blueprint.response(201, EvidenceSchema)
@idempotent(_find, identify=lambda made: made.sha256)
def send(files: dict[str, Any]) -> StoredFile:
    """Send a photo or a PDF scan; name its `sha256` as `evidence_file` of the declaration within two days."""
    file = files["file"]
    return receive_evidence(current_session(), file.read(), name=file.filename or "照片.jpg")


@blueprint.route("/events/<int:event_id>/evidence")
@allow(*SHOWN_TO)
@blueprint.download("image/jpeg")
def show(event_id: int) -> Response:
    """The photo or scan of an event."""
    file, content = evidence_of(current_session(), current_principal(), event_id)
    return Response(content, headers=headers_of(file, inline=True))
