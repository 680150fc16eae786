"""Probes: alive, and ready to serve with this code's schema."""

from __future__ import annotations

from functools import lru_cache

from flask import Blueprint, Flask, Response, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from deploy.migrations.revisions import current_revision, known_revisions, newest_revision
from shared.database import Database
from shared.logging import get_logger
from shared.topology import Service
from shared.web.access import unguarded

log = get_logger(__name__)


@lru_cache(maxsize=1)
def _revisions() -> tuple[str | None, frozenset[str]]:
    return newest_revision(), known_revisions()


def needed_schema() -> str:
    """The schema that this code was written for, by its migration's name."""
    return _revisions()[0] or ""


def schema_is_served(revision: str | None) -> bool:
    """Whether this code can work on a database at `revision`: its newest, or a later one that it does not know.

    Migrations run before a release starts, so the release before it works on a newer schema for a while.
    """
    newest, known = _revisions()
    return revision == newest or (revision is not None and revision not in known)


def database_problem(database: Database) -> str | None:
    """What keeps the database from being served, as a word for operators; None when nothing does."""
    try:
        with database.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
            return None if schema_is_served(current_revision(connection)) else "migrations are missing"
    except SQLAlchemyError as error:
        log.warning("readiness.database_failed", error=type(error).__name__)
        return "the database does not answer"


def register_probes(app: Flask, service: Service, database: Database) -> None:
    """Add `/healthz` and `/readyz`."""
    probes = Blueprint("probes", __name__)

    @probes.get("/healthz")
    @unguarded
    def healthz() -> Response:
        return jsonify(status="ok", service=service.value)

    @probes.get("/readyz")
    @unguarded
    def readyz() -> tuple[Response, int]:
        problem = database_problem(database)
        body = jsonify(status="ok" if problem is None else "failing", service=service.value, database=problem or "ok")
        return body, 200 if problem is None else 503

    app.register_blueprint(probes)
