"""The bulk worker's part of imports."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.orm import Session

from services.intake.imports.running import run_import
from shared.messages.intake import RunImport
from shared.messaging import receives
from shared.models.intake import RegistryImport
from shared.models.intake_kinds import ImportState


@receives(RunImport)
def run(session: Session, message: RunImport) -> None:
    """Run the import if this turn of it still waits."""
    taken = session.execute(
        update(RegistryImport)
        .where(
            RegistryImport.id == message.import_id,
            RegistryImport.version == message.turn,
            RegistryImport.state == ImportState.WAITING,
        )
        .values(state=ImportState.RUNNING)
    )
    if taken.rowcount == 1:  # type: ignore[attr-defined]
        run_import(session, session.get_one(RegistryImport, message.import_id))
