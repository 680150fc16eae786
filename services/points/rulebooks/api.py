"""HTTP of rulebooks: parse, call the domain, dump."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.points.rulebooks.adoption import ADOPTERS
from services.points.rulebooks.drafts import (
    EDITORS,
    create_draft,
    discard_draft,
    edit_draft,
    publish_draft,
    rulebook_by_revision,
)
from services.points.rulebooks.lines import RuleLine, categories_of, rules_of
from services.points.rulebooks.schemas import (
    FindingSchema,
    LintSchema,
    NewRulebookSchema,
    RulebookArguments,
    RulebookEditSchema,
    RulebookLineSchema,
    RulebookSchema,
    WaiverSchema,
)
from services.points.rulebooks.waivers import AnsweredFinding, answer_finding, lint_rulebook
from shared.identity import Principal, Role
from shared.identity.scope import village_by_code
from shared.models.points import Rulebook, RulebookState
from shared.models.registry import Village
from shared.web import (
    Blueprint,
    Page,
    PageArguments,
    allow,
    conditional,
    current_principal,
    current_session,
    expected_version,
    idempotent,
    page_of,
    page_schema,
    set_version,
)

URL = "/api/points/rulebooks"
blueprint = Blueprint("rulebooks", __name__, url_prefix="/api/points", description="积分细则")


@blueprint.route("/rulebooks")
@allow(Role.PUBLIC)
@blueprint.arguments(PageArguments, location="query")
@blueprint.response(200, page_schema(RulebookLineSchema))
def list_rulebooks(values: dict[str, Any]) -> Page[Rulebook]:
    """Revisions, the newest first; drafts only for those who edit them."""
    actor = current_principal()
    statement = select(Rulebook).where(Rulebook.township_id == actor.township_id)
    if not actor.has(*EDITORS, Role.AUDITOR):
        statement = statement.where(Rulebook.state == RulebookState.PUBLISHED)
    return page_of(current_session(), statement, [Rulebook.revision], descending=True, **values)


@blueprint.route("/rulebooks", methods=["POST"])
@allow(*EDITORS)
@blueprint.arguments(NewRulebookSchema)
@blueprint.response(201, RulebookSchema)
@idempotent(
    lambda session, actor, made: _whole(session, _by_id(session, actor, made)), identify=lambda made: made["id"]
)
def create(values: dict[str, Any]) -> dict[str, Any]:
    """A new draft: a copy of a revision unless lines are given."""
    session, actor = current_session(), current_principal()
    rules = None if values["rules"] is None else _lines(session, actor, values["rules"])
    book = create_draft(
        session,
        actor,
        title=values["title"],
        summary=values["summary"],
        copy_of=values["copy_of"],
        categories=values["categories"],
        rules=rules,
    )
    return _whole(session, book)


@blueprint.route("/rulebooks/<int:revision>")
@allow(Role.PUBLIC)
@blueprint.arguments(RulebookArguments, location="query")
@blueprint.response(200, RulebookSchema)
def show(values: dict[str, Any], revision: int) -> dict[str, Any]:
    """A revision with its lines; with `village` those that hold there, with `common` the 常用十条."""
    session, actor = current_session(), current_principal()
    book = rulebook_by_revision(session, actor, revision)
    village = village_by_code(session, actor, values["village"]) if values["village"] else None
    set_version(book.version)
    return _whole(session, book, village_id=village.id if village else None, common=values["common"])


@blueprint.route("/rulebooks/<int:revision>", methods=["PUT"])
@allow(*EDITORS)
@conditional()
@blueprint.arguments(RulebookEditSchema)
@blueprint.response(200, RulebookSchema)
def change(values: dict[str, Any], revision: int) -> dict[str, Any]:
    """Put other lines in a draft."""
    session, actor = current_session(), current_principal()
    book = edit_draft(
        session,
        actor,
        rulebook_by_revision(session, actor, revision),
        title=values["title"],
        summary=values["summary"],
        categories=values["categories"],
        rules=_lines(session, actor, values["rules"]),
        expected_version=expected_version(),
    )
    set_version(book.version)
    return _whole(session, book)


@blueprint.route("/rulebooks/<int:revision>", methods=["DELETE"])
@allow(*EDITORS)
@conditional()
@blueprint.response(204)
def discard(revision: int) -> None:
    """Throw a draft away."""
    session, actor = current_session(), current_principal()
    discard_draft(session, actor, rulebook_by_revision(session, actor, revision), expected_version=expected_version())


@blueprint.route("/rulebooks/<int:revision>/publish", methods=["POST"])
@allow(*EDITORS)
@conditional()
@blueprint.response(200, RulebookLineSchema)
def publish(revision: int) -> Rulebook:
    """Publish a draft; it never changes afterwards."""
    session, actor = current_session(), current_principal()
    book = rulebook_by_revision(session, actor, revision)
    book = publish_draft(session, actor, book, expected_version=expected_version())
    set_version(book.version)
    return book


@blueprint.route("/rulebooks/<int:revision>/lint")
@allow(*EDITORS, *ADOPTERS, Role.AUDITOR, Role.SUPERVISOR)
@blueprint.response(200, LintSchema)
def lint(revision: int) -> dict[str, Any]:
    """What the revision may not contain, line by line, with the answers given."""
    session = current_session()
    findings = lint_rulebook(session, rulebook_by_revision(session, current_principal(), revision))
    return {"findings": findings, "settled": all(finding.settled for finding in findings)}


@blueprint.route("/rulebooks/<int:revision>/findings", methods=["POST"])
@allow(*EDITORS)
@blueprint.arguments(WaiverSchema)
@blueprint.response(200, FindingSchema)
def answer(values: dict[str, Any], revision: int) -> AnsweredFinding:
    """Answer a finding: a false alarm (two persons), or a published reason."""
    session, actor = current_session(), current_principal()
    return answer_finding(session, actor, rulebook_by_revision(session, actor, revision), **values)


def _lines(session: Session, actor: Principal, rules: list[dict[str, Any]]) -> list[RuleLine]:
    """Lines with the villages' ids instead of their codes."""
    codes = {rule["village"] for rule in rules if rule["village"]}
    ids = {code: village_by_code(session, actor, code).id for code in sorted(codes)}
    return [
        RuleLine(
            **{name: value for name, value in rule.items() if name not in ("village", "steps")},
            steps=tuple(rule["steps"]),
            village_id=ids.get(rule["village"]),
        )
        for rule in rules
    ]


def _whole(session: Session, book: Rulebook, *, village_id: int | None = None, common: bool = False) -> dict[str, Any]:
    rules = rules_of(session, book.id, village_id=village_id)
    named = {rule.village_id for rule in rules if rule.village_id is not None}
    codes = {village.id: village.code for village in session.scalars(select(Village).where(Village.id.in_(named)))}
    lines = [
        {**asdict(rule), "steps": rule.steps, "village": codes.get(rule.village_id) if rule.village_id else None}
        for rule in rules
        if rule.common or not common
    ]
    codes_shown = {line["code"] for line in lines}
    kept = {line["category"] for line in lines}
    return {
        "id": book.id,
        "revision": book.revision,
        "title": book.title,
        "summary": book.summary,
        "state": book.state,
        "based_on": book.based_on,
        "published_at": book.published_at,
        "version": book.version,
        "categories": [line for line in categories_of(session, book.id) if line.code in kept or not common],
        "rules": lines,
        "kept": [
            answered
            for answered in lint_rulebook(session, book)
            if answered.settled and answered.finding.rule_code in codes_shown
        ],
    }


def _by_id(session: Session, actor: Principal, made: str) -> Rulebook:
    return rulebook_by_revision(session, actor, session.get_one(Rulebook, int(made)).revision)
