"""Revisions: a draft is copied from the newest one, edited, and published; a published one never changes."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from services.points.rulebooks.faults import check_lines
from services.points.rulebooks.lines import CategoryLine, RuleLine, categories_of, rules_of, write_lines
from services.points.rulebooks.waivers import require_settled
from shared import audit
from shared.database.engine import is_sqlite
from shared.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from shared.identity import Principal, Role
from shared.models.base import now
from shared.models.points import Rulebook, RulebookState
from shared.models.registry import Village

EDITORS = (Role.ADMIN,)


def rulebook_by_revision(session: Session, actor: Principal, revision: int) -> Rulebook:
    """A revision of the township; drafts exist for those who work on them only. Raises NotFound."""
    book = session.scalar(
        select(Rulebook).where(Rulebook.township_id == actor.township_id, Rulebook.revision == revision)
    )
    if book is None or (book.state is RulebookState.DRAFT and not actor.has(*EDITORS, Role.AUDITOR, Role.SYSTEM)):
        raise NotFound(f"没有第 {revision} 版积分细则。")
    return book


def create_draft(
    session: Session,
    actor: Principal,
    *,
    title: str,
    summary: str = "",
    copy_of: int | None = None,
    categories: Sequence[CategoryLine] | None = None,
    rules: Sequence[RuleLine] | None = None,
) -> Rulebook:
    """A new draft with these lines, or with a copy of revision `copy_of` (default: the newest). Numbers have no gaps.

    Raises Conflict where there is a draft already, NotFound for a revision to copy that is none, Invalid for lines
    that can't be.
    """
    _require_editor(actor)
    # Whoever counts revisions waits here for the other. The township's row is the registry's, not ours to lock.
    if not is_sqlite(session):
        name = f"rulebooks {actor.township_id}"
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
    newest = session.scalar(
        select(Rulebook).where(Rulebook.township_id == actor.township_id).order_by(Rulebook.revision.desc()).limit(1)
    )
    if newest is not None and newest.state is RulebookState.DRAFT:
        raise Conflict(f"第 {newest.revision} 版还是草稿，请先改好它，不要同时开两份草稿。")
    if (categories is None) != (rules is None):
        raise Invalid("类别和条目要一起给出。", errors={"categories": ["类别和条目要一起给出。"]})
    if categories is None or rules is None:
        model = newest if copy_of is None else rulebook_by_revision(session, actor, copy_of)
        categories = categories_of(session, model.id) if model else []
        rules = rules_of(session, model.id) if model else []
    check_lines(categories, rules)
    _require_own_villages(session, actor, rules)
    book = Rulebook(
        township_id=actor.township_id,
        revision=(newest.revision if newest else 0) + 1,
        title=title.strip(),
        summary=summary.strip(),
        based_on=newest.revision if newest else None,
        created_by=actor.person_id,
    )
    session.add(book)
    session.flush()
    write_lines(session, book, categories, rules)
    audit.record(session, actor, "create_rulebook", "rulebook", book.id, details={"revision": book.revision})
    return book


def edit_draft(
    session: Session,
    actor: Principal,
    book: Rulebook,
    *,
    title: str,
    summary: str,
    categories: Sequence[CategoryLine],
    rules: Sequence[RuleLine],
    expected_version: int,
) -> Rulebook:
    """Put other lines in a draft. Raises Stale where someone else has edited it, Conflict once it is published."""
    _require_editor(actor)
    _require_draft(book)
    check_lines(categories, rules)
    _require_own_villages(session, actor, rules)
    _take(session, book, expected_version, title=title.strip(), summary=summary.strip())
    write_lines(session, book, categories, rules)
    audit.record(session, actor, "edit_rulebook", "rulebook", book.id, details={"lines": len(rules)})
    return book


def publish_draft(session: Session, actor: Principal, book: Rulebook, *, expected_version: int) -> Rulebook:
    """Publish: from now on it never changes, and villages may adopt it. A repeated publish is the same.

    Raises Conflict where it has no line, or the lint finds what nobody has answered: with the lines and the reasons.
    """
    _require_editor(actor)
    if book.state is RulebookState.PUBLISHED:
        return book
    if not rules_of(session, book.id):
        raise Conflict("这一版还没有条目，不能发布。")
    require_settled(session, book)
    _take(
        session,
        book,
        expected_version,
        state=RulebookState.PUBLISHED,
        published_by=actor.person_id,
        published_at=now(),
    )
    audit.record(session, actor, "publish_rulebook", "rulebook", book.id, details={"revision": book.revision})
    return book


def discard_draft(session: Session, actor: Principal, book: Rulebook, *, expected_version: int) -> None:
    """Throw a draft away as it was looked at; its number is given again.

    Raises Stale where someone else has edited it, Conflict once it is published.
    """
    _require_editor(actor)
    _require_draft(book)
    _take(session, book, expected_version)
    session.execute(delete(Rulebook).where(Rulebook.id == book.id, Rulebook.state == RulebookState.DRAFT))
    audit.record(session, actor, "discard_rulebook", "rulebook", book.id, details={"revision": book.revision})


def newest_published(session: Session, township_id: int) -> Rulebook | None:
    """The newest published revision of a township."""
    return session.scalar(
        select(Rulebook)
        .where(Rulebook.township_id == township_id, Rulebook.state == RulebookState.PUBLISHED)
        .order_by(Rulebook.revision.desc())
        .limit(1)
    )


def require_open_draft(actor: Principal, book: Rulebook) -> None:
    """Raise Forbidden for whoever edits no rulebooks, Conflict for a revision that is published."""
    _require_editor(actor)
    _require_draft(book)


def _require_editor(actor: Principal) -> None:
    if not actor.has(*EDITORS):
        raise Forbidden("积分细则由乡镇管理员编辑。如有修改意见，请告诉他们。")


def _require_draft(book: Rulebook) -> None:
    if book.state is not RulebookState.DRAFT:
        raise Conflict(f"第 {book.revision} 版已经发布，不能再改。请新建一版草稿。")


def _require_own_villages(session: Session, actor: Principal, rules: Sequence[RuleLine]) -> None:
    named = {rule.village_id for rule in rules if rule.village_id is not None}
    if not named:
        return
    own = session.scalar(select(func.count()).where(Village.id.in_(named), Village.township_id == actor.township_id))
    if own != len(named):
        raise NotFound("村里自己的条目写了一个不存在的村，请检查村的代码。")


def _take(session: Session, book: Rulebook, expected_version: int, **values: object) -> None:
    """Change a draft only at the version that was read."""
    changed = session.execute(
        update(Rulebook)
        .where(Rulebook.id == book.id, Rulebook.version == expected_version, Rulebook.state == RulebookState.DRAFT)
        .values(version=expected_version + 1, **values)
        .execution_options(synchronize_session=False)
    )
    session.refresh(book)
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise Stale("您打开之后，这一版细则已被别人改过。请刷新，看过最新内容后再改。")
