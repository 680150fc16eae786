"""Messages of the procedure."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.petitions.evaluations.codes import forget_old_tries
from services.petitions.procedure.reminders import send_reminders
from shared.calendar import today
from shared.messages.petitions import RemindOfClocks
from shared.messaging import receives


@receives(RemindOfClocks)
def remind_of_clocks(session: Session, message: RemindOfClocks) -> None:
    """Each morning: one digest for each person with clocks that reached a new stage."""
    send_reminders(session, today())
    forget_old_tries(session)
