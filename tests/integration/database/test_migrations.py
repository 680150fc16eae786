"""The schema comes from migrations alone: linear, repeatable, one migrator at a time, equal to the models."""

from __future__ import annotations

import secrets
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Engine, event, inspect, text
from sqlalchemy.schema import SchemaItem

from deploy.embedded.refusal import FULL
from deploy.migrations.migrate import alembic_config, main, migrate
from deploy.migrations.revisions import current_revision, known_revisions, newest_revision
from shared.database import Database, sqlite
from shared.models import Base
from shared.topology import Service
from tests.fixtures.postgresql_cluster import PROJECT, Cluster, execute, url_of_database


@pytest.fixture
def empty_postgresql(postgresql_cluster: Cluster) -> Iterator[str]:
    """URL of a PostgreSQL database without a single table."""
    name = f"xiangzhi_empty_{secrets.token_hex(6)}"
    execute(postgresql_cluster.url, f'CREATE DATABASE "{name}"')
    yield url_of_database(postgresql_cluster.url, name)
    execute(postgresql_cluster.url, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def empty_sqlite(tmp_path: Path) -> str:
    """URL of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'empty.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"empty_{request.param}"))


def test_the_history_is_one_line_with_one_head() -> None:
    script = ScriptDirectory.from_config(alembic_config())
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1
    assert script.get_current_head() == newest_revision()
    assert {revision.revision for revision in script.walk_revisions()} == known_revisions()
    assert not [revision for revision in script.walk_revisions() if revision.is_merge_point or revision.is_branch_point]


def is_for(item: SchemaItem, dialect: str) -> bool:
    """Whether a constraint or index of the models is made on this database at all (`ddl_if`)."""
    condition = getattr(item, "_ddl_if", None)
    return condition is None or condition.dialect in (None, dialect)


def test_the_migrated_schema_equals_the_models(any_database: str) -> None:
    database = Database(any_database, Service.INTAKE)

    def is_compared(item: SchemaItem, _name: str | None, _kind: str, _reflected: bool, _other: object) -> bool:
        return is_for(item, database.dialect)

    with database.engine.connect() as connection:
        options = {"compare_type": True, "include_object": is_compared}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []
    database.dispose()


def test_the_migrated_checks_are_those_of_the_models(any_database: str) -> None:
    database = Database(any_database, Service.INTAKE)
    reflected = inspect(database.engine)
    migrated = {
        (table, check["name"]) for table in Base.metadata.tables for check in reflected.get_check_constraints(table)
    }
    modelled = {
        (table.name, str(constraint.name))
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint) and is_for(constraint, database.dialect)
    }
    assert migrated == modelled
    database.dispose()


def test_a_second_migration_does_nothing(empty_database: str) -> None:
    database = Database(empty_database, Service.INTAKE)
    assert migrate(database) == newest_revision()
    before = inspect(database.engine).get_table_names()
    assert migrate(database) == newest_revision()
    assert inspect(database.engine).get_table_names() == before
    database.dispose()


def test_of_two_migrators_at_once_one_waits_and_both_succeed(empty_database: str) -> None:
    program = (
        "import sys; from deploy.migrations.migrate import migrate; from shared.database import Database; "
        "from shared.topology import Service; print(migrate(Database(sys.argv[1], Service.INTAKE)))"
    )
    migrators = [
        subprocess.Popen(
            [sys.executable, "-c", program, empty_database], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    answers = [migrator.communicate(timeout=90) for migrator in migrators]
    assert [migrator.returncode for migrator in migrators] == [0, 0], answers
    assert {answer[0].decode().strip() for answer in answers} == {newest_revision()}
    database = Database(empty_database, Service.INTAKE)
    with database.engine.connect() as connection:
        assert current_revision(connection) == newest_revision()
    database.dispose()


def test_a_database_of_a_newer_release_is_refused_in_one_sentence_and_left_alone(
    any_database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    database = Database(any_database, Service.INTAKE)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9001_next_year'"))
    assert main() == 1
    said = capsys.readouterr().err
    assert said.startswith("数据库是更新的版本留下的（9001_next_year）")
    assert said.count("\n") == 1
    with database.engine.connect() as connection:
        assert current_revision(connection) == "9001_next_year"
    database.dispose()


def test_a_disk_that_is_full_is_one_sentence_and_leaves_no_table(
    empty_sqlite: str, as_settings: Callable[[str], None], small_disk: None, capsys: pytest.CaptureFixture[str]
) -> None:
    as_settings(empty_sqlite)
    assert main() == 1
    assert capsys.readouterr().err == f"{FULL}\n"
    database = Database(empty_sqlite, Service.INTAKE)
    assert inspect(database.engine).get_table_names() == []
    database.dispose()


@pytest.fixture
def small_disk() -> Iterator[None]:
    """No SQLite file may have more than twenty pages."""

    def limit(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA max_page_count=20").close()

    event.listen(Engine, "connect", limit)
    yield
    event.remove(Engine, "connect", limit)


def test_a_new_file_that_another_is_just_writing_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite itself waits for nobody when a file is switched to WAL, and two first starts do that at once."""
    other = sqlite3.connect(tmp_path / "new.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    pauses: list[float] = []

    def other_ends(seconds: float) -> None:
        pauses.append(seconds)
        other.rollback()

    monkeypatch.setattr(sqlite.time, "sleep", other_ends)
    database = Database(f"sqlite:///{tmp_path / 'new.db'}", Service.INTAKE)
    assert migrate(database) == newest_revision()
    assert len(pauses) == 1
    database.dispose()
    other.close()


def test_every_constraint_and_index_of_the_models_has_a_name() -> None:
    unnamed = [
        f"{table.name}: {constraint}"
        for table in Base.metadata.tables.values()
        for constraint in (*table.constraints, *table.indexes)
        if constraint.name is None
    ]
    assert unnamed == []


def test_every_table_carries_the_prefix_of_its_owner() -> None:
    owners = {"registry", *Service}
    assert [name for name in Base.metadata.tables if name.split("_")[0] not in owners] == []
