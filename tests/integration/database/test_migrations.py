"""The schema comes from migrations alone: linear, repeatable, one migrator at a time, equal to the models."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, inspect
from sqlalchemy.schema import SchemaItem

from deploy.migrations.migrate import alembic_config, migrate
from deploy.migrations.revisions import current_revision, known_revisions, newest_revision
from shared.database import Database
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
