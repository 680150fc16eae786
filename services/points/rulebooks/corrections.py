"""Corrections 更正: the typed text was not the adopted text; which lines of what holds in a village it mends."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.points.rulebooks.lines import CategoryLine, RuleLine, categories_of, rules_of
from services.points.scoring.quarters import rulebooks_in_force, rulebooks_kept
from shared.calendar import today
from shared.models.points import Rulebook
from shared.models.registry import Village
from shared.quarters import quarter_of, say_quarter


@dataclass(frozen=True, slots=True)
class Correction:
    """更正: the typed text was not the adopted text. The mended lines, and the reason that is published."""

    lines: tuple[str, ...]
    reason: str


def faults_of_correction(
    session: Session, village: Village, book: Rulebook, quarter: int, correction: Correction
) -> dict[str, list[str]]:
    """What a correction from `quarter` on leaves unsaid, by field. It names exactly the lines that it changes."""
    found: dict[str, list[str]] = {}
    if not correction.reason.strip():
        found["correction.reason"] = ["请写明更正的原因，它会公布，并告知积分减少的农户。"]
    changed = corrected_lines(session, village.id, book, quarter)
    if changed is None:
        found["effective_from"] = [f"{village.name}在{say_quarter(quarter)}还没有采用细则，没有可以更正的文本。"]
    elif not changed:
        found["correction.lines"] = ["这一版和村里在用的没有差别，没有可以更正的条目。"]
    elif set(correction.lines) != changed:
        listed = "、".join(sorted(changed))
        found["correction.lines"] = [f"更正的行应与村里在用的那一版的差别一致，差别是：{listed}。"]
    return found


def corrected_lines(session: Session, village_id: int, book: Rulebook, quarter: int) -> set[str] | None:
    """Codes of the lines that differ, in this village, from what is in force there in `quarter` and since.

    A line differs with its own text, or with its category's name or limit. None where nothing was in force then.
    """
    quarters = list(range(quarter, max(quarter, quarter_of(today())) + 1))
    held = rulebooks_kept(session, [village_id], quarters) | rulebooks_in_force(session, [village_id], quarters)
    if (village_id, quarter) not in held:
        return None
    after = _text_of(session, book.id, village_id)
    changed: set[str] = set()
    for rulebook_id in set(held.values()):
        before = _text_of(session, rulebook_id, village_id)
        changed |= {code for code in before.keys() | after.keys() if before.get(code) != after.get(code)}
    return changed


def _text_of(session: Session, rulebook_id: int, village_id: int) -> dict[str, tuple[RuleLine, CategoryLine]]:
    categories = {category.code: category for category in categories_of(session, rulebook_id)}
    rules = rules_of(session, rulebook_id, village_id=village_id)
    return {rule.code: (rule, categories[rule.category]) for rule in rules}
