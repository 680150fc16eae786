"""Notices: what the services tell people and households, in the newest version of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from shared.database.engine import is_sqlite
from shared.errors import NotFound
from shared.identity import Principal
from shared.models.base import now
from shared.models.gateway import Notice, NoticeSource


def keep_notice(
    session: Session,
    *,
    source: str,
    source_version: int,
    withdrawn: bool,
    township_id: int,
    person_ids: Sequence[int],
    household_ids: Sequence[int],
    title: str,
    text: str,
    link: str,
    urgent: bool,
) -> bool:
    """Show this version of `source` to exactly these recipients; False where a newer one was there already.

    A notice that changed is unread again; who is no longer named no longer has it; a withdrawn one is nobody's.
    """
    if not _is_newest(session, source, source_version):
        return False
    recipients = [] if withdrawn else [*recipients_of(person_ids, household_ids)]
    session.execute(delete(Notice).where(Notice.source == source, Notice.recipient.not_in(recipients)))
    if recipients:
        insert = sqlite_insert if is_sqlite(session) else postgresql_insert
        statement = insert(Notice)
        same = {
            "township_id": township_id,
            "source": source,
            "title": title,
            "text": text,
            "link": link,
            "urgent": urgent,
            "created_at": now(),
            "read_at": None,
        }
        changed = {name: getattr(statement.excluded, name) for name in same if name != "source"}
        session.execute(
            statement.on_conflict_do_update(index_elements=["recipient", "source"], set_=changed),
            [{**same, "recipient": recipient} for recipient in recipients],
        )
    return True


def recipients_of(person_ids: Sequence[int], household_ids: Sequence[int]) -> dict[str, None]:
    """The recipients' names, each once, in order."""
    return dict.fromkeys(
        [*(f"person:{person}" for person in person_ids), *(f"household:{household}" for household in household_ids)]
    )


def notices_for(actor: Principal) -> list[str]:
    """Under which names this person's notices lie: the person's own and the household's."""
    return list(
        recipients_of(
            [actor.person_id] if actor.person_id is not None else [],
            [actor.household_id] if actor.household_id is not None else [],
        )
    )


def unread_count(session: Session, actor: Principal) -> int:
    """How many notices wait to be read."""
    found = session.scalar(
        select(func.count()).where(Notice.recipient.in_(notices_for(actor)), Notice.read_at.is_(None))
    )
    return found or 0


def mark_read(session: Session, actor: Principal, notice_id: int) -> Notice:
    """Note that a notice was read; a second time changes nothing. Raises NotFound for another's."""
    notice = session.scalar(select(Notice).where(Notice.id == notice_id, Notice.recipient.in_(notices_for(actor))))
    if notice is None:
        raise NotFound("没有这条消息，它可能已被撤回。")
    if notice.read_at is None:
        notice.read_at = now()
        session.flush()
    return notice


def mark_all_read(session: Session, actor: Principal, until: datetime | None = None) -> int:
    """Note that everything up to `until` (default: now) was read; the number."""
    statement = update(Notice).where(Notice.recipient.in_(notices_for(actor)), Notice.read_at.is_(None))
    done = session.execute(statement.where(Notice.created_at <= (until or now())).values(read_at=now()))
    return int(done.rowcount)  # type: ignore[attr-defined]


def _is_newest(session: Session, source: str, version: int) -> bool:
    """Keep `version` as the highest of `source`; False where a higher or the same one is kept."""
    insert = sqlite_insert if is_sqlite(session) else postgresql_insert
    statement = insert(NoticeSource).values(source=source, source_version=version)
    kept = session.execute(
        statement.on_conflict_do_update(
            index_elements=["source"],
            set_={"source_version": statement.excluded.source_version},
            where=NoticeSource.source_version < statement.excluded.source_version,
        ).returning(NoticeSource.source)
    )
    return kept.scalar() is not None
