"""The intake service over HTTP: registry and demands. Reachable only from the gateway."""

from __future__ import annotations

from services.intake.demands.api import blueprint as demands
from services.intake.demands.category_api import blueprint as demand_categories
from services.intake.demands.following_api import blueprint as following
from services.intake.households.api import blueprint as households
from services.intake.households.residents_api import blueprint as residents
from services.intake.imports.api import blueprint as imports
from services.intake.offices.api import duties, offices
from services.intake.people.api import blueprint as people
from services.intake.people.kinships_api import blueprint as kinships
from services.intake.township.api import blueprint as township
from services.intake.villages.api import grids, villages
from shared.audit_api import audit_blueprint
from shared.logging import configure_logging
from shared.messaging.api import messaging_blueprint
from shared.topology import Service
from shared.web import ServiceApp, create_service_app

BLUEPRINTS = (
    township,
    villages,
    grids,
    households,
    residents,
    people,
    kinships,
    offices,
    duties,
    imports,
    demand_categories,
    following,
    demands,
)


def create_app() -> ServiceApp:
    """The application that `granian services.intake.app:create_app --factory` serves."""
    configure_logging(Service.INTAKE.value)
    return create_service_app(
        Service.INTAKE, [*BLUEPRINTS, messaging_blueprint(Service.INTAKE), audit_blueprint(Service.INTAKE)]
    )
