"""Is what was put back what was saved? Every chain of the audit log, every ledger, and the keys are checked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select
from sqlalchemy.orm import Session

from deploy.backup.refusal import CannotDo
from services.intake.households.people import identity_index
from services.points.verification.checks import check_village
from shared import audit
from shared.database import Database
from shared.models.points import VillageLedger
from shared.models.registry import Person, Village
from shared.privacy import MissingKeys, UnreadableValue, Unsealable, field_cipher, seal, unseal
from shared.renewal import encrypted_values
from shared.topology import Service


def prove(url: str) -> list[str]:
    """One line per thing that was checked. Raises CannotDo naming the first that does not hold."""
    lines = prove_keys(url)
    for service in Service:
        with _opened(url, service) as database:
            lines.append(_prove_audit(database))
    with _opened(url, Service.POINTS) as database:
        return [*lines, _prove_ledgers(database)]


def prove_keys(url: str) -> list[str]:
    """Every service's keys open every encrypted value of that service, and its blind index and its seal fit them.

    One line per service. Raises CannotDo naming the service whose keys are missing or another day's.
    """
    lines = []
    for service in Service:
        with _opened(url, service) as database, database.reading() as session:
            try:
                lines.append(_prove_keys_of(session, service))
            except (UnreadableValue, Unsealable, MissingKeys, OSError, ValueError) as error:
                raise CannotDo(
                    f"密钥与数据不是同一份：{service} 的密钥缺失，或打不开它的加密内容。"
                    "恢复时请用同一天的密钥备份（KEYS=…）；备份时请先检查 XZ_KEY_DIR。"
                ) from error
    return lines


def _prove_keys_of(session: Session, service: Service) -> str:
    cipher = field_cipher(service)
    count = 0
    for stored in encrypted_values(session):
        cipher.decrypt(stored)
        count += 1
    if service is Service.INTAKE:
        _prove_index(session)
    if unseal(service, seal(service, b"proof")) != b"proof":
        raise Unsealable("the public key is not the private key's")
    return f"密钥 {service}：{count:,} 条加密内容都能读出" if count else f"密钥 {service}：没有加密的内容"


def _prove_index(session: Session) -> None:
    """The index key is the one under which the registry's numbers are looked up."""
    indexed = (
        select(Person)
        .where(Person.identity_encrypted.is_not(None), Person.identity_index.is_not(None))
        .order_by(Person.id.desc())
        .limit(1)
    )
    person = session.scalar(indexed)
    if person is None or person.identity_encrypted is None:
        return
    if identity_index(field_cipher(Service.INTAKE).decrypt(person.identity_encrypted)) != person.identity_index:
        raise UnreadableValue("the blind index was made with another key")


@contextmanager
def _opened(url: str, service: Service) -> Iterator[Database]:
    """A service's database, whose connections are closed in any case: it may be put away after a failed proof."""
    database = Database(url, service)
    try:
        yield database
    finally:
        database.dispose()


def _prove_audit(database: Database) -> str:
    with database.reading() as session:
        verdict = audit.verify_audit(session, database.service)
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
    return f"积分账本：{len(villages)} 个村一致（核对 {covered:,} 行）"
