"""After a rotation: every encrypted value is written again under the newest key, so that an older one can be put away.

python -m shared.renewal --service petitions             renew now, batch by batch; may be stopped and started again
python -m shared.renewal --service petitions --check     only count what older keys wrote; exit code 1 if there is some

The same is done each week by messages, one for each batch. Whatever the newest key opens is passed by, so a second
round finds nothing to do. Of encrypted files the key of the content is renewed, in their row.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Column, FromClause, LargeBinary, Table, bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from shared.database import Database, database_of
from shared.models import Base
from shared.models.petitions import Rewriting
from shared.models.plumbing_tables import service_of
from shared.privacy import MissingKeys, UnreadableValue, field_cipher
from shared.settings import settings_at_start
from shared.topology import Service

BATCH = 500


@dataclass(frozen=True, slots=True)
class Position:
    """How far a round has come: `table.column`, and the key of the last row seen there (empty before the first)."""

    column: str
    after: str = ""


@dataclass(frozen=True, slots=True)
class Renewed:
    """What a batch did, and where the next one begins; None at the end of the round."""

    seen: int
    renewed: int
    following: Position | None


def encrypted_columns(service: Service) -> list[Column[bytes]]:
    """Every column that holds values under the service's field keys, in a fixed order. Intake writes the registry."""
    prefixes = {service.value, "registry"} if service is Service.INTAKE else {service.value}
    return [
        column
        for name, table in sorted(Base.metadata.tables.items())
        if name.partition("_")[0] in prefixes
        for column in table.columns
        if isinstance(column.type, LargeBinary) and (column.name.endswith("_encrypted") or column.name == "sealed_key")
    ]


def first_position(service: Service) -> Position | None:
    """Where a round begins."""
    return next((Position(str(column)) for column in encrypted_columns(service)), None)


def renew_values(session: Session, position: Position) -> Renewed:
    """Renew the next batch of the session's service from `position` on. Raises UnreadableValue, KeyError."""
    service = service_of(session)
    columns = {str(column): column for column in encrypted_columns(service)}
    column = columns[position.column]
    rows = _batch(session, column, position.after)
    cipher = field_cipher(service)
    changes = [
        {"record": record, "before": stored, "after": cipher.rotate(stored)}
        for record, stored in rows
        if not cipher.is_current(stored)
    ]
    if changes:
        _write(session, column, changes)
    if len(rows) == BATCH:
        return Renewed(len(rows), len(changes), Position(position.column, str(rows[-1][0])))
    later = list(columns)[list(columns).index(position.column) + 1 :]
    return Renewed(len(rows), len(changes), Position(later[0]) if later else None)


def count_old_values(session: Session) -> int:
    """How many values of the session's service only an older key opens."""
    cipher = field_cipher(service_of(session))
    return sum(not cipher.is_current(stored) for stored in encrypted_values(session))


def encrypted_values(session: Session) -> Iterator[bytes]:
    """Every stored value of the session's service, batch by batch."""
    for column in encrypted_columns(service_of(session)):
        yield from _all(session, column)


def renew_all(database: Database) -> Iterator[Renewed]:
    """Renew everything of the database's service, each batch in a transaction of its own."""
    position = first_position(database.service)
    while position is not None:
        with database.transaction() as session:
            done = renew_values(session, position)
        yield done
        position = done.following


def _batch(session: Session, column: Column[bytes], after: str) -> Sequence[Any]:
    key = _key(column.table)
    statement = select(key, column).where(column.is_not(None)).order_by(key).limit(BATCH)
    if after:
        statement = statement.where(key > key.type.python_type(after))
    return session.execute(statement).all()


def _all(session: Session, column: Column[bytes]) -> Iterator[bytes]:
    after = ""
    while rows := _batch(session, column, after):
        yield from (stored for _, stored in rows)
        after = str(rows[-1][0])


def _write(session: Session, column: Column[bytes], changes: list[dict[str, Any]]) -> None:
    # The condition on the value that was read leaves alone what someone has changed meanwhile.
    key = _key(column.table)
    statement = (
        update(column.table)
        .where(key == bindparam("record"), column == bindparam("before"))
        .values({column.name: bindparam("after")})
    )
    if column.table.name != "petitions_step":
        session.execute(statement, changes)
        return
    # Steps are append-only: they let the encrypted details alone be written while this row stands.
    session.execute(insert(Rewriting).values(reason="renewal"))
    session.execute(statement, changes)
    session.execute(delete(Rewriting))


def _key(table: FromClause) -> Column[Any]:
    (key,) = cast(Table, table).primary_key.columns
    return key


def main(arguments: Sequence[str] | None = None) -> int:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m shared.renewal")
    parser.add_argument("--service", choices=[service.value for service in Service], required=True)
    parser.add_argument("--check", action="store_true", help="only count")
    options = parser.parse_args(arguments)
    settings_at_start()
    database = database_of(Service(options.service))
    try:
        return _renew(database, only_count=options.check)
    except (UnreadableValue, MissingKeys) as error:
        print(f"{options.service}: {error}; put back the key that is missing, then run this again", file=sys.stderr)
        return 1


def _renew(database: Database, *, only_count: bool) -> int:
    if only_count:
        with database.reading() as session:
            left = count_old_values(session)
        print(f"{database.service}: {left} values are under older keys")
        return 1 if left else 0
    renewed = sum(done.renewed for done in renew_all(database))
    print(f"{database.service}: {renewed} values renewed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
