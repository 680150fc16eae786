"""Postings: entries, the posting over them, the end of the chain and, last, the accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, TextClause, bindparam, text
from sqlalchemy.orm import Session

from services.points.events.sequence import ENTRY_IDS, allocate_ids
from services.points.ledger.chain import header_end, header_start, line_sql
from services.points.ledger.village import ChainEnd
from shared.database.engine import is_sqlite
from shared.models.base import UtcDateTime, now
from shared.models.points import PostingKind

ENTRY_COLUMNS = "id, village_id, event_id, posting_id, household_id, amount, quarter, origin_quarter, kind"


@dataclass(frozen=True, slots=True)
class PostingHead:
    """What is known of a posting before its entries are."""

    end: ChainEnd
    kind: PostingKind
    made_by: str
    made_at: datetime
    recalculation_id: int | None = None
    reason: str | None = None

    @property
    def seq(self) -> int:
        """Its place in the village's chain."""
        return self.end.seq + 1


@dataclass(frozen=True, slots=True)
class Posted:
    """A posting that was made."""

    posting_id: int
    seq: int
    digest: str
    entry_count: int
    total: int


def new_head(
    end: ChainEnd,
    kind: PostingKind,
    made_by: str,
    *,
    recalculation_id: int | None = None,
    reason: str | None = None,
    made_at: datetime | None = None,
) -> PostingHead:
    """The head of the next posting after `end`, made now unless a moment of the past is given."""
    return PostingHead(end, kind, made_by, made_at or now(), recalculation_id, reason)


def insert_posting(
    session: Session, head: PostingHead, lines: str, parameters: dict[str, Any], *, counts: str | None = None
) -> tuple[Posted | None, Row[Any] | None]:
    """Insert entries, chain a posting over them, and bring the accounts up to date. No lines: nothing is posted.

    `lines` is a list of common table expressions (without `WITH`) that ends in
    `line(position, household_id, event_id, amount, quarter, origin_quarter, kind)`: entries get their ids in the order
    of `position`, `event_id` is null for none. `counts` is a SELECT of one row over the same expressions; its row is
    the second answer.
    """
    if is_sqlite(session):
        return _insert_on_sqlite(session, head, lines, parameters, counts)
    return _insert_on_postgresql(session, head, lines, parameters, counts)


def _insert_on_postgresql(
    session: Session, head: PostingHead, lines: str, parameters: dict[str, Any], counts: str | None
) -> tuple[Posted | None, Row[Any] | None]:
    """All in one statement. What nothing reads (the accounts) is executed at its very end, so they are locked last."""
    row = session.execute(
        _typed(f"""WITH {lines},
identity AS MATERIALIZED (SELECT nextval('points_posting_id_seq') AS id),
numbered AS (SELECT nextval('points_entry_id') AS id, o.* FROM (SELECT * FROM line ORDER BY position) o),
entered AS (
  INSERT INTO points_entry ({ENTRY_COLUMNS})
  SELECT n.id, :village, coalesce(event_id, -n.id), identity.id, household_id, amount, quarter, origin_quarter, kind
  FROM numbered n CROSS JOIN identity
  RETURNING id, event_id, household_id, amount, quarter, origin_quarter, kind
),
summary AS (
  SELECT count(*) AS entry_count, coalesce(sum(amount), 0) AS total,
    string_agg({line_sql("entered")} || E'\\n', '' ORDER BY id) AS lines FROM entered
),
posting AS (
  INSERT INTO points_posting (id, village_id, seq, kind, entry_count, total, prev_digest, digest, made_by, made_at,
    recalculation_id, reason)
  SELECT identity.id, :village, :seq, :kind, entry_count, total, CAST(:prev_digest AS text), encode(sha256(convert_to(
    CAST(:prev_digest AS text) || E'\\n' || CAST(:header_start AS text) || entry_count || '|' || total
    || CAST(:header_end AS text) || lines, 'UTF8')), 'hex'),
    :made_by, :made_at, :recalculation, :reason
  FROM summary CROSS JOIN identity WHERE entry_count > 0
  RETURNING id, seq, entry_count, total, digest
),
chained AS (
  UPDATE points_village_ledger l SET seq = p.seq, digest = p.digest FROM posting p WHERE l.village_id = :village
),
accounted AS (
  INSERT INTO points_account (village_id, household_id, balance, reserved)
  SELECT :village, household_id, sum(amount), 0 FROM entered GROUP BY household_id ORDER BY household_id
  ON CONFLICT (village_id, household_id) DO UPDATE SET balance = points_account.balance + excluded.balance
)
SELECT p.id AS posted_id, p.entry_count AS posted_count, p.total AS posted_total, p.digest AS posted_digest
  {", c.*" if counts else ""}
FROM (SELECT 1) one LEFT JOIN posting p ON true{f" CROSS JOIN ({counts}) c" if counts else ""}
"""),
        parameters | _head_parameters(head),
    ).one()
    session.expire_all()
    if row.posted_id is None:
        return None, row
    return Posted(row.posted_id, head.seq, row.posted_digest, row.posted_count, int(row.posted_total)), row


def _insert_on_sqlite(
    session: Session, head: PostingHead, lines: str, parameters: dict[str, Any], counts: str | None
) -> tuple[Posted | None, Row[Any] | None]:
    connection = session.connection()
    connection.exec_driver_sql(
        """CREATE TEMPORARY TABLE IF NOT EXISTS posting_line (position INTEGER PRIMARY KEY, household_id INTEGER,
             event_id INTEGER, amount INTEGER, quarter INTEGER, origin_quarter INTEGER, kind TEXT)"""
    )
    connection.exec_driver_sql("DELETE FROM posting_line")
    connection.execute(
        text(
            "INSERT INTO posting_line (position, household_id, event_id, amount, quarter, origin_quarter, kind)"
            f" WITH {lines} SELECT row_number() OVER (ORDER BY position), household_id, event_id, amount, quarter,"
            " origin_quarter, kind FROM line"
        ),
        parameters,
    )
    counted = connection.execute(text(f"WITH {lines} {counts}"), parameters).one() if counts else None
    count, total = connection.exec_driver_sql("SELECT count(*), coalesce(sum(amount), 0) FROM posting_line").one()
    if not count:
        return None, counted
    first = allocate_ids(session, ENTRY_IDS, count)[0]
    values = _head_parameters(head) | {"first": first - 1, "count": count, "total": total}
    posting_id = connection.execute(
        _typed(
            "INSERT INTO points_posting (village_id, seq, kind, entry_count, total, prev_digest, digest, made_by,"
            " made_at, recalculation_id, reason) VALUES (:village, :seq, :kind, :count, :total, :prev_digest, :digest,"
            " :made_by, :made_at, :recalculation, :reason) RETURNING id"
        ),
        # The digest covers the entries' ids, which need the posting's: it is set when they are there.
        values | {"digest": "0" * 64},
    ).scalar_one()
    connection.execute(
        text(
            f"INSERT INTO points_entry ({ENTRY_COLUMNS}) SELECT :first + position, :village,"
            " coalesce(event_id, -(:first + position)), :posting, household_id, amount, quarter, origin_quarter, kind"
            " FROM posting_line ORDER BY position"
        ),
        values | {"posting": posting_id},
    )
    digest = connection.execute(
        text(
            f"SELECT sha256_lines(t.id, {line_sql('t')}, :head) FROM points_entry t"
            " WHERE t.village_id = :village AND t.posting_id = :posting"
        ),
        {
            "village": head.end.village_id,
            "posting": posting_id,
            "head": f"{head.end.digest}\n{values['header_start']}{count}|{total}{values['header_end']}",
        },
    ).scalar_one()
    connection.execute(
        text("UPDATE points_posting SET digest = :digest WHERE id = :posting"),
        {"digest": digest, "posting": posting_id},
    )
    posted = Posted(posting_id, head.seq, digest, count, total)
    _finish_on_sqlite(session, head, posted)
    return posted, counted


def _typed(statement: str) -> TextClause:
    return text(statement).bindparams(bindparam("made_at", type_=UtcDateTime()))


def _head_parameters(head: PostingHead) -> dict[str, Any]:
    return {
        "village": head.end.village_id,
        "seq": head.seq,
        "kind": head.kind.value,
        "prev_digest": head.end.digest,
        "header_start": header_start(head.end.village_code, head.seq, head.kind.value),
        "header_end": header_end(head.made_by, head.made_at),
        "made_by": head.made_by,
        "made_at": head.made_at,
        "recalculation": head.recalculation_id,
        "reason": head.reason,
    }


def _finish_on_sqlite(session: Session, head: PostingHead, posted: Posted) -> None:
    """Move the end of the chain, then the accounts, from the lines of the posting."""
    session.execute(
        text("UPDATE points_village_ledger SET seq = :seq, digest = :digest WHERE village_id = :village"),
        {"seq": posted.seq, "digest": posted.digest, "village": head.end.village_id},
    )
    session.execute(
        text(
            "INSERT INTO points_account (village_id, household_id, balance, reserved)"
            " SELECT :village, household_id, sum(amount), 0 FROM posting_line WHERE true GROUP BY household_id"
            " ON CONFLICT (village_id, household_id) DO UPDATE SET balance = points_account.balance + excluded.balance"
        ),
        {"village": head.end.village_id},
    )
    session.expire_all()
