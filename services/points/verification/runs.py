"""Verifications as long work: a row, one village a transaction, the checks kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from services.points.verification.checks import Check, check_village
from shared import audit
from shared.errors import Forbidden, NotFound
from shared.identity import Principal, Role
from shared.identity.scope import village_by_code, villages_in_scope
from shared.messages.points_work import RunVerification
from shared.messaging import outbox
from shared.models.base import now
from shared.models.points import Verification, VerificationCheck, VerificationState, VillageLedger
from shared.models.registry import Person, Village

VERIFIERS = (Role.ADMIN, Role.AUDITOR, Role.SUPERVISOR, Role.CADRE)
TOWNSHIP_WIDE = (Role.ADMIN, Role.AUDITOR)


@dataclass(frozen=True, slots=True)
class CheckedVillage:
    """A village's checks."""

    village: str
    name: str
    checks: list[VerificationCheck] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether all of them hold."""
        return all(check.passed for check in self.checks)


@dataclass(frozen=True, slots=True)
class VerificationProgress:
    """A verification and what it found so far."""

    verification: Verification
    villages: list[CheckedVillage]

    @property
    def errors(self) -> list[str]:
        """The sentences of what does not hold."""
        return [
            f"{village.name}：{check.sentence}"
            for village in self.villages
            for check in village.checks
            if not check.passed
        ]


def start_verification(session: Session, actor: Principal, *, village_code: str | None) -> Verification:
    """Order a proof of one village, or of all that the actor answers for (a cadre's one, an admin's township).

    Raises Forbidden for other villages, and where someone with several villages names none.
    """
    village_id = None
    if village_code is not None:
        village_id = village_by_code(session, actor, village_code, *VERIFIERS).id
    elif not actor.covers_township(*TOWNSHIP_WIDE):
        own = actor.villages_of(*VERIFIERS)
        if len(own) != 1:
            raise Forbidden("请选一个您负责的村来核验；全乡镇的核验由乡镇管理员或审计人员发起。")
        (village_id,) = own
    villages = _villages(session, actor, village_id)
    verification = Verification(
        township_id=actor.township_id,
        village_id=village_id,
        made_by=actor.actor,
        person_id=actor.person_id,
        villages_total=len(villages),
    )
    session.add(verification)
    session.flush()
    audit.record(session, actor, "start_verification", "verification", verification.id)
    outbox.send(session, RunVerification(verification.id))
    return verification


def _villages(session: Session, actor: Principal, village_id: int | None) -> list[int]:
    """The villages with a ledger that this person may verify."""
    statement = select(VillageLedger.village_id).where(
        VillageLedger.village_id.in_(villages_in_scope(actor, *VERIFIERS))
    )
    if village_id is not None:
        statement = statement.where(VillageLedger.village_id == village_id)
    return list(session.scalars(statement.order_by(VillageLedger.village_id)))


def verify_next_village(session: Session, verification_id: int) -> list[Check]:
    """Check the next village of a verification, and send for the one after it. Empty: nothing was left."""
    verification = session.scalar(
        select(Verification)
        .where(Verification.id == verification_id, Verification.state == VerificationState.RUNNING)
        .with_for_update()
    )
    if verification is None:
        return []
    village_id = session.scalar(_left(verification).limit(1))
    checks = [] if village_id is None else check_village(session, village_id)
    for check in checks:
        session.add(
            VerificationCheck(
                verification_id=verification_id,
                village_id=village_id,
                name=check.name,
                passed=check.passed,
                sentence=check.sentence[:400],
                rows_covered=check.rows_covered,
                milliseconds=check.milliseconds,
            )
        )
    session.flush()
    if village_id is not None:
        verification.villages_done += 1
    if session.scalar(_left(verification).limit(1)) is not None:
        outbox.send(session, RunVerification(verification_id))
        return checks
    failed = session.scalar(
        select(VerificationCheck.id)
        .where(VerificationCheck.verification_id == verification_id, VerificationCheck.passed.is_(False))
        .limit(1)
    )
    verification.state = VerificationState.PASSED if failed is None else VerificationState.FAILED
    verification.finished_at = now()
    verification.villages_total = verification.villages_done
    session.flush()
    return checks


def _left(verification: Verification) -> Select[int]:
    checked = select(VerificationCheck.village_id).where(VerificationCheck.verification_id == verification.id)
    statement = (
        select(VillageLedger.village_id)
        .join(Village, Village.id == VillageLedger.village_id)
        .where(Village.township_id == verification.township_id, VillageLedger.village_id.not_in(checked))
        .order_by(VillageLedger.village_id)
    )
    if verification.village_id is not None:
        statement = statement.where(VillageLedger.village_id == verification.village_id)
    return statement


def progress_of(session: Session, actor: Principal, verification_id: int) -> VerificationProgress:
    """A verification with its checks. Raises NotFound for other townships' and, for village roles, other villages'."""
    verification = session.get(Verification, verification_id)
    if verification is None or verification.township_id != actor.township_id or not _may_see(actor, verification):
        raise NotFound("没有这次核验。")
    villages: dict[int, CheckedVillage] = {}
    rows = session.execute(
        select(VerificationCheck, Village)
        .join(Village, Village.id == VerificationCheck.village_id)
        .where(VerificationCheck.verification_id == verification.id)
        .order_by(Village.code, VerificationCheck.id)
    )
    for check, village in rows:
        villages.setdefault(village.id, CheckedVillage(village.code, village.name)).checks.append(check)
    return VerificationProgress(verification, list(villages.values()))


def select_verifications(actor: Principal) -> Any:
    """What this person may see, with `village` and who ordered it (`by`); to be paged newest first."""
    statement = (
        select(Verification, Village.name.label("village"), Person.name.label("by"), Verification.id)
        .outerjoin(Village, Village.id == Verification.village_id)
        .outerjoin(Person, Person.id == Verification.person_id)
        .where(Verification.township_id == actor.township_id)
    )
    if actor.covers_township(*TOWNSHIP_WIDE):
        return statement
    return statement.where(Verification.village_id.in_(villages_in_scope(actor, *VERIFIERS)))


def _may_see(actor: Principal, verification: Verification) -> bool:
    if verification.village_id is not None:
        return actor.may_in(verification.village_id, *VERIFIERS)
    return actor.covers_township(*TOWNSHIP_WIDE)
