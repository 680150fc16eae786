"""Explain 积分来历: why an event has its points, in three sentences and with the numbers behind them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Row, and_, or_, select
from sqlalchemy.orm import Session

from services.points.scoring.amounts import EventAmounts, amounts_of_household
from services.points.scoring.lines import Line, lines_of
from services.points.statements.former_lines import LineWords, former_lines
from services.points.statements.wording import describe_cuts, describe_line
from shared.amounts import format_hundredths
from shared.calendar import day_of, say_day
from shared.models.points import (
    Category,
    Entry,
    Event,
    EventState,
    Posting,
    Recalculation,
    Rule,
    Rulebook,
    RuleCode,
    VillageQuarter,
)
from shared.models.registry import Household, Person


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of an event: when it was booked, by what, and by how much (hundredths)."""

    entry_id: int
    booked_on: date
    amount: int
    recalculation_id: int | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an event has its points. `sentences`: what was done and by whom seen, what the rule says, what changed."""

    event_id: int
    state: EventState
    occurred_on: date
    quarter: int
    rule_code: str
    title: str
    category: str
    unit: str
    revision: int
    quantity: int
    wording: str
    amounts: EventAmounts
    declared_by: str
    reviewed_by: tuple[str, ...]
    note: str
    changes: tuple[Change, ...]
    sentences: tuple[str, ...]


def explain_events(
    session: Session, household: Household, quarters: Collection[int], event_ids: Collection[int] | None = None
) -> list[Explanation]:
    """Explanations of the household's posted and voided events of these origin quarters, the newest first.

    With `event_ids` only those are answered. A handful of statements, however many events there are.
    """
    rows = _events(session, household, quarters, event_ids)
    amounts = amounts_of_household(session, household.village_id, household.id, quarters)
    lines = lines_of(session, household.village_id, {row.rulebook_id for row in rows})
    changes = _changes(session, household, {row.Event.id for row in rows})
    people = _people(session, rows)
    former = former_lines(session, household.village_id, {row.Event.rule_id for row in rows if row.title is None})
    return [
        _explanation(
            row,
            amounts.get(row.Event.id, EventAmounts(0, 0, 0)),
            lines[row.rulebook_id].get(row.Event.rule_id),
            tuple(changes.get(row.Event.id, ())),
            people,
            former.get(row.Event.rule_id) if row.title is None else LineWords(row.title, row.unit, row.category),
        )
        for row in rows
    ]


def _events(
    session: Session, household: Household, quarters: Collection[int], event_ids: Collection[int] | None
) -> list[Row[Event, str, str, str, str, int, int]]:
    statement = (
        select(
            Event,
            RuleCode.code,
            Rule.title,
            Rule.unit,
            Category.name.label("category"),
            Rulebook.revision,
            Rulebook.id.label("rulebook_id"),
        )
        .join(RuleCode, RuleCode.id == Event.rule_id)
        .join(
            VillageQuarter,
            and_(VillageQuarter.village_id == Event.village_id, VillageQuarter.quarter == Event.quarter),
        )
        .join(Rulebook, Rulebook.id == VillageQuarter.rulebook_id)
        .outerjoin(
            Rule,
            and_(
                Rule.rulebook_id == Rulebook.id,
                Rule.code_id == Event.rule_id,
                or_(Rule.village_id.is_(None), Rule.village_id == Event.village_id),
            ),
        )
        .outerjoin(Category, Category.id == Rule.category_id)
        .where(
            Event.village_id == household.village_id,
            Event.household_id == household.id,
            Event.quarter.in_(quarters),
            Event.state.in_([EventState.POSTED, EventState.VOIDED]),
        )
        .order_by(Event.occurred_on.desc(), Event.id.desc())
    )
    if event_ids is not None:
        statement = statement.where(Event.id.in_(event_ids))
    return list(session.execute(statement))


def _changes(session: Session, household: Household, event_ids: Collection[int]) -> dict[int, list[Change]]:
    """The entries of these events by event, the oldest first."""
    found: dict[int, list[Change]] = {}
    for entry, posting, run in session.execute(
        select(Entry, Posting, Recalculation)
        .join(Posting, Posting.id == Entry.posting_id)
        .outerjoin(Recalculation, Recalculation.id == Posting.recalculation_id)
        .where(Entry.village_id == household.village_id, Entry.event_id.in_(event_ids))
        .order_by(Entry.id)
    ):
        earlier = found.setdefault(entry.event_id, [])
        before = sum(change.amount for change in earlier)
        earlier.append(_change(entry, posting, run, before))
    return found


def _change(entry: Entry, posting: Posting, run: Recalculation | None, before: int) -> Change:
    day = day_of(posting.made_at)
    amount = format_hundredths(entry.amount, sign=True)
    after = format_hundredths(before + entry.amount)
    if run is not None:
        sentence = f"{say_day(day)} 第 {run.id} 次重算：{format_hundredths(before)} 分改为 {after} 分（{amount}）。"
    elif before or entry.kind.value == "adjustment":
        sentence = f"{say_day(day)} 由 {format_hundredths(before)} 分调整为 {after} 分（{amount}）。"
    else:
        sentence = f"{say_day(day)} 记账 {amount} 分。"
    if posting.reason:
        sentence = f"{sentence[:-1]}，原因：{posting.reason}。"
    return Change(entry.id, day, entry.amount, posting.recalculation_id, sentence)


def _people(session: Session, rows: list[Row[Event, str, str, str, str, int, int]]) -> dict[int, str]:
    ids = {
        person_id
        for row in rows
        for person_id in (row.Event.declared_by, row.Event.reviewed_by, row.Event.second_by)
        if person_id is not None
    }
    return {person.id: person.name for person in session.scalars(select(Person).where(Person.id.in_(ids)))}


def _explanation(
    row: Row[Event, str, str, str, str, int, int],
    amounts: EventAmounts,
    line: Line | None,
    changes: tuple[Change, ...],
    people: dict[int, str],
    known: LineWords | None,
) -> Explanation:
    event: Event = row.Event
    words = known or LineWords(row.code, "", "")
    declared_by = people.get(event.declared_by or 0) or event.declarer_name or ""
    reviewers = tuple(people[person] for person in (event.reviewed_by, event.second_by) if person in people)
    wording = describe_line(line, words.unit) if line else "这一版细则没有这一条"
    return Explanation(
        event_id=event.id,
        state=event.state,
        occurred_on=event.occurred_on,
        quarter=event.quarter,
        rule_code=row.code,
        title=words.title,
        category=words.category,
        unit=words.unit,
        revision=row.revision,
        quantity=event.quantity,
        wording=wording,
        amounts=amounts,
        declared_by=declared_by,
        reviewed_by=reviewers,
        note=event.note or "",
        changes=changes,
        sentences=(
            _what(event, words, declared_by, reviewers),
            f"按第 {row.revision} 版细则 {row.code}：{wording}。{describe_cuts(event, line, amounts, words.category)}",
            _history(event, changes, amounts),
        ),
    )


def _what(event: Event, words: LineWords, declared_by: str, reviewers: tuple[str, ...]) -> str:
    count = format_hundredths(event.quantity).removesuffix(".00")
    done = f"{say_day(event.occurred_on)}，{words.title}，{count} {words.unit}"
    note = f"（{event.note}）" if event.note else ""
    declared = f"{declared_by}申报" if declared_by else "系统记录"
    seen = "、".join(reviewers)
    return f"{done}{note}。{declared}，{f'{seen}审核' if seen else '按细则不需审核'}。"


def _history(event: Event, changes: tuple[Change, ...], amounts: EventAmounts) -> str:
    if event.state is EventState.VOIDED:
        return "".join(change.sentence for change in changes) + f"这条记录已作废：{event.state_reason}。"
    if not changes:
        return "这条记录没有记分，所以积分单里没有它的明细。" if amounts.scored == 0 else "这条记录还没有记账。"
    return "".join(change.sentence for change in changes)
