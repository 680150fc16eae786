"""`/revisions/<revision>/categories`: a draft's categories, with the most that a household gains in a quarter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.gateway.clients import ServiceProblem
from services.gateway.pages.answers import GENERAL, errors_of
from services.gateway.pages.revisions.books import (
    EDITORS,
    STALE,
    Book,
    Errors,
    errors_below,
    form_version,
    read_draft,
    save_book,
)
from services.gateway.pages.rulebooks.presentation import plain
from services.gateway.pages.wording import _
from shared.amounts import format_hundredths, parse_hundredths
from shared.errors import NotFound
from shared.web import allow

_FIELDS = {name: name for name in ("code", "name", "cap_quarter")}


def add_categories(blueprint: Blueprint) -> None:
    """Give the topic's blueprint the pages of categories."""
    base = "/revisions/<int:revision>/categories"
    blueprint.add_url_rule("/revisions/<int:revision>/new-category", "new_category", new)
    blueprint.add_url_rule("/revisions/<int:revision>/new-category", "add_category", add, methods=["POST"])
    blueprint.add_url_rule(f"{base}/<code>", "category", show)
    blueprint.add_url_rule(f"{base}/<code>", "change_category", change, methods=["POST"])
    blueprint.add_url_rule(f"{base}/<code>/remove", "remove_category", remove, methods=["POST"])


@allow(*EDITORS)
def new(revision: int) -> str:
    """An empty form."""
    return _form(read_draft(revision), None, {}, {})


@allow(*EDITORS)
def add(revision: int) -> Response | tuple[str, int]:
    """A category more, at the end."""
    return _save(revision, None)


@allow(*EDITORS)
def show(revision: int, code: str) -> str:
    """The category in its form."""
    book = read_draft(revision)
    found = _found(book, code)
    cap = found["cap_quarter"]
    values = {"code": found["code"], "name": found["name"], "cap_quarter": plain(cap) if cap is not None else ""}
    return _form(book, code, values, {})


@allow(*EDITORS)
def change(revision: int, code: str) -> Response | tuple[str, int]:
    """Another name, code or cap; its lines go with it."""
    return _save(revision, code)


@allow(*EDITORS)
def remove(revision: int, code: str) -> Response | tuple[str, int]:
    """Take an empty category out."""
    book = read_draft(revision)
    found = next((each for each in book["categories"] if each["code"] == code), None)
    if found is None:
        return _back(revision)
    if any(rule["category"] == code for rule in book["rules"]):
        words = _("这个类别里还有条目，请先把它们删除或移到别的类别。")
        return _form(book, code, found, {GENERAL: [words]}), 422
    try:
        save_book(book, categories=[each for each in book["categories"] if each["code"] != code])
    except ServiceProblem as problem:
        return _form(book, code, found, errors_of(problem)), 422
    flash(_("已删除类别“%(name)s”。", name=found["name"]), "done")
    return _back(revision)


def _save(revision: int, code: str | None) -> Response | tuple[str, int]:
    typed, book = request.form, read_draft(revision)
    made = {"code": typed.get("code", "").strip(), "name": typed.get("name", "").strip(), "cap_quarter": _cap(typed)}
    if not _is_saved(book, made):
        place = len(book["categories"]) if code is None else book["categories"].index(_found(book, code))
        categories = [*book["categories"][:place], made, *book["categories"][place + 1 :]]
        rules = [{**rule, "category": made["code"]} if rule["category"] == code else rule for rule in book["rules"]]
        try:
            save_book(book, categories=categories, rules=rules)
        except ServiceProblem as problem:
            fresh = read_draft(revision) if problem.kind == STALE else book
            if not _is_saved(fresh, made):
                errors = errors_below(problem, f"categories.{place}", _FIELDS)
                seen = form_version() if fresh is book else fresh["version"]
                return _form(fresh, code, typed, errors, seen=seen), 422
    flash(_("已保存类别“%(name)s”。", name=made["name"]), "done")
    return _back(revision)


def _is_saved(book: Book, made: Mapping[str, Any]) -> bool:
    """Whether a tap before this one has saved this very category."""
    return form_version() != book["version"] and made in book["categories"]


def _cap(typed: Mapping[str, str]) -> str | None:
    text = typed.get("cap_quarter", "").strip()
    try:
        return format_hundredths(parse_hundredths(text)) if text else None
    except ValueError:
        return text


def _found(book: Book, code: str) -> dict[str, Any]:
    for each in book["categories"]:
        if each["code"] == code:
            return dict(each)
    raise NotFound(_("这一版里没有代码 %(code)s 的类别，可能已被改名或删除。", code=code))


def _form(book: Book, code: str | None, values: Mapping[str, Any], errors: Errors, *, seen: int | None = None) -> str:
    return render_template(
        "revisions/category.html",
        book=book,
        code=code,
        values=values,
        errors=errors,
        version=book["version"] if seen is None else seen,
        is_empty=not any(rule["category"] == code for rule in book["rules"]),
    )


def _back(revision: int) -> Response:
    return redirect(url_for("revisions.show", revision=revision), code=303)
