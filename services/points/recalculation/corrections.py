"""Corrections 更正 in a run: what of them a preview has shown, so that its losers could be told before."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.points.recalculation.targets import corrections_among
from shared.errors import Conflict
from shared.models.points import Adoption, Recalculation, Shard

Moves = Mapping[int, Mapping[int, int]]
"""Village id → quarter → target rulebook."""


def require_told_losers(session: Session, moves: dict[int, dict[int, int]], preview: Recalculation | None) -> None:
    """Raise Conflict unless every 更正 among the moves was previewed, and those who lose were told the reason."""
    corrected = corrections_among(session, moves)
    if not corrected:
        return
    if preview is None:
        raise Conflict("这次重算包含更正，请先预览，并把原因告知积分会减少的农户，再正式重算。")
    if preview.notices_sent_at is None:
        raise Conflict("这次重算包含更正，请先把原因告知预览中积分会减少的农户，再正式重算。")
    if not corrected <= _shown(session, moves, preview):
        raise Conflict("预览没有包含这次要更正的全部村和季度，请重新预览。")


def without_untold(
    session: Session, village_id: int, moves: Mapping[int, int], held: Mapping[int, int], preview_id: int | None
) -> dict[int, int]:
    """The moves of a shard; a quarter whose 更正 nobody was told of keeps its revision, and its village waits on.

    A run asks before it starts, but an adoption may come between its start and its shard.
    """
    wanted = {village_id: {quarter: target for quarter, target in moves.items() if target != held[quarter]}}
    if not wanted[village_id]:
        return dict(moves)
    untold = corrections_among(session, wanted)
    preview = session.get(Recalculation, preview_id) if untold and preview_id is not None else None
    if preview is not None and preview.notices_sent_at is not None:
        untold -= _shown(session, wanted, preview)
    return {quarter: held[quarter] if (village_id, quarter) in untold else moves[quarter] for quarter in moves}


def _shown(session: Session, moves: Moves, preview: Recalculation) -> set[tuple[int, int]]:
    """The (village, quarter) pairs whose move to this very target the preview has shown."""
    rows = session.execute(
        select(Shard.village_id, Adoption.rulebook_id)
        .join(Adoption, Adoption.village_id == Shard.village_id)
        .where(
            Shard.recalculation_id == preview.id,
            # Without a named revision it looked at what was adopted when the shard was worked.
            Adoption.adopted_at <= Shard.started_at
            if preview.rulebook_id is None
            else Adoption.rulebook_id == preview.rulebook_id,
        )
    ).all()
    shown, quarters = {(village_id, rulebook_id) for village_id, rulebook_id in rows}, set(json.loads(preview.quarters))
    return {
        (village_id, quarter)
        for village_id, of_village in moves.items()
        for quarter, target in of_village.items()
        if quarter in quarters and (village_id, target) in shown
    }
