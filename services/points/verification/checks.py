"""The checks of one village's ledger: each a sentence, the rows that it covered, and the time it took."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.points.ledger.village import ChainEnd, lock_ledger
from services.points.scoring import count_scored, differences, everything
from services.points.verification.chain import first_break
from shared.amounts import format_hundredths
from shared.models.points import GENESIS
from shared.quarters import say_quarter


@dataclass(frozen=True, slots=True)
class Check:
    """What one check found. `sentence` names the first place that does not match."""

    name: str
    passed: bool
    sentence: str
    rows_covered: int
    milliseconds: int


@dataclass(frozen=True, slots=True)
class _Finding:
    rows: int
    problem: str | None
    proof: str


def check_village(session: Session, village_id: int) -> list[Check]:
    """Prove a village's ledger: balances, scores, chain, order, reservations, boards. Nothing is posted meanwhile."""
    end = lock_ledger(session, village_id)
    checks: list[tuple[str, Callable[[Session, ChainEnd], _Finding]]] = [
        ("balances", _balances),
        ("scores", _scores),
        ("chain", _chain),
        ("order", _order),
        ("reservations", _reservations),
        ("boards", _boards),
    ]
    return [_timed(session, end, name, check) for name, check in checks]


def _timed(session: Session, end: ChainEnd, name: str, check: Callable[[Session, ChainEnd], _Finding]) -> Check:
    start = time.perf_counter()
    finding = check(session, end)
    milliseconds = round((time.perf_counter() - start) * 1000)
    return Check(name, finding.problem is None, finding.problem or finding.proof, finding.rows, milliseconds)


def _balances(session: Session, end: ChainEnd) -> _Finding:
    """Balance = sum of entries, for every household that has either."""
    found = session.execute(
        text("""
WITH summed AS (
  SELECT household_id, sum(amount) AS amount, count(*) AS entries FROM points_entry
  WHERE village_id = :village GROUP BY household_id
), compared AS (
  SELECT household_id, 0 AS balance, amount, entries FROM summed
  UNION ALL SELECT household_id, balance, 0, 0 FROM points_account WHERE village_id = :village
)
SELECT household_id, sum(balance) AS balance, sum(amount) AS amount, sum(entries) AS entries,
  sum(sum(entries)) OVER () AS all_entries, count(*) OVER () AS households
FROM compared GROUP BY household_id
ORDER BY CASE WHEN sum(balance) <> sum(amount) THEN 0 ELSE 1 END, household_id LIMIT 1"""),
        {"village": end.village_id},
    ).one_or_none()
    if found is None:
        return _Finding(0, None, "还没有账户，余额无须核对。")
    problem = None
    if found.balance != found.amount:
        problem = (
            f"编号 {found.household_id} 的户，余额是 {format_hundredths(int(found.balance))}，"
            f"明细合计却是 {format_hundredths(int(found.amount))}。"
        )
    rows = int(found.all_entries)
    return _Finding(rows, problem, f"{found.households} 户的余额都等于各自明细的合计（{rows} 笔明细）。")


def _scores(session: Session, end: ChainEnd) -> _Finding:
    """Entries of every event = its score under the revision of its quarter; every posted event is covered."""
    scope = everything(session, end.village_id)
    outcome = count_scored(session, end.village_id, scope=scope)
    recorded = session.execute(
        text("SELECT count(*) FROM points_event WHERE village_id = :village AND state IN ('posted', 'voided')"),
        {"village": end.village_id},
    ).scalar_one()
    problem = None
    if outcome.entries:
        first = differences(session, end.village_id, scope=scope, limit=1)[0]
        problem = (
            f"有 {outcome.entries} 条记录的分值对不上，第一条是编号 {first.event_id}："
            f"账上 {format_hundredths(first.held)}，按细则应为 {format_hundredths(first.scored)}。"
        )
    elif recorded != outcome.events_scored:
        problem = f"有 {recorded - outcome.events_scored} 条已记账的记录不在任何一版细则里。"
    orphans = session.execute(
        text(
            "SELECT min(t.event_id) FROM points_entry t WHERE t.village_id = :village AND t.event_id > 0 AND NOT EXISTS"
            " (SELECT 1 FROM points_event e WHERE e.village_id = :village AND e.id = t.event_id"
            " AND e.household_id = t.household_id AND e.state IN ('posted', 'voided'))"
        ),
        {"village": end.village_id},
    ).scalar_one()
    if problem is None and orphans is not None:
        problem = f"账上有编号 {orphans} 的记录的明细，却没有这条已记账的记录，或户不对。"
    proof = f"{outcome.events_scored} 条记录重新计分，都与账上的明细相同。"
    return _Finding(outcome.events_scored, problem, proof)


def _chain(session: Session, end: ChainEnd) -> _Finding:
    """Every posting's digest, recomputed from its entries."""
    broken = first_break(session, end)
    problem = None if broken.seq is None else f"第 {broken.seq} 号记账批次起对不上：{broken.reason}"
    proof = f"{broken.postings} 个记账批次的校验码全部重算，首尾相接，没有改动。"
    return _Finding(broken.postings, problem, proof)


def _order(session: Session, end: ChainEnd) -> _Finding:
    """Numbers without gaps, and no entry outside a posting of its village."""
    counted = session.execute(
        text("SELECT count(*) AS n, coalesce(max(seq), 0) AS last FROM points_posting WHERE village_id = :village"),
        {"village": end.village_id},
    ).one()
    stray = session.execute(
        text(
            "SELECT min(t.id) FROM points_entry t WHERE t.village_id = :village AND NOT EXISTS"
            " (SELECT 1 FROM points_posting p WHERE p.id = t.posting_id AND p.village_id = t.village_id)"
        ),
        {"village": end.village_id},
    ).scalar_one()
    problem = None
    if not counted.n == counted.last == end.seq:
        problem = f"记账批次应有 {end.seq} 个，实有 {counted.n} 个，最大号 {counted.last}，中间有缺号。"
    elif stray is not None:
        problem = f"编号 {stray} 的明细不属于本村任何记账批次。"
    whole = f"记账批次从 1 到 {end.seq} 没有缺号，每笔明细都有归属。" if end.seq else "还没有记账批次，无须核对。"
    return _Finding(counted.n, problem, whole)


def _reservations(session: Session, end: ChainEnd) -> _Finding:
    """Held points = the prices of what is reserved, for every household."""
    found = session.execute(
        text("""
WITH compared AS (
  SELECT household_id, points, 0 AS reserved, 1 AS waiting FROM points_redemption
  WHERE village_id = :village AND state = 'reserved'
  UNION ALL SELECT household_id, 0, reserved, 0 FROM points_account WHERE village_id = :village
)
SELECT household_id, sum(points) AS points, sum(reserved) AS reserved, sum(sum(waiting)) OVER () AS waiting,
  count(*) OVER () AS households
FROM compared GROUP BY household_id
ORDER BY CASE WHEN sum(points) <> sum(reserved) THEN 0 ELSE 1 END, household_id LIMIT 1"""),
        {"village": end.village_id},
    ).one_or_none()
    if found is None:
        return _Finding(0, None, "没有账户，也没有预留。")
    problem = None
    if found.points != found.reserved:
        problem = (
            f"编号 {found.household_id} 的户，预留了 {format_hundredths(int(found.reserved))} 分，"
            f"待领取的商品却合 {format_hundredths(int(found.points))} 分。"
        )
    proof = f"{found.households} 户的预留都等于待领取商品的积分（{int(found.waiting)} 单待领取）。"
    return _Finding(int(found.households), problem, proof)


def _boards(session: Session, end: ChainEnd) -> _Finding:
    """The number and digest that each published board prints are those of the posting of that number."""
    counted = session.execute(
        text("SELECT count(*) FROM points_board WHERE village_id = :village"), {"village": end.village_id}
    ).scalar_one()
    wrong = session.execute(
        text("""
SELECT b.quarter, b.edition, b.posting_seq FROM points_board b
LEFT JOIN points_posting p ON p.village_id = b.village_id AND p.seq = b.posting_seq
WHERE b.village_id = :village AND coalesce(p.digest, CASE WHEN b.posting_seq = 0 THEN :genesis ELSE '' END)
  <> b.posting_digest
ORDER BY b.quarter, b.edition LIMIT 1"""),
        {"village": end.village_id, "genesis": GENESIS},
    ).one_or_none()
    problem = None
    if wrong is not None:
        problem = (
            f"{say_quarter(wrong.quarter)}第 {wrong.edition} 版公示榜上印的校验码，"
            f"和第 {wrong.posting_seq} 号记账批次的对不上。"
        )
    return _Finding(counted, problem, f"{counted} 版公示榜上印的校验码，都和账里的那个批次相同。")
