"""Tasks that every service has: the upkeep of its plumbing tables and of its encrypted values."""

from __future__ import annotations

from sqlalchemy.orm import Session

from shared import audit
from shared.logging import get_logger
from shared.messages.base import Message
from shared.messages.plumbing import CHAIN_AUDIT, FORGET_EXPIRED, RENEW_BATCH, RENEW_FIELDS, RenewsBatch
from shared.messaging import outbox
from shared.messaging.handlers import receives
from shared.models.plumbing_tables import service_of
from shared.renewal import Position, first_position, renew_values
from shared.retention import forget_expired_plumbing


def chain_audit(session: Session, message: Message) -> None:
    """Chain the audit rows that were written since the last time."""
    service = service_of(session)
    if rows := audit.chain_new_rows(session):
        get_logger().info("audit_chained", service=service.value, rows=rows)


def forget_expired(session: Session, message: Message) -> None:
    """Delete the keys of repeated requests and the files that nobody needs any longer."""
    forgotten = forget_expired_plumbing(session)
    get_logger().info(
        "expired_forgotten", service=session.info["service"].value, keys=forgotten.keys, files=forgotten.files
    )


def renew_fields(session: Session, message: Message) -> None:
    """Begin to write again what older keys wrote."""
    _send_batch(session, first_position(service_of(session)))


def renew_batch(session: Session, message: RenewsBatch) -> None:
    """Renew one batch, and send on what is left: each batch is a message, so what was done stays done."""
    done = renew_values(session, Position(message.column, message.after))
    if done.renewed:
        get_logger().info(
            "fields_renewed", service=service_of(session).value, column=message.column, values=done.renewed
        )
    _send_batch(session, done.following)


def _send_batch(session: Session, position: Position | None) -> None:
    if position is not None:
        outbox.send(session, RENEW_BATCH[service_of(session)](column=position.column, after=position.after))


for _message in CHAIN_AUDIT.values():
    receives(_message)(chain_audit)
for _message in FORGET_EXPIRED.values():
    receives(_message)(forget_expired)
for _message in RENEW_FIELDS.values():
    receives(_message)(renew_fields)
for _batch in RENEW_BATCH.values():
    receives(_batch)(renew_batch)
