"""Exports in the shape of the imports, a village at a time: full numbers, for a purpose that is kept."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from services.intake.imports.workbooks import HOUSEHOLDS_RESIDENTS
from services.intake.roles import REGISTRY_WRITERS
from shared import audit
from shared.calendar import say_day, today
from shared.excel import Column, ExportColumn, write_template, write_workbook
from shared.identity import Principal
from shared.models.registry import Grid, Household, Person, Resident, Village
from shared.privacy import field_cipher
from shared.topology import Service

_COLUMNS = tuple(ExportColumn(column.header, column.kind) for column in HOUSEHOLDS_RESIDENTS)


def export_village(session: Session, actor: Principal, village: Village, purpose: str) -> tuple[str, bytes]:
    """Name and content of a workbook of the village's households and residents. Raises Forbidden."""
    actor.require_in(village.id, *REGISTRY_WRITERS)
    caption = f"{village.name}户和人，{actor.name or actor.actor} {say_day(today())}导出，用途：{purpose}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.xlsx"
        count = write_workbook(path, "户和人", _COLUMNS, _rows(session, village), caption=caption)
        content = path.read_bytes()
    audit.record(
        session, actor, "export_households", "village", village.code,
        village_id=village.id, purpose=purpose, details={"rows": count},
    )  # fmt: skip
    return f"{village.name}户和人-{today().isoformat()}.xlsx", content


def template(columns: Sequence[Column], sheet: str, choices: dict[str, list[str]]) -> bytes:
    """An empty workbook to fill in."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.xlsx"
        write_template(
            path, sheet, columns, choices=choices, note="一行一个人；身份证号、电话列已设为文本，请直接填写。"
        )
        return path.read_bytes()


def _rows(session: Session, village: Village) -> Iterator[tuple[Any, ...]]:
    cipher = field_cipher(Service.INTAKE)
    neighbours = aliased(Grid)
    statement = (
        select(Household, Person, Resident.relation, Grid.name, neighbours.name)
        .join(Resident, Resident.household_id == Household.id)
        .join(Person, Person.id == Resident.person_id)
        .join(Grid, Grid.id == Household.group_id)
        .outerjoin(neighbours, neighbours.id == Household.neighbours_id)
        .where(Household.village_id == village.id, Household.valid_to.is_(None), Resident.valid_to.is_(None))
        .order_by(Household.number, Resident.id)
    )
    for household, person, relation, group, near in session.execute(statement):
        yield (
            village.name,
            group,
            near or "",
            household.number,
            household.card_number,
            person.name,
            relation,
            cipher.decrypt(person.identity_encrypted) if person.identity_encrypted else "",
            cipher.decrypt(person.phone_encrypted) if person.phone_encrypted else "",
            "、".join(json.loads(person.care_labels)),
            household.address,
        )
