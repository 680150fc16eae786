"""Editions 版次: what a quarter publishes, frozen: once written, nothing of it changes."""

from __future__ import annotations

import json
from datetime import timedelta

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from services.points.ledger.village import ChainEnd
from services.points.quarters.standings import Standing, corrections_of, standings_of
from shared.calendar import today
from shared.identity import Principal
from shared.models.base import now
from shared.models.points import Adoption, BoardEdition, BoardRow, Category, VillageQuarter
from shared.privacy import mask_name

PUBLIC_DAYS = 366
"""How long a board is a public page: a year, so that the same quarter of the next year can be compared."""


def publish_edition(
    session: Session, actor: Principal, row: VillageQuarter, end: ChainEnd, edition: int
) -> BoardEdition:
    """Freeze the quarter's standings as an edition. The caller holds the village's ledger row (`end`)."""
    standings = standings_of(session, row.village_id, row.quarter, with_objections=edition == 2)
    board = BoardEdition(
        village_id=row.village_id,
        quarter=row.quarter,
        edition=edition,
        rulebook_id=row.rulebook_id,
        trial=_is_trial(session, row),
        posting_seq=end.seq,
        posting_digest=end.digest,
        category_sums=json.dumps(_category_sums(session, row.rulebook_id, standings), ensure_ascii=False),
        corrections=json.dumps(
            [
                {
                    "what": correction.what,
                    "origin_quarter": correction.origin_quarter,
                    "households": correction.households,
                    "points": correction.points,
                }
                for correction in corrections_of(session, row.village_id, row.quarter)
            ],
            ensure_ascii=False,
        ),
        published_by=actor.person_id,
        published_at=now(),
        public_until=today() + timedelta(days=PUBLIC_DAYS),
    )
    session.add(board)
    session.flush()
    if standings:
        session.execute(insert(BoardRow), [_row(board.id, standing) for standing in standings])
    return board


def _row(board_id: int, standing: Standing) -> dict[str, object]:
    return {
        "board_id": board_id,
        "household_id": standing.household_id,
        "group_name": standing.group_name,
        "number": standing.number,
        "masked_name": mask_name(standing.head_name),
        "net": standing.net,
        "corrected": standing.corrected,
        "gain": standing.gain,
        "rank": standing.rank,
        "categories": json.dumps(standing.categories, sort_keys=True, ensure_ascii=False),
        "marked": standing.marked,
    }


def _category_sums(session: Session, rulebook_id: int, standings: list[Standing]) -> list[dict[str, object]]:
    """Sums by category, in the order of the rulebook: code, name, points."""
    sums: dict[str, int] = {}
    for standing in standings:
        for code, points in standing.categories.items():
            sums[code] = sums.get(code, 0) + points
    categories = session.scalars(
        select(Category).where(Category.rulebook_id == rulebook_id).order_by(Category.position, Category.id)
    )
    return [
        {"code": category.code, "name": category.name, "points": sums[category.code]}
        for category in categories
        if category.code in sums
    ]


def _is_trial(session: Session, row: VillageQuarter) -> bool:
    """Whether the revision is only on trial 试行 in this village's quarter: no matter has made it permanent by then."""
    kinds = session.scalars(
        select(Adoption.trial).where(
            Adoption.village_id == row.village_id,
            Adoption.rulebook_id == row.rulebook_id,
            Adoption.from_quarter <= row.quarter,
        )
    ).all()
    return bool(kinds) and all(kinds)
