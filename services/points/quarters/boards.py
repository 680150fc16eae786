"""Boards 公示榜 as anyone may read them: masked names by group, without ranks; 红榜 and 进步榜, sums, digest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared.calendar import today
from shared.errors import NotFound
from shared.identity import Principal
from shared.identity.scope import village_by_code
from shared.models.points import BoardEdition, BoardRow, QuarterState, Rulebook, VillageQuarter
from shared.models.registry import Village

LISTED = 10
"""Ranks on the red list and on the list of progress; who shares the last one is listed too."""


@dataclass(frozen=True, slots=True)
class BoardLine:
    """One household on the wall. `points` is None below zero: the wall shows “–”, the household gets its own slip."""

    name: str
    group: str
    number: int
    points: int | None
    marked: bool


@dataclass(frozen=True, slots=True)
class Honour:
    """A line of the red list (`points`) or of the list of progress (`gain`)."""

    rank: int
    name: str
    group: str
    points: int
    gain: int | None


@dataclass(frozen=True, slots=True)
class BoardSummary:
    """A line of the list of boards."""

    village_code: str
    village: str
    quarter: int
    edition: int
    state: QuarterState
    published_at: datetime
    public_until: date


@dataclass(frozen=True, slots=True)
class Board:
    """One edition. Amounts in hundredths."""

    village_code: str
    village: str
    quarter: int
    edition: int
    revision: int
    trial: bool
    state: QuarterState
    objections_until: date | None
    objections_open: bool
    published_at: datetime
    public_until: date
    groups: list[tuple[str, list[BoardLine]]]
    red_list: list[Honour]
    progress_list: list[Honour]
    category_sums: list[dict[str, Any]]
    corrections: list[dict[str, Any]]
    posting_seq: int
    posting_digest: str


def list_boards(session: Session, actor: Principal, *, quarter: int | None = None) -> list[BoardSummary]:
    """The last edition of each public board of the township, newest quarter first, villages by code."""
    last = (
        select(BoardEdition.village_id, BoardEdition.quarter, func.max(BoardEdition.edition).label("edition"))
        .group_by(BoardEdition.village_id, BoardEdition.quarter)
        .subquery()
    )
    statement = (
        select(BoardEdition, Village.code, Village.name, VillageQuarter.state)
        .join(
            last,
            (last.c.village_id == BoardEdition.village_id)
            & (last.c.quarter == BoardEdition.quarter)
            & (last.c.edition == BoardEdition.edition),
        )
        .join(Village, Village.id == BoardEdition.village_id)
        .join(
            VillageQuarter,
            (VillageQuarter.village_id == BoardEdition.village_id) & (VillageQuarter.quarter == BoardEdition.quarter),
        )
        .where(Village.township_id == actor.township_id, BoardEdition.public_until >= today())
        .order_by(BoardEdition.quarter.desc(), Village.code)
    )
    if quarter is not None:
        statement = statement.where(BoardEdition.quarter == quarter)
    return [
        BoardSummary(code, name, board.quarter, board.edition, state, board.published_at, board.public_until)
        for board, code, name, state in session.execute(statement)
    ]


def read_board(
    session: Session, actor: Principal, village_code: str, quarter: int, *, edition: int | None = None
) -> Board:
    """An edition (default: the last). Raises NotFound where nothing was published or its public time is over."""
    village = village_by_code(session, actor, village_code)
    statement = select(BoardEdition).where(BoardEdition.village_id == village.id, BoardEdition.quarter == quarter)
    if edition is not None:
        statement = statement.where(BoardEdition.edition == edition)
    board = session.scalar(statement.order_by(BoardEdition.edition.desc()).limit(1))
    if board is None:
        raise NotFound(f"{village.name}这个季度还没有公示榜。")
    if board.public_until < today():
        raise NotFound(f"{village.name}这个季度的公示已经结束，公示榜不再公开。需要查阅请到村委会。")
    row = session.get_one(VillageQuarter, (village.id, quarter))
    rows = session.scalars(select(BoardRow).where(BoardRow.board_id == board.id)).all()
    objecting = row.state is QuarterState.PUBLISHED and row.objections_until is not None
    return Board(
        village_code=village.code,
        village=village.name,
        quarter=quarter,
        edition=board.edition,
        revision=session.scalar(select(Rulebook.revision).where(Rulebook.id == board.rulebook_id)) or 0,
        trial=board.trial,
        state=row.state,
        objections_until=row.objections_until,
        objections_open=bool(objecting and row.objections_until and row.objections_until >= today()),
        published_at=board.published_at,
        public_until=board.public_until,
        groups=_groups(rows),
        red_list=_red_list(rows),
        progress_list=_progress_list(rows),
        category_sums=json.loads(board.category_sums),
        corrections=json.loads(board.corrections),
        posting_seq=board.posting_seq,
        posting_digest=board.posting_digest,
    )


def _groups(rows: Sequence[BoardRow]) -> list[tuple[str, list[BoardLine]]]:
    """By group, in the order of household numbers: no rank can be read off."""
    groups: dict[str, list[BoardLine]] = {}
    for row in sorted(rows, key=lambda row: row.number):
        line = BoardLine(row.masked_name, row.group_name, row.number, row.net if row.net >= 0 else None, row.marked)
        groups.setdefault(row.group_name, []).append(line)
    return list(groups.items())


def _red_list(rows: Sequence[BoardRow]) -> list[Honour]:
    best = sorted((row for row in rows if row.net > 0 and row.rank <= LISTED), key=lambda row: (row.rank, row.number))
    return [Honour(row.rank, row.masked_name, row.group_name, row.net, row.gain) for row in best]


def _progress_list(rows: Sequence[BoardRow]) -> list[Honour]:
    """The largest gains over the last quarter; equal gains share a rank."""
    gaining = sorted(
        (row for row in rows if row.gain is not None and row.gain > 0), key=lambda row: (-(row.gain or 0), row.number)
    )
    listed: list[Honour] = []
    for position, row in enumerate(gaining, start=1):
        rank = listed[-1].rank if listed and listed[-1].gain == row.gain else position
        if rank > LISTED:
            break
        listed.append(Honour(rank, row.masked_name, row.group_name, row.net, row.gain))
    return listed
