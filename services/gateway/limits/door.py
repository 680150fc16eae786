"""At the gateway's door: a limited act is counted before it goes on, to a page or to a service."""

from __future__ import annotations

from flask import current_app, request

from services.gateway.limits.acts import UPLOAD, Act, act_of
from services.gateway.limits.attempts import address_subject, register_attempt
from services.gateway.sessions.visitors import current_visitor
from shared.database import Database
from shared.settings import settings


def count_act() -> None:
    """Raise TooMany for a request that would be one too many."""
    if act := act_of(request.method, request.path):
        _count(act)
    if request.mimetype == "multipart/form-data":
        _count(UPLOAD)


def _count(act: Act) -> None:
    visitor = current_visitor()
    if visitor.signed_in:
        subject, most = f"{act.name}:{visitor.principal.actor}", act.per_login
    else:
        subject, most = f"{act.name}:{address_subject(request.remote_addr or '')}", act.per_address
    most = max(1, round(most * settings().limit_factor))
    database: Database = current_app.database  # type: ignore[attr-defined]
    with database.transaction() as session:
        register_attempt(session, {subject: most}, seconds=act.seconds, refusal=act.refusal)
