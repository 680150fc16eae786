"""Tables of the gateway."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.models.base import BigId, UtcDateTime

revision = "0005_gateway"
down_revision = "0004_petitions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gateway_login_attempt",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_login_attempt")),
    )
    op.create_index(op.f("ix_gateway_login_attempt_at"), "gateway_login_attempt", ["at"], unique=False)
    op.create_index("ix_gateway_login_attempt_subject_at", "gateway_login_attempt", ["subject", "at"], unique=False)
    op.create_table(
        "gateway_notice_source",
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("source_version", BigId, nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_gateway_notice_source")),
    )
    op.create_table(
        "gateway_notice",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("township_id", BigId, nullable=False),
        sa.Column("recipient", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("link", sa.String(length=200), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["source"], ["gateway_notice_source.source"], name=op.f("fk_gateway_notice_source")),
        sa.ForeignKeyConstraint(["township_id"], ["registry_township.id"], name=op.f("fk_gateway_notice_township_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_notice")),
        sa.UniqueConstraint("recipient", "source", name="uq_gateway_notice_recipient_source"),
    )
    op.create_index("ix_gateway_notice_recipient_id", "gateway_notice", ["recipient", "id"], unique=False)
    op.create_index(op.f("ix_gateway_notice_source"), "gateway_notice", ["source"], unique=False)
    op.create_index(op.f("ix_gateway_notice_township_id"), "gateway_notice", ["township_id"], unique=False)
    op.create_index(
        "ix_gateway_notice_unread",
        "gateway_notice",
        ["recipient"],
        unique=False,
        postgresql_where=sa.text("read_at IS NULL"),
        sqlite_where=sa.text("read_at IS NULL"),
    )
    op.create_table(
        "gateway_opinion",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("township_id", BigId, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("page", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("contact_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_by", BigId, nullable=True),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (answer = '')", name=op.f("ck_gateway_opinion_answered_in_writing")
        ),
        sa.CheckConstraint("text <> ''", name=op.f("ck_gateway_opinion_says_something")),
        sa.ForeignKeyConstraint(["township_id"], ["registry_township.id"], name=op.f("fk_gateway_opinion_township_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_opinion")),
        sa.UniqueConstraint("key", name=op.f("uq_gateway_opinion_key")),
    )
    op.create_index("ix_gateway_opinion_township_id_id", "gateway_opinion", ["township_id", "id"], unique=False)
    op.create_table(
        "gateway_account",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("township_id", BigId, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("username", sa.String(length=40), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("totp_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("totp_confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("totp_last_step", BigId, nullable=True),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("disabled_at", UtcDateTime(), nullable=True),
        sa.Column("last_login_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("username = lower(username)", name=op.f("ck_gateway_account_username_in_lower_case")),
        sa.ForeignKeyConstraint(["person_id"], ["registry_person.id"], name=op.f("fk_gateway_account_person_id")),
        sa.ForeignKeyConstraint(["township_id"], ["registry_township.id"], name=op.f("fk_gateway_account_township_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_account")),
        sa.UniqueConstraint("person_id", name=op.f("uq_gateway_account_person_id")),
        sa.UniqueConstraint("username", name=op.f("uq_gateway_account_username")),
    )
    op.create_index(op.f("ix_gateway_account_township_id"), "gateway_account", ["township_id"], unique=False)
    op.create_table(
        "gateway_card_pin",
        sa.Column("household_id", BigId, autoincrement=False, nullable=False),
        sa.Column("pin_hash", sa.String(length=200), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["household_id"], ["registry_household.id"], name=op.f("fk_gateway_card_pin_household_id")
        ),
        sa.PrimaryKeyConstraint("household_id", name=op.f("pk_gateway_card_pin")),
    )
    op.create_table(
        "gateway_session",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("account_id", BigId, nullable=True),
        sa.Column("household_id", BigId, nullable=True),
        sa.Column("csrf_token", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "(account_id IS NULL) <> (household_id IS NULL)", name=op.f("ck_gateway_session_of_an_account_or_a_card")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["gateway_account.id"], name=op.f("fk_gateway_session_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["household_id"], ["registry_household.id"], name=op.f("fk_gateway_session_household_id")
        ),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_gateway_session")),
    )
    op.create_index(op.f("ix_gateway_session_account_id"), "gateway_session", ["account_id"], unique=False)
    op.create_index(op.f("ix_gateway_session_expires_at"), "gateway_session", ["expires_at"], unique=False)
    op.create_index(op.f("ix_gateway_session_household_id"), "gateway_session", ["household_id"], unique=False)
