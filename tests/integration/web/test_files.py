"""Stored files: what comes in, how it lies there, what goes out."""

from __future__ import annotations

import errno
import hashlib
import io
import os
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from shared.errors import Invalid, NoRoom, NotFound
from shared.files import (
    PHOTO_TYPES,
    SCAN_TYPES,
    XLSX,
    clean_file_name,
    forget_file,
    headers_of,
    media_type_of,
    read_file,
    store_file,
    sweep_files,
)
from shared.models.base import now
from shared.models.plumbing import FILES
from shared.settings import settings
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor

PDF_BYTES = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def photo(width: int = 40, height: int = 30, kind: str = "JPEG") -> bytes:
    picture = Image.new("RGB", (width, height), "blue")
    exif = picture.getexif()
    exif[0x010E] = "石桂花家门口"
    written = io.BytesIO()
    picture.save(written, kind, exif=exif)
    return written.getvalue()


def stored_paths(service: Service = Service.PETITIONS) -> list[Path]:
    return [path for path in (settings().data_dir / "files" / service.value).rglob("*") if path.is_file()]


def test_a_photo_is_made_anew_without_what_it_carried(any_database: str, database_for: DatabaseFor) -> None:
    with database_for(Service.PETITIONS).transaction() as session:
        made = store_file(session, photo(4000, 100, "PNG"), name="门口.png", allowed=PHOTO_TYPES)
        _, content = read_file(session, made.sha256)
    assert made.media_type == "image/jpeg"
    assert hashlib.sha256(content).hexdigest() == made.sha256
    with Image.open(io.BytesIO(content)) as picture:
        assert max(picture.size) == 2048
        assert len(picture.getexif()) == 0
    assert "石桂花".encode() not in content


def test_the_same_content_lies_there_once(any_database: str, database_for: DatabaseFor) -> None:
    with database_for(Service.PETITIONS).transaction() as session:
        first = store_file(session, PDF_BYTES, name="一.pdf", allowed=SCAN_TYPES)
        second = store_file(session, PDF_BYTES, name="二.pdf", allowed=SCAN_TYPES)
        assert first.sha256 == second.sha256
        assert len(session.scalars(select(FILES[Service.PETITIONS])).all()) == 1
    assert len(stored_paths()) == 1


def test_a_full_disk_is_said_and_nothing_half_written_stays(
    any_database: str, database_for: DatabaseFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    database = database_for(Service.POINTS)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(NoRoom, match="磁盘满了"), database.transaction() as session:
            store_file(session, photo(), name="照片.jpg", allowed=PHOTO_TYPES)
    assert stored_paths(Service.POINTS) == []
    with database.reading() as session:
        assert session.scalars(select(FILES[Service.POINTS])).all() == []
    with database.transaction() as session:
        assert store_file(session, photo(), name="照片.jpg", allowed=PHOTO_TYPES).size > 0


def test_a_sealed_file_is_not_readable_on_the_disk(any_database: str, database_for: DatabaseFor) -> None:
    with database_for(Service.PETITIONS).transaction() as session:
        made = store_file(session, PDF_BYTES, name="信.pdf", allowed=SCAN_TYPES, sealed=True)
        file, content = read_file(session, made.sha256)
    assert content == PDF_BYTES
    assert file.size == len(PDF_BYTES)
    assert all(b"PDF" not in path.read_bytes() for path in stored_paths())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "空的"),
        (b"<html><script>alert(1)</script></html>", "只能上传"),
        (b"\xff\xd8\xff\xe0 not a photo at all", "打不开"),
        (b"MZ\x90\x00" + b"\0" * 60, "只能上传"),
    ],
)
def test_what_is_not_wanted_is_refused(
    any_database: str, database_for: DatabaseFor, content: bytes, words: str
) -> None:
    with database_for(Service.PETITIONS).transaction() as session, pytest.raises(Invalid, match=words):
        store_file(session, content, name="photo.jpg", allowed=SCAN_TYPES)
    assert stored_paths() == []


def test_each_kind_has_a_limit_of_its_own_below_that_of_a_request(
    any_database: str, database_for: DatabaseFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = {"XZ_UPLOAD_LIMIT_MB": 3, "XZ_PHOTO_LIMIT_MB": 1, "XZ_SCAN_LIMIT_MB": 2}
    for name, megabytes in most.items():
        monkeypatch.setenv(name, str(megabytes))
    settings.cache_clear()
    padding = bytes(1024 * 1024)
    sheet = b"PK\x03\x04 xl/"
    database = database_for(Service.POINTS)

    def store(content: bytes) -> int:
        with database.transaction() as session:
            return store_file(session, content, name="a", allowed=SCAN_TYPES | {XLSX}).size

    assert store(sheet + 2 * padding) > 2 * len(padding)
    assert store(PDF_BYTES + padding) > len(padding)
    for content, words in (
        (photo() + padding, "JPG 照片有 2 MB，最大 1 MB"),
        (PDF_BYTES + 2 * padding, "PDF有 3 MB，最大 2 MB"),
        (sheet + 3 * padding, "Excel（xlsx）有 4 MB，最大 3 MB"),
    ):
        with pytest.raises(Invalid, match=words):
            store(content)


def test_the_type_is_what_the_content_is() -> None:
    import xlsxwriter

    written = io.BytesIO()
    with xlsxwriter.Workbook(written) as book:
        book.add_worksheet().write(0, 0, "一")
    assert media_type_of(written.getvalue()) == XLSX
    assert media_type_of(photo()) == "image/jpeg"
    assert media_type_of(PDF_BYTES) == "application/pdf"
    assert media_type_of(b"\0\1\2") not in SCAN_TYPES


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\文件\\表.xlsx", "表.xlsx"),
        ("a\r\nb.pdf", "ab.pdf"),
        ("...", "文件"),
        ("", "文件"),
        ("长" * 300 + ".pdf", "长" * 116 + ".pdf"),
    ],
)
def test_names_lose_what_a_file_system_would_understand(name: str, clean: str) -> None:
    assert clean_file_name(name) == clean


def test_files_are_served_so_that_nothing_in_them_runs(any_database: str, database_for: DatabaseFor) -> None:
    with database_for(Service.PETITIONS).transaction() as session:
        made = store_file(session, PDF_BYTES, name='引"号.pdf', allowed=SCAN_TYPES)
    headers = headers_of(made)
    assert headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''")
    assert '"' not in headers["Content-Disposition"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("sandbox")
    assert headers_of(made, inline=True)["Content-Disposition"].startswith("inline")


def test_what_a_killed_process_had_half_written_is_swept_when_it_is_old(
    any_database: str, database_for: DatabaseFor
) -> None:
    with database_for(Service.PETITIONS).transaction() as session:
        store_file(session, photo(), name="b.jpg", allowed=SCAN_TYPES)
    (whole,) = stored_paths()
    half = whole.with_name(".half_written")
    half.write_bytes(b"half")
    with database_for(Service.PETITIONS).transaction() as session:
        assert sweep_files(session, older_than=now() - timedelta(hours=1)) == 0
        assert sweep_files(session, older_than=now() + timedelta(seconds=5)) == 1
    assert not half.exists()
    assert whole.exists()


def test_bytes_that_no_row_names_are_swept_when_they_are_old(any_database: str, database_for: DatabaseFor) -> None:
    database = database_for(Service.PETITIONS)
    session = database.open_session(write=True)
    store_file(session, PDF_BYTES, name="a.pdf", allowed=SCAN_TYPES)
    session.close()
    with database.transaction() as session:
        kept = store_file(session, photo(), name="b.jpg", allowed=SCAN_TYPES)
        expired = store_file(
            session, photo(10, 10), name="c.jpg", allowed=SCAN_TYPES, expires_at=now() - timedelta(days=1)
        )
    with database.transaction() as session:
        assert sweep_files(session, older_than=now() - timedelta(hours=1)) == 0
        assert sweep_files(session, older_than=now() + timedelta(seconds=5)) == 2
        with pytest.raises(NotFound):
            read_file(session, expired.sha256)
        assert read_file(session, kept.sha256)
        forget_file(session, kept.sha256)
        with pytest.raises(NotFound):
            read_file(session, kept.sha256)
