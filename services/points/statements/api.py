"""HTTP of accounts, statements and explanations: parse, call the domain, dump."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from services.points.statements.accounts import READERS, AccountView, account_of
from services.points.statements.entries import EntryLine, describe_entries, select_entries
from services.points.statements.explanation import explain_events
from services.points.statements.schemas import (
    AccountSchema,
    EntrySchema,
    ExplainArguments,
    ExplanationListSchema,
    StatementArguments,
)
from shared.errors import NotFound
from shared.identity.scope import household_in_scope
from shared.models.points import Entry, Event
from shared.web import Blueprint, Page, allow, current_principal, current_session, page_of, page_schema

blueprint = Blueprint("statements", __name__, url_prefix="/api/points/households", description="积分账户和来历")


@blueprint.route("/<int:household_id>/account")
@allow(*READERS)
@blueprint.response(200, AccountSchema)
def show_account(household_id: int) -> AccountView:
    """Balance, what is held, and sums by quarter."""
    return account_of(current_session(), current_principal(), household_id)


@blueprint.route("/<int:household_id>/statement")
@allow(*READERS)
@blueprint.arguments(StatementArguments, location="query")
@blueprint.response(200, page_schema(EntrySchema))
def list_entries(values: dict[str, Any], household_id: int) -> Page[EntryLine]:
    """The household's entries, the newest first."""
    session = current_session()
    household = household_in_scope(session, current_principal(), household_id, *READERS)
    statement = select_entries(household, values["quarter"])
    page = page_of(session, statement, [Entry.id], cursor=values["cursor"], limit=values["limit"], descending=True)
    return Page(describe_entries(session, household, page.items), page.next_cursor)


@blueprint.route("/<int:household_id>/explain")
@allow(*READERS)
@blueprint.arguments(ExplainArguments, location="query")
@blueprint.response(200, ExplanationListSchema)
def explain(values: dict[str, Any], household_id: int) -> dict[str, Any]:
    """Why the events of a quarter have their points, or one event."""
    session = current_session()
    household = household_in_scope(session, current_principal(), household_id, *READERS)
    own = (Event.village_id == household.village_id, Event.household_id == household.id)
    quarter, event_id = values["quarter"], values["event"]
    if event_id is not None:
        quarter = session.scalar(select(Event.quarter).where(*own, Event.id == event_id))
        if quarter is None:
            raise NotFound("这一户没有这条积分记录。")
    elif quarter is None:
        quarter = session.scalar(select(func.max(Event.quarter)).where(*own))
    if quarter is None:
        return {"quarter": None, "events": []}
    chosen = None if event_id is None else {event_id}
    return {"quarter": quarter, "events": explain_events(session, household, {quarter}, chosen)}
