"""Plumbing of every service, and the registry."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.models.base import BigId, UtcDateTime

revision = "0001_registry"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gateway_attempt",
        sa.Column("message_id", sa.String(length=36), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_gateway_attempt")),
    )
    op.create_table(
        "gateway_audit",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("township_id", BigId, nullable=True),
        sa.Column("person_id", BigId, nullable=True),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject_kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=64), nullable=False),
        sa.Column("village_id", BigId, nullable=True),
        sa.Column("purpose", sa.String(length=200), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("seq", BigId, nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_audit")),
        sa.UniqueConstraint("seq", name=op.f("uq_gateway_audit_seq")),
    )
    op.create_index(op.f("ix_gateway_audit_at"), "gateway_audit", ["at"], unique=False)
    op.create_table(
        "gateway_dead_letter",
        sa.Column("message_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("queue", sa.String(length=32), nullable=False),
        sa.Column("envelope", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("died_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_gateway_dead_letter")),
    )
    op.create_index(op.f("ix_gateway_dead_letter_died_at"), "gateway_dead_letter", ["died_at"], unique=False)
    op.create_table(
        "gateway_file",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", BigId, nullable=False),
        sa.Column("media_type", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_gateway_file")),
    )
    op.create_table(
        "gateway_idempotency",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("route", sa.String(length=120), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("body_sha256", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("resource_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("length(key) between 8 and 64", name=op.f("ck_gateway_idempotency_key_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_idempotency")),
        sa.UniqueConstraint("actor", "route", "key", name="uq_gateway_idempotency_actor_route_key"),
    )
    op.create_index(op.f("ix_gateway_idempotency_created_at"), "gateway_idempotency", ["created_at"], unique=False)
    op.create_table(
        "gateway_inbox",
        sa.Column("message_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("handled_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_gateway_inbox")),
    )
    op.create_index(op.f("ix_gateway_inbox_handled_at"), "gateway_inbox", ["handled_at"], unique=False)
    op.create_table(
        "gateway_outbox",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("message_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("receiver", sa.String(length=16), nullable=False),
        sa.Column("queue", sa.String(length=32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("slot", sa.String(length=120), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("sends", sa.Integer(), nullable=False),
        sa.Column("next_send_at", UtcDateTime(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_outbox")),
        sa.UniqueConstraint("message_id", name=op.f("uq_gateway_outbox_message_id")),
        sa.UniqueConstraint("slot", name=op.f("uq_gateway_outbox_slot")),
    )
    op.create_index(
        "ix_gateway_outbox_waiting",
        "gateway_outbox",
        ["next_send_at"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL"),
        sqlite_where=sa.text("done_at IS NULL"),
    )
    op.create_table(
        "intake_attempt",
        sa.Column("message_id", sa.String(length=36), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_intake_attempt")),
    )
    op.create_table(
        "intake_audit",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("township_id", BigId, nullable=True),
        sa.Column("person_id", BigId, nullable=True),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject_kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=64), nullable=False),
        sa.Column("village_id", BigId, nullable=True),
        sa.Column("purpose", sa.String(length=200), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("seq", BigId, nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_audit")),
        sa.UniqueConstraint("seq", name=op.f("uq_intake_audit_seq")),
    )
    op.create_index(op.f("ix_intake_audit_at"), "intake_audit", ["at"], unique=False)
    op.create_table(
        "intake_dead_letter",
        sa.Column("message_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("queue", sa.String(length=32), nullable=False),
        sa.Column("envelope", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("died_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_intake_dead_letter")),
    )
    op.create_index(op.f("ix_intake_dead_letter_died_at"), "intake_dead_letter", ["died_at"], unique=False)
    op.create_table(
        "intake_file",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", BigId, nullable=False),
        sa.Column("media_type", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_intake_file")),
    )
    op.create_table(
        "intake_idempotency",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("route", sa.String(length=120), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("body_sha256", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("resource_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("length(key) between 8 and 64", name=op.f("ck_intake_idempotency_key_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_idempotency")),
        sa.UniqueConstraint("actor", "route", "key", name="uq_intake_idempotency_actor_route_key"),
    )
    op.create_index(op.f("ix_intake_idempotency_created_at"), "intake_idempotency", ["created_at"], unique=False)
    op.create_table(
        "intake_inbox",
        sa.Column("message_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("handled_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_intake_inbox")),
    )
    op.create_index(op.f("ix_intake_inbox_handled_at"), "intake_inbox", ["handled_at"], unique=False)
    op.create_table(
        "intake_outbox",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("message_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("receiver", sa.String(length=16), nullable=False),
        sa.Column("queue", sa.String(length=32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("slot", sa.String(length=120), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("sends", sa.Integer(), nullable=False),
        sa.Column("next_send_at", UtcDateTime(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_outbox")),
        sa.UniqueConstraint("message_id", name=op.f("uq_intake_outbox_message_id")),
        sa.UniqueConstraint("slot", name=op.f("uq_intake_outbox_slot")),
    )
    op.create_index(
        "ix_intake_outbox_waiting",
        "intake_outbox",
        ["next_send_at"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL"),
        sqlite_where=sa.text("done_at IS NULL"),
    )
    op.create_table(
        "petitions_attempt",
        sa.Column("message_id", sa.String(length=36), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_petitions_attempt")),
    )
    op.create_table(
        "petitions_audit",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("township_id", BigId, nullable=True),
        sa.Column("person_id", BigId, nullable=True),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject_kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=64), nullable=False),
        sa.Column("village_id", BigId, nullable=True),
        sa.Column("purpose", sa.String(length=200), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("seq", BigId, nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_petitions_audit")),
        sa.UniqueConstraint("seq", name=op.f("uq_petitions_audit_seq")),
    )
    op.create_index(op.f("ix_petitions_audit_at"), "petitions_audit", ["at"], unique=False)
    op.create_table(
        "petitions_dead_letter",
        sa.Column("message_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("queue", sa.String(length=32), nullable=False),
        sa.Column("envelope", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("died_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_petitions_dead_letter")),
    )
    op.create_index(op.f("ix_petitions_dead_letter_died_at"), "petitions_dead_letter", ["died_at"], unique=False)
    op.create_table(
        "petitions_file",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", BigId, nullable=False),
        sa.Column("media_type", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_petitions_file")),
    )
    op.create_table(
        "petitions_idempotency",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("route", sa.String(length=120), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("body_sha256", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("resource_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("length(key) between 8 and 64", name=op.f("ck_petitions_idempotency_key_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_petitions_idempotency")),
        sa.UniqueConstraint("actor", "route", "key", name="uq_petitions_idempotency_actor_route_key"),
    )
    op.create_index(op.f("ix_petitions_idempotency_created_at"), "petitions_idempotency", ["created_at"], unique=False)
    op.create_table(
        "petitions_inbox",
        sa.Column("message_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("handled_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_petitions_inbox")),
    )
    op.create_index(op.f("ix_petitions_inbox_handled_at"), "petitions_inbox", ["handled_at"], unique=False)
    op.create_table(
        "petitions_outbox",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("message_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("receiver", sa.String(length=16), nullable=False),
        sa.Column("queue", sa.String(length=32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("slot", sa.String(length=120), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("sends", sa.Integer(), nullable=False),
        sa.Column("next_send_at", UtcDateTime(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_petitions_outbox")),
        sa.UniqueConstraint("message_id", name=op.f("uq_petitions_outbox_message_id")),
        sa.UniqueConstraint("slot", name=op.f("uq_petitions_outbox_slot")),
    )
    op.create_index(
        "ix_petitions_outbox_waiting",
        "petitions_outbox",
        ["next_send_at"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL"),
        sqlite_where=sa.text("done_at IS NULL"),
    )
    op.create_table(
        "points_attempt",
        sa.Column("message_id", sa.String(length=36), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_points_attempt")),
    )
    op.create_table(
        "points_audit",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("township_id", BigId, nullable=True),
        sa.Column("person_id", BigId, nullable=True),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject_kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=64), nullable=False),
        sa.Column("village_id", BigId, nullable=True),
        sa.Column("purpose", sa.String(length=200), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("seq", BigId, nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_audit")),
        sa.UniqueConstraint("seq", name=op.f("uq_points_audit_seq")),
    )
    op.create_index(op.f("ix_points_audit_at"), "points_audit", ["at"], unique=False)
    op.create_table(
        "points_dead_letter",
        sa.Column("message_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("queue", sa.String(length=32), nullable=False),
        sa.Column("envelope", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("died_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_points_dead_letter")),
    )
    op.create_index(op.f("ix_points_dead_letter_died_at"), "points_dead_letter", ["died_at"], unique=False)
    op.create_table(
        "points_file",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", BigId, nullable=False),
        sa.Column("media_type", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_points_file")),
    )
    op.create_table(
        "points_idempotency",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("route", sa.String(length=120), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("body_sha256", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("resource_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("length(key) between 8 and 64", name=op.f("ck_points_idempotency_key_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_idempotency")),
        sa.UniqueConstraint("actor", "route", "key", name="uq_points_idempotency_actor_route_key"),
    )
    op.create_index(op.f("ix_points_idempotency_created_at"), "points_idempotency", ["created_at"], unique=False)
    op.create_table(
        "points_inbox",
        sa.Column("message_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("handled_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_points_inbox")),
    )
    op.create_index(op.f("ix_points_inbox_handled_at"), "points_inbox", ["handled_at"], unique=False)
    op.create_table(
        "points_outbox",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("message_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("receiver", sa.String(length=16), nullable=False),
        sa.Column("queue", sa.String(length=32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("slot", sa.String(length=120), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("sends", sa.Integer(), nullable=False),
        sa.Column("next_send_at", UtcDateTime(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_outbox")),
        sa.UniqueConstraint("message_id", name=op.f("uq_points_outbox_message_id")),
        sa.UniqueConstraint("slot", name=op.f("uq_points_outbox_slot")),
    )
    op.create_index(
        "ix_points_outbox_waiting",
        "points_outbox",
        ["next_send_at"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL"),
        sqlite_where=sa.text("done_at IS NULL"),
    )
    op.create_table(
        "registry_township",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("host", sa.String(length=120), nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("length(code) = 9", name=op.f("ck_registry_township_code_has_nine_digits")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_township")),
        sa.UniqueConstraint("code", name=op.f("uq_registry_township_code")),
        sa.UniqueConstraint("host", name=op.f("uq_registry_township_host")),
    )
    op.create_table(
        "registry_person",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("township_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("pinyin", sa.String(length=120), nullable=False),
        sa.Column("initials", sa.String(length=20), nullable=False),
        sa.Column("birth_year", sa.Integer(), nullable=True),
        sa.Column("identity_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("identity_index", sa.String(length=64), nullable=True),
        sa.Column("identity_tail", sa.String(length=4), nullable=False),
        sa.Column("phone_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.String(length=64), nullable=True),
        sa.Column("phone_tail", sa.String(length=4), nullable=False),
        sa.Column("care_labels", sa.Text(), nullable=False),
        sa.Column("party_status", sa.String(length=20), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["township_id"], ["registry_township.id"], name=op.f("fk_registry_person_township_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_person")),
        sa.UniqueConstraint("township_id", "identity_index", name="uq_registry_person_township_id_identity_index"),
    )
    op.create_index(op.f("ix_registry_person_initials"), "registry_person", ["initials"], unique=False)
    op.create_index(op.f("ix_registry_person_phone_index"), "registry_person", ["phone_index"], unique=False)
    op.create_index(op.f("ix_registry_person_phone_tail"), "registry_person", ["phone_tail"], unique=False)
    op.create_index(op.f("ix_registry_person_pinyin"), "registry_person", ["pinyin"], unique=False)
    op.create_table(
        "registry_village",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("township_id", BigId, nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("successor_id", BigId, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("length(code) = 12", name=op.f("ck_registry_village_code_has_twelve_digits")),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_registry_village_ends_after_it_begins")
        ),
        sa.ForeignKeyConstraint(
            ["successor_id"], ["registry_village.id"], name=op.f("fk_registry_village_successor_id")
        ),
        sa.ForeignKeyConstraint(
            ["township_id"], ["registry_township.id"], name=op.f("fk_registry_village_township_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_village")),
        sa.UniqueConstraint("code", name=op.f("uq_registry_village_code")),
    )
    op.create_index("ix_registry_village_township_id_code", "registry_village", ["township_id", "code"], unique=False)
    op.create_table(
        "registry_grid",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("village_id", BigId, nullable=False),
        sa.Column("parent_id", BigId, nullable=True),
        sa.Column(
            "level",
            sa.Enum(
                "area", "group", "neighbours", name="level_known", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(level = 'area') = (parent_id IS NULL)", name=op.f("ck_registry_grid_areas_have_no_parent")
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["registry_grid.id"], name=op.f("fk_registry_grid_parent_id")),
        sa.ForeignKeyConstraint(["village_id"], ["registry_village.id"], name=op.f("fk_registry_grid_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_grid")),
        sa.UniqueConstraint("village_id", "code", name="uq_registry_grid_village_id_code"),
    )
    op.create_index(op.f("ix_registry_grid_parent_id"), "registry_grid", ["parent_id"], unique=False)
    op.create_table(
        "registry_office",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("township_id", BigId, nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("handles", sa.String(length=400), nullable=False),
        sa.Column("head_id", BigId, nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["head_id"], ["registry_person.id"], name=op.f("fk_registry_office_head_id")),
        sa.ForeignKeyConstraint(["township_id"], ["registry_township.id"], name=op.f("fk_registry_office_township_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_office")),
        sa.UniqueConstraint("township_id", "code", name="uq_registry_office_township_id_code"),
    )
    op.create_table(
        "registry_duty",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("township_id", BigId, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "grid_member",
                "cadre",
                "keeper",
                "judge",
                "supervisor",
                "handler",
                "leader",
                "clerk",
                "discipline",
                "admin",
                "auditor",
                "operator",
                name="kind_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("village_id", BigId, nullable=True),
        sa.Column("grid_id", BigId, nullable=True),
        sa.Column("office_id", BigId, nullable=True),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind <> 'grid_member' OR grid_id IS NOT NULL", name=op.f("ck_registry_duty_grid_members_name_their_grid")
        ),
        sa.CheckConstraint(
            "kind <> 'handler' OR office_id IS NOT NULL", name=op.f("ck_registry_duty_handlers_name_their_office")
        ),
        sa.CheckConstraint(
            "village_id IS NOT NULL OR kind NOT IN ('grid_member', 'cadre', 'keeper', 'judge', 'supervisor')",
            name=op.f("ck_registry_duty_village_duties_name_their_village"),
        ),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_registry_duty_ends_after_it_begins")
        ),
        sa.ForeignKeyConstraint(["grid_id"], ["registry_grid.id"], name=op.f("fk_registry_duty_grid_id")),
        sa.ForeignKeyConstraint(["office_id"], ["registry_office.id"], name=op.f("fk_registry_duty_office_id")),
        sa.ForeignKeyConstraint(["person_id"], ["registry_person.id"], name=op.f("fk_registry_duty_person_id")),
        sa.ForeignKeyConstraint(["township_id"], ["registry_township.id"], name=op.f("fk_registry_duty_township_id")),
        sa.ForeignKeyConstraint(["village_id"], ["registry_village.id"], name=op.f("fk_registry_duty_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_duty")),
    )
    op.create_index(op.f("ix_registry_duty_grid_id"), "registry_duty", ["grid_id"], unique=False)
    op.create_index(op.f("ix_registry_duty_office_id"), "registry_duty", ["office_id"], unique=False)
    op.create_index("ix_registry_duty_person_id_valid_from", "registry_duty", ["person_id", "valid_from"], unique=False)
    op.create_index(op.f("ix_registry_duty_township_id"), "registry_duty", ["township_id"], unique=False)
    op.create_index(op.f("ix_registry_duty_village_id"), "registry_duty", ["village_id"], unique=False)
    op.create_table(
        "registry_household",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("village_id", BigId, nullable=False),
        sa.Column("group_id", BigId, nullable=False),
        sa.Column("neighbours_id", BigId, nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("card_number", sa.String(length=10), nullable=False),
        sa.Column("card_token", sa.String(length=32), nullable=False),
        sa.Column("head_name", sa.String(length=60), nullable=False),
        sa.Column("head_pinyin", sa.String(length=120), nullable=False),
        sa.Column("head_initials", sa.String(length=20), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("successor_id", BigId, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("length(card_number) = 10", name=op.f("ck_registry_household_card_has_ten_digits")),
        sa.CheckConstraint("number > 0", name=op.f("ck_registry_household_number_is_positive")),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_registry_household_ends_after_it_begins")
        ),
        sa.ForeignKeyConstraint(["group_id"], ["registry_grid.id"], name=op.f("fk_registry_household_group_id")),
        sa.ForeignKeyConstraint(
            ["neighbours_id"], ["registry_grid.id"], name=op.f("fk_registry_household_neighbours_id")
        ),
        sa.ForeignKeyConstraint(
            ["successor_id"], ["registry_household.id"], name=op.f("fk_registry_household_successor_id")
        ),
        sa.ForeignKeyConstraint(["village_id"], ["registry_village.id"], name=op.f("fk_registry_household_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_household")),
        sa.UniqueConstraint("card_number", name=op.f("uq_registry_household_card_number")),
        sa.UniqueConstraint("card_token", name=op.f("uq_registry_household_card_token")),
        sa.UniqueConstraint("village_id", "number", name="uq_registry_household_village_id_number"),
    )
    op.create_index("ix_registry_household_group_id_number", "registry_household", ["group_id", "number"], unique=False)
    op.create_index(op.f("ix_registry_household_head_initials"), "registry_household", ["head_initials"], unique=False)
    op.create_index(op.f("ix_registry_household_head_pinyin"), "registry_household", ["head_pinyin"], unique=False)
    op.create_index(op.f("ix_registry_household_neighbours_id"), "registry_household", ["neighbours_id"], unique=False)
    op.create_table(
        "registry_kinship",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("household_id", BigId, nullable=False),
        sa.Column("declared_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["household_id"], ["registry_household.id"], name=op.f("fk_registry_kinship_household_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["registry_person.id"], name=op.f("fk_registry_kinship_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_kinship")),
        sa.UniqueConstraint("person_id", "household_id", name="uq_registry_kinship_person_id_household_id"),
    )
    op.create_index(op.f("ix_registry_kinship_household_id"), "registry_kinship", ["household_id"], unique=False)
    op.create_table(
        "registry_resident",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("household_id", BigId, nullable=False),
        sa.Column("relation", sa.String(length=20), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_registry_resident_ends_after_it_begins")
        ),
        sa.ForeignKeyConstraint(
            ["household_id"], ["registry_household.id"], name=op.f("fk_registry_resident_household_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["registry_person.id"], name=op.f("fk_registry_resident_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_resident")),
    )
    op.create_index(op.f("ix_registry_resident_household_id"), "registry_resident", ["household_id"], unique=False)
    op.create_index(op.f("ix_registry_resident_person_id"), "registry_resident", ["person_id"], unique=False)
    op.create_index(
        "uq_registry_resident_current",
        "registry_resident",
        ["person_id"],
        unique=True,
        postgresql_where=sa.text("valid_to IS NULL"),
        sqlite_where=sa.text("valid_to IS NULL"),
    )
