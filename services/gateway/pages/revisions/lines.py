"""`/revisions/<revision>/lines`: a line is added, changed and taken out of a draft."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from services.gateway.clients import ServiceProblem
from services.gateway.pages.answers import GENERAL, errors_of
from services.gateway.pages.place import villages_of
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
from services.gateway.pages.revisions.line_form import (
    choice_options,
    empty_values,
    faults_of,
    field_names,
    line_of,
    mode_options,
    rows_of,
    values_of,
)
from services.gateway.pages.rulebooks.presentation import limit_words, worth_words
from services.gateway.pages.wording import _
from shared.errors import NotFound
from shared.web import allow, current_principal, current_session


def add_lines(blueprint: Blueprint) -> None:
    """Give the topic's blueprint the pages of lines."""
    base = "/revisions/<int:revision>/lines"
    blueprint.add_url_rule("/revisions/<int:revision>/new-line", "new_line", new)
    blueprint.add_url_rule("/revisions/<int:revision>/new-line", "add_line", add, methods=["POST"])
    blueprint.add_url_rule(f"{base}/<code>", "line", show)
    blueprint.add_url_rule(f"{base}/<code>", "change_line", change, methods=["POST"])
    blueprint.add_url_rule(f"{base}/<code>/remove", "ask_remove_line", ask_remove)
    blueprint.add_url_rule(f"{base}/<code>/remove", "remove_line", remove, methods=["POST"])


@allow(*EDITORS)
def new(revision: int) -> Response | str:
    """An empty form; in a draft without categories these come first."""
    book = read_draft(revision)
    if not book["categories"]:
        flash(_("先加一个类别，再在里面加条目。"), "soon")
        return redirect(url_for("revisions.new_category", revision=revision))
    return _form(book, None, empty_values(request.args.get("category", "")), {})


@allow(*EDITORS)
def add(revision: int) -> Response | tuple[str, int]:
    """A line more, at the end."""
    return _save(revision, None)


@allow(*EDITORS)
def show(revision: int, code: str) -> str:
    """The line in its form."""
    book = read_draft(revision)
    return _form(book, code, values_of(book["rules"][_place_of(book, code)]), {})


@allow(*EDITORS)
def change(revision: int, code: str) -> Response | tuple[str, int]:
    """Put the line as it is typed in the place of the old one."""
    return _save(revision, code)


@allow(*EDITORS)
def ask_remove(revision: int, code: str) -> str:
    """What is about to be taken out."""
    book = read_draft(revision)
    return _removal(book, book["rules"][_place_of(book, code)], {})


@allow(*EDITORS)
def remove(revision: int, code: str) -> Response | tuple[str, int]:
    """Take the line out. Once is enough: a second tap finds it gone."""
    book = read_draft(revision)
    found = next((rule for rule in book["rules"] if rule["code"] == code), None)
    if found is not None:
        try:
            save_book(book, rules=[rule for rule in book["rules"] if rule["code"] != code])
        except ServiceProblem as problem:
            return _removal(book, found, errors_of(problem)), 422
        flash(_("已删除 %(code)s “%(title)s”。删错了，可以照原样再加一条。", code=code, title=found["title"]), "done")
    return redirect(url_for("revisions.show", revision=revision), code=303)


def _save(revision: int, code: str | None) -> Response | tuple[str, int]:
    form, book = request.form, read_draft(revision)
    if faults := faults_of(form):
        return _form(book, code, form, faults), 422
    line = line_of(form)
    if not _is_saved(book, line):
        place = len(book["rules"]) if code is None else _place_of(book, code)
        rules = [*book["rules"][:place], line, *book["rules"][place + 1 :]]
        try:
            save_book(book, rules=rules)
        except ServiceProblem as problem:
            if problem.kind != STALE:
                return _form(book, code, form, errors_below(problem, f"rules.{place}", field_names(form))), 422
            fresh = read_draft(revision)
            if not _is_saved(fresh, line):
                errors = {GENERAL: [_stale_words(fresh, code)]}
                return _form(fresh, code, form, errors, seen=fresh["version"]), 422
    flash(_("已保存 %(code)s “%(title)s”。", code=line["code"], title=line["title"]), "done")
    return redirect(url_for("revisions.show", revision=revision) + f"#line-{line['code']}", code=303)


def _is_saved(book: Book, line: Mapping[str, Any]) -> bool:
    """Whether a tap before this one has saved this very line."""
    return form_version() != book["version"] and line in book["rules"]


def _stale_words(book: Book, code: str | None) -> str:
    now = next((rule for rule in book["rules"] if rule["code"] == code), None)
    if now is None:
        return _("您打开之后，这一版已被别人改过。您填的都还在下面，看过没有重复就再保存一次。")
    words = "；".join(part for part in (now["title"], worth_words(now), limit_words(now)) if part)
    return _("您打开之后，这一版已被别人改过。这一条现在是：%(words)s。您填的还在下面，确认后再保存一次。", words=words)


def _place_of(book: Book, code: str) -> int:
    for place, rule in enumerate(book["rules"]):
        if rule["code"] == code:
            return place
    raise NotFound(_("这一版里没有编号 %(code)s 的条目，可能已被改名或删除。", code=code))


def _form(book: Book, code: str | None, values: Mapping[str, str], errors: Errors, *, seen: int | None = None) -> str:
    """The form at the version that was opened; at `seen` where this page now tells what others have changed."""
    principal = current_principal()
    return render_template(
        "revisions/line.html",
        book=book,
        code=code,
        values=values,
        errors=errors,
        version=seen or (form_version() if errors else book["version"]),
        modes=mode_options(),
        choices=choice_options(),
        rows=rows_of(values),
        categories=[(each["code"], each["name"]) for each in book["categories"]],
        villages=[("", _("全乡都用"))]
        + [
            (each.code, _("只在%(village)s", village=each.name))
            for each in villages_of(current_session(), principal.township_id)
        ],
    )


def _removal(book: Book, rule: Mapping[str, Any], errors: Errors) -> str:
    return render_template("revisions/remove_line.html", book=book, rule=rule, worth=worth_words(rule), errors=errors)
