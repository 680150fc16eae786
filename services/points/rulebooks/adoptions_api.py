"""HTTP of adoptions: parse, call the domain, dump."""

from __future__ import annotations

import json
from typing import Any

from flask import Response
from sqlalchemy.orm import Session

from services.points.rulebooks.adoption import ADOPTERS, Decision, Matter, adopt_rulebook, adoptions_of
from services.points.rulebooks.corrections import Correction
from services.points.rulebooks.drafts import rulebook_by_revision
from services.points.rulebooks.scans import SCAN_READERS, scan_of, store_scan, stored_scan
from services.points.rulebooks.schemas import (
    AdoptionListSchema,
    AdoptionSchema,
    NewAdoptionSchema,
    ScanFileSchema,
    ScanSchema,
)
from shared.files import StoredFile, headers_of
from shared.identity import Principal, Role
from shared.identity.scope import village_by_code
from shared.models.points import Adoption, Rulebook
from shared.models.registry import Village
from shared.web import Blueprint, allow, current_principal, current_session, idempotent

blueprint = Blueprint("adoptions", __name__, url_prefix="/api/points", description="村里采用积分细则")


@blueprint.route("/rulebooks/<int:revision>/adoptions", methods=["POST"])
@allow(*ADOPTERS)
@blueprint.arguments(NewAdoptionSchema)
@blueprint.response(201, AdoptionSchema)
@idempotent(lambda session, actor, made: _found_adoption(session, actor, made), identify=lambda made: made["id"])
def adopt(values: dict[str, Any], revision: int) -> dict[str, Any]:
    """A village adopts a published revision."""
    session, actor = current_session(), current_principal()
    book = rulebook_by_revision(session, actor, revision)
    matter, correction = values["matter"], values["correction"]
    decision = Decision(
        village=values["village"],
        effective_from=values["effective_from"],
        matter=Matter(**matter) if matter else None,
        correction=Correction(tuple(correction["lines"]), correction["reason"]) if correction else None,
        trial_quarters=values["trial_quarters"],
    )
    adoption = adopt_rulebook(session, actor, book, decision)
    return _adoption(adoption, book.revision, session.get_one(Village, adoption.village_id))


@blueprint.route("/adoptions/scans", methods=["POST"])
@allow(*ADOPTERS)
@blueprint.arguments(ScanFileSchema, location="files")
@blueprint.response(201, ScanSchema)
@idempotent(lambda session, actor, made: stored_scan(session, made), identify=lambda made: made.sha256)
def send_scan(files: dict[str, Any]) -> StoredFile:
    """Store the scan of a resolution; the adoption that follows names it by `sha256`."""
    file = files["file"]
    return store_scan(current_session(), file.read(), file.filename or "决议")


@blueprint.route("/adoptions/<int:adoption_id>/scan")
@allow(*SCAN_READERS)
@blueprint.download("application/octet-stream")
def show_scan(adoption_id: int) -> Response:
    """The scan of the resolution behind an adoption."""
    file, content = scan_of(current_session(), current_principal(), adoption_id)
    return Response(content, headers=headers_of(file, inline=True))


@blueprint.route("/adoptions")
@allow(Role.PUBLIC)
@blueprint.response(200, AdoptionListSchema)
def list_adoptions() -> dict[str, Any]:
    """Which village has adopted which revision, from when, by which resolution."""
    found = adoptions_of(current_session(), current_principal())
    return {"adoptions": [_adoption(*one) for one in found]}


def _found_adoption(session: Session, actor: Principal, made: str) -> dict[str, Any]:
    adoption = session.get_one(Adoption, int(made))
    village = session.get_one(Village, adoption.village_id)
    village_by_code(session, actor, village.code, *ADOPTERS)
    return _adoption(adoption, session.get_one(Rulebook, adoption.rulebook_id).revision, village)


def _adoption(adoption: Adoption, revision: int, village: Village) -> dict[str, Any]:
    return {
        "id": adoption.id,
        "village": village.code,
        "village_name": village.name,
        "revision": revision,
        "from_quarter": adoption.from_quarter,
        "matter_number": adoption.matter_number,
        "matter_on": adoption.matter_on,
        "matter_proven_at": adoption.matter_proven_at,
        "has_scan": adoption.matter_scan is not None,
        "trial": adoption.trial,
        "trial_quarters": adoption.trial_quarters,
        "correction": adoption.correction,
        "correction_lines": json.loads(adoption.correction_lines),
        "correction_reason": adoption.correction_reason,
        "adopted_at": adoption.adopted_at,
    }
