"""What a change can touch: rules by quarter, and whose events."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.points.scoring.lines import Lines, lines_of
from services.points.scoring.quarters import QuarterRow, quarter_rows
from shared.models.points import Once
from shared.quarters import year_of


@dataclass(frozen=True, slots=True)
class Scope:
    """Touched rules by quarter (None: all rules of it), of these households (None: all).

    Scoring widens it by itself: to the siblings in a capped category, and to what earlier events of the year count.
    """

    touched: Mapping[int, frozenset[int] | None]
    households: frozenset[int] | None = None

    @property
    def is_everything(self) -> bool:
        """Whether all rules of its quarters are in it."""
        return all(rules is None for rules in self.touched.values())

    @property
    def is_empty(self) -> bool:
        """Whether nothing can change."""
        return not any(rules is None or rules for rules in self.touched.values())


def everything(session: Session, village_id: int, quarters: Collection[int] | None = None) -> Scope:
    """All rules of the village's quarters (default: of all that have a row)."""
    rows = quarter_rows(session, village_id)
    return Scope({quarter: None for quarter in rows if quarters is None or quarter in quarters})


def scope_of_events(
    session: Session,
    village_id: int,
    changed: Iterable[tuple[int, int]],
    households: Collection[int] | None,
) -> Scope:
    """What events that were posted or voided can touch. `changed`: pairs of rule id and quarter of those events."""
    rows = quarter_rows(session, village_id)
    lines = lines_of(session, village_id, {row.rulebook_id for row in rows.values()})
    touched: dict[int, set[int]] = {}
    for rule_id, quarter in set(changed):
        touched.setdefault(quarter, set()).add(rule_id)
        for later, row in rows.items():
            line = lines[row.rulebook_id].get(rule_id)
            if later <= quarter or line is None:
                continue
            same_year = year_of(later) == year_of(quarter)
            if line.once is Once.EVER or (line.remembers_year and same_year):
                touched.setdefault(later, set()).add(rule_id)
    return Scope(
        {quarter: frozenset(rules) for quarter, rules in touched.items()},
        None if households is None else frozenset(households),
    )


def scope_of_moves(session: Session, village_id: int, moves: Mapping[int, int], *, full: bool = False) -> Scope:
    """What moving quarters to other revisions can touch. `moves`: quarter → rulebook id."""
    rows = quarter_rows(session, village_id)
    return moved(rows, lines_to_compare(session, village_id, rows, moves), moves, full=full)


def lines_to_compare(
    session: Session, village_id: int, rows: Mapping[int, QuarterRow], moves: Mapping[int, int]
) -> dict[int, Lines]:
    """The lines of the revisions that the quarters have and are moved to."""
    return lines_of(session, village_id, {*moves.values(), *(row.rulebook_id for row in rows.values())})


def moved(rows: Mapping[int, QuarterRow], lines: Mapping[int, Lines], moves: Mapping[int, int], *, full: bool) -> Scope:
    """The scope of moves, from what was read. A quarter without a row has no events: it is left out."""
    known = {quarter: target for quarter, target in moves.items() if quarter in rows}
    if full:
        return Scope(dict.fromkeys(known))
    return Scope(
        {
            quarter: differing_rules(lines[rows[quarter].rulebook_id], lines[target])
            for quarter, target in known.items()
            if target != rows[quarter].rulebook_id
        }
    )


def differing_rules(old: Lines, new: Lines) -> frozenset[int]:
    """The rules whose lines differ, and those that share a capped category with one that left it."""
    differing = {rule for rule in old.keys() | new.keys() if old.get(rule) != new.get(rule)}
    left = {
        line.category for rule in differing if (line := old.get(rule)) is not None and line.category_cap is not None
    }
    return frozenset(differing | {rule for rule, line in old.items() if line.category in left})
