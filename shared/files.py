"""Stored files: named by the SHA-256 of their content, owned by the service of the record.

A file's bytes lie in `<data_dir>/files/<service>/ab/abcdef…`; its row says what it is. The same content is stored
once. The type is found by content, never believed; photos are made anew, so that nothing hides in them and no place
where they were taken goes with them. Sensitive files (petitions' attachments) are encrypted with a key of their own,
which is sealed by the service's field keys in the row, so that keys can be rotated without touching files.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import puremagic
from cryptography.fernet import Fernet
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from shared.database.engine import is_sqlite
from shared.database.upserts import execute_counted
from shared.disk import refusal_of
from shared.errors import Invalid, NotFound
from shared.models.base import now
from shared.models.plumbing import FILES
from shared.photos import PHOTO_TYPES, BadPhoto, photo_anew
from shared.privacy import field_cipher
from shared.settings import settings
from shared.topology import Service

PDF = "application/pdf"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SCAN_TYPES = PHOTO_TYPES | {PDF}
_MB = 1024 * 1024
_NAMES = {
    "image/jpeg": "JPG 照片",
    "image/png": "PNG 图片",
    "image/webp": "WEBP 图片",
    PDF: "PDF",
    XLSX: "Excel（xlsx）",
}


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A stored file as records refer to it: by `sha256`."""

    sha256: str
    size: int
    media_type: str
    name: str


def store_file(
    session: Session,
    content: bytes,
    *,
    name: str,
    allowed: frozenset[str],
    sealed: bool = False,
    expires_at: datetime | None = None,
) -> StoredFile:
    """Store an uploaded file of the session's service and return what its record keeps.

    Photos are re-encoded (JPEG, at most 2,048 points a side, no metadata). With `sealed` the content is encrypted;
    its name in the store is then the digest of the ciphertext. Raises Invalid for an empty file, one of another kind
    than `allowed`, or one too large for its kind, and NoRoom. A file whose transaction rolls back leaves bytes that
    `sweep_files` finds.
    """
    media_type = _checked_type(content, allowed)
    if media_type in PHOTO_TYPES:
        content, media_type = _photo_anew(content), "image/jpeg"
    service: Service = session.info["service"]
    stored, sealed_key = _sealed(content, service) if sealed else (content, None)
    digest = hashlib.sha256(stored).hexdigest()
    _write(_path(service, digest), stored)
    row = {
        "sha256": digest,
        "size": len(content),
        "media_type": media_type,
        "name": clean_file_name(name),
        "sealed_key": sealed_key,
        "created_at": now(),
        "expires_at": expires_at,
    }
    table: Any = FILES[service]
    insert: Any = sqlite_insert if is_sqlite(session) else postgresql_insert
    statement = insert(table).values(**row)
    later = statement.excluded.expires_at
    # The same content again: it is kept as long as the one that needs it longest.
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["sha256"],
            set_={"expires_at": later},
            where=table.expires_at.is_not(None) & (later.is_(None) | (later > table.expires_at)),
        )
    )
    return StoredFile(digest, len(content), media_type, str(row["name"]))


def file_of(session: Session, sha256: str) -> StoredFile | None:
    """What the session's service knows of a file; None where it has none of that name, or its time is over."""
    table: Any = FILES[session.info["service"]]
    row = session.scalar(
        select(table).where(table.sha256 == sha256, table.expires_at.is_(None) | (table.expires_at > now()))
    )
    return None if row is None else StoredFile(row.sha256, row.size, row.media_type, row.name)


def keep_file(session: Session, sha256: str, *, allowed: frozenset[str]) -> bool:
    """Keep a stored file for good, since a record names it now; False where there is none, or it has another type.

    Whoever sweeps meanwhile waits for this transaction and then finds that it stays.
    """
    table: Any = FILES[session.info["service"]]
    statement = (
        update(table)
        .where(table.sha256 == sha256, table.media_type.in_(sorted(allowed)), table.sealed_key.is_(None))
        .values(expires_at=None)
        .execution_options(synchronize_session=False)
    )
    return execute_counted(session, statement) == 1


def read_file(session: Session, sha256: str) -> tuple[StoredFile, bytes]:
    """A file of the session's service, opened. The caller has checked the right to its record. Raises NotFound."""
    service: Service = session.info["service"]
    table: Any = FILES[service]
    row = session.scalar(select(table).where(table.sha256 == sha256))
    if row is None:
        raise NotFound("没有这个文件，它可能已到期删除。")
    try:
        content = _path(service, sha256).read_bytes()
    except FileNotFoundError:
        raise NotFound("这个文件不在文件库里，请告诉运维人员从备份恢复。") from None
    if row.sealed_key is not None:
        data_key = field_cipher(service).decrypt(row.sealed_key)
        content = Fernet(data_key.encode()).decrypt(content)
    return StoredFile(row.sha256, row.size, row.media_type, row.name), content


def headers_of(file: StoredFile, *, inline: bool = False) -> dict[str, str]:
    """Headers to serve a file with: never run, never guessed, shown in the page only if it is a picture or a PDF."""
    shown = inline and file.media_type in SCAN_TYPES
    return {
        "Content-Type": file.media_type,
        "Content-Disposition": f"{'inline' if shown else 'attachment'}; filename*=UTF-8''{quote(file.name)}",
        "Content-Security-Policy": "sandbox; default-src 'none'; img-src 'self'; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }


def forget_file(session: Session, sha256: str) -> None:
    """Delete a file that no record refers to any more: its row now, its bytes with the next sweep."""
    table: Any = FILES[session.info["service"]]
    session.execute(delete(table).where(table.sha256 == sha256))


def sweep_files(session: Session, *, older_than: datetime) -> int:
    """Delete the bytes that no row names and that were written before `older_than`, and rows that have expired.

    Bytes are written before their transaction commits, so young ones stay.
    """
    service: Service = session.info["service"]
    table: Any = FILES[service]
    session.execute(delete(table).where(table.expires_at < now()))
    known = set(session.scalars(select(table.sha256)))
    removed = 0
    for path in _folder(service).glob("??/*"):
        if path.name not in known and path.stat().st_mtime < older_than.timestamp():
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def media_type_of(content: bytes) -> str:
    """The media type by content; `application/octet-stream` where nothing fits."""
    if content.startswith(b"PK\x03\x04") and b"xl/" in content:
        return XLSX
    try:
        found = puremagic.from_string(content, mime=True)
    except (puremagic.PureError, ValueError):
        return "application/octet-stream"
    return str(found or "application/octet-stream")


def limit_of(media_type: str) -> int:
    """The most bytes of a file of this type; no kind may have more than a request."""
    current = settings()
    if media_type in PHOTO_TYPES:
        return min(current.photo_limit_bytes, current.upload_limit_bytes)
    if media_type == PDF:
        return min(current.scan_limit_bytes, current.upload_limit_bytes)
    return current.upload_limit_bytes


def clean_file_name(name: str) -> str:
    """The last part of a name without signs that mean something to a file system, at most 120 characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(sign for sign in last if sign.isprintable() and sign not in '<>:"|?*').strip(" .")
    return kept[-120:] or "文件"


def _refused(sentence: str) -> Invalid:
    """A refusal that stands beside the file's field too, whole."""
    return Invalid(sentence, errors={"file": [sentence]})


def _checked_type(content: bytes, allowed: frozenset[str]) -> str:
    """The type, by content. Raises Invalid where it is not allowed, or the file is too large for its kind."""
    if not content:
        raise _refused("文件是空的，请重新选择文件。")
    media_type = media_type_of(content)
    if media_type not in allowed:
        kinds = "、".join(_NAMES.get(kind, kind) for kind in sorted(allowed))
        raise _refused(f"这里只能上传{kinds}，请另存为这种格式后再上传。")
    if len(content) > (limit := limit_of(media_type)):
        name = _NAMES.get(media_type, "文件")
        raise _refused(f"{name}有 {-(-len(content) // _MB)} MB，最大 {limit // _MB} MB，请压缩后再上传。")
    return media_type


def _photo_anew(content: bytes) -> bytes:
    try:
        return photo_anew(content)
    except BadPhoto as error:
        raise _refused(str(error)) from error


def _sealed(content: bytes, service: Service) -> tuple[bytes, bytes]:
    data_key = Fernet.generate_key()
    return Fernet(data_key).encrypt(content), field_cipher(service).encrypt(data_key.decode())


def _folder(service: Service) -> Path:
    return settings().data_dir / "files" / service.value


def _path(service: Service, sha256: str) -> Path:
    return _folder(service) / sha256[:2] / sha256


def _write(path: Path, content: bytes) -> None:
    """Write in one step and to the disk, so that a committed row never names half a file."""
    if path.exists():
        # Young again: a sweep that has not seen the new row yet leaves it.
        os.utime(path)
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False)  # noqa: SIM115 (closed below)
    except OSError as error:
        raise refusal_of(error) from error
    try:
        with draft:
            draft.write(content)
            draft.flush()
            os.fsync(draft.fileno())
        os.replace(draft.name, path)
    except OSError as error:
        # A draft that stayed would take the room that is missing.
        Path(draft.name).unlink(missing_ok=True)
        raise refusal_of(error) from error
