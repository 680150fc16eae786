"""Answers to lint findings: a false alarm, seen by two persons, or a published reason where one may keep a line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.points.rulebooks.lines import rules_of
from services.points.rulebooks.lint import Finding, lint_lines
from shared import audit
from shared.errors import Conflict, Forbidden, Invalid, NotFound
from shared.identity import Principal, Role
from shared.models.base import now
from shared.models.points import LintWaiver, Rulebook, WaiverKind
from shared.models.registry import Person


@dataclass(frozen=True, slots=True)
class AnsweredFinding:
    """A finding, and how people answered it for this wording. `settled`: it stands in nobody's way any more."""

    finding: Finding
    waiver: LintWaiver | None
    answered_by: str = ""
    confirmed_by: str = ""

    @property
    def settled(self) -> bool:
        """A reason settles what may be overridden; a false alarm needs its second person."""
        if self.waiver is None:
            return False
        if self.waiver.kind is WaiverKind.REASONED:
            return self.finding.overridable
        return self.waiver.second_by is not None


def lint_rulebook(session: Session, book: Rulebook) -> list[AnsweredFinding]:
    """The findings of a revision with their answers, in the order of its lines.

    An answer that was given to another wording of the line is none.
    """
    waivers = {
        (waiver.rule_code, waiver.finding, waiver.wording_digest): waiver
        for waiver in session.scalars(select(LintWaiver).where(LintWaiver.rulebook_id == book.id))
    }
    names = _names(session, waivers.values())
    return [
        _answered(finding, waivers.get((finding.rule_code, finding.finding, finding.wording_digest)), names)
        for finding in lint_lines(rules_of(session, book.id))
    ]


def _answered(finding: Finding, waiver: LintWaiver | None, names: dict[int, str]) -> AnsweredFinding:
    if waiver is None:
        return AnsweredFinding(finding, None)
    second = names.get(waiver.second_by, "") if waiver.second_by is not None else ""
    return AnsweredFinding(finding, waiver, names.get(waiver.first_by, ""), second)


def _names(session: Session, waivers: Iterable[LintWaiver]) -> dict[int, str]:
    ids = {person for waiver in waivers for person in (waiver.first_by, waiver.second_by) if person is not None}
    if not ids:
        return {}
    rows = session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))
    return {row.id: row.name for row in rows}


def require_settled(session: Session, book: Rulebook) -> None:
    """Raise Conflict naming the lines whose findings are not answered."""
    open_findings = [answered.finding for answered in lint_rulebook(session, book) if not answered.settled]
    if open_findings:
        lines = "；".join(f"{finding.rule_code}“{finding.title}”：{finding.reason}" for finding in open_findings)
        raise Conflict(
            f"这一版有 {len(open_findings)} 处没有通过合规检查，不能发布，村里也不能采用：{lines}",
            errors={finding.rule_code: [finding.reason] for finding in open_findings},
        )


def answer_finding(
    session: Session, actor: Principal, book: Rulebook, *, rule_code: str, finding: str, kind: WaiverKind, reason: str
) -> AnsweredFinding:
    """Answer a finding. The second person's answer to a false alarm confirms the first's.

    Raises NotFound where there is no such finding, Invalid without a reason, Conflict where it can't be overridden or
    the same person confirms twice.
    """
    if not actor.has(Role.ADMIN) or actor.person_id is None:
        raise Forbidden("合规检查由乡镇管理员核对。")
    if not reason.strip():
        raise Invalid("请写明理由，它会公布在细则上。", errors={"reason": ["请写明理由。"]})
    found = next(
        (
            answered
            for answered in lint_rulebook(session, book)
            if (answered.finding.rule_code, answered.finding.finding) == (rule_code, finding)
        ),
        None,
    )
    if found is None:
        raise NotFound("这一行没有这项检查结果，可能已经改过。请刷新后再看。")
    if kind is WaiverKind.REASONED and not found.finding.overridable:
        raise Conflict("这一类扣分不能以理由保留：请删除这一行；如果是误报，请两人核对后确认。")
    waiver = found.waiver
    if waiver is None:
        # What was said about an older wording of the line makes room.
        session.execute(
            delete(LintWaiver).where(
                LintWaiver.rulebook_id == book.id, LintWaiver.rule_code == rule_code, LintWaiver.finding == finding
            )
        )
        waiver = LintWaiver(
            rulebook_id=book.id,
            rule_code=rule_code,
            finding=finding,
            wording_digest=found.finding.wording_digest,
            kind=kind,
            reason=reason.strip(),
            first_by=actor.person_id,
        )
        session.add(waiver)
    elif waiver.kind is WaiverKind.FALSE_ALARM and kind is WaiverKind.FALSE_ALARM:
        if waiver.first_by == actor.person_id:
            raise Conflict("误报要由另一个人再核对一次，请换一位管理员确认。")
        waiver.second_by, waiver.second_at = actor.person_id, now()
    else:
        raise Conflict("这项检查结果已经有人答复过了，请刷新后再看。")
    session.flush()
    details = {"rule": rule_code, "finding": finding, "kind": kind.value}
    audit.record(session, actor, "answer_finding", "rulebook", book.id, details=details)
    return _answered(found.finding, waiver, _names(session, [waiver]))
