"""Clients of the services for the pages, one module per service."""

from services.gateway.clients.client import Answer, ServiceClient, Upload
from services.gateway.clients.problem import ServiceProblem

__all__ = ["Answer", "ServiceClient", "ServiceProblem", "Upload"]
