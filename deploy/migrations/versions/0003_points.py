"""Tables of points."""

from __future__ import annotations

revision = "0003_points"
down_revision = "0002_intake"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
