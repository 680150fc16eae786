"""Tables of petitions."""

from __future__ import annotations

revision = "0004_petitions"
down_revision = "0003_points"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
