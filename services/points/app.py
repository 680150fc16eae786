"""The points service over HTTP. Reachable only from the gateway."""

from __future__ import annotations

from services.points.events.api import blueprint as events
from services.points.events.evidence_api import blueprint as evidence
from services.points.imports.api import blueprint as imports
from services.points.quarters.api import blueprint as quarters
from services.points.recalculation.api import blueprint as recalculations
from services.points.rulebooks.adoptions_api import blueprint as adoptions
from services.points.rulebooks.api import blueprint as rulebooks
from services.points.rulebooks.workbooks_api import blueprint as rulebook_workbooks
from services.points.statements.api import blueprint as statements
from services.points.store.api import blueprint as store
from services.points.store.opening_days_api import blueprint as opening_days
from services.points.store.redemptions_api import blueprint as redemptions
from services.points.store.stock_api import blueprint as stock
from services.points.verification.api import blueprint as verifications
from shared.audit_api import audit_blueprint
from shared.logging import configure_logging
from shared.messaging.api import messaging_blueprint
from shared.topology import Service
from shared.web import ServiceApp, create_service_app

BLUEPRINTS = (
    adoptions,
    events,
    evidence,
    imports,
    opening_days,
    quarters,
    recalculations,
    redemptions,
    rulebook_workbooks,
    rulebooks,
    statements,
    stock,
    store,
    verifications,
)


def create_app() -> ServiceApp:
    """The application that `granian services.points.app:create_app --factory` serves."""
    configure_logging(Service.POINTS.value)
    return create_service_app(
        Service.POINTS, [*BLUEPRINTS, messaging_blueprint(Service.POINTS), audit_blueprint(Service.POINTS)]
    )
