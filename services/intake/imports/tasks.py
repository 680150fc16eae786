"""The bulk worker's part of imports."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.intake.imports.reading import (
    Reading,
    begin_reading,
    open_import,
    read_workbook,
    tell_reading,
    write_errors,
)
from services.intake.imports.running import check_import, fail_import, run_import
from shared.database import Database
from shared.messages.intake import RunImport
from shared.messaging import receives
from shared.models.intake import RegistryImport
from shared.models.intake_kinds import ImportState


def prepare_import(database: Database, message: RunImport) -> Reading | None:
    """Read and check a workbook; its row says how far that is."""

    def tell(done: int, total: int) -> None:
        with database.transaction() as session:
            tell_reading(session, message.import_id, message.turn, done, total)

    with database.transaction() as session:
        if not begin_reading(session, message.import_id, message.turn):
            return None
    with database.reading() as session:
        opened = open_import(session, session.get_one(RegistryImport, message.import_id))
    reading = read_workbook(opened, tell)
    if not reading.refusal:
        with database.reading() as session:
            findings = check_import(session, session.get_one(RegistryImport, message.import_id), reading).findings
        write_errors(reading, findings)
    return reading


def give_up_import(session: Session, message: RunImport) -> None:
    """Say that this turn of the import failed."""
    found = _unfinished(session, message)
    if found is not None:
        fail_import(session, found)


@receives(RunImport, prepare=prepare_import, give_up=give_up_import)
def run(session: Session, message: RunImport, reading: Reading | None = None) -> None:
    """Run the import if this turn of it is still to be done."""
    found = _unfinished(session, message)
    if found is not None:
        run_import(session, found, reading)


def _unfinished(session: Session, message: RunImport) -> RegistryImport | None:
    return session.scalar(
        select(RegistryImport)
        .where(
            RegistryImport.id == message.import_id,
            RegistryImport.version == message.turn,
            RegistryImport.state.in_((ImportState.WAITING, ImportState.RUNNING)),
        )
        .with_for_update(skip_locked=True)
    )
