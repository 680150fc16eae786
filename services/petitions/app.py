"""The petitions service over HTTP. Reachable only from the gateway."""

from __future__ import annotations

from services.petitions.evaluations.api import blueprint as evaluations
from services.petitions.procedure.api import blueprint as procedure
from services.petitions.register.api import blueprint as register
from shared.audit_api import audit_blueprint
from shared.logging import configure_logging
from shared.messaging.api import messaging_blueprint
from shared.topology import Service
from shared.web import ServiceApp, create_service_app

BLUEPRINTS = (register, procedure, evaluations)


def create_app() -> ServiceApp:
    """The application that `granian services.petitions.app:create_app --factory` serves."""
    configure_logging(Service.PETITIONS.value)
    return create_service_app(
        Service.PETITIONS, [*BLUEPRINTS, messaging_blueprint(Service.PETITIONS), audit_blueprint(Service.PETITIONS)]
    )
