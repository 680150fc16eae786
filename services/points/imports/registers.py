"""Registers that an import looks rows up in: households by number, card or name; rules by code or title.

Read once by a few statements, whatever the workbook holds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.points.scoring.quarters import TRIAL_IS_OVER, quarter_rows, rulebooks_in_force, rulebooks_kept
from shared.excel.cells import CellError
from shared.models.points import Rule, RuleCode
from shared.models.registry import Household, Village
from shared.quarters import quarter_of, say_quarter


@dataclass(frozen=True, slots=True)
class CodedLine:
    """A line of a revision with its code."""

    code: str
    line: Rule


@dataclass(slots=True)
class Registers:
    """Villages, households and rules of the places that the importer answers for."""

    villages: dict[int, Village]
    by_name: dict[str, int] = field(default_factory=dict)
    by_number: dict[tuple[int, int], int] = field(default_factory=dict)
    by_card: dict[str, tuple[int, int]] = field(default_factory=dict)
    by_head: dict[tuple[int, str], list[int]] = field(default_factory=dict)
    heads: dict[int, str] = field(default_factory=dict)
    terms: dict[int, tuple[date, date | None]] = field(default_factory=dict)
    """From when to when a household is registered."""
    rulebooks: dict[tuple[int, int], int] = field(default_factory=dict)
    over: set[tuple[int, int]] = field(default_factory=set)
    """(village, quarter) after a trial that nothing followed."""
    rules: dict[tuple[int, int | None], dict[str, list[CodedLine]]] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """SHA-256 over all that is looked up here: two readings with the same digest judge every row alike."""
        rules = {
            (place, name): [(each.code, _facts_of(each.line)) for each in found]
            for place, lines in self.rules.items()
            for name, found in lines.items()
        }
        digest = hashlib.sha256(repr([sorted(self.villages), sorted(self.over)]).encode())
        held: tuple[dict[Any, Any], ...] = (
            self.by_name,
            self.by_number,
            self.by_card,
            self.terms,
            self.heads,
            self.rulebooks,
        )
        for part in held:
            digest.update(repr(sorted(part.items())).encode())
        digest.update(repr(sorted(rules.items(), key=repr)).encode())
        return digest.hexdigest()

    def village_of(self, name: str) -> int:
        """The village that a cell names by name or code; the only one where the cell is empty. Raises CellError."""
        if not name:
            if len(self.villages) == 1:
                return next(iter(self.villages))
            raise CellError("“村”没有填写，请写村名或村代码。")
        found = self.by_name.get(name.removesuffix("村")) or self.by_name.get(name)
        if found is None:
            raise CellError(f"没有“{name}”这个村，或它不在您负责的范围内。")
        return found

    def household_of(self, village_id: int, number: int | None, card: str, head: str, day: date) -> int:
        """The household by card, number or name of its head; what is given must agree. Raises CellError.

        It must be registered on `day`, the event's.
        """
        household = self._named(village_id, number, card, head, day)
        if not self._is_registered(household, day):
            raise CellError(f"这一户在 {day.isoformat()} 不在册，请核对户或日期。")
        return household

    def _is_registered(self, household: int, day: date) -> bool:
        begin, end = self.terms[household]
        return begin <= day and (end is None or day <= end)

    def _named(self, village_id: int, number: int | None, card: str, head: str, day: date) -> int:
        found: set[int] = set()
        if card:
            place = self.by_card.get(card)
            if place is None or place[0] != village_id:
                raise CellError(f"{self.villages[village_id].name}没有户卡号为“{card}”的户。")
            found.add(place[1])
        if number is not None:
            household = self.by_number.get((village_id, number))
            if household is None:
                raise CellError(f"{self.villages[village_id].name}没有户号为 {number} 的户。")
            found.add(household)
        if len(found) > 1:
            raise CellError("户号和户卡号不是同一户，请核对。")
        if not found:
            return self._by_head(village_id, head, day)
        household = found.pop()
        if head and self.heads[household] != head:
            raise CellError(f"这一户的户主是“{self.heads[household]}”，不是“{head}”，请核对户号或姓名。")
        return household

    def _by_head(self, village_id: int, head: str, day: date) -> int:
        if not head:
            raise CellError("请填写户号、户卡号或户主姓名。")
        households = self.by_head.get((village_id, head), [])
        if not households:
            raise CellError(f"{self.villages[village_id].name}没有户主叫“{head}”的户。")
        # A household that has moved away does not stand in the way of another of the same name.
        households = [each for each in households if self._is_registered(each, day)] or households
        if len(households) > 1:
            raise CellError(f"有 {len(households)} 户的户主都叫“{head}”，请填写户号或户卡号。")
        return households[0]

    def rule_of(self, village_id: int, name: str, day: date) -> CodedLine:
        """The line of the revision that scores this village's quarter, by code or title. Raises CellError."""
        quarter = quarter_of(day)
        rulebook_id = self.rulebooks.get((village_id, quarter))
        if (village_id, quarter) in self.over:
            raise CellError(f"{self.villages[village_id].name}{TRIAL_IS_OVER}")
        if rulebook_id is None:
            raise CellError(f"{self.villages[village_id].name}在{say_quarter(quarter)}还没有积分细则，请核对日期。")
        found = [
            *self.rules.get((rulebook_id, None), {}).get(name, []),
            *self.rules.get((rulebook_id, village_id), {}).get(name, []),
        ]
        if not found:
            raise CellError(f"积分细则里没有“{name}”这一条，请填写条目的编号或名称。")
        if len({each.code for each in found}) > 1:
            raise CellError(f"有几条都叫“{name}”，请填写条目的编号。")
        return found[0]


def read_registers(session: Session, villages: Collection[Village], quarters: Collection[int]) -> Registers:
    """Read the registers of these villages and quarters."""
    registers = Registers({village.id: village for village in villages})
    for village in villages:
        registers.by_name |= {village.name: village.id, village.name.removesuffix("村"): village.id}
        registers.by_name[village.code] = village.id
    _read_households(session, registers)
    ids = list(registers.villages)
    registers.rulebooks = rulebooks_in_force(session, ids, sorted(quarters))
    registers.over = set(rulebooks_kept(session, ids, sorted(quarters)))
    for village_id in ids:
        for quarter, row in quarter_rows(session, village_id).items():
            registers.rulebooks[village_id, quarter] = row.rulebook_id
    _read_rules(session, registers)
    return registers


def _read_households(session: Session, registers: Registers) -> None:
    rows = session.execute(
        select(
            Household.id,
            Household.village_id,
            Household.number,
            Household.card_number,
            Household.head_name,
            Household.valid_from,
            Household.valid_to,
        ).where(Household.village_id.in_(list(registers.villages)))
    )
    for household_id, village_id, number, card, head, begin, end in rows:
        registers.by_number[village_id, number] = household_id
        registers.by_card[card] = (village_id, household_id)
        registers.by_head.setdefault((village_id, head), []).append(household_id)
        registers.heads[household_id] = head
        registers.terms[household_id] = (begin, end)


def _facts_of(rule: Rule) -> list[tuple[str, Any]]:
    return [(column.key, getattr(rule, column.key)) for column in Rule.__table__.columns]


def _read_rules(session: Session, registers: Registers) -> None:
    rows = session.execute(
        select(Rule, RuleCode.code)
        .join(RuleCode, RuleCode.id == Rule.code_id)
        .where(
            Rule.rulebook_id.in_(set(registers.rulebooks.values())),
            or_(Rule.village_id.is_(None), Rule.village_id.in_(list(registers.villages))),
        )
    )
    for rule, code in rows:
        lines = registers.rules.setdefault((rule.rulebook_id, rule.village_id), {})
        for name in {code, rule.title}:
            lines.setdefault(name, []).append(CodedLine(code, rule))
