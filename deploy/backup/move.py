"""Carry a township from its SQLite file into an empty PostgreSQL database, and prove that nothing was lost.

python -m deploy.backup.move --to postgresql://user:password@server/database

The file stays as it is; afterwards DATABASE_URL names the new database. Files and keys stay in their folders.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager

from sqlalchemy import BigInteger, Connection, Integer, Table, func, insert, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from deploy.backup.proof import prove
from deploy.backup.refusal import CannotDo
from deploy.backup.undoing import is_ours, undone_if_it_fails
from deploy.embedded.place import only_one_here
from deploy.embedded.refusal import CannotStart
from deploy.migrations.migrate import migrate
from deploy.migrations.revisions import current_revision, newest_revision
from shared.database import Database
from shared.models import Base
from shared.settings import Settings, settings_at_start, with_driver
from shared.topology import Service

CHUNK = 5000
# Sequences that belong to no column: name → the table whose ids they give.
_FREE_SEQUENCES = {"points_event_id": ("points_event", "id"), "points_entry_id": ("points_entry", "id")}


def move(source_url: str, target_url: str) -> list[str]:
    """Copy every row in one transaction of the target and return the lines of the proof.

    Raises CannotDo; nothing of ours is left in the target then, unless it held something before.
    """
    source, target = Database(source_url, Service.INTAKE), Database(with_driver(target_url), Service.INTAKE)
    try:
        _check(source, target)
        with undone_if_it_fails(target.url):
            migrate(target)
            with source.engine.execution_options(xz_read_only=True).connect() as origin, target.engine.begin() as goal:
                rows = _copy_all(origin, goal)
            lines = prove(target.url)
    except SQLAlchemyError as error:
        raise CannotDo(f"没有搬成，目标数据库没有改动：{str(error.__cause__ or error).splitlines()[0]}") from error
    finally:
        source.dispose()
        target.dispose()
    return [f"搬了 {sum(rows.values()):,} 行，{len(rows)} 张表", *lines]


def _check(source: Database, target: Database) -> None:
    if source.dialect != "sqlite":
        raise CannotDo("现在用的已经是 PostgreSQL，不需要搬。")
    if target.dialect != "postgresql":
        raise CannotDo("目标应是 PostgreSQL，例如 make move-to-postgres TO=postgresql://用户:密码@服务器/数据库")
    with source.engine.connect() as connection:
        if current_revision(connection) != newest_revision():
            raise CannotDo("请先用 make migrate 把现在的数据库升级到本版本，再搬。")
    tables = inspect(target.engine).get_table_names()
    foreign = sorted(name for name in tables if not is_ours(name))
    if foreign:
        raise CannotDo(f"目标数据库里有别的表（{foreign[0]} 等），请新建一个空数据库。")
    with target.engine.connect() as goal:
        _refuse_filled(goal, tables)


def _refuse_filled(goal: Connection, tables: Collection[str]) -> None:
    for table in Base.metadata.sorted_tables:
        if table.name in tables and goal.scalar(select(select(1).select_from(table).exists())):
            raise CannotDo(f"目标数据库的 {table.name} 里已经有数据，不会覆盖。请新建一个空数据库。")


def _copy_all(origin: Connection, goal: Connection) -> dict[str, int]:
    """Copy table by table; rows per table. Raises CannotDo when a count differs."""
    # Tables refer to each other and to themselves in rings; every reference is checked when its key comes back.
    with _without_foreign_keys(goal):
        _prepare_villages(origin, goal)
        copied = {table.name: _copy(origin, goal, table) for table in Base.metadata.tables.values()}
    for table in Base.metadata.tables.values():
        arrived = goal.scalar(select(func.count()).select_from(table))
        if arrived != copied[table.name]:
            raise CannotDo(f"{table.name} 应有 {copied[table.name]} 行，到了 {arrived} 行；目标数据库没有改动。")
    counters = origin.execute(text("SELECT name, last FROM points_allocation"))
    _advance_sequences(goal, {str(name): int(last) for name, last in counters})
    goal.exec_driver_sql("ANALYZE")
    return copied


def _copy(origin: Connection, goal: Connection, table: Table) -> int:
    count = 0
    columns = [column for column in table.columns if column.computed is None]
    rows = origin.execution_options(yield_per=CHUNK).execute(select(*columns))
    for chunk in rows.mappings().partitions(CHUNK):
        goal.execute(insert(table), [dict(row) for row in chunk])
        count += len(chunk)
    return count


def _prepare_villages(origin: Connection, goal: Connection) -> None:
    """Events and entries lie in one partition per village, which the owner's function makes."""
    village = Base.metadata.tables["registry_village"]
    _copy(origin, goal, village)
    goal.execute(select(func.points_prepare_village(village.c.id)))
    goal.execute(village.delete())


@contextmanager
def _without_foreign_keys(goal: Connection) -> Iterator[None]:
    """Take the foreign keys off inside the transaction, and put them back, which checks every row."""
    keys = goal.execute(
        text(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE contype = 'f' AND conparentid = 0 AND connamespace = 'public'::regnamespace"
        )
    ).all()
    for table, name, _ in keys:
        goal.exec_driver_sql(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    yield
    for table, name, definition in keys:
        goal.exec_driver_sql(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')


def _advance_sequences(goal: Connection, counted: dict[str, int]) -> None:
    """The next id follows the highest that was copied, or was ever given (`counted`: SQLite's own counters)."""
    for table, column, sequence in _sequences(goal):
        highest = goal.scalar(text(f'SELECT max("{column}") FROM "{table}"')) or 0
        last = max(highest, counted.get(sequence, 0))
        if last:
            goal.execute(
                text("SELECT setval(CAST(:sequence AS regclass), :last)"), {"sequence": sequence, "last": last}
            )


def _sequences(goal: Connection) -> Iterable[tuple[str, str, str]]:
    yield from ((table, column, name) for name, (table, column) in _FREE_SEQUENCES.items())
    for table in Base.metadata.tables.values():
        for column in table.primary_key.columns:
            if isinstance(column.type, BigInteger | Integer):
                owned = goal.scalar(
                    text("SELECT pg_get_serial_sequence(:table, :column)"), {"table": table.name, "column": column.name}
                )
                if owned:
                    yield table.name, column.name, owned


def run(current: Settings, target: str) -> list[str]:
    """`move`, with the system stopped so that nothing is written meanwhile. Raises CannotDo."""
    if make_url(with_driver(target)).get_backend_name() != "postgresql":
        raise CannotDo("TO= 应以 postgresql:// 开头。")
    try:
        with only_one_here(current.data_dir, "move"):
            return move(current.database_url, target)
    except CannotStart as error:
        raise CannotDo(f"请先停止正在运行的系统，再搬。（{error}）") from error


def main() -> int:
    """Move and print the proof; exit code 1 with one sentence."""
    parser = argparse.ArgumentParser(prog="make move-to-postgres")
    parser.add_argument("--to", default="")
    target = parser.parse_args().to
    try:
        if not target:
            raise CannotDo("请指定目标：make move-to-postgres TO=postgresql://用户:密码@服务器/数据库")
        lines = run(settings_at_start(), target)
    except CannotDo as reason:
        print(reason, file=sys.stderr)
        return 1
    print("\n".join(["已搬到 PostgreSQL，并核对一致。请把 DATABASE_URL 指向它，再启动。", *lines]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
