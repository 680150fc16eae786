"""`/todo`: where everybody with a duty lands after login."""

from __future__ import annotations

from flask import Blueprint, render_template

from services.gateway.pages.navigation import STAFF
from services.gateway.pages.todo.first_steps import first_steps
from services.gateway.pages.todo.registry import asks_of
from shared.identity import Role
from shared.web import allow, current_principal, current_session

blueprint = Blueprint("todo", __name__)


@blueprint.get("/todo")
@allow(*STAFF)
def show() -> str:
    """What waits for me, grouped by what is asked of me."""
    principal = current_principal()
    groups = asks_of(principal)
    steps = first_steps(current_session(), principal) if principal.has(Role.ADMIN) else []
    return render_template(
        "todo/show.html",
        groups=groups,
        steps=steps,
        total=sum(group.count for group in groups),
        late=sum(ask.is_late for group in groups for ask in group.asks),
        duties=sorted(role for role in principal.roles if role is not Role.PUBLIC),
    )
