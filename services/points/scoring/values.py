"""The table that a scoring statement joins: for each (rule, quarter) in scope what an event of it is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.points.scoring.lines import Line, Lines, codes_of, lines_of
from services.points.scoring.quarters import QuarterRow
from services.points.scoring.scope import Scope
from shared.models.points import CapPeriod, Mode, Once, Per
from shared.quarters import year_of

# Small integers that the statements compare instead of words.
MISSING, FIXED, RANGE, TIERED, TIERED_YEAR, STEPPED = range(6)
NOT_ONCE, ONCE_A_QUARTER, ONCE_A_YEAR, ONCE_EVER = range(4)

_MODES = {Mode.FIXED: FIXED, Mode.RANGE: RANGE, Mode.TIERED: TIERED, Mode.STEPPED: STEPPED}
_ONCE = {None: NOT_ONCE, Once.QUARTER: ONCE_A_QUARTER, Once.YEAR: ONCE_A_YEAR, Once.EVER: ONCE_EVER}


@dataclass(frozen=True, slots=True)
class Value:
    """One row of the table. `n` numbers the rows; `shelf` numbers the capped categories of quarters."""

    n: int
    rule: int
    quarter: int
    mode: int = MISSING
    points: int = 0
    low: int = 0
    high: int = 0
    cap: int | None = None
    by_month: bool = False
    shelf: int | None = None
    shelf_cap: int | None = None
    once: int = NOT_ONCE
    memory: bool = False
    """Whether the amounts of the rule (in this or another quarter of the scope) look at other events."""
    posts: bool = False
    """Whether these events are compared with the ledger; others are only counted by memory."""
    booked: int | None = None
    at: tuple[int, ...] | None = None
    amounts: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """The rows, and which parts of the statement they need."""

    values: tuple[Value, ...]

    @property
    def rules(self) -> list[int]:
        """Every rule in the table."""
        return sorted({value.rule for value in self.values})

    def has_mode(self, mode: int) -> bool:
        return any(value.mode == mode for value in self.values)

    def has_once(self, once: int) -> bool:
        return any(value.once == once for value in self.values)


def table_of(
    session: Session,
    village_id: int,
    scope: Scope,
    rows: Mapping[int, QuarterRow],
    *,
    rulebooks: Mapping[int, int] | None = None,
    booked: Mapping[int, int] | None = None,
    known: Mapping[int, Lines] | None = None,
) -> Table:
    """The table for a scope. `rulebooks` overrides revisions of quarters; `booked` says where entries go.

    `known` are lines of revisions that the caller has read already.
    """
    revisions = {quarter: row.rulebook_id for quarter, row in rows.items()} | dict(rulebooks or {})
    by_revision = lines_of(session, village_id, set(revisions.values()), known)
    lines = {quarter: by_revision[revision] for quarter, revision in revisions.items()}
    posts = _posting_pairs(session, village_id, scope, lines)
    watched = _counted_pairs(posts, lines)
    remembering = {rule for rule, _ in watched} | {
        rule for rule, quarter in posts if (line := lines[quarter].get(rule)) is not None and line.remembers
    }
    shelves: dict[tuple[int, str], int] = {}
    values = []
    for n, (rule, quarter) in enumerate(sorted(posts | watched)):
        line = lines[quarter].get(rule) if (rule, quarter) in posts else None
        shelf = None
        if line is not None and line.category_cap is not None:
            shelf = shelves.setdefault((quarter, line.category), len(shelves))
        values.append(
            _value(
                n,
                rule,
                quarter,
                line,
                shelf=shelf,
                memory=rule in remembering,
                posts=(rule, quarter) in posts,
                booked=booked[quarter] if booked else None,
            )
        )
    return Table(tuple(values))


def _posting_pairs(session: Session, village_id: int, scope: Scope, lines: Mapping[int, Lines]) -> set[tuple[int, int]]:
    """The touched (rule, quarter) pairs, widened to the siblings in capped categories."""
    known: frozenset[int] = frozenset()
    if any(rules is None for rules in scope.touched.values()):
        known = codes_of(session, village_id)
    pairs: set[tuple[int, int]] = set()
    for quarter, rules in scope.touched.items():
        if quarter not in lines:
            continue
        chosen = known if rules is None else rules
        capped = {
            line.category
            for rule in chosen
            if (line := lines[quarter].get(rule)) is not None and line.category_cap is not None
        }
        siblings = {rule for rule, line in lines[quarter].items() if line.category in capped}
        pairs |= {(rule, quarter) for rule in chosen | siblings}
    return pairs


def _counted_pairs(posts: set[tuple[int, int]], lines: Mapping[int, Lines]) -> set[tuple[int, int]]:
    """The pairs whose events are only counted: of the same year, or ever, for rules that remember."""
    counted: set[tuple[int, int]] = set()
    for rule, quarter in posts:
        line = lines[quarter].get(rule)
        if line is None or not (line.remembers_year or line.once is Once.EVER):
            continue
        for other in lines:
            if line.once is Once.EVER or year_of(other) == year_of(quarter):
                counted.add((rule, other))
    return counted - posts


def _value(
    n: int,
    rule: int,
    quarter: int,
    line: Line | None,
    *,
    shelf: int | None,
    memory: bool,
    posts: bool,
    booked: int | None,
) -> Value:
    if line is None:
        return Value(n, rule, quarter, memory=memory, posts=posts, booked=booked)
    mode = TIERED_YEAR if line.per is Per.YEAR else _MODES[line.mode]
    has_steps = mode in (TIERED, TIERED_YEAR, STEPPED)
    return Value(
        n,
        rule,
        quarter,
        mode=mode,
        points=line.points or 0,
        low=line.minimum or 0,
        high=line.maximum or 0,
        cap=line.cap,
        by_month=line.cap_period is CapPeriod.MONTH,
        shelf=shelf,
        shelf_cap=None if shelf is None else line.category_cap,
        once=_ONCE[line.once],
        memory=memory,
        posts=posts,
        booked=booked,
        at=tuple(threshold for threshold, _ in line.steps) if has_steps else None,
        amounts=tuple(points for _, points in line.steps) if has_steps else None,
    )
