"""Rows of a workbook: each becomes an event that can be declared, or a sentence that says what is wrong with it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from services.points.events.lines import require_chosen, require_evidence, require_quantity
from services.points.imports.registers import Registers
from shared.calendar import today
from shared.errors import Invalid
from shared.excel import Row
from shared.excel.cells import CellError
from shared.models.points import Mode, Once, Rule
from shared.quarters import quarter_of

ONE = 100


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    """A row that can be declared. Quantity and chosen amount in hundredths."""

    row_number: int
    village_id: int
    household_id: int
    rule_id: int
    occurred_on: date
    quantity: int
    chosen: int | None
    note: str
    witness: str
    row_key: str
    once_period: tuple[int, int, int] | None
    """(household, rule, period) where the rule counts once in it."""


def plan_rows(rows: Iterable[Row], registers: Registers) -> tuple[list[PlannedEvent], dict[int, str]]:
    """The events of good rows, and the sentences of the others by row number."""
    events: list[PlannedEvent] = []
    wrong: dict[int, str] = {}
    equal: Counter[str] = Counter()
    once: set[tuple[int, int, int]] = set()
    for row in rows:
        if row.errors:
            wrong[row.number] = "".join(row.errors.values())
            continue
        try:
            event = _plan(row, registers, equal)
            if event.once_period is not None and event.once_period in once:
                raise CellError("这一条在这个时期只记一次，表中同一户已经有一行。")
        except (CellError, Invalid) as error:
            wrong[row.number] = str(error)
            continue
        if event.once_period is not None:
            once.add(event.once_period)
        events.append(event)
    return events, wrong


def _plan(row: Row, registers: Registers, equal: Counter[str]) -> PlannedEvent:
    day = row.values["day"]
    number = row.values["number"]
    if not isinstance(day, date) or (number is not None and not isinstance(number, int)):
        raise CellError("日期或户号不对。")
    if day > today():
        raise CellError(f"日期 {day.isoformat()} 还没有到，不能登记以后的事。")
    village_id = registers.village_of(row.text("village"))
    rule = registers.rule_of(village_id, row.text("rule"), day)
    household_id = registers.household_of(village_id, number, row.text("card"), row.text("head"), day)
    quantity, given = row.values["quantity"], row.values["chosen"]
    quantity = ONE if not isinstance(quantity, int) else quantity
    note, witness = row.text("note"), row.text("witness")
    require_quantity(rule.line, quantity)
    amount = given if isinstance(given, int) else None
    chosen = None if _is_the_rules(rule.line, amount, quantity) else require_chosen(rule.line, amount)
    require_evidence(rule.line, note=note, witness=witness, has_file=False)
    once = rule.line.once
    facts = f"{registers.villages[village_id].code}|{household_id}|{rule.code}|{day.isoformat()}|{quantity}|{note}"
    equal[facts] += 1
    return PlannedEvent(
        row_number=row.number,
        village_id=village_id,
        household_id=household_id,
        rule_id=rule.line.code_id,
        occurred_on=day,
        quantity=quantity,
        chosen=chosen,
        note=note,
        witness=witness,
        row_key=hashlib.sha256(f"{facts}|{equal[facts]}".encode()).hexdigest(),
        once_period=None if once is None else (household_id, rule.line.code_id, once_period(once, day)),
    )


def _is_the_rules(line: Rule, amount: int | None, quantity: int) -> bool:
    """Whether a sheet only repeats what a fixed line gives, for one or for the whole quantity."""
    if line.mode is not Mode.FIXED or line.points is None:
        return False
    return amount in (line.points, line.points * quantity // ONE)


def once_period(once: Once, day: date) -> int:
    """A number for the period in which a rule counts once."""
    return {Once.QUARTER: quarter_of(day), Once.YEAR: day.year, Once.EVER: 0}[once]
