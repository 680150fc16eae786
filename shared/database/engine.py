"""One database per process and service: an engine with safe settings, and the two kinds of transaction.

SQLite: driver autocommit off, a writing unit of work begins IMMEDIATE, a reading one DEFERRED and query-only.
(The driver's default begins late and loses updates of concurrent processes.) PostgreSQL: READ COMMITTED, timeouts set.
"""

from __future__ import annotations

import os
import select
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import Session

from shared.database.sqlite import BUSY_SECONDS, configure_sqlite
from shared.settings import settings
from shared.topology import Service

_REST_SECONDS = 1.0
_READ_ONLY = {"xz_read_only": True, "postgresql_readonly": True}


class Database:
    """A service's way into the database.

    `transaction()` yields a session that commits when the block ends and rolls back when it raises.
    `reading()` yields a session that can't write. Domain functions get the session and never commit.
    """

    def __init__(self, url: str, service: Service, *, pool_size: int = 8) -> None:
        self.url = url
        self.service = service
        self.engine = _create_engine(url, pool_size)
        self._reading_engine = self.engine.execution_options(**_READ_ONLY)
        _dispose_after_fork(self.engine)

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.engine.dialect.name

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A writing unit of work: one transaction, committed at the end of the block."""
        with Session(self.engine, info={"service": self.service}) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A reading unit of work: a write in it is an error of the program and fails."""
        with Session(self._reading_engine, info={"service": self.service}, autoflush=False) as session:
            yield session

    def open_session(self, *, write: bool) -> Session:
        """A session for callers that manage the end themselves (the web application's request)."""
        return Session(self.engine if write else self._reading_engine, info={"service": self.service})

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _create_engine(url: str, pool_size: int) -> Engine:
    if url.startswith("sqlite"):
        # Values of statements are people's data: no error says them, in whichever log it ends.
        engine = create_engine(
            url, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS, "isolation_level": None}
        )
        configure_sqlite(engine)
        return engine
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=4,
        pool_recycle=1800,
        connect_args={
            "connect_timeout": 5,
            "application_name": "xiangzhi",
            # Nobody here logs in with Kerberos: its library has no part in connecting.
            "gssencmode": "disable",
            "options": "-c lock_timeout=60s -c idle_in_transaction_session_timeout=120s -c timezone=UTC",
        },
    )
    _ask_rested_connections(engine)
    return engine


def _ask_rested_connections(engine: Engine) -> None:
    """A connection that lay in the pool for long, or from which something has come meanwhile, is asked if it lives.

    The pool's own way asks each time, which costs as much as a statement. A server that ends closes its connections,
    which the machine knows without asking; only one that vanishes from the network says nothing.
    """

    @event.listens_for(engine, "checkin")
    def note(_connection: Any, record: Any) -> None:
        record.info["rested_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def ask(connection: Any, record: Any, _proxy: Any) -> None:
        rested = time.monotonic() - record.info.get("rested_since", time.monotonic())
        if rested < _REST_SECONDS and not _has_news(connection.fileno()):
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error


def _has_news(descriptor: int) -> bool:
    """Whether an idle connection has something to read: a last word of the server, or its end."""
    looked_at = select.poll()
    looked_at.register(descriptor, select.POLLIN)
    return bool(looked_at.poll(0))


_engines: weakref.WeakSet[Engine] = weakref.WeakSet()


def _dispose_after_fork(engine: Engine) -> None:
    """A forked worker must not share its parent's sockets: it starts with an empty pool and closes nothing."""
    if not _engines:
        os.register_at_fork(after_in_child=_forget_connections)
    _engines.add(engine)


def _forget_connections() -> None:
    for engine in list(_engines):
        engine.dispose(close=False)


@cache
def database_of(service: Service) -> Database:
    """This process's database for `service`, made at the first call."""
    return Database(settings().database_url_of(service), service)


def is_sqlite(connection: Connection | Session) -> bool:
    """Whether statements may use SQLite's ways (no row locks, one writer)."""
    bind: Any = connection.get_bind() if isinstance(connection, Session) else connection
    return bool(bind.dialect.name == "sqlite")


__all__ = ["Database", "database_of", "is_sqlite"]
