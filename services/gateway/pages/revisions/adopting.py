"""`/revisions/<revision>/adopt`: a village adopts a published revision; afterwards it waits for the recalculation."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from services.gateway.clients import ServiceProblem, Upload
from services.gateway.pages.place import VillageName, villages_of_principal
from services.gateway.pages.revisions.books import ADOPTERS, API, READERS, Errors, read_book
from services.gateway.pages.revisions.corrected import changes_from, revisions_held
from services.gateway.pages.revisions.decision_form import (
    TRIAL,
    Scan,
    decision_of,
    errors_of_decision,
    faults_of,
    how_options,
    quarter_options,
)
from services.gateway.pages.revisions.findings import findings_of
from services.gateway.pages.revisions.standing import Adoption, adoptions_of, waiting_of
from services.gateway.pages.services import points
from services.gateway.pages.wording import _
from services.gateway.pages.words import quarter_words, quarters_words
from shared.errors import NotFound
from shared.web import allow, current_principal, current_session


def add_adopting(blueprint: Blueprint) -> None:
    """Give the topic's blueprint the pages of adoption."""
    blueprint.add_url_rule("/revisions/<int:revision>/adopt", "ask_adopt", show)
    blueprint.add_url_rule("/revisions/<int:revision>/adopt", "adopt", adopt, methods=["POST"])
    blueprint.add_url_rule("/revisions/adoptions/<int:adoption_id>/scan", "scan", show_scan)


@allow(*ADOPTERS)
def show(revision: int) -> str:
    """The form; what the lint has found and nobody has answered stands in its place."""
    return _form(revision, [], Scan(), {})


@allow(*ADOPTERS)
def adopt(revision: int) -> AnyResponse | tuple[str, int]:
    """Record what the village has decided."""
    form, lines = request.form, request.form.getlist("lines")
    scan = Scan(form.get("scan", ""), form.get("scan_name", ""))
    if faults := faults_of(form):
        return _form(revision, lines, scan, faults), 422
    try:
        if form["how"] != TRIAL:
            scan = _sent_scan(scan)
        adoption = points.post(
            f"{API}/{revision}/adoptions",
            current_principal(),
            decision_of(form, lines, scan),
            idempotency_key=form.get("idempotency_key"),
        ).data
    except ServiceProblem as problem:
        return _form(revision, lines, scan, errors_of_decision(problem, form)), 422
    since = quarter_words(adoption["from_quarter"])
    flash(
        _("%(village)s从%(since)s起采用第 %(n)s 版。", village=adoption["village_name"], since=since, n=revision),
        "done",
    )
    waits = next((each for each in waiting_of(current_principal()) if each["code"] == adoption["village"]), None)
    if waits is not None:
        flash(
            _("%(quarters)s还按原来的一版计分，等重算以后改过来。", quarters=quarters_words(waits["quarters"])), "soon"
        )
    return redirect(url_for("revisions.index"), code=303)


@allow(*READERS)
def show_scan(adoption_id: int) -> Response:
    """The scan of the resolution; the service checks who answers for the village."""
    answer = points.get(f"/api/points/adoptions/{adoption_id}/scan", current_principal())
    kept = ("Content-Type", "Content-Disposition", "Content-Security-Policy", "X-Content-Type-Options")
    headers = {name: answer.headers[name] for name in kept if name in answer.headers}
    return Response(answer.content, headers={**headers, "Cache-Control": "private, no-store"})


def _sent_scan(known: Scan) -> Scan:
    """The scan that this form brings, stored; else the one that an earlier sending brought."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return known
    content = file.read()
    key = f"{request.form.get('idempotency_key', '')[:40]}-{hashlib.sha256(content).hexdigest()[:16]}"
    answer = points.request(
        "POST",
        "/api/points/adoptions/scans",
        current_principal(),
        files={"file": Upload(file.filename, content, file.mimetype or "application/octet-stream")},
        idempotency_key=key,
    )
    return Scan(answer.data["sha256"], answer.data["name"])


def _form(revision: int, lines: Sequence[str], scan: Scan, errors: Errors) -> str:
    principal = current_principal()
    book = read_book(revision)
    if book["state"] != "published":
        raise NotFound(_("第 %(n)s 版还是草稿，发布以后村里才能采用。", n=revision))
    adoptions = adoptions_of(principal)
    villages = villages_of_principal(current_session(), principal, *ADOPTERS)
    village = request.form.get("village") or request.args.get("village", "")
    concerned = [each for each in villages if each.code == village] or villages
    held = revisions_held(adoptions, concerned, revision)
    changes = changes_from(held, book, concerned)
    return render_template(
        "revisions/adopt.html",
        book=book,
        open_findings=[finding for finding in findings_of(revision) if not finding["settled"]],
        villages=[(each.code, _named(each, adoptions, revision)) for each in villages],
        village=village,
        hows=how_options(),
        quarters=quarter_options(),
        changes=[
            (each["code"], f"{each['code']} {each['title']}", f"{each['before']} → {each['after']}") for each in changes
        ],
        held="、".join(str(each) for each in held),
        lines=list(lines) if request.method == "POST" else [each["code"] for each in changes],
        scan=scan,
        values=request.form,
        errors=errors,
        key=request.form.get("idempotency_key"),
    )


def _named(village: VillageName, adoptions: Sequence[Adoption], revision: int) -> str:
    """A village to choose, with what it has decided on this revision so far."""
    decided = {each["trial"] for each in adoptions if each["village"] == village.code and each["revision"] == revision}
    if False in decided:
        return _("%(name)s（已采用这一版）", name=village.name)
    return _("%(name)s（正在试行这一版）", name=village.name) if decided else village.name
