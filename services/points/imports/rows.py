"""Rows of a workbook: each becomes an event that can be declared, or a sentence that says what is wrong with it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from services.points.imports.registers import Registers, RuleFacts
from shared.amounts import format_hundredths
from shared.calendar import today
from shared.excel import Row
from shared.excel.cells import CellError
from shared.models.points import Evidence, Mode, Once
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
        except CellError as error:
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
    household_id = registers.household_of(village_id, number, row.text("card"), row.text("head"))
    rule = registers.rule_of(village_id, row.text("rule"), day)
    quantity = row.values["quantity"]
    quantity = ONE if not isinstance(quantity, int) else quantity
    _check_quantity(rule, quantity)
    chosen = _chosen(rule, row.values["chosen"])
    note, witness = row.text("note"), row.text("witness")
    if rule.evidence is Evidence.NOTE and not note:
        raise CellError(f"“{rule.title}”要有文字说明，请填写备注。")
    if rule.evidence is Evidence.PROOF and not witness:
        raise CellError(f"“{rule.title}”要有证明，表格里请填写证明人。")
    facts = f"{registers.villages[village_id].code}|{household_id}|{rule.code}|{day.isoformat()}|{quantity}|{note}"
    equal[facts] += 1
    return PlannedEvent(
        row_number=row.number,
        village_id=village_id,
        household_id=household_id,
        rule_id=rule.rule_id,
        occurred_on=day,
        quantity=quantity,
        chosen=chosen,
        note=note,
        witness=witness,
        row_key=hashlib.sha256(f"{facts}|{equal[facts]}".encode()).hexdigest(),
        once_period=None if rule.once is None else (household_id, rule.rule_id, once_period(rule.once, day)),
    )


def _check_quantity(rule: RuleFacts, quantity: int) -> None:
    if quantity <= 0:
        raise CellError("“数量”应大于 0；扣分由条目决定，数量不写负数。")
    if quantity > rule.max_quantity:
        raise CellError(
            f"“{rule.title}”一次最多登记 {format_hundredths(rule.max_quantity)}，"
            f"表中是 {format_hundredths(quantity)}，请核对或分行填写。"
        )
    if rule.mode is Mode.STEPPED and quantity != ONE:
        raise CellError(f"“{rule.title}”按次数记，一行一次，数量应为 1。")


def _chosen(rule: RuleFacts, given: object) -> int | None:
    """The amount inside a range; the least where none is given."""
    if rule.mode is not Mode.RANGE or rule.minimum is None or rule.maximum is None:
        return None
    chosen = given if isinstance(given, int) else rule.minimum
    if not rule.minimum <= chosen <= rule.maximum:
        raise CellError(
            f"“{rule.title}”的评定分应在 {format_hundredths(rule.minimum)} 到 {format_hundredths(rule.maximum)} 之间。"
        )
    return chosen


def once_period(once: Once, day: date) -> int:
    """A number for the period in which a rule counts once."""
    return {Once.QUARTER: quarter_of(day), Once.YEAR: day.year, Once.EVER: 0}[once]
