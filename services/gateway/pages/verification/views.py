"""`/verification`: anybody who answers for the ledger can let it prove itself; admin and auditor the audit log too."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.gateway.pages.services import points
from services.gateway.pages.verification.chains import prove_chain
from services.gateway.pages.verification.presentation import VerificationPage, chain_line, verification_line
from shared.audit_api import VERIFIERS as AUDITORS
from shared.identity import Role
from shared.topology import Service
from shared.web import allow, current_principal, current_session

blueprint = Blueprint("verification", __name__)
VERIFIERS = (Role.ADMIN, Role.AUDITOR, Role.SUPERVISOR, Role.CADRE)
_API = "/api/points/verifications"


@blueprint.get("/verification")
@allow(*VERIFIERS)
def index() -> str:
    """What is checked, the button, and what was found earlier."""
    principal = current_principal()
    found = points.get(_API, principal, limit=20, cursor=request.args.get("cursor")).data
    following = found["next_cursor"]
    return render_template(
        "verification/index.html",
        runs=[verification_line(run) for run in found["items"]],
        next_href=url_for("verification.index", cursor=following) if following else None,
        may_audit=principal.has(*AUDITORS),
    )


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


@blueprint.get("/verification/audit")
@allow(*AUDITORS)
def audit() -> str:
    """Whether any line of the audit logs was changed, removed or put in between."""
    chosen = [service for service in Service if service == request.args.get("service")] or list(Service)
    after = request.args.get("after", 0, type=int) if len(chosen) == 1 else 0
    session, principal = current_session(), current_principal()
    proved = [prove_chain(session, principal, service, max(0, after)) for service in chosen]
    return render_template(
        "verification/audit.html", chains=[chain_line(chain) for chain in proved], holds=all(c.holds for c in proved)
    )
