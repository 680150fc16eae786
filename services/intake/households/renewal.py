"""After a rotation: stored numbers are written again under the newest key, so that an old one can be put away."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from shared.models.intake import Demand
from shared.models.registry import Person
from shared.privacy import FieldCipher, field_cipher
from shared.topology import Service

_BATCH = 1000
_FIELDS: tuple[tuple[type[Person] | type[Demand], str], ...] = (
    (Person, "identity_encrypted"),
    (Person, "phone_encrypted"),
    (Demand, "phone_encrypted"),
)


def renew_fields(session: Session) -> int:
    """Renew what an older key wrote, in batches by id; how many values. A second run finds nothing to do."""
    cipher = field_cipher(Service.INTAKE)
    return sum(_renew(session, cast(Table, model.__table__), name, cipher) for model, name in _FIELDS)


def _renew(session: Session, table: Table, name: str, cipher: FieldCipher) -> int:
    column, last, renewed = table.c[name], 0, 0
    # The condition on the value that was read leaves alone what someone has changed meanwhile.
    statement = (
        update(table)
        .where(table.c.id == bindparam("record"), column == bindparam("before"))
        .values({name: bindparam("after")})
    )
    while True:
        rows = session.execute(
            select(table.c.id, column).where(table.c.id > last, column.is_not(None)).order_by(table.c.id).limit(_BATCH)
        ).all()
        if not rows:
            return renewed
        last = rows[-1][0]
        changes: list[dict[str, Any]] = [
            {"record": record, "before": stored, "after": cipher.rotate(stored)}
            for record, stored in rows
            if not cipher.is_current(stored)
        ]
        if changes:
            session.execute(statement, changes)
        renewed += len(changes)
