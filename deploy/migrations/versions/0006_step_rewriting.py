"""The details of steps may be written under a newer key, or emptied; everything else of a step stays as it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.models.base import BigId

revision = "0006_step_rewriting"
down_revision = "0005_gateway"
branch_labels = None
depends_on = None

_FIXED = "id, petition_id, action, from_state, to_state, happened_on, recorded_at, person_id, actor, actor_name"


def upgrade() -> None:
    op.create_table(
        "petitions_rewriting",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_petitions_rewriting")),
    )
    if op.get_bind().dialect.name == "postgresql":
        _allow_details_on_postgresql()
    else:
        _allow_details_on_sqlite()


def _allow_details_on_postgresql() -> None:
    op.execute(
        """
        CREATE OR REPLACE FUNCTION petitions_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' AND EXISTS (SELECT FROM petitions_rewriting)
                AND to_jsonb(NEW) - 'details_encrypted' = to_jsonb(OLD) - 'details_encrypted' THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'steps of a petition are append-only' USING ERRCODE = 'integrity_constraint_violation';
        END $$
        """
    )


def _allow_details_on_sqlite() -> None:
    op.execute("DROP TRIGGER petitions_step_no_update")
    refuse = "BEGIN SELECT RAISE(ABORT, 'steps of a petition are append-only'); END"
    op.execute(f"CREATE TRIGGER petitions_step_no_update BEFORE UPDATE OF {_FIXED} ON petitions_step {refuse}")
    op.execute(
        "CREATE TRIGGER petitions_step_keeps_details BEFORE UPDATE OF details_encrypted ON petitions_step "
        f"WHEN NOT EXISTS (SELECT 1 FROM petitions_rewriting) {refuse}"
    )
