"""Rows of households and residents: from cells to checked values, before anything is compared with the registry."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.intake.households.cards import is_card_number
from services.intake.households.people import NewPerson
from services.intake.imports.findings import Findings
from shared.errors import Invalid
from shared.excel import Row
from shared.models.registry import Grid, GridLevel, Village
from shared.privacy import clean_name, parse_identity_number, parse_phone


@dataclass(frozen=True, slots=True)
class ResidentRow:
    """One clean row."""

    row: int
    village_id: int
    group_id: int
    neighbours_id: int | None
    number: int
    card: str
    address: str
    person: NewPerson
    relation: str


class Places:
    """Villages and grids of a township by every name that a workbook may call them."""

    def __init__(self, session: Session, township_id: int, allowed: frozenset[int] | None) -> None:
        villages = session.scalars(select(Village).where(Village.township_id == township_id)).all()
        self.allowed = allowed
        self.villages = {name: village.id for village in villages for name in (village.code, village.name)}
        self.grids: dict[tuple[int, GridLevel, str], int] = {}
        self.parents: dict[int, int | None] = {}
        grids = session.scalars(select(Grid).where(Grid.village_id.in_([village.id for village in villages])))
        for grid in grids:
            self.parents[grid.id] = grid.parent_id
            for name in {grid.code, grid.name, _plain_grid(grid.name)}:
                self.grids[(grid.village_id, grid.level, name)] = grid.id

    def village(self, text: str) -> int:
        """Raises Invalid for an unknown village, or one that is not the importer's."""
        village_id = self.villages.get(text) or self.villages.get(f"{text}村")
        if village_id is None:
            raise Invalid(f"没有叫“{text}”的村，请填写村名或 12 位代码。")
        if self.allowed is not None and village_id not in self.allowed:
            raise Invalid(f"“{text}”不在您负责的范围里，请删去这一行，或请乡镇管理员导入。")
        return village_id

    def grid(self, village_id: int, level: GridLevel, text: str) -> int:
        """Raises Invalid."""
        for name in (text, _plain_grid(text)):
            if (found := self.grids.get((village_id, level, name))) is not None:
                return found
        word = {GridLevel.AREA: "片", GridLevel.GROUP: "组", GridLevel.NEIGHBOURS: "邻"}[level]
        raise Invalid(f"这个村没有叫“{text}”的{word}，请先在台账里添加，或核对名称。")


def read_household_rows(rows: Iterable[Row], places: Places, findings: Findings) -> list[ResidentRow]:
    """The clean rows; what is wrong with the others is in `findings`."""
    clean = []
    for row in rows:
        findings.take(row)
        found = _read(row, places, findings)
        if found is not None and findings.is_clean(row.number):
            clean.append(found)
    return clean


def _read(row: Row, places: Places, findings: Findings) -> ResidentRow | None:
    def check(key: str, reading: Any, *arguments: Any) -> Any:
        try:
            return reading(*arguments)
        except Invalid as error:
            findings.catch(row.number, key, error)
            return None

    village_id = check("village", places.village, row.text("village")) if row.text("village") else None
    group_id = neighbours_id = None
    if village_id is not None and row.text("group"):
        group_id = check("group", places.grid, village_id, GridLevel.GROUP, row.text("group"))
        if row.text("neighbours"):
            neighbours_id = check("neighbours", places.grid, village_id, GridLevel.NEIGHBOURS, row.text("neighbours"))
            if neighbours_id is not None and group_id is not None and places.parents[neighbours_id] != group_id:
                findings.add(row.number, "neighbours", "这个邻不在所填的组里，请核对。")
    number = row.values["number"]
    if isinstance(number, int) and not 1 <= number <= 1_000_000:
        findings.add(row.number, "number", "户号应是 1 到 1000000 的整数。")
    card = row.text("card")
    if card and not is_card_number(card):
        findings.add(row.number, "card", "户卡号是 10 位数字，最后一位是校验位。请核对，没有卡号就空着。")
    name = check("name", clean_name, row.text("name")) if row.text("name") else None
    identity = row.text("identity")
    if identity:
        parsed = check("identity", parse_identity_number, identity)
        identity = parsed.number if parsed else ""
    phone = check("phone", parse_phone, row.text("phone")) if row.text("phone") else ""
    if not findings.is_clean(row.number) or village_id is None or group_id is None or not isinstance(number, int):
        return None
    person = NewPerson(name or "", identity or "", phone or "", None, _labels(row.text("care")))
    return ResidentRow(
        row.number, village_id, group_id, neighbours_id, number, card, row.text("address"), person,
        row.text("relation"),
    )  # fmt: skip


def _labels(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip()[:20] for part in re.split(r"[、,，;；/\s]+", text) if part.strip()))


def _plain_grid(name: str) -> str:
    """`第3组`, `三组`, `3` are one group to people; only the digits' form is folded here."""
    digits = str.maketrans("一二三四五六七八九", "123456789")
    return re.sub(r"^第|[组邻片]$", "", name).translate(digits)
