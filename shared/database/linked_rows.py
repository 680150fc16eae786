"""A new row and the rows of other tables that name it: written by one statement where the database can do that.

PostgreSQL inserts into several tables in one WITH; SQLite, which has no such thing, takes one statement for each table.
Both come from the same description and write the same rows. For what somebody waits for: a statement less is time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, String, Table, bindparam, cast, insert, select
from sqlalchemy.orm import Session

from shared.database.upserts import upsert

_Row = Mapping[str, Any]


class Follower(NamedTuple):
    """A table whose rows name the new row by its id, in the column `link` (as text where that column is text)."""

    table: Table
    link: str

    @property
    def names_by_text(self) -> bool:
        return isinstance(self.table.c[self.link].type, String)


class LinkedRows:
    """How rows of `head` are written together with a row of each follower.

    Every column that has no default of the database must be given with the row: on PostgreSQL the models' defaults
    do not apply to followers.
    """

    def __init__(self, head: Table, *followers: Follower, unless_taken: str) -> None:
        self._head = head
        self._followers = followers
        self._unless_taken = unless_taken
        self._statements: dict[tuple[tuple[str, ...], ...], Select[int]] = {}

    def write(self, session: Session, row: _Row, *following: _Row) -> int | None:
        """The new row's id; None, and nothing written, where another row has its value of `unless_taken`."""
        connection = session.connection()
        if connection.dialect.name == "postgresql":
            return self._write_at_once(connection, row, *following)
        return self._write_each(connection, row, *following)

    def _write_at_once(self, connection: Connection, *rows: _Row) -> int | None:
        columns = tuple(map(tuple, rows))
        statement = self._statements.get(columns)
        if statement is None:
            statement = self._statements[columns] = self._statement(columns)
        named = {_name(place, column): value for place, row in enumerate(rows) for column, value in row.items()}
        return connection.execute(statement, named).scalar()

    def _statement(self, columns: tuple[tuple[str, ...], ...]) -> Select[int]:
        made = self._inserting("postgresql").values(_parameters(0, self._head, columns[0])).cte("made")
        statement = select(made.c.id)
        for place, follower in enumerate(self._followers, 1):
            values = _parameters(place, follower.table, columns[place])
            named_by = cast(made.c.id, follower.table.c[follower.link].type) if follower.names_by_text else made.c.id
            row = select(*values.values(), named_by)
            writing = insert(follower.table).from_select([*values, follower.link], row, include_defaults=False)
            statement = statement.add_cte(writing.cte(f"follower_{place}"))
        return statement

    def _write_each(self, connection: Connection, row: _Row, *following: _Row) -> int | None:
        made: int | None = connection.execute(self._inserting(connection.dialect.name), row).scalar()
        if made is not None:
            for follower, values in zip(self._followers, following, strict=True):
                link = str(made) if follower.names_by_text else made
                connection.execute(insert(follower.table).inline(), {**values, follower.link: link})
        return made

    def _inserting(self, dialect: str) -> Any:
        writing = upsert(dialect, self._head)
        return writing.on_conflict_do_nothing(index_elements=[self._unless_taken]).returning(self._head.c.id)


def _parameters(place: int, table: Table, columns: tuple[str, ...]) -> dict[str, Any]:
    return {column: bindparam(_name(place, column), type_=table.c[column].type) for column in columns}


def _name(place: int, column: str) -> str:
    return f"{column}_{place}"
