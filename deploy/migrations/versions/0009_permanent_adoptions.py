"""A revision on trial may become permanent by a second adoption; a stock move holds the person who made it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.models.base import BigId, UtcDateTime

revision = "0009_permanent_adoptions"
down_revision = "0008_import_progress"
branch_labels = None
depends_on = None

_TABLE = "points_adoption"
_KEY = ("village_id", "rulebook_id")
_COLUMNS = (
    "id, village_id, rulebook_id, from_quarter, matter_number, matter_on, matter_scan, matter_proven_at, trial,"
    " trial_quarters, correction, correction_lines, correction_reason, adopted_by, adopted_at, version"
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(f"uq_{_TABLE}_village_id_rulebook_id", _TABLE, type_="unique")
        op.create_unique_constraint(f"uq_{_TABLE}_village_id_rulebook_id_trial", _TABLE, [*_KEY, "trial"])
    else:
        _rebuild_on_sqlite()
    op.add_column("points_stock_move", sa.Column("person_id", BigId, nullable=True))


def _rebuild_on_sqlite() -> None:
    """SQLite changes no constraint of a table that stands: a new one takes its rows and its place."""
    op.create_table(
        "points_adoption_new",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("village_id", BigId, nullable=False),
        sa.Column("rulebook_id", BigId, nullable=False),
        sa.Column("from_quarter", sa.Integer(), nullable=False),
        sa.Column("matter_number", sa.String(length=60), nullable=True),
        sa.Column("matter_on", sa.Date(), nullable=True),
        sa.Column("matter_scan", sa.String(length=64), nullable=True),
        sa.Column("matter_proven_at", UtcDateTime(), nullable=True),
        sa.Column("trial", sa.Boolean(), nullable=False),
        sa.Column("trial_quarters", sa.Integer(), nullable=True),
        sa.Column("correction", sa.Boolean(), nullable=False),
        sa.Column("correction_lines", sa.Text(), nullable=False),
        sa.Column("correction_reason", sa.String(length=400), nullable=False),
        sa.Column("adopted_by", BigId, nullable=True),
        sa.Column("adopted_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("NOT correction OR correction_reason <> ''", name=op.f(f"ck_{_TABLE}_corrections_say_why")),
        sa.CheckConstraint("trial = (trial_quarters IS NOT NULL)", name=op.f(f"ck_{_TABLE}_trials_end")),
        sa.CheckConstraint("trial OR matter_number IS NOT NULL", name=op.f(f"ck_{_TABLE}_only_a_trial_has_no_matter")),
        sa.CheckConstraint(
            "trial_quarters IS NULL OR trial_quarters BETWEEN 1 AND 2",
            name=op.f(f"ck_{_TABLE}_trial_of_two_quarters"),
        ),
        sa.ForeignKeyConstraint(["rulebook_id"], ["points_rulebook.id"], name=op.f(f"fk_{_TABLE}_rulebook_id")),
        sa.ForeignKeyConstraint(["village_id"], ["registry_village.id"], name=op.f(f"fk_{_TABLE}_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{_TABLE}")),
        sa.UniqueConstraint(*_KEY, "trial", name=op.f(f"uq_{_TABLE}_village_id_rulebook_id_trial")),
    )
    op.execute(f"INSERT INTO points_adoption_new ({_COLUMNS}) SELECT {_COLUMNS} FROM {_TABLE}")
    op.drop_table(_TABLE)
    op.rename_table("points_adoption_new", _TABLE)
    op.create_index(f"ix_{_TABLE}_village_id_from_quarter", _TABLE, ["village_id", "from_quarter"], unique=False)
