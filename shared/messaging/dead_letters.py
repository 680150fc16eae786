"""Dead letters: messages that wait for a person's decision, and sending one again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from shared import audit
from shared.database.upserts import upsert
from shared.errors import Conflict, NotFound
from shared.identity.principal import Principal
from shared.messages.base import UnreadableMessage
from shared.messaging.attempts import clear_attempts
from shared.messaging.envelope import Envelope
from shared.messaging.outbox import hand_over_at_commit, row_of
from shared.messaging.waiting_rows import waiting_summary
from shared.models.plumbing_tables import dead_letters_of, inbox_of, outbox_of, service_of


@dataclass(frozen=True, slots=True)
class OutboxSummary:
    """What a service has sent and nobody has handled yet. `oldest_since` in UTC; None when nothing waits."""

    waiting: int
    oldest_since: datetime | None
    dead_letters: int


def summarise_outbox(session: Session) -> OutboxSummary:
    """How the session's service stands with its messages."""
    service = service_of(session)
    waiting, oldest = waiting_summary(session, service)
    dead = session.scalar(select(func.count()).select_from(dead_letters_of(service))) or 0
    return OutboxSummary(waiting, oldest, dead)


def resend_dead_letter(session: Session, actor: Principal, message_id: str) -> None:
    """Send a dead letter again: its id leaves the inbox, its count starts anew, and the letter is gone.

    It goes through the outbox of its receiver, since the sender's row may be long gone. Raises NotFound when there is
    no such letter, Conflict when it can't be read at all.
    """
    service = service_of(session)
    letters, inbox, outbox = dead_letters_of(service), inbox_of(service), outbox_of(service)
    text = session.scalar(delete(letters).where(letters.c.message_id == message_id).returning(letters.c.envelope))
    if text is None:
        raise NotFound("没有找到这条未处理的消息，它可能已经重新发送。请刷新列表。")
    envelope = _readable(text)
    session.execute(delete(inbox).where(inbox.c.message_id == message_id))
    clear_attempts(session, message_id)
    row = row_of(envelope)
    again = {name: row[name] for name in ("sends", "next_send_at", "done_at")}
    statement = upsert(session, outbox).values(row)
    session.execute(statement.on_conflict_do_update(index_elements=[outbox.c.message_id], set_=again))
    hand_over_at_commit(session, [envelope])
    audit.record(session, actor, "resend_message", "message", message_id, details={"name": envelope.name})


def _readable(text: str) -> Envelope:
    try:
        return Envelope.load(json.loads(text)).as_copy(1)
    except (UnreadableMessage, ValueError) as error:
        raise Conflict("这条消息的内容已损坏，不能重新发送。请联系运维人员查看日志。") from error
