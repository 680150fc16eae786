"""The audit log of each service: who did or opened what, and why; chained after the fact.

Writers add unchained rows in their own transaction and never wait for each other. Each minute a task chains the new
rows: every row gets the next number and the SHA-256 of its content and of the row before, so that a changed, removed
or inserted row shows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import Insert, Integer, Row, String, column, func, select, update, values
from sqlalchemy.orm import Session

from shared.identity.principal import Principal
from shared.models.base import now
from shared.models.plumbing import AUDIT
from shared.models.plumbing_tables import audit_of, service_of
from shared.request_context import current_request_id
from shared.topology import Service

_BATCH = 2000
_START = "0" * 64
_CONTENT = (
    "id", "at", "township_id", "person_id", "actor", "action", "subject_kind", "subject_id", "village_id", "purpose",
    "details", "request_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ChainVerdict:
    """What checking an audit log found. `broken_seq` and `broken_id` name the first row that does not match.

    `last_seq` and `digest` are those of the last row that matches; `next_after`: where to go on, None at the end.
    """

    checked: int
    unchained: int
    broken_seq: int | None = None
    broken_id: int | None = None
    last_seq: int = field(default=0, compare=False)
    digest: str = field(default="", compare=False)
    next_after: int | None = field(default=None, compare=False)

    @property
    def holds(self) -> bool:
        return self.broken_seq is None


def record(
    session: Session,
    actor: Principal,
    action: str,
    subject_kind: str,
    subject_id: str | int,
    *,
    village_id: int | None = None,
    purpose: str | None = None,
    details: Mapping[str, Any] | None = None,
    at_once: bool = False,
) -> None:
    """Write one line of the audit log of the session's service, in the session's transaction.

    `action` is a verb with its noun (`review_event`), `purpose` why a masked value was opened; `details` never hold
    petition texts or unmasked personal values. `at_once`: by a statement of its own, which costs half of what the
    session's way does for one line (many lines go together there).
    """
    service = service_of(session)
    line = line_of(actor, action, subject_kind, village_id=village_id, purpose=purpose, details=details) | {
        "subject_id": str(subject_id)
    }
    if at_once:
        session.connection().execute(_inserting(service), line)
    else:
        session.add(AUDIT[service](**line))


def line_of(
    actor: Principal,
    action: str,
    subject_kind: str,
    *,
    village_id: int | None = None,
    purpose: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A line as `record` writes it, of now, for who writes it together with its subject; without the subject's id."""
    return {
        "at": now(),
        "township_id": actor.township_id,
        "person_id": actor.person_id,
        "actor": actor.actor,
        "action": action,
        "subject_kind": subject_kind,
        "village_id": village_id,
        "purpose": purpose,
        "details": json.dumps(details, ensure_ascii=False, sort_keys=True, default=str) if details else "{}",
        "request_id": actor.request_id or current_request_id() or None,
    }


@cache
def _inserting(service: Service) -> Insert:
    # Nobody asks for the line's id.
    return audit_of(service).insert().inline()


def chain_new_rows(session: Session) -> int:
    """Chain the committed rows that are not chained yet, in the order of their ids; return how many."""
    service = service_of(session)
    table = audit_of(service)
    if session.get_bind().dialect.name == "postgresql":
        # One chainer at a time; on SQLite the writing transaction is that already.
        session.execute(select(func.pg_advisory_xact_lock(_lock_key(service))))
    last = session.execute(select(table.c.seq, table.c.digest).order_by(table.c.seq.desc().nulls_last()).limit(1))
    seq, digest = next(((row.seq, row.digest) for row in last if row.seq is not None), (0, _START))
    chained = 0
    unchained = select(*_content_of(service)).where(table.c.seq.is_(None)).order_by(table.c.id).limit(_BATCH)
    while rows := session.execute(unchained).all():
        links = []
        for row in rows:
            seq += 1
            digest = _digest(digest, seq, row)
            links.append((row.id, seq, digest))
        _write_links(session, service, links)
        chained += len(links)
    return chained


def verify_audit(session: Session, service: Service, *, after: int = 0, limit: int | None = None) -> ChainVerdict:
    """Check the chain of `service`; the first row that does not match is named.

    `after` and `limit` check one piece of it: the rows behind the one of that number, which an earlier piece has
    proved. A chain all of whose pieces hold is whole.
    """
    table = audit_of(service)
    unchained = session.scalar(select(func.count()).where(table.c.seq.is_(None)).select_from(table)) or 0
    digest = session.scalar(select(table.c.digest).where(table.c.seq == after)) if after else _START
    if digest is None:
        return ChainVerdict(0, unchained, broken_seq=after)
    last = after
    for row in _chained_rows(session, service, after, limit):
        expected = _digest(digest, last + 1, row)
        if row.seq != last + 1 or row.digest != expected:
            return ChainVerdict(last - after, unchained, last + 1, row.id, last_seq=last, digest=digest)
        last, digest = row.seq, expected
    following = last if limit is not None and last - after == limit else None
    return ChainVerdict(last - after, unchained, last_seq=last, digest=digest, next_after=following)


def _chained_rows(session: Session, service: Service, after: int, limit: int | None) -> Iterator[Row[Any]]:
    table = audit_of(service)
    chained = select(*_content_of(service), table.c.seq, table.c.digest).where(table.c.seq > after)
    return iter(session.execute(chained.order_by(table.c.seq).limit(limit), execution_options={"yield_per": _BATCH}))


def _content_of(service: Service) -> list[Any]:
    return [audit_of(service).c[name] for name in _CONTENT]


def _digest(previous: str, seq: int, row: Row[Any]) -> str:
    content = [row.at.isoformat() if name == "at" else getattr(row, name) for name in _CONTENT]
    line = json.dumps([previous, seq, *content], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(line.encode()).hexdigest()


def _write_links(session: Session, service: Service, links: list[tuple[int, int, str]]) -> None:
    table = audit_of(service)
    new = values(column("id", table.c.id.type), column("seq", Integer), column("digest", String), name="new")
    rows = new.data(links).cte("links")
    session.execute(
        update(table).where(table.c.id == rows.c.id).values(seq=rows.c.seq, digest=rows.c.digest),
        execution_options={"synchronize_session": False},
    )


def _lock_key(service: Service) -> int:
    return int.from_bytes(hashlib.sha256(f"audit chain of {service}".encode()).digest()[:8], "big", signed=True)
