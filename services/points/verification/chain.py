"""The chain of postings, recomputed from the entries in one statement on either database."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.points.ledger.chain import line_sql
from services.points.ledger.village import ChainEnd
from shared.database.engine import is_sqlite
from shared.models.points import GENESIS


@dataclass(frozen=True, slots=True)
class ChainBreak:
    """The first posting that does not match, and why; `seq` is None for a whole chain."""

    postings: int
    seq: int | None = None
    reason: str = ""


_HEAD = """p.prev_digest || {newline} || v.code || '|' || p.seq || '|' || p.kind || '|' || p.entry_count
  || '|' || p.total || '|' || p.made_by || '|' || {microseconds} || {newline}"""


def first_break(session: Session, end: ChainEnd) -> ChainBreak:
    """Recompute every digest, and compare counts, totals and links. The caller holds the village's ledger row."""
    parameters = {"village": end.village_id, "genesis": GENESIS}
    last = session.execute(
        text(
            "SELECT seq, digest, count(*) OVER () AS postings FROM points_posting WHERE village_id = :village"
            " ORDER BY seq DESC LIMIT 1"
        ),
        parameters,
    ).one_or_none()
    if last is None:
        return ChainBreak(0) if end.seq == 0 else ChainBreak(0, 1, "账本说有记账批次，却一个也没有。")
    broken = session.execute(
        text(f"""
WITH entered AS ({_sqlite_digests() if is_sqlite(session) else _postgresql_digests()}),
checked AS (
  SELECT p.seq, p.digest, p.prev_digest, e.digest AS made, p.entry_count, coalesce(e.entry_count, 0) AS counted,
    p.total, coalesce(e.total, 0) AS summed, coalesce(lag(p.digest) OVER (ORDER BY p.seq), :genesis) AS before
  FROM points_posting p LEFT JOIN entered e ON e.posting_id = p.id WHERE p.village_id = :village
)
SELECT * FROM checked
WHERE made IS NULL OR digest <> made OR prev_digest <> before OR entry_count <> counted OR total <> summed
ORDER BY seq LIMIT 1"""),
        parameters,
    ).one_or_none()
    if broken is None:
        whole = (last.seq, last.digest) == (end.seq, end.digest)
        return ChainBreak(last.postings, *(() if whole else (last.seq, "账本记的最后一个批次不是它。")))
    if (broken.counted, broken.summed) != (broken.entry_count, broken.total):
        reason = f"应有 {broken.entry_count} 笔明细，实有 {broken.counted} 笔，或合计不符。"
    elif broken.prev_digest != broken.before:
        reason = "它没有接在前一批次的校验码上。"
    else:
        reason = "校验码与内容不符，内容被改动过。"
    return ChainBreak(last.postings, broken.seq, reason)


def _postgresql_digests() -> str:
    head = _HEAD.format(newline="E'\\n'", microseconds="CAST(extract(epoch FROM p.made_at) * 1000000 AS bigint)")
    return f"""
  SELECT t.posting_id, count(*) AS entry_count, sum(t.amount) AS total, encode(sha256(convert_to(
    (SELECT {head} FROM points_posting p JOIN registry_village v ON v.id = p.village_id WHERE p.id = t.posting_id)
    || string_agg({line_sql("t")} || E'\\n', '' ORDER BY t.id), 'UTF8')), 'hex') AS digest
  FROM points_entry t WHERE t.village_id = :village GROUP BY t.posting_id"""


def _sqlite_digests() -> str:
    # Instants are stored with six decimals. Whole seconds are cut off first: strftime rounds them.
    seconds = "strftime('%s', substr(p.made_at, 1, 19))"
    head = _HEAD.format(newline="char(10)", microseconds=f"({seconds} || substr(p.made_at, -6))")
    return f"""
  SELECT t.posting_id, count(*) AS entry_count, sum(t.amount) AS total, sha256_lines(t.id, {line_sql("t")}, {head})
    AS digest
  FROM points_entry t JOIN points_posting p ON p.id = t.posting_id JOIN registry_village v ON v.id = p.village_id
  WHERE t.village_id = :village GROUP BY t.posting_id"""
