"""Scans 扫描件 of the resolutions behind adoptions. They carry signatures: those who answer for a village see them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from shared.database.upserts import execute_counted
from shared.errors import Invalid, NotFound
from shared.files import SCAN_TYPES, StoredFile, read_file, store_file
from shared.identity import Principal, Role
from shared.identity.scope import village_by_code
from shared.models.base import now
from shared.models.plumbing import FILES
from shared.models.points import Adoption
from shared.models.registry import Village
from shared.topology import Service

SCAN_READERS = (Role.ADMIN, Role.CADRE, Role.SUPERVISOR, Role.AUDITOR)
_WAITS = timedelta(days=2)


def store_scan(session: Session, content: bytes, name: str) -> StoredFile:
    """Store a photo or PDF; it is deleted after two days unless an adoption names it. Raises Invalid."""
    return store_file(session, content, name=name, allowed=SCAN_TYPES, expires_at=now() + _WAITS)


def keep_scan(session: Session, sha256: str) -> None:
    """Keep a stored scan for as long as its adoption. Raises Invalid where it is not (or no longer) there."""
    table: Any = FILES[Service.POINTS]
    kept = update(table).where(table.sha256 == sha256, table.media_type.in_(SCAN_TYPES)).values(expires_at=None)
    if not execute_counted(session, kept):
        raise Invalid("扫描件没有收到，请重新选择后提交。", errors={"matter.scan": ["扫描件没有收到，请重新选择。"]})


def stored_scan(session: Session, sha256: str) -> StoredFile:
    """What was stored, for whoever sends it a second time. Raises NotFound."""
    return read_file(session, sha256)[0]


def scan_of(session: Session, actor: Principal, adoption_id: int) -> tuple[StoredFile, bytes]:
    """The scan behind an adoption of a village that the actor answers for. Raises NotFound, Forbidden."""
    adoption = session.get(Adoption, adoption_id)
    village = session.get_one(Village, adoption.village_id) if adoption else None
    if adoption is None or village is None or village.township_id != actor.township_id or adoption.matter_scan is None:
        raise NotFound("没有这份扫描件。")
    village_by_code(session, actor, village.code, *SCAN_READERS)
    return read_file(session, adoption.matter_scan)
