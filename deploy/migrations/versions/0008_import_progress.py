"""When a worker began to read an imported workbook: progress and what is left are told from it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.models.base import UtcDateTime

revision = "0008_import_progress"
down_revision = "0007_expiry_and_opening_days"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("points_import", "intake_import"):
        op.add_column(table, sa.Column("started_at", UtcDateTime(), nullable=True))
