"""What each role may do on PostgreSQL, right by right, compared with who owns what; and that the program needs no more.

The matrix is written here anew from the rules of ownership, and held against what PostgreSQL itself says that a role
may do, through whatever way: an own grant, PUBLIC, a membership.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, func, select, text

from deploy.migrations.grants import DatabaseRole, apply_grants
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import SmallTownship

READ = {"SELECT"}
ADD = {"SELECT", "INSERT"}
WRITE = {"SELECT", "INSERT", "UPDATE", "DELETE"}
ROW_RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
COLUMN_RIGHTS = ("SELECT", "INSERT", "UPDATE", "REFERENCES")
SEQUENCE_RIGHTS = ("USAGE", "SELECT", "UPDATE")
# Kept for ever as they were written.
ADDED_TO = {
    "points_posting",
    "points_entry",
    "points_board",
    "points_board_row",
    "points_stock_move",
    "petitions_step",
} | {f"{service}_audit" for service in Service}
# What of them may be written anew: numbers of the audit chain, the name of somebody forgotten, a newer key.
COLUMNS: dict[DatabaseRole, set[tuple[str, str, str]]] = {
    **{
        DatabaseRole(f"xiangzhi_{service}"): {(f"{service}_audit", column, "UPDATE") for column in ("seq", "digest")}
        for service in Service
    },
    DatabaseRole.RELAY: {(f"{service}_dead_letter", "message_id", "SELECT") for service in Service}
    | {("points_recalculation", column, "SELECT") for column in ("id", "mode", "state")}
    | {("points_shard", column, "SELECT") for column in ("recalculation_id", "state")},
}
COLUMNS[DatabaseRole.POINTS] |= {("points_board_row", "masked_name", "UPDATE")}
COLUMNS[DatabaseRole.PETITIONS] |= {("petitions_step", "details_encrypted", "UPDATE")}
IN_SCHEMA = "c.relnamespace = 'public'::regnamespace"
LIMITED = [role for role in DatabaseRole if role is not DatabaseRole.OWNER]


def service_of(role: DatabaseRole) -> Service | None:
    name = role.removeprefix("xiangzhi_")
    return Service(name) if name in set(Service) else None


def rights_on_table(role: DatabaseRole, table: str, is_partition: bool) -> set[str]:
    """What ownership says: written out by hand."""
    prefix, _, rest = table.partition("_")
    service = service_of(role)
    if role is DatabaseRole.BACKUP:
        return READ
    if is_partition:
        return set()
    if role is DatabaseRole.RELAY:
        return {"outbox": {"SELECT", "UPDATE", "DELETE"}, "inbox": {"SELECT", "DELETE"}}.get(rest, set())
    if role is DatabaseRole.SCHEDULER:
        return {"INSERT"} if rest == "outbox" else set()
    if table in ADDED_TO and prefix == service:
        return ADD
    if prefix == service or (prefix == "registry" and service is Service.INTAKE):
        return WRITE
    return READ if prefix in {"registry", "alembic"} else set()


def rights_on_sequence(role: DatabaseRole, sequence: str) -> set[str]:
    prefix = sequence.partition("_")[0]
    service = service_of(role)
    if role is DatabaseRole.BACKUP:
        return READ
    if role is DatabaseRole.SCHEDULER:
        return {"USAGE"} if sequence.endswith("_outbox_id_seq") else set()
    owns = prefix == service or (prefix == "registry" and service is Service.INTAKE)
    return {"USAGE", "SELECT"} if owns else set()


@pytest.fixture
def connection(
    database_for: DatabaseFor, postgresql_database: str, small_township: SmallTownship
) -> Iterator[Connection]:
    """As the superuser, in a database with the partitions of a village beside the migrated tables."""
    database = database_for(Service.POINTS)
    with database.transaction() as session:
        session.execute(select(func.points_prepare_village(small_township.villages[0].id)))
    with database.engine.connect() as opened:
        yield opened


def relations(connection: Connection, kinds: str) -> list[tuple[str, bool]]:
    found = connection.execute(
        text(
            "SELECT relname, relispartition FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind = ANY(:kinds)"
        ),
        {"kinds": list(kinds)},
    )
    return [(name, partition) for name, partition in found]


def rights(connection: Connection, statement: str) -> dict[DatabaseRole, set[tuple[object, ...]]]:
    """What each limited role holds: the rows of a statement about `:role`."""
    return {role: {tuple(row) for row in connection.execute(text(statement), {"role": str(role)})} for role in LIMITED}


def test_each_role_has_exactly_the_rights_on_tables_that_its_part_needs(connection: Connection) -> None:
    tables = relations(connection, "rpvmf")
    assert len(tables) > 80
    assert any(is_partition for _, is_partition in tables)
    held = rights(
        connection,
        f"SELECT c.relname, r FROM pg_class c, unnest(ARRAY{list(ROW_RIGHTS)}) r WHERE {IN_SCHEMA}"
        " AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND has_table_privilege(:role, c.oid, r)",
    )
    assert held == {
        role: {(table, right) for table, part in tables for right in rights_on_table(role, table, part)}
        for role in LIMITED
    }


def test_each_role_has_rights_on_single_columns_only_where_it_needs_no_more_of_the_table(
    connection: Connection,
) -> None:
    held = rights(
        connection,
        "SELECT c.relname, a.attname, r FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
        f" AND NOT a.attisdropped, unnest(ARRAY{list(COLUMN_RIGHTS)}) r WHERE {IN_SCHEMA}"
        " AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND has_column_privilege(:role, c.oid, a.attnum, r)"
        " AND NOT has_table_privilege(:role, c.oid, r)",
    )
    assert held == {role: COLUMNS.get(role, set()) for role in LIMITED}


def test_each_role_draws_numbers_from_its_own_sequences_only(connection: Connection) -> None:
    sequences = [name for name, _ in relations(connection, "S")]
    assert len(sequences) > 30
    held = rights(
        connection,
        f"SELECT c.relname, r FROM pg_class c, unnest(ARRAY{list(SEQUENCE_RIGHTS)}) r WHERE {IN_SCHEMA}"
        " AND c.relkind = 'S' AND has_sequence_privilege(:role, c.oid, r)",
    )
    assert held == {
        role: {(sequence, right) for sequence in sequences for right in rights_on_sequence(role, sequence)}
        for role in LIMITED
    }


def test_each_role_calls_the_functions_of_its_own_service_only(connection: Connection) -> None:
    owned = set(connection.scalars(text("SELECT proname FROM pg_proc c WHERE pronamespace = 'public'::regnamespace")))
    assert owned
    held = rights(
        connection,
        "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        " AND has_function_privilege(:role, oid, 'EXECUTE')",
    )
    assert held == {role: {(name,) for name in owned if name.partition("_")[0] == service_of(role)} for role in LIMITED}


def test_functions_with_the_owners_rights_look_for_names_in_a_fixed_place_only(connection: Connection) -> None:
    found = connection.execute(
        text("SELECT proname, proconfig::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef")
    ).all()
    assert {name for name, _ in found} == {"points_prepare_village"}
    assert all(config and "search_path" in config for _, config in found)


def test_no_role_is_a_superuser_makes_roles_or_belongs_to_another(connection: Connection) -> None:
    found = connection.execute(
        text(
            "SELECT rolname, rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls,"
            " (SELECT count(*) FROM pg_auth_members m WHERE m.member = r.oid) FROM pg_roles r"
            " WHERE rolname = ANY(:roles)"
        ),
        {"roles": [str(role) for role in DatabaseRole]},
    )
    assert {tuple(row) for row in found} == {(str(role), False, 0) for role in DatabaseRole}


def test_no_role_but_the_owner_makes_or_owns_anything(connection: Connection) -> None:
    held = rights(
        connection,
        "SELECT has_schema_privilege(:role, 'public', 'CREATE'), has_schema_privilege(:role, 'public', 'USAGE'),"
        " has_database_privilege(:role, current_database(), 'CREATE'),"
        " EXISTS (SELECT 1 FROM pg_class WHERE pg_get_userbyid(relowner) = :role)",
    )
    assert held == {role: {(False, True, False, False)} for role in LIMITED}


def test_what_is_made_later_is_given_to_the_backup_alone(connection: Connection) -> None:
    """Partitions and tables of a later migration: nobody else gets a right by their being made."""
    grantees = connection.execute(
        text(
            "SELECT DISTINCT pg_get_userbyid(a.grantee), a.privilege_type FROM pg_default_acl d, "
            "aclexplode(d.defaclacl) a WHERE a.grantee <> d.defaclrole"
        )
    )
    assert {(role, right) for role, right in grantees} == {(str(DatabaseRole.BACKUP), "SELECT")}


def test_everybodys_right_to_make_tables_is_taken_away(connection: Connection) -> None:
    connection.execute(text("GRANT CREATE ON SCHEMA public TO PUBLIC"))
    apply_grants(connection)
    assert not connection.scalar(text("SELECT has_schema_privilege('xiangzhi_points', 'public', 'CREATE')"))


def test_rights_to_rewrite_history_that_an_earlier_version_gave_are_taken_away(connection: Connection) -> None:
    for table in ADDED_TO:
        connection.execute(text(f"GRANT UPDATE, DELETE ON {table} TO xiangzhi_{table.partition('_')[0]}"))
    apply_grants(connection)
    held = connection.scalars(
        text(
            "SELECT c.relname FROM pg_class c, aclexplode(c.relacl) a WHERE c.relname = ANY(:tables)"
            " AND a.privilege_type IN ('UPDATE', 'DELETE') AND a.grantee <> c.relowner"
            " AND pg_get_userbyid(a.grantee) <> 'xiangzhi_owner'"
        ),
        {"tables": sorted(ADDED_TO)},
    )
    assert list(held) == []
