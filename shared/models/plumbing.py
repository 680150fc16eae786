"""Tables of every service under its own prefix: outbox, inbox, attempts, dead letters, audit, idempotency, files."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from shared.models.base import Base, BigId, id_column, now
from shared.topology import Service


class OutboxRow:
    """A message that was decided with its sender's change. Done only when the receiver's inbox holds its id."""

    id: Mapped[int] = id_column()
    message_id: Mapped[str] = mapped_column(String(36), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    version: Mapped[int]
    receiver: Mapped[str] = mapped_column(String(16))
    queue: Mapped[str] = mapped_column(String(32))
    body: Mapped[str] = mapped_column(Text)
    request_id: Mapped[str | None] = mapped_column(String(64))
    # (task, slot) of scheduled work: two schedulers can't make the same slot twice.
    slot: Mapped[str | None] = mapped_column(String(120), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    sends: Mapped[int] = mapped_column(default=0)
    next_send_at: Mapped[datetime] = mapped_column(default=now)
    done_at: Mapped[datetime | None]

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Index, ...]:
        return (
            Index(
                f"ix_{cls.__tablename__}_waiting",  # type: ignore[attr-defined]
                "next_send_at",
                postgresql_where=text("done_at IS NULL"),
                sqlite_where=text("done_at IS NULL"),
            ),
        )


class InboxRow:
    """The id of a message that was handled, written in the transaction that did the work."""

    message_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    handled_at: Mapped[datetime] = mapped_column(default=now, index=True)


class AttemptRow:
    """How often the handling of a message has failed, and with what."""

    message_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(Text, default="")
    last_at: Mapped[datetime] = mapped_column(default=now)


class DeadLetterRow:
    """A message that could not be read or failed five times: kept with its error until someone sends it again."""

    message_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    queue: Mapped[str] = mapped_column(String(32))
    envelope: Mapped[str] = mapped_column(Text)
    error: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int]
    died_at: Mapped[datetime] = mapped_column(default=now, index=True)


class AuditRow:
    """Who did or opened what, and why. Chained after the fact by a task, so that writers never wait for each other."""

    id: Mapped[int] = id_column()
    at: Mapped[datetime] = mapped_column(default=now, index=True)
    township_id: Mapped[int | None] = mapped_column(BigId)
    person_id: Mapped[int | None] = mapped_column(BigId)
    actor: Mapped[str] = mapped_column(String(80))
    action: Mapped[str] = mapped_column(String(60))
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[str] = mapped_column(String(64))
    village_id: Mapped[int | None] = mapped_column(BigId)
    purpose: Mapped[str | None] = mapped_column(String(200))
    details: Mapped[str] = mapped_column(Text, default="{}")
    request_id: Mapped[str | None] = mapped_column(String(64))
    seq: Mapped[int | None] = mapped_column(BigId, unique=True)
    digest: Mapped[str | None] = mapped_column(String(64))


class IdempotencyRow:
    """What a POST with an `Idempotency-Key` made, so that a repeated one answers with the same thing."""

    id: Mapped[int] = id_column()
    actor: Mapped[str] = mapped_column(String(80))
    route: Mapped[str] = mapped_column(String(120))
    key: Mapped[str] = mapped_column(String(64))
    body_sha256: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    resource_id: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)

    @declared_attr.directive
    def __table_args__(cls) -> tuple[UniqueConstraint | CheckConstraint, ...]:
        return (
            UniqueConstraint("actor", "route", "key", name=f"uq_{cls.__tablename__}_actor_route_key"),  # type: ignore[attr-defined]
            CheckConstraint("length(key) between 8 and 64", name="key_length"),
        )


class FileRow:
    """A stored file, named by the SHA-256 of its content (`shared.files`)."""

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigId)
    media_type: Mapped[str] = mapped_column(String(120))
    name: Mapped[str] = mapped_column(String(200), default="")
    # Set for files that are encrypted at rest: the data key, sealed by the service's key.
    sealed_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]


def _of(service: Service, mixin: type, table: str) -> type:
    name = f"{service.capitalize()}{mixin.__name__.removesuffix('Row')}"
    return type(
        name,
        (mixin, Base),
        {"__tablename__": f"{service}_{table}", "__module__": __name__, "__doc__": f"{mixin.__doc__} Of {service}."},
    )


OUTBOX: dict[Service, type] = {service: _of(service, OutboxRow, "outbox") for service in Service}
INBOX: dict[Service, type] = {service: _of(service, InboxRow, "inbox") for service in Service}
ATTEMPTS: dict[Service, type] = {service: _of(service, AttemptRow, "attempt") for service in Service}
DEAD_LETTERS: dict[Service, type] = {service: _of(service, DeadLetterRow, "dead_letter") for service in Service}
AUDIT: dict[Service, type] = {service: _of(service, AuditRow, "audit") for service in Service}
IDEMPOTENCY: dict[Service, type] = {service: _of(service, IdempotencyRow, "idempotency") for service in Service}
FILES: dict[Service, type] = {service: _of(service, FileRow, "file") for service in Service}
