"""Names and notes that a spreadsheet would run: in every workbook that is handed out they are text, with their sign."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

from sqlalchemy import String, cast, update
from sqlalchemy.orm import InstrumentedAttribute

from shared.models.points import Category, Event, Rule, Rulebook
from shared.models.registry import Grid, Household, Office, Person, Resident, Village
from shared.topology import Service
from tests.fixtures.workbooks import workbook
from tests.integration.bad_input.conftest import System
from tests.integration.bad_input.test_bad_workbooks import EVENTS, events, households

SIGNS = ("=", "+", "-", "@", "\t", "\r")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NAMES: dict[Service, list[InstrumentedAttribute[Any]]] = {
    Service.INTAKE: [
        *(Village.name, Grid.name, Office.name, Person.name, Resident.relation),
        *(Household.head_name, Household.address),
    ],
    Service.POINTS: [Event.note, Rule.title, Rule.unit, Category.name, Rulebook.title],
}
ERRORS = {
    # They give back what was sent in, of which nothing is a formula: tested below.
    "GET /api/intake/imports/{import_id}/errors.xlsx",
    "GET /api/points/imports/{import_id}/errors.xlsx",
    "GET /api/points/rulebooks/{revision}/lines/errors.xlsx",
}


def test_no_workbook_that_is_handed_out_runs_what_people_have_written(system: System) -> None:
    village = system.house.township.villages[0]
    admin = system.log_in("admin")
    asked: dict[str, Any] = {
        "POST /api/intake/exports": lambda: admin.post(
            "/api/intake/exports", json={"village": village.code, "purpose": "核对名册"}
        ),
        "GET /api/intake/imports/templates/{kind}.xlsx": lambda: admin.get(
            "/api/intake/imports/templates/households_residents.xlsx"
        ),
        "POST /api/points/exports": lambda: admin.post(
            "/api/points/exports", json={"village": village.code, "quarter": "2026Q1"}
        ),
        "GET /api/points/imports/template.xlsx": lambda: admin.get("/api/points/imports/template.xlsx"),
        "GET /api/points/rulebooks/template.xlsx": lambda: admin.get("/api/points/rulebooks/template.xlsx"),
        "GET /api/points/rulebooks/{revision}/lines.xlsx": lambda: admin.get("/api/points/rulebooks/1/lines.xlsx"),
    }
    handed_out = {
        name
        for name, operation in system.operations().items()
        if any(XLSX in answer.get("content", {}) for answer in operation["responses"].values())
    }
    assert handed_out == asked.keys() | ERRORS
    for sign in SIGNS:
        _write_before_all_names(system, sign)
        for name, ask in asked.items():
            answer = ask()
            assert answer.status_code == 200, (name, answer.text)
            texts = _texts_without_formulas(answer.data)
            assert not [text for text in texts if text.startswith(SIGNS)], name
            assert any(text.startswith(f"'{sign}") for text in texts), (name, sign)


def test_error_workbooks_give_back_texts_and_no_formulas(system: System) -> None:
    admin = system.log_in("admin")
    bad = [f"{sign}HYPERLINK(1)" for sign in SIGNS]
    rows = [("示例1村", 2, "", "", "NOPE", "2026-05-20", 1, text) for text in bad]
    people = [("示例1村", "1组", 61 + place, text, "户主", "123", "", "") for place, text in enumerate(bad)]
    for route, content in (
        (events(), workbook([EVENTS, *rows])),
        (households(), workbook([households().header, *people])),
    ):
        place = route.send(admin, content).headers["Location"]
        system.work()
        texts = _texts_without_formulas(admin.get(f"{place}/errors.xlsx").data)
        for text in bad:
            assert any(text.strip() in each for each in texts), text


def _write_before_all_names(system: System, sign: str) -> None:
    for service, columns in NAMES.items():
        with system.database_for(service).transaction() as session:
            for column in columns:
                session.execute(
                    update(column.class_)
                    .values({column: cast(sign, String) + column})
                    .execution_options(synchronize_session=False)
                )


def _texts_without_formulas(content: bytes) -> list[str]:
    """Every text of a workbook's cells; fails where a cell holds a formula or a link."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist() if name.startswith("xl/")}
    for name, part in parts.items():
        if name.startswith("xl/worksheets/"):
            assert not re.search(r"<f[ >/]|<hyperlink", part), name
    cells = "".join(part for name, part in parts.items() if name.startswith(("xl/worksheets/sheet", "xl/sharedS")))
    found = re.findall(r"<t(?: [^>]*)?>([^<]*)</t>", cells)
    return [text.replace("_x000D_", "\r").replace("&#13;", "\r") for text in found]
