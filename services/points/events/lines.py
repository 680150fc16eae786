"""The line of the rulebook that an event is declared under: the one of the revision that scores its quarter."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from services.points.ledger.village import lock_ledger, prepare_village
from services.points.scoring.quarters import TRIAL_IS_OVER, ensure_quarter, quarter_rows, rulebooks_kept
from shared.amounts import MAXIMUM, format_hundredths
from shared.calendar import today
from shared.errors import Conflict, Invalid
from shared.models.points import Adoption, Evidence, Mode, Rule, Rulebook, RuleCode
from shared.models.registry import Village
from shared.quarters import quarter_of


def line_for_day(session: Session, village: Village, code: str, day: date) -> Rule:
    """The line `code` of the revision in force for the quarter of `day`; makes the quarter's row where there is none.

    Raises Invalid for days to come, days before any rulebook or after a trial that nothing followed, and codes that the
    revision does not have.
    """
    if day > today():
        raise Invalid("发生日期还没有到，请核对。", errors={"occurred_on": ["日期不能晚于今天。"]})
    quarter = quarter_of(day)
    row = quarter_rows(session, village.id).get(quarter)
    if row is None:
        prepare_village(session, village.id)
        lock_ledger(session, village.id)
        try:
            row = ensure_quarter(session, village.id, quarter)
        except Invalid as error:
            raise Invalid(error.detail, errors={"occurred_on": ["这一天没有积分细则可用。"]}) from error
    found = session.execute(
        select(Rule, _was_on_trial(village.id, row.rulebook_id))
        .join(RuleCode, RuleCode.id == Rule.code_id)
        .where(
            RuleCode.township_id == village.township_id,
            RuleCode.code == code,
            Rule.rulebook_id == row.rulebook_id,
            or_(Rule.village_id.is_(None), Rule.village_id == village.id),
        )
    ).one_or_none()
    if found is None:
        revision = session.scalar(select(Rulebook.revision).where(Rulebook.id == row.rulebook_id))
        raise Invalid(
            f"{village.name}这个季度用的是第 {revision} 版细则，里面没有“{code}”这一条，请从条目表里选。",
            errors={"rule": [f"没有“{code}”这一条。"]},
        )
    line, was_on_trial = found
    if was_on_trial and (village.id, quarter) in rulebooks_kept(session, [village.id], [quarter]):
        raise Invalid(f"{village.name}{TRIAL_IS_OVER}", errors={"occurred_on": ["这个季度还没有采用积分细则。"]})
    return line


def _was_on_trial(village_id: int, rulebook_id: int) -> ColumnElement[bool]:
    trials = select(Adoption.id).where(
        Adoption.village_id == village_id, Adoption.rulebook_id == rulebook_id, Adoption.trial
    )
    return trials.exists()


def line_of_event(session: Session, village_id: int, quarter: int, rule_id: int) -> Rule | None:
    """The line that scores an event now; None where the quarter's revision does not have it."""
    row = quarter_rows(session, village_id).get(quarter)
    if row is None:
        return None
    return session.scalar(
        select(Rule).where(
            Rule.rulebook_id == row.rulebook_id,
            Rule.code_id == rule_id,
            or_(Rule.village_id.is_(None), Rule.village_id == village_id),
        )
    )


def require_quantity(line: Rule, quantity: int) -> None:
    """Raise Invalid for a quantity that the line does not take. Hundredths."""
    problem = ""
    if line.mode is Mode.STEPPED and quantity != 100:
        problem = "这一条按次数累计，一次只登记 1 次。"
    elif quantity <= 0:
        problem = "数量要大于 0。"
    elif quantity > line.max_quantity:
        problem = f"一次最多登记 {format_hundredths(line.max_quantity)} {line.unit}，请核对数量。"
    if problem:
        raise Invalid(f"“{line.title}”：{problem}", errors={"quantity": [problem]})


def require_countable(line: Rule, quantity: int) -> None:
    """Raise Conflict where what the line gives for `quantity` (hundredths) is more than a ledger can hold.

    Its own limit keeps a declaration small, but not one from before its quarter moved to this line's revision.
    """
    if line.mode is Mode.FIXED and quantity * abs(line.points or 0) > MAXIMUM * 100:
        raise Conflict(
            f"“{line.title}”记了 {format_hundredths(quantity)} {line.unit}，按现在的细则每{line.unit} "
            f"{format_hundredths(line.points or 0, sign=True)} 分，一条就超过一千万分，不能记账。"
            "请选“不通过”并说明，由申报人按现在的单位重新申报。"
        )


def require_evidence(line: Rule, *, note: str, witness: str, has_file: bool) -> None:
    """Raise Invalid where the declaration lacks what the line asks for."""
    if line.evidence is Evidence.NOTE and not (note or witness or has_file):
        raise Invalid(f"“{line.title}”要写一句说明。", errors={"note": ["请写一句说明。"]})
    if line.evidence is Evidence.PROOF and not (witness or has_file):
        raise Invalid(
            f"“{line.title}”要有凭据：照片、纸质材料扫描件，或一位证明人的姓名，有一样就行。",
            errors={"evidence_file": ["请附照片或扫描件，或填证明人。"]},
        )


def require_chosen(line: Rule, chosen: int | None) -> int | None:
    """The reviewer's amount for a range line; None for others, which take none. Raises Invalid, also out of range."""
    if line.mode is not Mode.RANGE:
        if chosen is not None:
            raise Invalid(
                f"“{line.title}”不是区间分，积分由细则算出，不能另填分值。请去掉分值再提交。",
                errors={"chosen": ["这一条不能另填分值，请去掉。"]},
            )
        return None
    low, high = line.minimum or 0, line.maximum or 0
    if chosen is None or not low <= chosen <= high:
        between = f"{format_hundredths(low)} 到 {format_hundredths(high)}"
        raise Invalid(
            f"“{line.title}”是区间分，请在 {between} 之间选一个分值。", errors={"chosen": [f"请填 {between}。"]}
        )
    return chosen
