"""Evidence 凭据: the photo or paper scan that a declaration rests on. Sent first, then named by the declaration."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from services.points.events.finding import READERS, event_in_scope
from shared.errors import Invalid, NotFound
from shared.files import SCAN_TYPES, StoredFile, file_of, keep_file, read_file, store_file
from shared.identity import Principal
from shared.models.base import now

WAITING_DAYS = 2
"""How long a photo is kept that no declaration has named."""

SHOWN_TO = tuple(READERS)
_GONE = "照片或扫描件没有传上来，或放得太久已删除，请重新选择。"


def receive_evidence(session: Session, content: bytes, *, name: str) -> StoredFile:
    """Store a photo (made anew, without the place where it was taken) or a PDF scan.

    It goes after two days unless a declaration names it. Raises Invalid for other files.
    """
    expires_at = now() + timedelta(days=WAITING_DAYS)
    return store_file(session, content, name=name, allowed=SCAN_TYPES, expires_at=expires_at)


def received_evidence(session: Session, sha256: str) -> StoredFile:
    """What was sent earlier under this digest. Raises NotFound where it has gone."""
    found = file_of(session, sha256)
    if found is None or found.media_type not in SCAN_TYPES:
        raise NotFound(_GONE)
    return found


def take_evidence(session: Session, sha256: str) -> None:
    """Keep a sent photo or scan for good, since a declaration names it. Raises Invalid where there is none."""
    if not keep_file(session, sha256, allowed=SCAN_TYPES):
        raise Invalid(_GONE, errors={"evidence_file": [_GONE]})


def evidence_of(session: Session, actor: Principal, event_id: int) -> tuple[StoredFile, bytes]:
    """The photo or scan of an event in the actor's reach. Raises NotFound."""
    event = event_in_scope(session, actor, event_id, *SHOWN_TO)
    if event.evidence_file is None:
        raise NotFound("这条记录没有附照片或扫描件。")
    return read_file(session, event.evidence_file)
