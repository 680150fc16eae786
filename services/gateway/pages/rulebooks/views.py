"""`/rulebook`: public, first the one page of 常用十条, then everything, and which village has adopted what."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request, url_for

from services.gateway.pages.place import villages_of
from services.gateway.pages.revisions.books import READERS as REVISION_READERS
from services.gateway.pages.rulebooks.presentation import adoption_line, categories_of, kept_lines
from services.gateway.pages.services import points
from services.gateway.pages.wording import _
from shared.errors import NotFound
from shared.identity import Role
from shared.web import allow, current_principal, current_session

blueprint = Blueprint("rulebooks", __name__)
_API = "/api/points/rulebooks"


@blueprint.get("/rulebook")
@allow(Role.PUBLIC)
def newest() -> str:
    """The newest published revision."""
    published = [book for book in _books() if book["state"] == "published"]
    if not published:
        raise NotFound(_("还没有发布积分细则。乡镇管理员发布后，这里就能看到。"))
    return _show(max(book["revision"] for book in published))


@blueprint.get("/rulebook/<int:revision>")
@allow(Role.PUBLIC)
def show(revision: int) -> str:
    """One revision."""
    return _show(revision)


def _show(revision: int) -> str:
    principal = current_principal()
    whole = request.args.get("all") == "1"
    villages = {each.code: each.name for each in villages_of(current_session(), principal.township_id)}
    village = request.args.get("village") if request.args.get("village") in villages else None
    book = points.get(f"{_API}/{revision}", principal, common=None if whole else True, village=village).data
    adoptions = points.get("/api/points/adoptions", principal).data["adoptions"]
    return render_template(
        "rulebooks/show.html",
        book={"title": book["title"], "lead": book["summary"]},
        only_in=villages[village] if village else "",
        tabs=[
            (_("常用十条"), url_for("rulebooks.show", revision=revision, village=village), not whole),
            (_("全部条目"), url_for("rulebooks.show", revision=revision, all=1, village=village), whole),
        ],
        revisions=[
            (
                _("第 %(n)s 版", n=each["revision"]),
                url_for("rulebooks.show", revision=each["revision"], all=1 if whole else None, village=village),
                each["revision"] == revision,
            )
            for each in _books()
        ],
        categories=categories_of(book, villages),
        kept=kept_lines(book),
        revisions_href=url_for("revisions.show", revision=revision) if principal.has(*REVISION_READERS) else "",
        adoptions=[adoption_line(adoption) for adoption in adoptions],
    )


def _books() -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = points.get(_API, current_principal(), limit=100).data["items"]
    return items
