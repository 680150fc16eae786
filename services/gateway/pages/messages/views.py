"""`/messages`: my notices, newest first; opening one marks it read and goes to what it is about."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from services.gateway.notices.notices import mark_all_read, mark_read, notices_for, unread_count
from services.gateway.pages.frame import PAGE_COUNTERS
from services.gateway.pages.reading import local_path
from shared.identity import Principal, Role
from shared.models.gateway import Notice
from shared.web import allow, current_principal, current_session, page_of, writing

blueprint = Blueprint("messages", __name__)
SIGNED_IN = tuple(role for role in Role if role not in {Role.PUBLIC, Role.SYSTEM})
_PAGE = 30


@blueprint.get("/messages")
@allow(*SIGNED_IN)
def show() -> str:
    """The list."""
    session, principal = current_session(), current_principal()
    statement = select(Notice).where(Notice.recipient.in_(notices_for(principal)))
    cursor = request.args.get("cursor")
    page = page_of(session, statement, [Notice.id], cursor=cursor, limit=_PAGE, descending=True)
    return render_template(
        "messages/show.html",
        notices=page.items,
        unread=unread_count(session, principal),
        next_href=url_for("messages.show", cursor=page.next_cursor) if page.next_cursor else None,
    )


@blueprint.post("/messages/<int:notice_id>/open")
@allow(*SIGNED_IN)
@writing
def open_notice(notice_id: int) -> Response:
    """Mark it read and go to its page."""
    notice = mark_read(current_session(), current_principal(), notice_id)
    return redirect(local_path(notice.link, url_for("messages.show")), code=303)


@blueprint.post("/messages/read")
@allow(*SIGNED_IN)
@writing
def read_all() -> Response:
    """Mark all as read."""
    mark_all_read(current_session(), current_principal())
    return redirect(url_for("messages.show"), code=303)


def count_unread(principal: Principal) -> dict[str, int]:
    """The figure beside 消息 in the header and the bottom bar."""
    return {"messages.show": unread_count(current_session(), principal)}


PAGE_COUNTERS.append(count_unread)
