"""On PostgreSQL each service reaches its own tables and the registry, and nothing else of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection, event, func, inspect, select, text, update
from sqlalchemy.exc import DBAPIError

from deploy.migrations.grants import DatabaseRole, apply_grants
from deploy.migrations.migrate import migrate
from services.points.rulebooks.drafts import create_draft
from shared import audit
from shared.database import Database
from shared.identity import Grant, Principal, Role
from shared.models.plumbing import INBOX, OUTBOX
from shared.models.registry import Township, Village
from shared.topology import Service
from tests.fixtures.township import SmallTownship

DatabaseAs = Callable[[DatabaseRole], Database]
SERVICE_ROLES = [DatabaseRole(f"xiangzhi_{service}") for service in Service]


@pytest.fixture
def database_as(postgresql_database: str) -> Iterator[DatabaseAs]:
    """The test's database, reached with the rights of a role."""
    opened: list[Database] = []

    def database(role: DatabaseRole) -> Database:
        made = Database(
            postgresql_database, Service(role.removeprefix("xiangzhi_")) if role in SERVICE_ROLES else Service.GATEWAY
        )

        @event.listens_for(made.engine, "connect")
        def take_role(connection: object, _record: object) -> None:
            connection.execute(f"SET SESSION ROLE {role}")  # type: ignore[attr-defined]
            connection.commit()  # type: ignore[attr-defined]

        opened.append(made)
        return made

    yield database
    for each in opened:
        each.dispose()


def refused(connection: Connection, statement: str) -> bool:
    """Whether PostgreSQL refuses the statement for want of rights."""
    nested = connection.begin_nested()
    try:
        connection.exec_driver_sql(statement)
    except DBAPIError as error:
        nested.rollback()
        return getattr(error.orig, "sqlstate", None) == "42501"
    nested.rollback()
    return False


def tables(connection: Connection) -> list[str]:
    return inspect(connection).get_table_names()


@pytest.mark.parametrize("role", SERVICE_ROLES)
def test_a_service_reads_its_own_tables_and_the_registry_only(database_as: DatabaseAs, role: DatabaseRole) -> None:
    own = role.removeprefix("xiangzhi_")
    with database_as(role).engine.connect() as connection:
        readable = {name for name in tables(connection) if not refused(connection, f'SELECT * FROM "{name}" LIMIT 1')}
        expected = {
            name for name in tables(connection) if name.split("_")[0] in (own, "registry") or name == "alembic_version"
        }
    assert readable == expected


@pytest.mark.parametrize("role", SERVICE_ROLES)
def test_only_intake_writes_the_registry(database_as: DatabaseAs, role: DatabaseRole) -> None:
    with database_as(role).engine.connect() as connection:
        writable = {name for name in tables(connection) if not refused(connection, f'DELETE FROM "{name}" WHERE false')}
        prefixes = {name.split("_")[0] for name in writable}
    own = role.removeprefix("xiangzhi_")
    assert prefixes == ({own, "registry"} if own == Service.INTAKE else {own})


def test_the_points_role_can_not_read_a_petition(database_as: DatabaseAs) -> None:
    with database_as(DatabaseRole.POINTS).engine.connect() as connection:
        assert refused(connection, "SELECT * FROM petitions_petition")
        assert not refused(connection, "SELECT * FROM points_event")


@pytest.mark.parametrize("role", SERVICE_ROLES)
def test_a_service_writes_its_outbox_with_its_own_role(
    database_as: DatabaseAs, postgresql_database: str, small_township: SmallTownship, role: DatabaseRole
) -> None:
    database = database_as(role)
    row = OUTBOX[database.service]
    with database.transaction() as session:
        session.add(row(message_id="1", name="a.b", version=1, receiver="points", queue="points", body="{}"))
        session.flush()
        assert session.scalar(select(func.count()).select_from(Village)) == 2


def test_intake_adds_a_township_with_its_own_role(database_as: DatabaseAs) -> None:
    with database_as(DatabaseRole.INTAKE).transaction() as session:
        session.add(Township(code="431299009", name="另一个乡"))


def test_the_points_role_begins_a_rulebook_without_a_right_on_the_registry(
    database_as: DatabaseAs, small_township: SmallTownship
) -> None:
    editor = Principal(small_township.id, "account:7", grants=(Grant(Role.ADMIN),))
    with database_as(DatabaseRole.POINTS).transaction() as session:
        assert create_draft(session, editor, title="积分细则").revision == 1


def test_the_points_role_makes_partitions_only_through_the_owners_function(
    database_as: DatabaseAs, postgresql_database: str, small_township: SmallTownship
) -> None:
    village = small_township.villages[0].id
    with database_as(DatabaseRole.POINTS).transaction() as session:
        session.execute(select(func.points_prepare_village(village)))
        assert session.scalar(text("SELECT count(*) FROM points_event")) == 0
    with database_as(DatabaseRole.POINTS).engine.connect() as connection:
        assert refused(connection, "CREATE TABLE public.points_more (id int)")
    with database_as(DatabaseRole.PETITIONS).engine.connect() as connection:
        assert refused(connection, f"SELECT points_prepare_village({village})")
    with database_as(DatabaseRole.BACKUP).engine.connect() as connection:
        assert not refused(connection, f"SELECT * FROM points_event_v{village}")


@pytest.mark.parametrize("role", SERVICE_ROLES)
def test_a_service_adds_to_its_audit_log_and_chains_it_but_can_not_change_or_shorten_it(
    database_as: DatabaseAs, postgresql_database: str, role: DatabaseRole
) -> None:
    database = database_as(role)
    table = f"{database.service}_audit"
    with database.transaction() as session:
        audit.record(session, Principal(1, "account:7"), "review_event", "event", 1)
    with database.transaction() as session:
        assert audit.chain_new_rows(session) == 1
    with database.reading() as session:
        assert audit.verify_audit(session, database.service) == audit.ChainVerdict(checked=1, unchained=0)
    with database.engine.connect() as connection:
        assert refused(connection, f"DELETE FROM {table}")
        assert refused(connection, f"TRUNCATE {table}")
        for column in ("actor", "action", "subject_id", "purpose", "details", "at"):
            assert refused(connection, f"UPDATE {table} SET {column} = {column}"), column


def test_rights_on_audit_logs_that_an_earlier_version_gave_are_taken_away(postgresql_database: str) -> None:
    database = Database(postgresql_database, Service.POINTS)
    with database.engine.begin() as connection:
        connection.exec_driver_sql(f"GRANT UPDATE, DELETE ON points_audit TO {DatabaseRole.POINTS}")
        apply_grants(connection)
        rights = {
            right: connection.scalar(
                text("SELECT has_table_privilege(:role, 'points_audit', :right)"),
                {"role": str(DatabaseRole.POINTS), "right": right},
            )
            for right in ("SELECT", "INSERT", "UPDATE", "DELETE")
        }
        assert rights == {"SELECT": True, "INSERT": True, "UPDATE": False, "DELETE": False}
        assert connection.scalar(
            text("SELECT has_column_privilege(:role, 'points_audit', 'seq', 'UPDATE')"),
            {"role": str(DatabaseRole.POINTS)},
        )
    database.dispose()


def test_the_relay_writes_no_message_and_no_inbox_id(database_as: DatabaseAs) -> None:
    with database_as(DatabaseRole.RELAY).engine.connect() as connection:
        for service in Service:
            connection.execute(select(func.count()).select_from(INBOX[service]))
            connection.execute(update(OUTBOX[service]).values(sends=1))
            assert refused(connection, f"INSERT INTO {service}_inbox (message_id) VALUES ('1')")
            assert refused(connection, f"INSERT INTO {service}_outbox (message_id) VALUES ('1')")
            assert refused(connection, f"UPDATE {service}_inbox SET name = ''")
            # It counts dead letters, and reads none.
            assert not refused(connection, f"SELECT count(message_id) FROM {service}_dead_letter")
            assert refused(connection, f"SELECT envelope FROM {service}_dead_letter")
        assert refused(connection, "SELECT * FROM registry_person")


def test_the_scheduler_only_inserts_into_outboxes(database_as: DatabaseAs) -> None:
    columns = "message_id, name, version, receiver, queue, body, created_at, sends, next_send_at, slot"
    values = "'1', 'a.b', 1, 'points', 'points', '{{}}', now(), 0, now(), 's'"
    statement = f"INSERT INTO {{}}_outbox ({columns}) VALUES ({values}) ON CONFLICT DO NOTHING"
    with database_as(DatabaseRole.SCHEDULER).engine.connect() as connection:
        for service in Service:
            assert connection.exec_driver_sql(statement.format(service)).rowcount == 1
            assert connection.exec_driver_sql(statement.format(service)).rowcount == 0
            assert refused(connection, f"SELECT body FROM {service}_outbox")
        assert refused(connection, "SELECT * FROM registry_township")


def test_the_backup_role_reads_everything_and_writes_nothing(database_as: DatabaseAs) -> None:
    with database_as(DatabaseRole.BACKUP).engine.connect() as connection:
        for name in tables(connection):
            assert not refused(connection, f'SELECT * FROM "{name}" LIMIT 1'), name
            assert refused(connection, f'DELETE FROM "{name}" WHERE false'), name


def test_granting_again_changes_nothing_and_takes_away_what_is_too_much(postgresql_database: str) -> None:
    database = Database(postgresql_database, Service.INTAKE)
    with database.engine.begin() as connection:
        connection.exec_driver_sql(f"GRANT SELECT ON petitions_petition TO {DatabaseRole.POINTS}")
        before = connection.scalar(text("SELECT count(*) FROM pg_class c, aclexplode(c.relacl)"))
        apply_grants(connection)
        after = connection.scalar(text("SELECT count(*) FROM pg_class c, aclexplode(c.relacl)"))
        assert after == (before or 0) - 1
    assert migrate(database) is not None
    with database.engine.begin() as connection:
        assert connection.scalar(text("SELECT count(*) FROM pg_class c, aclexplode(c.relacl)")) == after
    database.dispose()
