"""On which day people, demands and petitions were forgotten."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010_retention"
down_revision = "0009_permanent_adoptions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("registry_person", "intake_demand", "petitions_petition"):
        op.add_column(table, sa.Column("forgotten_on", sa.Date(), nullable=True))
