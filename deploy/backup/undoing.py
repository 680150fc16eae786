"""What a failed restore or move has made in a PostgreSQL database goes again: the next try finds it as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from deploy.backup.refusal import CannotDo
from shared.database import Database
from shared.topology import Service

# What the names of our tables, sequences and routines begin with.
_OURS = {"registry", "alembic", *Service}
# Kind and name of whatever stands in the schema and belongs to no extension.
_OBJECTS = text(
    """
    SELECT CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
           ELSE 'TABLE' END, c.oid::regclass::text
    FROM pg_class c
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
    UNION ALL
    SELECT 'ROUTINE', p.oid::regprocedure::text
    FROM pg_proc p
    WHERE pronamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    """
)


@contextmanager
def undone_if_it_fails(url: str) -> Iterator[None]:
    """When the block raises, everything of ours in this database is dropped; whatever else stood there before stays.

    The caller has made sure that our tables were missing or empty.
    Raises CannotDo, with the block's reason, when even that can't be done: then the database must be made anew.
    """
    foreign = {(kind, name) for kind, name in look(url) if not is_ours(name)}
    try:
        yield
    except BaseException as reason:
        try:
            _drop(url, foreign)
        except SQLAlchemyError as error:
            raise CannotDo(
                f"{reason} 目标数据库里还留着没有核对过的内容，没能清掉，请删除这个数据库，新建一个空的，再试一次"
                f"（{str(error.__cause__ or error).splitlines()[0]}）。"
            ) from reason
        raise


def is_ours(name: str) -> bool:
    """Whether a table, sequence or routine is one of this program's."""
    return name.strip('"').partition("_")[0] in _OURS


def look(url: str) -> set[tuple[str, str]]:
    """Kind and name of everything in the database's schema."""
    database = Database(url, Service.INTAKE)
    try:
        with database.engine.connect() as connection:
            return _objects(connection)
    finally:
        database.dispose()


def _drop(url: str, kept: set[tuple[str, str]]) -> None:
    database = Database(url, Service.INTAKE)
    try:
        with database.engine.begin() as connection:
            # Tables first: their triggers and counters go with them.
            for kind, name in sorted(_objects(connection) - kept, key=lambda each: each[0] != "TABLE"):
                connection.exec_driver_sql(f"DROP {kind} IF EXISTS {name} CASCADE")
    finally:
        database.dispose()


def _objects(connection: Connection) -> set[tuple[str, str]]:
    return {(kind, name) for kind, name in connection.execute(_OBJECTS)}
