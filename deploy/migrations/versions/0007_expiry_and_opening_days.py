"""Expiry of points by month, and the opening days of the stores."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.models.base import BigId, UtcDateTime

revision = "0007_expiry_and_opening_days"
down_revision = "0006_step_rewriting"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "points_expiry_run",
        sa.Column("village_id", BigId, nullable=False),
        sa.Column("month", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ran_at", UtcDateTime(), nullable=False),
        sa.Column("posting_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(["posting_id"], ["points_posting.id"], name=op.f("fk_points_expiry_run_posting_id")),
        sa.ForeignKeyConstraint(["village_id"], ["registry_village.id"], name=op.f("fk_points_expiry_run_village_id")),
        sa.PrimaryKeyConstraint("village_id", "month", name=op.f("pk_points_expiry_run")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_points_expiry_run_posting_id"), "points_expiry_run", ["posting_id"], unique=False)
    op.create_table(
        "points_opening_day",
        sa.Column("village_id", BigId, nullable=False),
        sa.Column("weekday", sa.Integer(), autoincrement=False, nullable=False),
        sa.CheckConstraint("weekday BETWEEN 1 AND 7", name=op.f("ck_points_opening_day_weekday_of_a_week")),
        sa.ForeignKeyConstraint(["village_id"], ["registry_village.id"], name=op.f("fk_points_opening_day_village_id")),
        sa.PrimaryKeyConstraint("village_id", "weekday", name=op.f("pk_points_opening_day")),
        sqlite_with_rowid=False,
    )
