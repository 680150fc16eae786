"""Why an embedded system can't start, in one sentence for the person at the terminal."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Whoever only starts and watches others needs no SQLAlchemy.
    from sqlalchemy.exc import SQLAlchemyError

# PostgreSQL's `disk_full`.
_DISK_FULL = "53100"
FULL = (
    "磁盘已满，写不下去了：请腾出空间，再运行一次；原有的数据没有变。"
    "The disk is full: make room and run it again; what was there is unchanged."
)
BUSY = "数据库正被别的程序占用：请等它结束，再运行一次。The database is in use by another program: wait for its end."


class CannotStart(Exception):
    """Raised with one sentence, Chinese first, that says what is wrong and what to do."""


def in_words(error: OSError | SQLAlchemyError) -> str:
    """What is the matter with the disk or the database, and what to do about it: one line."""
    chain = list(_chain(error))
    if any(_says_full(each) for each in chain):
        return FULL
    if any(_code(each) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) for each in chain):
        return BUSY
    if isinstance(error, OSError):
        return f"{error.filename or '文件'} 不能读写（{error.strerror or error}）。A file can't be read or written."
    reason = str(chain[-1] if len(chain) > 1 else error).strip().splitlines()[0]
    return f"数据库不能用：{reason}。The database can't be used: check DATABASE_URL and that the server runs."


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what caused it, the outermost first."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        # SQLAlchemy's errors name the driver's so.
        seen = getattr(seen, "orig", None) or seen.__cause__


def _says_full(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return _code(error) == sqlite3.SQLITE_FULL or getattr(error, "sqlstate", None) == _DISK_FULL


def _code(error: BaseException) -> int | None:
    """SQLite's primary result code: the low byte of the extended one."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else int(code) & 0xFF
