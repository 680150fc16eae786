"""The gateway's database, for the few acts that open transactions of their own (logging in)."""

from __future__ import annotations

from flask import current_app

from shared.database import Database


def gateway_database() -> Database:
    """This application's database."""
    database: Database = current_app.database  # type: ignore[attr-defined]
    return database
