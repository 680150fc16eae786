"""What the gateway forgets: each night what is past its time, and people whom the registry has forgotten."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.gateway.retention.notices import forget_contacts, forget_old_notices
from services.gateway.retention.people import forget_people
from shared import audit
from shared.identity.principal import system
from shared.logging import get_logger
from shared.messages.base import Message
from shared.messages.retention import FORGET_PAST, FORGET_RESIDENT, ForgetsResidents
from shared.messaging import outbox, receives
from shared.retention import record_forgotten
from shared.settings import settings
from shared.topology import Service

_PAST, _RESIDENT = FORGET_PAST[Service.GATEWAY], FORGET_RESIDENT[Service.GATEWAY]


@receives(_PAST)
def forget_past(session: Session, message: Message) -> None:
    """Forget one batch of each kind; another message comes for the rest."""
    keep = settings().keep
    notices = forget_old_notices(session, after_days=keep.notices_days)
    contacts = forget_contacts(session, after_days=keep.contacts_days)
    record_forgotten(session, _PAST.name, "notices", notices, after_days=keep.notices_days)
    record_forgotten(session, _PAST.name, "contacts", contacts, after_days=keep.contacts_days)
    if notices or contacts:
        counts = {"notices": notices.total(), "contacts": contacts.total()}
        get_logger().info("past_forgotten", service=Service.GATEWAY.value, **counts)
        outbox.send(session, _PAST())


@receives(_RESIDENT)
def forget_resident(session: Session, message: ForgetsResidents) -> None:
    """Accounts, logins, card PINs and notices of people who are forgotten."""
    if rows := forget_people(session, message.person_ids, message.household_ids):
        actor = system(message.township_id, _RESIDENT.name)
        details = {"people": message.person_ids, "households": message.household_ids, "rows": rows}
        audit.record(session, actor, "forget_resident", "township", message.township_id, details=details)
