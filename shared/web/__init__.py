"""The web edge of every service: application, access, transactions, problems, idempotency, ETags, cursors."""

from shared.web.access import allow, current_principal, routes_without_access, unguarded
from shared.web.application import ServiceApp, create_service_app
from shared.web.cursors import Page, PageArguments, page_of, page_schema
from shared.web.etags import conditional, expected_version, given_version, require_version, set_version
from shared.web.idempotency import idempotent
from shared.web.numbers import Id, WholeNumber
from shared.web.openapi import Blueprint
from shared.web.unit_of_work import current_session, writing

__all__ = [
    "Blueprint",
    "Id",
    "Page",
    "PageArguments",
    "ServiceApp",
    "WholeNumber",
    "allow",
    "conditional",
    "create_service_app",
    "current_principal",
    "current_session",
    "expected_version",
    "given_version",
    "idempotent",
    "page_of",
    "page_schema",
    "require_version",
    "routes_without_access",
    "set_version",
    "unguarded",
    "writing",
]
