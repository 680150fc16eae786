"""Tables of intake."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.models.base import BigId, UtcDateTime

revision = "0002_intake"
down_revision = "0001_registry"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "intake_follow_try",
        sa.Column("township_id", BigId, nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("tries > 0", name=op.f("ck_intake_follow_try_tries_are_counted")),
        sa.ForeignKeyConstraint(
            ["township_id"], ["registry_township.id"], name=op.f("fk_intake_follow_try_township_id")
        ),
        sa.PrimaryKeyConstraint("township_id", "number", name=op.f("pk_intake_follow_try")),
    )
    op.create_index(op.f("ix_intake_follow_try_first_at"), "intake_follow_try", ["first_at"], unique=False)
    op.create_table(
        "intake_sealed_receipt",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("township_id", BigId, nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["township_id"], ["registry_township.id"], name=op.f("fk_intake_sealed_receipt_township_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_sealed_receipt")),
        sa.UniqueConstraint("township_id", "number", name="uq_intake_sealed_receipt_township_id_number"),
    )
    op.create_table(
        "intake_import",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("township_id", BigId, nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "households_residents",
                "duties",
                name="kind_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "running",
                "checked",
                "refused",
                "done",
                "failed",
                name="state_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("rows", sa.Text(), nullable=True),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("error_rows", sa.Integer(), nullable=False),
        sa.Column("errors", sa.Text(), nullable=False),
        sa.Column("error_file_sha256", sa.String(length=64), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("villages", sa.Text(), nullable=True),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("person_id", BigId, nullable=True),
        sa.Column("actor_name", sa.String(length=60), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("done <= total", name=op.f("ck_intake_import_done_within_total")),
        sa.ForeignKeyConstraint(["person_id"], ["registry_person.id"], name=op.f("fk_intake_import_person_id")),
        sa.ForeignKeyConstraint(["township_id"], ["registry_township.id"], name=op.f("fk_intake_import_township_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_import")),
    )
    op.create_index(
        "ix_intake_import_open",
        "intake_import",
        ["state"],
        unique=False,
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
        sqlite_where=sa.text("state IN ('waiting', 'running')"),
    )
    op.create_index("ix_intake_import_township_id_id", "intake_import", ["township_id", "id"], unique=False)
    op.create_table(
        "intake_demand_category",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("township_id", BigId, nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("limit_days", sa.Integer(), nullable=False),
        sa.Column("office_id", BigId, nullable=True),
        sa.Column("rule_code", sa.String(length=20), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("limit_days BETWEEN 1 AND 90", name=op.f("ck_intake_demand_category_limit_is_possible")),
        sa.ForeignKeyConstraint(
            ["office_id"], ["registry_office.id"], name=op.f("fk_intake_demand_category_office_id")
        ),
        sa.ForeignKeyConstraint(
            ["township_id"], ["registry_township.id"], name=op.f("fk_intake_demand_category_township_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_demand_category")),
        sa.UniqueConstraint("township_id", "code", name="uq_intake_demand_category_township_id_code"),
    )
    op.create_table(
        "intake_demand",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("township_id", BigId, nullable=False),
        sa.Column("village_id", BigId, nullable=False),
        sa.Column("group_id", BigId, nullable=True),
        sa.Column("household_id", BigId, nullable=True),
        sa.Column("category_id", BigId, nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "page",
                "counter",
                "call",
                "visit",
                name="channel_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "assigned",
                "taken",
                "working",
                "answered",
                "closed",
                "withdrawn",
                "converted",
                name="state_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("is_urgent", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("reporter_name", sa.String(length=60), nullable=False),
        sa.Column("phone_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("phone_tail", sa.String(length=4), nullable=False),
        sa.Column("office_id", BigId, nullable=True),
        sa.Column("assignee_id", BigId, nullable=True),
        sa.Column("answered_by", BigId, nullable=True),
        sa.Column("public_answer", sa.Text(), nullable=False),
        sa.Column("private_answer", sa.Text(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("due_is_provisional", sa.Boolean(), nullable=False),
        sa.Column("reminded", sa.String(length=10), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("converted_on", sa.Date(), nullable=True),
        sa.Column("petition_state", sa.String(length=20), nullable=False),
        sa.Column("petition_state_version", sa.Integer(), nullable=False),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("points_version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "converted_on IS NULL OR (reporter_name = '' AND phone_encrypted IS NULL AND household_id IS NULL)",
            name=op.f("ck_intake_demand_petitions_leave_no_reporter"),
        ),
        sa.CheckConstraint(
            "converted_on IS NULL OR (text = '' AND place = '' AND public_answer = '' AND private_answer = '')",
            name=op.f("ck_intake_demand_petitions_leave_no_text"),
        ),
        sa.CheckConstraint(
            "office_id IS NOT NULL OR assignee_id IS NOT NULL "
            "OR state IN ('waiting', 'closed', 'withdrawn', 'converted')",
            name=op.f("ck_intake_demand_open_work_has_someone"),
        ),
        sa.CheckConstraint("reminded IN ('', 'soon', 'overdue')", name=op.f("ck_intake_demand_reminder_known")),
        sa.CheckConstraint(
            "state <> 'converted' OR converted_on IS NOT NULL", name=op.f("ck_intake_demand_conversions_have_a_day")
        ),
        sa.CheckConstraint(
            "state NOT IN ('answered') OR public_answer <> ''", name=op.f("ck_intake_demand_answers_have_words")
        ),
        sa.CheckConstraint("due_on >= received_on", name=op.f("ck_intake_demand_due_after_receipt")),
        sa.ForeignKeyConstraint(["answered_by"], ["registry_person.id"], name=op.f("fk_intake_demand_answered_by")),
        sa.ForeignKeyConstraint(["assignee_id"], ["registry_person.id"], name=op.f("fk_intake_demand_assignee_id")),
        sa.ForeignKeyConstraint(
            ["category_id"], ["intake_demand_category.id"], name=op.f("fk_intake_demand_category_id")
        ),
        sa.ForeignKeyConstraint(["group_id"], ["registry_grid.id"], name=op.f("fk_intake_demand_group_id")),
        sa.ForeignKeyConstraint(
            ["household_id"], ["registry_household.id"], name=op.f("fk_intake_demand_household_id")
        ),
        sa.ForeignKeyConstraint(["office_id"], ["registry_office.id"], name=op.f("fk_intake_demand_office_id")),
        sa.ForeignKeyConstraint(["township_id"], ["registry_township.id"], name=op.f("fk_intake_demand_township_id")),
        sa.ForeignKeyConstraint(["village_id"], ["registry_village.id"], name=op.f("fk_intake_demand_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_demand")),
        sa.UniqueConstraint("township_id", "number", name="uq_intake_demand_township_id_number"),
    )
    op.create_index(op.f("ix_intake_demand_assignee_id"), "intake_demand", ["assignee_id"], unique=False)
    op.create_index(op.f("ix_intake_demand_category_id"), "intake_demand", ["category_id"], unique=False)
    op.create_index(op.f("ix_intake_demand_household_id"), "intake_demand", ["household_id"], unique=False)
    op.create_index("ix_intake_demand_office_id_state_id", "intake_demand", ["office_id", "state", "id"], unique=False)
    op.create_index("ix_intake_demand_township_id_id", "intake_demand", ["township_id", "id"], unique=False)
    op.create_index(
        "ix_intake_demand_township_id_received_on", "intake_demand", ["township_id", "received_on"], unique=False
    )
    op.create_index(
        "ix_intake_demand_village_id_state_id", "intake_demand", ["village_id", "state", "id"], unique=False
    )
    op.create_table(
        "intake_demand_step",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("demand_id", BigId, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column(
            "action",
            sa.Enum(
                "assign",
                "take",
                "start",
                "answer",
                "send_back",
                "confirm",
                "reopen",
                "withdraw",
                "convert",
                "conclude",
                name="action_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "from_state",
            sa.Enum(
                "waiting",
                "assigned",
                "taken",
                "working",
                "answered",
                "closed",
                "withdrawn",
                "converted",
                name="from_state_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "to_state",
            sa.Enum(
                "waiting",
                "assigned",
                "taken",
                "working",
                "answered",
                "closed",
                "withdrawn",
                "converted",
                name="to_state_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("person_id", BigId, nullable=True),
        sa.Column("actor_name", sa.String(length=60), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["demand_id"], ["intake_demand.id"], name=op.f("fk_intake_demand_step_demand_id")),
        sa.ForeignKeyConstraint(["person_id"], ["registry_person.id"], name=op.f("fk_intake_demand_step_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_demand_step")),
    )
    op.create_index(op.f("ix_intake_demand_step_demand_id"), "intake_demand_step", ["demand_id"], unique=False)
