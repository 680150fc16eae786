"""A revision as the points service holds it: read whole, saved whole at the version that was read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from services.gateway.clients import ServiceProblem
from services.gateway.pages.answers import GENERAL
from services.gateway.pages.services import points
from services.gateway.pages.wording import _
from shared.errors import NotFound
from shared.identity import Role
from shared.web import current_principal

API = "/api/points/rulebooks"
EDITORS = (Role.ADMIN,)
ADOPTERS = (Role.ADMIN, Role.CADRE)
READERS = (Role.ADMIN, Role.CADRE, Role.SUPERVISOR, Role.AUDITOR)
STALE = "stale"

Book = Mapping[str, Any]
Errors = dict[str, list[str]]


def read_book(revision: int, **query: str | bool) -> dict[str, Any]:
    """A revision with its lines. Raises ServiceProblem where it is none, or a draft for whoever may not edit."""
    book: dict[str, Any] = points.get(f"{API}/{revision}", current_principal(), **query).data
    return book


def read_draft(revision: int) -> dict[str, Any]:
    """A revision that can still be changed. Raises NotFound once it is published."""
    book = read_book(revision)
    if book["state"] != "draft":
        raise NotFound(_("第 %(n)s 版已经发布，不能再改。请新建一份草稿。", n=revision))
    return book


def list_books() -> list[dict[str, Any]]:
    """All revisions that one may see, the newest first."""
    items: list[dict[str, Any]] = points.get(API, current_principal(), limit=100).data["items"]
    return items


def save_book(book: Book, **changes: Any) -> None:
    """Put a draft's changed parts in place, at the version that the form was opened with.

    Raises ServiceProblem, of kind `stale` where someone else has saved in between.
    """
    body = {name: book[name] for name in ("title", "summary", "categories", "rules")} | changes
    points.request("PUT", f"{API}/{book['revision']}", current_principal(), json=body, version=form_version())


def form_version() -> int:
    """The version that a form was opened with; 0, which is nobody's, for a form without one."""
    version = request.form.get("version", "")
    return int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0


def errors_below(problem: ServiceProblem, path: str, names: Mapping[str, str]) -> Errors:
    """Sentences for the form of one line or category: those at `path` by field, all others above the form."""
    found: Errors = {}
    for place, sentences in problem.errors.items():
        inside = place.removeprefix(f"{path}.") if place.startswith(f"{path}.") else ""
        found.setdefault(names.get(inside, GENERAL), []).extend(sentences)
    return found or {GENERAL: [problem.detail]}
