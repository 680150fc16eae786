"""Adoption 采用: a village has decided that a revision is in force there from the first day of a quarter."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.points.ledger.village import lock_ledger, prepare_village
from services.points.rulebooks.corrections import Correction, faults_of_correction
from services.points.rulebooks.matters import proof_of
from services.points.rulebooks.scans import keep_scan
from services.points.rulebooks.waivers import require_settled
from shared import audit
from shared.calendar import today
from shared.errors import Conflict, Invalid
from shared.identity import Principal, Role
from shared.identity.scope import village_by_code
from shared.models.points import Adoption, Rulebook, RulebookState
from shared.models.registry import Village
from shared.quarters import first_day, format_quarter, quarter_of, say_quarter

ADOPTERS = (Role.ADMIN, Role.CADRE)
LONGEST_TRIAL = 2
FURTHEST_AHEAD = 8
"""How many quarters ahead a village may decide; a later day is a slip of the pen."""


@dataclass(frozen=True, slots=True)
class Matter:
    """The deciding matter (四议两公开): number and day of the resolution, and its scan's SHA-256 where there is one."""

    number: str
    decided_on: date
    scan: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What a village has decided. Without `matter` it is on trial 试行 for `trial_quarters`."""

    village: str
    effective_from: date
    matter: Matter | None = None
    correction: Correction | None = None
    trial_quarters: int | None = None


def adopt_rulebook(session: Session, actor: Principal, book: Rulebook, decision: Decision) -> Adoption:
    """Record a village's adoption of a published revision. The same decision again is the same adoption.

    A revision starts in the current or a later quarter; an earlier start is a 更正 with its matter, lines and reason.
    What is on trial becomes permanent by a second adoption of the same revision, with its matter.
    Raises Invalid, NotFound, Forbidden; Conflict where the revision is a draft, does not pass the lint, or is older
    than the one that holds there.
    """
    village = village_by_code(session, actor, decision.village, *ADOPTERS)
    if book.state is not RulebookState.PUBLISHED:
        raise Conflict(f"第 {book.revision} 版还是草稿，发布以后村里才能采用。")
    quarter = _first_quarter(decision.effective_from)
    # Who decides for the village at the same time waits here, then sees what was decided.
    prepare_village(session, village.id)
    lock_ledger(session, village.id)
    known = _adoptions_of_revision(session, village, book)
    if (same := known.get(decision.matter is None)) is not None:
        return _same(same, quarter, village, book)
    _check(session, village, book, quarter, decision)
    _check_against_known(known, village, book, quarter, decision)
    require_settled(session, book)
    matter, correction = decision.matter, decision.correction
    if matter is not None and matter.scan is not None:
        keep_scan(session, matter.scan)
    adoption = Adoption(
        village_id=village.id,
        rulebook_id=book.id,
        from_quarter=quarter,
        matter_number=matter.number.strip() if matter else None,
        matter_on=matter.decided_on if matter else None,
        matter_scan=matter.scan if matter else None,
        trial=matter is None,
        trial_quarters=None if matter else decision.trial_quarters or LONGEST_TRIAL,
        correction=correction is not None,
        correction_lines=json.dumps(list(correction.lines) if correction else []),
        correction_reason=correction.reason.strip() if correction else "",
        adopted_by=actor.person_id,
        matter_proven_at=proof_of(session, village.id, book.revision, matter.number.strip()) if matter else None,
    )
    session.add(adoption)
    session.flush()
    details = {"revision": book.revision, "from": format_quarter(quarter), "correction": correction is not None}
    audit.record(session, actor, "adopt_rulebook", "adoption", adoption.id, village_id=village.id, details=details)
    return adoption


def _first_quarter(day: date) -> int:
    quarter = quarter_of(day)
    if quarter > quarter_of(today()) + FURTHEST_AHEAD:
        sentence = "最多提前两年办理采用，请核对日期。"
        raise Invalid(sentence, errors={"effective_from": [sentence]})
    if first_day(quarter) != day:
        sentence = f"细则从一个季度的第一天起执行，例如 {first_day(quarter + 1).isoformat()}。"
        raise Invalid(sentence, errors={"effective_from": [sentence]})
    return quarter


def _check(session: Session, village: Village, book: Rulebook, quarter: int, decision: Decision) -> None:
    errors: dict[str, list[str]] = {}
    correction, matter = decision.correction, decision.matter
    if matter is not None and matter.decided_on > today():
        errors["matter.decided_on"] = ["决议的日期不能晚于今天。"]
    if matter is None and not 1 <= (decision.trial_quarters or LONGEST_TRIAL) <= LONGEST_TRIAL:
        errors["trial_quarters"] = ["没有决议只能试行，最多两个季度。"]
    if quarter < quarter_of(today()) and correction is None:
        errors["effective_from"] = ["细则从本季度或以后的季度起执行；改正录入错误的，请按“更正”办理，写明行和原因。"]
    if correction is not None:
        if matter is None:
            errors["matter"] = ["更正要写明村里通过原文的决议。"]
        errors |= faults_of_correction(session, village, book, quarter, correction)
    if errors:
        raise Invalid("这次采用还有几处需要修改。", errors=errors)
    newer = session.scalar(
        select(Rulebook.revision)
        .join(Adoption, Adoption.rulebook_id == Rulebook.id)
        .where(Adoption.village_id == village.id, Rulebook.revision > book.revision)
        .limit(1)
    )
    if newer is not None:
        raise Conflict(f"{village.name}已经采用了更新的第 {newer} 版，不能再采用第 {book.revision} 版。")


def _adoptions_of_revision(session: Session, village: Village, book: Rulebook) -> dict[bool, Adoption]:
    """The village's adoptions of this revision: on trial (True) and by a matter (False)."""
    found = session.scalars(
        select(Adoption)
        .where(Adoption.village_id == village.id, Adoption.rulebook_id == book.id)
        .execution_options(populate_existing=True)
    )
    return {adoption.trial: adoption for adoption in found}


def _check_against_known(
    known: dict[bool, Adoption], village: Village, book: Rulebook, quarter: int, decision: Decision
) -> None:
    """A trial comes before the matter, and begins no later than what makes it permanent."""
    if False in known:
        raise Conflict(f"{village.name}已经按决议采用第 {book.revision} 版，不用再试行。")
    trial = known.get(True)
    if trial is None:
        return
    if decision.correction is not None:
        raise Invalid(
            f"{village.name}正在试行第 {book.revision} 版，转为正式采用不是更正，请按“村里已经决议”办理。",
            errors={"correction.lines": ["转为正式采用不是更正。"]},
        )
    if quarter < trial.from_quarter:
        sentence = f"这一版从{say_quarter(trial.from_quarter)}起试行，正式采用不能更早。"
        raise Invalid(sentence, errors={"effective_from": [sentence]})


def _same(known: Adoption, quarter: int, village: Village, book: Rulebook) -> Adoption:
    if known.from_quarter != quarter:
        since = format_quarter(known.from_quarter)
        raise Conflict(f"{village.name}已经采用第 {book.revision} 版，从 {since} 起执行。要改日期，请新建一版。")
    return known


def adoptions_of(session: Session, actor: Principal) -> list[tuple[Adoption, int, Village]]:
    """Every adoption of the township with revision and village, by village, the newest first."""
    rows = session.execute(
        select(Adoption, Rulebook.revision, Village)
        .join(Rulebook, Rulebook.id == Adoption.rulebook_id)
        .join(Village, Village.id == Adoption.village_id)
        .where(Village.township_id == actor.township_id)
        .order_by(Village.code, Rulebook.revision.desc(), Adoption.trial)
    )
    return [(adoption, revision, village) for adoption, revision, village in rows]
