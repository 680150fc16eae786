"""Tables of intake."""

from __future__ import annotations

revision = "0002_intake"
down_revision = "0001_registry"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
