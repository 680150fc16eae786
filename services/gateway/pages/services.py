"""The services as the pages call them. One client each; tests put other ones in their place."""

from __future__ import annotations

from services.gateway.clients import ServiceClient
from shared.topology import Service


class PointsService(ServiceClient):
    """The points service, by the routes of its API."""

    service = Service.POINTS


class IntakeService(ServiceClient):
    """The intake service, by the routes of its API."""

    service = Service.INTAKE


class PetitionsService(ServiceClient):
    """The petitions service, by the routes of its API."""

    service = Service.PETITIONS


points = PointsService()
intake = IntakeService()
petitions = PetitionsService()
BY_SERVICE: dict[Service, ServiceClient] = {client.service: client for client in (intake, points, petitions)}
