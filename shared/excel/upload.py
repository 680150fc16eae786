"""An uploaded workbook: recognised by its content, and kept sealed until its import has ended."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from shared.excel.source import recognise
from shared.excel.survey import Limits
from shared.files import XLSX, StoredFile, media_type_of, store_file


def store_workbook(session: Session, content: bytes, *, name: str, expires_at: datetime) -> StoredFile:
    """Store an .xlsx or .csv file of the session's service. Raises Invalid, with how to mend it, for any other."""
    kind = recognise(content[:512], name=name, size=len(content), limits=Limits())
    allowed = XLSX if kind == "xlsx" else media_type_of(content)
    return store_file(session, content, name=name, allowed=frozenset({allowed}), sealed=True, expires_at=expires_at)
