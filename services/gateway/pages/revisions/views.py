"""`/revisions`: the township's revisions, a draft's way to publication, and which village uses which."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from services.gateway.clients import ServiceProblem
from services.gateway.pages.answers import errors_of
from services.gateway.pages.place import villages_of, villages_of_principal
from services.gateway.pages.revisions.adopting import add_adopting
from services.gateway.pages.revisions.asks import add_asks
from services.gateway.pages.revisions.books import (
    ADOPTERS,
    API,
    EDITORS,
    READERS,
    Errors,
    form_version,
    list_books,
    read_book,
    read_draft,
    save_book,
)
from services.gateway.pages.revisions.categories import add_categories
from services.gateway.pages.revisions.findings import add_findings, findings_of
from services.gateway.pages.revisions.importing import add_importing, handed_on
from services.gateway.pages.revisions.lines import add_lines
from services.gateway.pages.revisions.presentation import book_line, changes_between, sections_of, state_words
from services.gateway.pages.revisions.standing import adoptions_of, users_of, village_lines, waiting_of
from services.gateway.pages.services import points
from services.gateway.pages.wording import _, _l
from services.gateway.pages.words import quarter_words
from shared.calendar import today
from shared.identity import Role
from shared.quarters import format_quarter, quarter_of
from shared.web import allow, current_principal, current_session

blueprint = Blueprint("revisions", __name__)
add_lines(blueprint)
add_categories(blueprint)
add_findings(blueprint)
add_adopting(blueprint)
add_importing(blueprint)
add_asks()
_SIMULATED_QUARTERS = 4
_UNSETTLED = _l("合规检查还有没处理的条目，处理完才能发布。")


@blueprint.get("/revisions")
@allow(*READERS)
def index() -> str:
    """All revisions, and what each village uses; a cadre sees the own village."""
    principal, session = current_principal(), current_session()
    books, adoptions = list_books(), adoptions_of(principal)
    everywhere = villages_of(session, principal.township_id)
    own = villages_of_principal(session, principal, *READERS)
    waiting = waiting_of(principal) if principal.has(*ADOPTERS, Role.AUDITOR) else []
    users = users_of(adoptions, everywhere)
    return render_template(
        "revisions/index.html",
        books=[book_line(book, users.get(book["revision"], [])) for book in books],
        draft=next((book["revision"] for book in books if book["state"] == "draft"), None),
        newest=next((book["revision"] for book in books if book["state"] == "published"), None),
        villages=village_lines(adoptions, own, waiting),
        may_edit=principal.has(*EDITORS),
        may_adopt=principal.has(*ADOPTERS),
    )


@blueprint.get("/revisions/new")
@allow(*EDITORS)
def new() -> str:
    """The form of a new draft."""
    return _new({})


@blueprint.post("/revisions/new")
@allow(*EDITORS)
def create() -> AnyResponse | tuple[str, int]:
    """A new draft: empty, or a copy of a revision."""
    form = request.form
    body: dict[str, Any] = {"title": form.get("title", "").strip(), "summary": form.get("summary", "").strip()}
    start = form.get("start", "")
    if start == "empty":
        body |= {"categories": [], "rules": []}
    elif start.isascii() and start.isdigit() and len(start) < 7:
        body["copy_of"] = int(start)
    else:
        return _new({"start": [_("请选从哪里开始。")]}), 422
    try:
        made = points.post(API, current_principal(), body, idempotency_key=form.get("idempotency_key")).data
    except ServiceProblem as problem:
        return _new(errors_of(problem, {"copy_of": "start"})), 422
    flash(_("已新建第 %(n)s 版草稿。改的时候别人看不到，发布以后才公开。", n=made["revision"]), "done")
    return redirect(url_for("revisions.show", revision=made["revision"]), code=303)


@blueprint.get("/revisions/<int:revision>")
@allow(*READERS)
def show(revision: int) -> str:
    """A revision line by line with the lint beside it, what it changes, and what can be done with it next."""
    return _show(revision, {})


@blueprint.get("/revisions/<int:revision>/title")
@allow(*EDITORS)
def title(revision: int) -> str:
    """Title and explanation of a draft."""
    book = read_draft(revision)
    return render_template("revisions/title.html", book=book, values=book, errors={}, version=book["version"])


@blueprint.post("/revisions/<int:revision>/title")
@allow(*EDITORS)
def change_title(revision: int) -> AnyResponse | tuple[str, int]:
    """Another title and explanation."""
    book, typed = read_draft(revision), request.form
    try:
        save_book(book, title=typed.get("title", "").strip(), summary=typed.get("summary", "").strip())
    except ServiceProblem as problem:
        version = book["version"] if problem.kind == "stale" else form_version()
        page = render_template(
            "revisions/title.html", book=book, values=typed, errors=errors_of(problem), version=version
        )
        return page, 422
    flash(_("已保存标题和说明。"), "done")
    return redirect(url_for("revisions.show", revision=revision), code=303)


@blueprint.get("/revisions/<int:revision>/publish")
@allow(*EDITORS)
def ask_publish(revision: int) -> str | tuple[str, int]:
    """What publishing means: it can't be taken back."""
    book = read_draft(revision)
    if not all(finding["settled"] for finding in findings_of(revision)):
        return _show(revision, {"form": [_UNSETTLED]}), 409
    return render_template("revisions/publish.html", book=book, version=book["version"])


@blueprint.post("/revisions/<int:revision>/publish")
@allow(*EDITORS)
def publish(revision: int) -> AnyResponse | tuple[str, int]:
    """Publish a draft as it was looked at."""
    if not all(finding["settled"] for finding in findings_of(revision)):
        return _show(revision, {"form": [_UNSETTLED]}), 422
    try:
        points.request("POST", f"{API}/{revision}/publish", current_principal(), json={}, version=form_version())
    except ServiceProblem as problem:
        return _show(revision, errors_of(problem)), 422
    flash(_("第 %(n)s 版已经发布，从现在起不再改动，各村可以办理采用。", n=revision), "done")
    return redirect(url_for("revisions.show", revision=revision), code=303)


@blueprint.get("/revisions/<int:revision>/discard")
@allow(*EDITORS)
def ask_discard(revision: int) -> str:
    """What is lost with a draft."""
    book = read_draft(revision)
    return render_template("revisions/discard.html", book=book, errors={}, version=book["version"])


@blueprint.post("/revisions/<int:revision>/discard")
@allow(*EDITORS)
def discard(revision: int) -> AnyResponse | tuple[str, int]:
    """Throw a draft away."""
    book = read_draft(revision)
    try:
        points.request("DELETE", f"{API}/{revision}", current_principal(), version=form_version())
    except ServiceProblem as problem:
        # What stands on the page now is the newest: whoever still means it confirms that.
        page = render_template("revisions/discard.html", book=book, errors=errors_of(problem), version=book["version"])
        return page, 422
    flash(_("第 %(n)s 版草稿已删除，已发布的各版不受影响。", n=revision), "done")
    return redirect(url_for("revisions.index"), code=303)


@blueprint.get("/revisions/<int:revision>/lines.xlsx")
@allow(*READERS)
def workbook(revision: int) -> Response:
    """The lines as an Excel workbook."""
    return handed_on(f"{API}/{revision}/lines.xlsx")


def _new(errors: Errors) -> str:
    books = list_books()
    published = [book for book in books if book["state"] == "published"]
    options = [(book["revision"], _("从第 %(n)s 版改起", n=book["revision"]), book["title"]) for book in published]
    return render_template(
        "revisions/new.html",
        draft=next((book for book in books if book["state"] == "draft"), None),
        options=[*options, ("empty", _("从空白开始"), _("类别和条目都自己写"))],
        usual=published[0]["revision"] if published else "empty",
        values=request.form,
        errors=errors,
        key=request.form.get("idempotency_key"),
    )


def _show(revision: int, errors: Errors) -> str:
    principal = current_principal()
    book, findings = read_book(revision), findings_of(revision)
    is_draft, may_edit = book["state"] == "draft", principal.has(*EDITORS)
    villages = {each.code: each.name for each in villages_of(current_session(), principal.township_id)}
    now = quarter_of(today())
    recent = [format_quarter(quarter) for quarter in range(now, now - _SIMULATED_QUARTERS, -1)]
    return render_template(
        "revisions/show.html",
        book=book,
        state=state_words(book["state"]),
        is_draft=is_draft,
        may_edit=is_draft and may_edit,
        may_adopt=not is_draft and principal.has(*ADOPTERS),
        open_findings=sum(not finding["settled"] for finding in findings),
        may_answer=may_edit,
        settled=all(finding["settled"] for finding in findings),
        sections=sections_of(book, findings, villages),
        changes=_changes(book),
        quarters=[(quarter, quarter_words(quarter)) for quarter in recent],
        errors=errors,
    )


def _changes(book: dict[str, Any]) -> list[dict[str, str]]:
    """What differs from the revision before; nothing for the first."""
    return changes_between(read_book(book["based_on"]), book) if book["based_on"] else []
