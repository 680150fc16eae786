"""Standings: what each household of a village has in a quarter, as a board freezes it. Hundredths."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session

from shared.models.points import (
    BoardEdition,
    BoardRow,
    Category,
    Entry,
    EntryKind,
    Event,
    Objection,
    ObjectionState,
    Posting,
    PostingKind,
    Rule,
    VillageQuarter,
)
from shared.models.registry import Grid, Household
from shared.quarters import first_day, last_day

SCORES = (EntryKind.AWARD, EntryKind.ADJUSTMENT)


@dataclass(slots=True)
class Standing:
    """One household: `net` counts for the rank, `corrected` only for the balance."""

    household_id: int
    group_name: str
    number: int
    head_name: str
    net: int = 0
    corrected: int = 0
    gain: int | None = None
    rank: int = 0
    categories: dict[str, int] = field(default_factory=dict)
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Correction:
    """Entries of earlier quarters that were booked in this one, told without a sign of fault."""

    what: str
    origin_quarter: int
    households: int
    points: int


def standings_of(session: Session, village_id: int, quarter: int, *, with_objections: bool) -> list[Standing]:
    """Every household of the village by group and number, with net, gain, rank and categories.

    With objections: entries that carry out an upheld objection to this quarter count too, wherever they are booked.
    """
    standings = {
        household.id: Standing(household.id, group, household.number, household.head_name)
        for household, group in session.execute(
            select(Household, Grid.name)
            .join(Grid, Grid.id == Household.group_id)
            .where(
                Household.village_id == village_id,
                Household.valid_from <= last_day(quarter),
                or_(Household.valid_to.is_(None), Household.valid_to >= first_day(quarter)),
            )
            .order_by(Grid.code, Household.number)
        )
    }
    for household_id, net, upheld, corrected in _sums(session, village_id, quarter, with_objections):
        standing = standings.get(household_id)
        if standing is not None:
            standing.net, standing.corrected, standing.marked = int(net), int(corrected), bool(upheld)
    for household_id, category, points in _category_sums(session, village_id, quarter, with_objections):
        if household_id in standings:
            standings[household_id].categories[category] = int(points)
    _set_gains(session, village_id, quarter, standings)
    _rank(standings.values())
    return list(standings.values())


def upheld_postings(village_id: int, quarter: int) -> Select[int | None]:
    """The postings that carry out what was upheld of this quarter's objections."""
    return select(Objection.posting_id).where(
        Objection.village_id == village_id,
        Objection.quarter == quarter,
        Objection.state == ObjectionState.UPHELD,
        Objection.posting_id.is_not(None),
    )


def _counted(village_id: int, quarter: int, with_objections: bool) -> ColumnElement[bool]:
    """Which entries count for the rank."""
    own = and_(Entry.quarter == quarter, Entry.origin_quarter == quarter)
    if not with_objections:
        return own
    return or_(own, _carried_out(village_id, quarter))


def _carried_out(village_id: int, quarter: int) -> ColumnElement[bool]:
    return and_(Entry.origin_quarter == quarter, Entry.posting_id.in_(upheld_postings(village_id, quarter)))


def _sum_where(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, Entry.amount), else_=0)), 0)


def _sums(session: Session, village_id: int, quarter: int, with_objections: bool) -> Sequence[Row[int, int, int, int]]:
    counted = _counted(village_id, quarter, with_objections)
    upheld = _carried_out(village_id, quarter)
    corrected = and_(Entry.quarter == quarter, Entry.origin_quarter < quarter)
    marks = func.sum(case((upheld, 1), else_=0)) if with_objections else func.min(literal(0))
    return session.execute(
        select(Entry.household_id, _sum_where(counted), marks, _sum_where(corrected))
        .where(Entry.village_id == village_id, Entry.kind.in_(SCORES), or_(Entry.quarter == quarter, counted))
        .group_by(Entry.household_id)
    ).all()


def _category_sums(
    session: Session, village_id: int, quarter: int, with_objections: bool
) -> Sequence[Row[int, str, int]]:
    """(household, category code, points) by the revision that the quarter is scored by."""
    return session.execute(
        select(Entry.household_id, Category.code, func.sum(Entry.amount))
        .join(Event, and_(Event.village_id == Entry.village_id, Event.id == Entry.event_id))
        .join(
            VillageQuarter,
            and_(VillageQuarter.village_id == Entry.village_id, VillageQuarter.quarter == Entry.origin_quarter),
        )
        .join(
            Rule,
            and_(
                Rule.rulebook_id == VillageQuarter.rulebook_id,
                Rule.code_id == Event.rule_id,
                or_(Rule.village_id.is_(None), Rule.village_id == village_id),
            ),
        )
        .join(Category, Category.id == Rule.category_id)
        .where(
            Entry.village_id == village_id,
            Event.village_id == village_id,
            Entry.kind.in_(SCORES),
            _counted(village_id, quarter, with_objections),
        )
        .group_by(Entry.household_id, Category.code)
    ).all()


def _set_gains(session: Session, village_id: int, quarter: int, standings: dict[int, Standing]) -> None:
    """The difference to the last edition of the quarter before, where there is one."""
    board_id = session.scalar(
        select(BoardEdition.id)
        .where(BoardEdition.village_id == village_id, BoardEdition.quarter == quarter - 1)
        .order_by(BoardEdition.edition.desc())
        .limit(1)
    )
    if board_id is None:
        return
    rows = session.execute(select(BoardRow.household_id, BoardRow.net).where(BoardRow.board_id == board_id))
    for household_id, before in rows:
        if household_id in standings:
            standings[household_id].gain = standings[household_id].net - before


def _rank(standings: Iterable[Standing]) -> None:
    """1 for the most points; equal points share a rank, and the next rank counts them all."""
    ordered = sorted(standings, key=lambda standing: -standing.net)
    for position, standing in enumerate(ordered, start=1):
        tied = position > 1 and ordered[position - 2].net == standing.net
        standing.rank = ordered[position - 2].rank if tied else position


def corrections_of(session: Session, village_id: int, quarter: int) -> list[Correction]:
    """What was booked in this quarter for earlier ones, by origin and cause; what came and went again is no line."""
    is_run = case((Posting.kind == PostingKind.RECALCULATION, 1), else_=0).label("is_run")
    sums = (
        select(Entry.origin_quarter, is_run, func.sum(Entry.amount).label("points"))
        .join(Posting, Posting.id == Entry.posting_id)
        .where(
            Entry.village_id == village_id,
            Entry.quarter == quarter,
            Entry.origin_quarter < quarter,
            Entry.kind.in_(SCORES),
        )
        .group_by(Entry.origin_quarter, is_run, Entry.household_id)
        .having(func.sum(Entry.amount) != 0)
        .subquery()
    )
    by = (sums.c.origin_quarter, sums.c.is_run)
    rows = session.execute(select(*by, func.count(), func.sum(sums.c.points)).group_by(*by).order_by(*by))
    return [
        Correction("按现行细则重新计算" if run else "补记和更正", origin, households, int(points))
        for origin, run, households, points in rows
    ]
