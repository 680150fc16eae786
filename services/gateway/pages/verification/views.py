"""`/verification`: anybody who answers for the ledger can let it prove itself."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.gateway.pages.services import points
from services.gateway.pages.verification.presentation import VerificationPage
from shared.identity import Role
from shared.web import allow, current_principal

blueprint = Blueprint("verification", __name__)
VERIFIERS = (Role.ADMIN, Role.AUDITOR, Role.SUPERVISOR, Role.CADRE)
_API = "/api/points/verifications"


@blueprint.get("/verification")
@allow(*VERIFIERS)
def index() -> str:
    """What is checked, and the button."""
    return render_template("verification/index.html")


@blueprint.post("/verification")
@allow(*VERIFIERS)
def start() -> Response:
    """Begin."""
    key = request.form.get("idempotency_key")
    made = points.post(_API, current_principal(), {}, idempotency_key=key).data
    return redirect(url_for("verification.show", run_id=made["id"]), code=303)


@blueprint.get("/verification/<int:run_id>")
@allow(*VERIFIERS)
def show(run_id: int) -> str:
    """Progress, then each check."""
    run = VerificationPage(points.get(f"{_API}/{run_id}", current_principal()).data)
    return render_template("verification/show.html", run=run)
