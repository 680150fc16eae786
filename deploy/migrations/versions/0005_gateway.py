"""Tables of the gateway."""

from __future__ import annotations

revision = "0005_gateway"
down_revision = "0004_petitions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
