"""What a drill proves beyond rows: chains of ledgers and audit lines, messages handled once, petitions kept secret."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.points.verification.checks import check_village
from shared.audit import verify_audit
from shared.database import Database
from shared.topology import Service
from tests.faults.petitions import SECRET

_HANDLED = re.compile(r"message_handled .*message_id=([0-9a-f-]{36})")
# Partitions by the hundred, of the two tables that hold numbers and the drill's own notes.
_NUMBERS_ONLY = re.compile(r"points_(event|entry)(_|$)")


def unproved_ledgers(database: Database) -> list[str]:
    """Every village's ledger, as the auditor's verification proves it; what is not in order."""
    with database.reading() as session:
        villages = session.scalars(text("SELECT village_id FROM points_village_ledger ORDER BY village_id")).all()
    found = []
    for village in villages:
        with database.transaction() as session:
            checks = check_village(session, village)
        found += [f"village {village}, {each.name}: {each.sentence}" for each in checks if not each.passed]
    return found


def unproved_audits(session: Session, until: datetime) -> list[str]:
    """Each service's chain of audit lines: where it breaks, and lines older than `until` that no link holds."""
    found = []
    for service in Service:
        verdict = verify_audit(session, service)
        if not verdict.holds:
            found.append(f"audit of {service}: line {verdict.broken_seq} does not follow from those before it")
        loose = unchained_lines(session, service, until)
        if loose:
            found.append(f"audit of {service}: {loose} lines are not chained")
    return found


def unchained_lines(session: Session, service: Service, until: datetime) -> int:
    """Audit lines older than `until` that wait for the task that chains them."""
    statement = text(f"SELECT count(*) FROM {service}_audit WHERE seq IS NULL AND at < :until")
    return session.scalar(statement, {"until": until}) or 0


def handled_again(lines: Iterable[str]) -> Counter[str]:
    """Messages that workers have said more than once to have handled (a repeated copy says otherwise)."""
    handled = Counter(found[1] for line in lines if (found := _HANDLED.search(line)))
    return Counter({message: times for message, times in handled.items() if times > 1})


def leaks_in_tables(session: Session) -> list[str]:
    """Tables in which words of a drill's petitions stand, as text or as bytes."""
    names = session.scalars(
        text("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
    )
    found = []
    for name in [each for each in names if not _NUMBERS_ONLY.match(each)]:
        statement = text(f'SELECT count(*) FROM "{name}" t WHERE t::text LIKE :words OR t::text LIKE :bytes')
        rows = session.scalar(statement, {"words": f"%{SECRET}%", "bytes": f"%{SECRET.encode().hex()}%"})
        if rows:
            found.append(f"words of petitions stand in {rows} rows of {name}")
    return found


def leaks_in_files(folders: Iterable[Path]) -> list[str]:
    """Files (logs, what Redis has written, uploads) in which words of a drill's petitions stand."""
    return [f"words of petitions stand in {path.name}" for path in _files(folders) if _says(path, SECRET)]


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in folder.rglob("*") if path.is_file())


def _says(path: Path, words: str) -> bool:
    """Whether they stand there, plainly or as JSON writes them."""
    content = path.read_bytes()
    return words.encode() in content or words.encode("ascii", "backslashreplace") in content
