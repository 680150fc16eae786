"""Is what was put back what was saved? Every chain of the audit log, every ledger, and the keys are checked."""

from __future__ import annotations

from cryptography.fernet import InvalidToken
from sqlalchemy import select

from deploy.backup.refusal import CannotDo
from services.points.verification.checks import check_village
from shared import audit
from shared.database import Database
from shared.models.points import VillageLedger
from shared.models.registry import Person, Village
from shared.privacy import field_cipher
from shared.topology import Service


def prove(url: str) -> list[str]:
    """One line per thing that was checked. Raises CannotDo naming the first that does not hold."""
    lines = [_prove_keys(Database(url, Service.INTAKE))]
    lines += [_prove_audit(Database(url, service)) for service in Service]
    return [*lines, _prove_ledgers(Database(url, Service.POINTS))]


def _prove_keys(database: Database) -> str:
    """The newest encrypted value can be read with the keys that are there."""
    with database.reading() as session:
        sealed = session.scalar(
            select(Person.identity_encrypted)
            .where(Person.identity_encrypted.is_not(None))
            .order_by(Person.id.desc())
            .limit(1)
        )
    database.dispose()
    if sealed is None:
        return "密钥：没有加密的内容"
    try:
        field_cipher(Service.INTAKE).decrypt(sealed)
    except (InvalidToken, OSError, ValueError) as error:
        raise CannotDo("密钥与数据不是同一份：读不出加密的内容。请用同一天的密钥备份（KEYS=…）。") from error
    return "密钥：能读出加密的内容"


def _prove_audit(database: Database) -> str:
    with database.reading() as session:
        verdict = audit.verify_audit(session, database.service)
    database.dispose()
    if not verdict.holds:
        raise CannotDo(f"{database.service} 的审计记录从第 {verdict.broken_seq} 条起对不上，数据不完整。")
    return f"审计记录 {database.service}：{verdict.checked} 条一致"


def _prove_ledgers(database: Database) -> str:
    """Every village's balances, scores, chain, order and reservations."""
    with database.reading() as session:
        with_ledger = select(Village.id, Village.name).join(VillageLedger, VillageLedger.village_id == Village.id)
        villages = session.execute(with_ledger.order_by(Village.code)).all()
    covered = 0
    for village_id, name in villages:
        # A writing transaction: nothing may be posted while a ledger is proved.
        with database.transaction() as session:
            checks = check_village(session, village_id)
        failed = [check for check in checks if not check.passed]
        if failed:
            raise CannotDo(f"{name}的账本对不上：{failed[0].sentence}")
        covered += sum(check.rows_covered for check in checks)
    database.dispose()
    return f"积分账本：{len(villages)} 个村一致（核对 {covered:,} 行）"
