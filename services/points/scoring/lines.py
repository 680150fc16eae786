"""The lines of revisions as scoring reads them: plain values by rule id, for one village."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, bindparam, or_, select
from sqlalchemy.orm import Session

from shared.database.engine import is_sqlite
from shared.models.points import CapPeriod, Category, Mode, Once, Per, Rule, Rulebook, RuleCode, RuleStep
from shared.models.registry import Village


@dataclass(frozen=True, slots=True)
class Line:
    """What a rule of a revision is worth. Two lines that are equal score every event alike."""

    mode: Mode
    points: int | None
    minimum: int | None
    maximum: int | None
    per: Per | None
    cap: int | None
    cap_period: CapPeriod | None
    once: Once | None
    category: str
    category_cap: int | None
    steps: tuple[tuple[int, int], ...] = ()

    @property
    def remembers_year(self) -> bool:
        """Whether an amount depends on the household's other events of the code in the calendar year."""
        return self.mode is Mode.STEPPED or self.per is Per.YEAR or self.once is Once.YEAR

    @property
    def remembers(self) -> bool:
        """Whether an amount depends on other events at all, before caps."""
        return self.remembers_year or self.once is not None


Lines = Mapping[int, Line]
"""Rule id → line."""


@dataclass(frozen=True, slots=True)
class _Revision:
    """All lines of a revision: the township's, and each village's own extras."""

    common: Lines
    extras: Mapping[int, Lines]

    def of_village(self, village_id: int) -> Lines:
        extras = self.extras.get(village_id)
        return {**self.common, **extras} if extras else self.common


_Stamp = tuple[int, int, datetime]
"""Id, version and moment of publication: a published revision never changes."""

_STAMPED = select(Rulebook.id, Rulebook.version, Rulebook.published_at).where(
    Rulebook.id.in_(bindparam("rulebooks", expanding=True)), Rulebook.published_at.is_not(None)
)
_KEPT = 64
_published: WeakKeyDictionary[Engine, dict[_Stamp, _Revision]] = WeakKeyDictionary()


def lines_of(
    session: Session, village_id: int, rulebook_ids: Collection[int], known: Mapping[int, Lines] | None = None
) -> dict[int, Lines]:
    """The lines of each revision that hold in this village (the township's and the village's own extras).

    `known` are not read again. Nobody changes what is answered: published revisions are read once in a process.
    """
    wanted = set(rulebook_ids) - set(known or ())
    if not wanted:
        return dict(known or {})
    # Stamps first: what is read after a revision was seen published is what it stays.
    stamps = _stamps(session, wanted)
    kept = _published.setdefault(session.get_bind().engine, {})
    revisions = {stamp[0]: kept[stamp] for stamp in stamps if stamp in kept}
    missing = sorted(wanted - revisions.keys())
    if missing:
        revisions |= _read(session, missing)
        if len(kept) + len(missing) > _KEPT:
            kept.clear()
        kept.update({stamp: revisions[stamp[0]] for stamp in stamps})
    return {rulebook_id: revision.of_village(village_id) for rulebook_id, revision in revisions.items()} | dict(
        known or {}
    )


def codes_of(session: Session, village_id: int) -> frozenset[int]:
    """Every rule id that any revision of the village's township has for this village."""
    township_id = select(Village.township_id).where(Village.id == village_id).scalar_subquery()
    return frozenset(
        session.scalars(
            select(RuleCode.id)
            .join(Rule, Rule.code_id == RuleCode.id)
            .where(RuleCode.township_id == township_id, or_(Rule.village_id.is_(None), Rule.village_id == village_id))
            .distinct()
        )
    )


def _read(session: Session, rulebook_ids: list[int]) -> dict[int, _Revision]:
    steps: dict[int, list[tuple[int, int]]] = {}
    for line_id, threshold, points in session.execute(
        select(RuleStep.rule_id, RuleStep.threshold, RuleStep.points)
        .join(Rule, Rule.id == RuleStep.rule_id)
        .where(Rule.rulebook_id.in_(rulebook_ids))
        .order_by(RuleStep.rule_id, RuleStep.threshold)
    ):
        steps.setdefault(line_id, []).append((threshold, points))
    common: dict[int, dict[int, Line]] = {rulebook_id: {} for rulebook_id in rulebook_ids}
    extras: dict[int, dict[int, dict[int, Line]]] = {rulebook_id: {} for rulebook_id in rulebook_ids}
    rows = session.execute(
        select(
            Rule.id,
            Rule.rulebook_id,
            Rule.village_id,
            Rule.code_id,
            Rule.mode,
            Rule.points,
            Rule.minimum,
            Rule.maximum,
            Rule.per,
            Rule.cap,
            Rule.cap_period,
            Rule.once,
            Category.code,
            Category.cap_quarter,
        )
        .join(Category, Category.id == Rule.category_id)
        .where(Rule.rulebook_id.in_(rulebook_ids))
    )
    for line_id, rulebook_id, of_village, rule_id, *worth in rows:
        values: tuple[Any, ...] = (*worth, tuple(steps.get(line_id, ())))
        lines = common[rulebook_id] if of_village is None else extras[rulebook_id].setdefault(of_village, {})
        lines[rule_id] = Line(*values)
    return {rulebook_id: _Revision(common[rulebook_id], extras[rulebook_id]) for rulebook_id in rulebook_ids}


def _stamps(session: Session, rulebook_ids: Collection[int]) -> list[_Stamp]:
    """The stamps of those that are published. A draft has none, nor has anything on SQLite, where ids come again."""
    if is_sqlite(session):
        return []
    rows = session.execute(_STAMPED, {"rulebooks": list(rulebook_ids)})
    return [(id_, version, at) for id_, version, at in rows if at is not None]
