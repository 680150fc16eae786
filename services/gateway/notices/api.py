"""`/api/notices`: the notices of whoever is logged in."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from services.gateway.notices.notices import mark_all_read, mark_read, notices_for
from services.gateway.notices.schemas import NoticeListArguments, NoticeSchema, ReadSchema
from shared.identity import Role
from shared.models.gateway import Notice
from shared.web import Blueprint, Page, allow, current_principal, current_session, page_of, page_schema, writing

blueprint = Blueprint("notices", __name__, url_prefix="/api/notices", description="消息")
SIGNED_IN = tuple(role for role in Role if role not in {Role.PUBLIC, Role.SYSTEM})


@blueprint.route("", methods=["GET"])
@allow(*SIGNED_IN)
@blueprint.arguments(NoticeListArguments, location="query")
@blueprint.response(200, page_schema(NoticeSchema))
def list_notices(query: dict[str, Any]) -> Page[Notice]:
    """My notices, the newest first."""
    statement = select(Notice).where(Notice.recipient.in_(notices_for(current_principal())))
    if query["unread"]:
        statement = statement.where(Notice.read_at.is_(None))
    return page_of(
        current_session(), statement, [Notice.id], cursor=query["cursor"], limit=query["limit"], descending=True
    )


@blueprint.route("/<int:notice_id>/read", methods=["POST"])
@allow(*SIGNED_IN)
@writing
@blueprint.response(200, NoticeSchema)
def read_notice(notice_id: int) -> Notice:
    """Mark one as read; again is the same."""
    return mark_read(current_session(), current_principal(), notice_id)


@blueprint.route("/read", methods=["POST"])
@allow(*SIGNED_IN)
@writing
@blueprint.response(200, ReadSchema)
def read_all_notices() -> dict[str, int]:
    """Mark all as read."""
    return {"read": mark_all_read(current_session(), current_principal())}
