"""Who may touch which table on PostgreSQL: one role per service, and four for the deployment's own work.

Applied after each migration: what is missing is granted, what is too much is taken away, and a second run changes
nothing. Roles are made without a password, so that nobody can log in with them until the operator sets one. SQLite
has no roles; there the same rule is kept by the imports alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, text

from shared.topology import Service

_READ = frozenset({"SELECT"})
_WRITE = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
_USE = frozenset({"SELECT", "USAGE"})
_NOTHING = frozenset[str]()
_APPEND = frozenset({"SELECT", "INSERT"})
# A service's own audit log can't be shortened or rewritten by it: it only numbers the rows that it has written.
_CHAINED_COLUMNS = "seq, digest"
# What is only added to: the ledger, whose corrections are entries of their own, the moves of goods, published boards,
# and the acts on a petition. Beside each the one column that forgetting a person, or a newer key, writes anew.
_ADDED_TO = {
    "points_posting": "",
    "points_entry": "",
    "points_board": "",
    "points_board_row": "masked_name",
    "points_stock_move": "",
    "petitions_step": "details_encrypted",
}
# What the relay counts for the deployment's metrics, beside the outboxes and inboxes that are its work.
_MEASURED_COLUMNS = {
    **{f"{service}_dead_letter": "message_id" for service in Service},
    "points_recalculation": "id, mode, state",
    "points_shard": "recalculation_id, state",
}


class DatabaseRole(StrEnum):
    """A PostgreSQL role; a process logs in as the one of its work."""

    INTAKE = "xiangzhi_intake"
    """Its own tables, and the registry, which it alone writes."""
    POINTS = "xiangzhi_points"
    """Its own tables; reads the registry."""
    PETITIONS = "xiangzhi_petitions"
    """Its own tables; reads the registry. No other service reads a petition."""
    GATEWAY = "xiangzhi_gateway"
    """Its own tables; reads the registry."""
    RELAY = "xiangzhi_relay"
    """Marks outbox rows of all services, reads which ids their inboxes hold, removes old rows of both; counts dead
    letters and recalculations for the metrics, without reading what is in them."""
    SCHEDULER = "xiangzhi_scheduler"
    """Inserts into every outbox what is due."""
    BACKUP = "xiangzhi_backup"
    """Reads everything, writes nothing."""
    OWNER = "xiangzhi_owner"
    """Migrations."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A table, partition or sequence of the schema."""

    name: str
    is_sequence: bool = False
    is_partition: bool = False

    @property
    def prefix(self) -> str:
        """The owner's prefix: `points` of `points_event`."""
        return self.name.partition("_")[0]


def wanted_privileges(role: DatabaseRole, relation: Relation) -> frozenset[str]:
    """What `role` may do with `relation`, as PostgreSQL's privilege names."""
    if role is DatabaseRole.OWNER:
        return _USE | {"UPDATE"} if relation.is_sequence else _WRITE | {"REFERENCES", "TRIGGER", "TRUNCATE"}
    if role is DatabaseRole.BACKUP:
        return _READ
    if relation.is_partition:
        # Reached through its parent, whose rights count.
        return _NOTHING
    if role is DatabaseRole.RELAY:
        return _relay(relation)
    if role is DatabaseRole.SCHEDULER:
        return _scheduler(relation)
    return _service(Service(role.value.removeprefix("xiangzhi_")), relation)


def _is_audit_of(service: Service, relation: Relation) -> bool:
    return relation.name == f"{service}_audit"


def _service(service: Service, relation: Relation) -> frozenset[str]:
    if _is_audit_of(service, relation):
        return _APPEND
    if relation.prefix == service and relation.name in _ADDED_TO:
        return _APPEND
    if relation.prefix == service or (relation.prefix == "registry" and service is Service.INTAKE):
        return _USE if relation.is_sequence else _WRITE
    if (relation.prefix == "registry" and not relation.is_sequence) or relation.name == "alembic_version":
        return _READ
    return _NOTHING


def _relay(relation: Relation) -> frozenset[str]:
    if relation.name in {f"{service}_outbox" for service in Service}:
        return frozenset({"SELECT", "UPDATE", "DELETE"})
    return frozenset({"SELECT", "DELETE"}) if relation.name in {f"{service}_inbox" for service in Service} else _NOTHING


def _scheduler(relation: Relation) -> frozenset[str]:
    if relation.name in {f"{service}_outbox" for service in Service}:
        return frozenset({"INSERT"})
    return frozenset({"USAGE"}) if relation.name in {f"{service}_outbox_id_seq" for service in Service} else _NOTHING


def apply_grants(connection: Connection) -> list[DatabaseRole]:
    """Make roles and rights as they should be, in the caller's transaction.

    Returns the roles that are missing because the connected user may not make roles: a managed database's operator
    makes them once, and the next migration gives them their rights.
    """
    roles = _make_roles(connection)
    # Whoever migrates owns what it made, and needs no grant from itself.
    grantees = [role for role in roles if role != connection.scalar(text("SELECT current_user"))]
    relations = _relations(connection)
    wanted = {
        (role, relation, privilege)
        for role in grantees
        for relation in relations
        for privilege in wanted_privileges(role, relation)
    }
    present = set(_present(connection, grantees, relations))
    for statement in _statements("GRANT", "TO", wanted - present):
        connection.exec_driver_sql(statement)
    for statement in _statements("REVOKE", "FROM", present - wanted):
        connection.exec_driver_sql(statement)
    _grant_columns(connection, grantees)
    _grant_functions(connection, roles)
    # Before PostgreSQL 15 everybody may make tables there.
    connection.exec_driver_sql("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    for role in grantees:
        connection.exec_driver_sql(f"GRANT USAGE{_create(role)} ON SCHEMA public TO {role}")
    if DatabaseRole.BACKUP in roles:
        # A village's partitions are made long after the migration, and a dump reads each of them by itself.
        for kind in ("TABLES", "SEQUENCES"):
            connection.exec_driver_sql(
                f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON {kind} TO {DatabaseRole.BACKUP}"
            )
    return [role for role in DatabaseRole if role not in roles]


def _create(role: DatabaseRole) -> str:
    return ", CREATE" if role is DatabaseRole.OWNER else ""


def _make_roles(connection: Connection) -> list[DatabaseRole]:
    """Make the roles that are missing, if the connected user may; the roles that are there then."""
    existing = set(connection.scalars(text("SELECT rolname FROM pg_roles WHERE rolname LIKE 'xiangzhi%'")))
    may = connection.scalar(text("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"))
    for role in DatabaseRole:
        if role.value not in existing and may:
            # Roles belong to the whole server: another database's migrator may be making the same one now.
            connection.exec_driver_sql(
                f"DO $$ BEGIN CREATE ROLE {role} LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;"
                " END $$"
            )
    return [role for role in DatabaseRole if role.value in existing or may]


def _relations(connection: Connection) -> list[Relation]:
    rows = connection.execute(
        text(
            "SELECT relname, relkind = 'S', relispartition FROM pg_class "
            "WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S', 'v')"
        )
    )
    owned = {"registry", "alembic", *Service}
    return [
        relation
        for name, is_sequence, is_partition in rows
        if (relation := Relation(name, is_sequence, is_partition)).prefix in owned
    ]


_Right = tuple[DatabaseRole, Relation, str]


def _present(connection: Connection, roles: Iterable[DatabaseRole], relations: list[Relation]) -> Iterator[_Right]:
    by_name = {relation.name: relation for relation in relations}
    # The owner of a table holds everything by being the owner; that is not a grant of ours.
    rows = connection.execute(
        text(
            "SELECT pg_get_userbyid(a.grantee), c.relname, a.privilege_type "
            "FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a "
            "WHERE c.relnamespace = 'public'::regnamespace AND a.grantee <> c.relowner "
            "AND pg_get_userbyid(a.grantee) = ANY(:roles)"
        ),
        {"roles": [role.value for role in roles]},
    )
    for role, name, privilege in rows:
        if name in by_name:
            yield DatabaseRole(role), by_name[name], privilege


def _statements(verb: str, preposition: str, rights: Iterable[_Right]) -> Iterator[str]:
    """One statement per role, kind and set of privileges."""
    privileges: dict[tuple[DatabaseRole, Relation], set[str]] = defaultdict(set)
    for role, relation, privilege in rights:
        privileges[role, relation].add(privilege)
    grouped: dict[tuple[DatabaseRole, bool, tuple[str, ...]], list[str]] = defaultdict(list)
    for (role, relation), wanted in privileges.items():
        grouped[role, relation.is_sequence, tuple(sorted(wanted))].append(f'public."{relation.name}"')
    for (role, is_sequence, names), targets in sorted(grouped.items()):
        kind = "SEQUENCE" if is_sequence else "TABLE"
        yield f"{verb} {', '.join(names)} ON {kind} {', '.join(sorted(targets))} {preposition} {role}"


def _grant_columns(connection: Connection, roles: Iterable[DatabaseRole]) -> None:
    """Single columns. After the tables' rights, whose revoking takes these too."""
    # Each service chains its audit rows: two columns.
    wanted = [
        (DatabaseRole(f"xiangzhi_{service}"), "UPDATE", _CHAINED_COLUMNS, f"{service}_audit") for service in Service
    ]
    wanted += [
        (DatabaseRole(f"xiangzhi_{table.partition('_')[0]}"), "UPDATE", column, table)
        for table, column in _ADDED_TO.items()
        if column
    ]
    wanted += [(DatabaseRole.RELAY, "SELECT", columns, table) for table, columns in _MEASURED_COLUMNS.items()]
    for role, right, columns, table in wanted:
        if role in roles and connection.scalar(text("SELECT to_regclass(:name)"), {"name": table}):
            connection.exec_driver_sql(f'GRANT {right} ({columns}) ON public."{table}" TO {role}')


def _grant_functions(connection: Connection, roles: Iterable[DatabaseRole]) -> None:
    """A service's functions are its own; by default PostgreSQL lets everyone call them."""
    rows = connection.execute(
        text(
            "SELECT proname, oid::regprocedure::text FROM pg_proc "
            "WHERE pronamespace = 'public'::regnamespace AND pg_get_userbyid(proowner) = current_user"
        )
    ).all()
    for name, signature in rows:
        prefix = name.partition("_")[0]
        if prefix in set(Service):
            connection.exec_driver_sql(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
            role = DatabaseRole(f"xiangzhi_{prefix}")
            if role in roles:
                connection.exec_driver_sql(f"GRANT EXECUTE ON FUNCTION {signature} TO {role}")
