"""Losses: the households that a preview takes points from, and the notice 告知 of the reason before it is applied."""

from __future__ import annotations

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from services.points.recalculation.runs import quarters_of, run_in_scope
from shared import audit
from shared.errors import Conflict, Invalid
from shared.identity import Principal
from shared.messages.gateway import Notify
from shared.messaging import outbox
from shared.models.base import now
from shared.models.points import Adoption, Difference, Recalculation, RecalculationMode, RecalculationState, Shard

REASON_LENGTH = 240


def losing_households(run_id: int) -> Select[int, int]:
    """(village, household) of those who lose in sum by a preview."""
    return (
        select(Difference.village_id, Difference.household_id)
        .where(Difference.recalculation_id == run_id)
        .group_by(Difference.village_id, Difference.household_id)
        .having(func.sum(Difference.scored - Difference.held) < 0)
    )


def count_losers(session: Session, run_id: int) -> int:
    """How many households lose."""
    return session.scalar(select(func.count()).select_from(losing_households(run_id).subquery())) or 0


def send_notices(session: Session, actor: Principal, run_id: int, *, reason: str) -> Recalculation:
    """Tell the losers of a preview the reason; recorded with the run. One message a village.

    Without `reason`, the published reasons of the corrections are sent. Sent once: a repeated call changes nothing.
    Raises Conflict for a run that is no finished preview, Invalid without any reason.
    """
    run = run_in_scope(session, actor, run_id)
    if run.mode is not RecalculationMode.PREVIEW or run.state is not RecalculationState.DONE:
        raise Conflict("只有完成了的预览才能告知农户，请等预览完成。")
    words = reason.strip() or _published_reason(session, run)
    if not words:
        raise Invalid("请写明原因，农户要看得懂为什么减分。", errors={"reason": ["请写明原因。"]})
    if len(words) > REASON_LENGTH:
        raise Invalid(f"原因太长，最多 {REASON_LENGTH} 个字。", errors={"reason": [f"最多 {REASON_LENGTH} 个字。"]})
    losers: dict[int, list[int]] = {}
    for village_id, household_id in session.execute(losing_households(run.id)):
        losers.setdefault(village_id, []).append(household_id)
    count = sum(map(len, losers.values()))
    first = session.execute(
        update(Recalculation)
        .where(Recalculation.id == run.id, Recalculation.notices_sent_at.is_(None))
        .values(notices_sent_at=now(), notices_sent=count, version=Recalculation.version + 1)
        .execution_options(synchronize_session=False)
    )
    session.refresh(run)
    if first.rowcount != 1:  # type: ignore[attr-defined]
        return run
    outbox.send_all(
        session,
        [
            Notify(
                source=f"points.recalculation:{run.id}:{village_id}",
                source_version=1,
                withdrawn=False,
                township_id=run.township_id,
                person_ids=[],
                household_ids=sorted(household_ids),
                title="积分细则更正，您家的积分会减少",
                text=f"原因：{words} 更正前后的每一笔都能在积分单上看到；有疑问请找村干部。",
                link="/household",
                urgent=False,
            )
            for village_id, household_ids in sorted(losers.items())
        ],
    )
    audit.record(
        session, actor, "notify_losers", "recalculation", run.id, details={"households": count, "reason": words}
    )
    return run


def _published_reason(session: Session, run: Recalculation) -> str:
    """The reasons that the corrections of this run's villages were published with."""
    reasons = session.scalars(
        select(Adoption.correction_reason)
        .where(
            Adoption.correction,
            Adoption.from_quarter <= max(quarters_of(run)),
            Adoption.village_id.in_(select(Shard.village_id).where(Shard.recalculation_id == run.id)),
        )
        .distinct()
        .order_by(Adoption.correction_reason)
    )
    return " ".join(reason.strip() for reason in reasons if reason.strip())
