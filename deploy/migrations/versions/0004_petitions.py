"""Tables of petitions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.models.base import BigId, UtcDateTime

revision = "0004_petitions"
down_revision = "0003_points"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "petitions_code_try",
        sa.Column("township_id", BigId, nullable=False),
        sa.Column("number_hash", sa.String(length=64), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["township_id"], ["registry_township.id"], name=op.f("fk_petitions_code_try_township_id")
        ),
        sa.PrimaryKeyConstraint("township_id", "number_hash", name=op.f("pk_petitions_code_try")),
    )
    op.create_index(op.f("ix_petitions_code_try_first_at"), "petitions_code_try", ["first_at"], unique=False)
    op.create_table(
        "petitions_number_series",
        sa.Column("township_id", BigId, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["township_id"], ["registry_township.id"], name=op.f("fk_petitions_number_series_township_id")
        ),
        sa.PrimaryKeyConstraint("township_id", "year", name=op.f("pk_petitions_number_series")),
    )
    op.create_table(
        "petitions_petition",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("township_id", BigId, nullable=False),
        sa.Column("village_id", BigId, nullable=True),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "visit",
                "letter",
                "call",
                "online",
                "fax",
                "leader_mailbox",
                "hotline",
                "transferred_in",
                "demand",
                name="channel_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "category",
            sa.Enum(
                "suggestion",
                "accusation",
                "claim",
                name="category_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "route",
            sa.Enum(
                "litigation",
                "arbitration",
                "appeal",
                "administrative",
                "investigation",
                "opinion",
                name="route_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "registered",
                "objected",
                "returned",
                "transferred",
                "assigned_down",
                "told",
                "merged",
                "not_accepted",
                "no_longer_accepted",
                "reported_up",
                "guided",
                "accepted",
                "delivered",
                "reconciled",
                "withdrawn",
                "concluded",
                name="state_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("major", sa.Boolean(), nullable=False),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("official_number", sa.String(length=40), nullable=True),
        sa.Column("text_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("code_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=True),
        sa.Column("source_version", BigId, nullable=True),
        sa.Column("merged_into_id", BigId, nullable=True),
        sa.Column("next_due_on", sa.Date(), nullable=False),
        sa.Column("accepted_on", sa.Date(), nullable=True),
        sa.Column("delivered_on", sa.Date(), nullable=True),
        sa.Column("concluded_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "route IS NULL OR category = 'claim'", name=op.f("ck_petitions_petition_only_claims_have_a_route")
        ),
        sa.CheckConstraint(
            "state <> 'draft' OR category = 'accusation'", name=op.f("ck_petitions_petition_drafts_are_sealed")
        ),
        sa.CheckConstraint(
            "(source IS NULL) = (source_version IS NULL)", name=op.f("ck_petitions_petition_sources_have_versions")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_petitions_petition_version_counts_from_one")),
        sa.ForeignKeyConstraint(
            ["merged_into_id"], ["petitions_petition.id"], name=op.f("fk_petitions_petition_merged_into_id")
        ),
        sa.ForeignKeyConstraint(
            ["township_id"], ["registry_township.id"], name=op.f("fk_petitions_petition_township_id")
        ),
        sa.ForeignKeyConstraint(["village_id"], ["registry_village.id"], name=op.f("fk_petitions_petition_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_petitions_petition")),
        sa.UniqueConstraint("source", name=op.f("uq_petitions_petition_source")),
        sa.UniqueConstraint("township_id", "number", name="uq_petitions_petition_township_id_number"),
    )
    op.create_index(
        op.f("ix_petitions_petition_merged_into_id"), "petitions_petition", ["merged_into_id"], unique=False
    )
    op.create_index(
        "ix_petitions_petition_township_id_next_due_on_number",
        "petitions_petition",
        ["township_id", "next_due_on", "number"],
        unique=False,
    )
    op.create_index(op.f("ix_petitions_petition_village_id"), "petitions_petition", ["village_id"], unique=False)
    op.create_table(
        "petitions_assignment",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("petition_id", BigId, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("assigned_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["registry_person.id"], name=op.f("fk_petitions_assignment_person_id")),
        sa.ForeignKeyConstraint(
            ["petition_id"], ["petitions_petition.id"], name=op.f("fk_petitions_assignment_petition_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_petitions_assignment")),
        sa.UniqueConstraint("petition_id", "person_id", name="uq_petitions_assignment_petition_id_person_id"),
    )
    op.create_index("ix_petitions_assignment_person_id", "petitions_assignment", ["person_id"], unique=False)
    op.create_table(
        "petitions_clock",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("petition_id", BigId, nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "notice",
                "objection",
                "handling",
                "legal_route",
                "review_window",
                name="kind_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("due_on_rolled", sa.Date(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("extended_days", sa.Integer(), nullable=False),
        sa.Column("satisfied_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "extended_days = 0 OR kind = 'handling'", name=op.f("ck_petitions_clock_only_handling_is_extended")
        ),
        sa.CheckConstraint("due_on > started_on", name=op.f("ck_petitions_clock_due_after_the_start")),
        sa.CheckConstraint("due_on_rolled >= due_on", name=op.f("ck_petitions_clock_rolls_forward")),
        sa.CheckConstraint(
            "extended_days BETWEEN 0 AND 30", name=op.f("ck_petitions_clock_extended_by_at_most_thirty_days")
        ),
        sa.CheckConstraint(
            "satisfied_on IS NULL OR satisfied_on >= started_on",
            name=op.f("ck_petitions_clock_satisfied_after_the_start"),
        ),
        sa.ForeignKeyConstraint(
            ["petition_id"], ["petitions_petition.id"], name=op.f("fk_petitions_clock_petition_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_petitions_clock")),
    )
    op.create_index("ix_petitions_clock_due_on", "petitions_clock", ["due_on"], unique=False)
    op.create_index(
        "uq_petitions_clock_running",
        "petitions_clock",
        ["petition_id", "kind"],
        unique=True,
        postgresql_where=sa.text("satisfied_on IS NULL"),
        sqlite_where=sa.text("satisfied_on IS NULL"),
    )
    op.create_table(
        "petitions_evaluation",
        sa.Column("petition_id", BigId, nullable=False),
        sa.Column(
            "grade",
            sa.Enum(
                "satisfied",
                "basically_satisfied",
                "dissatisfied",
                name="grade_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("words_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("assisted", sa.Boolean(), nullable=False),
        sa.Column("evaluated_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["petition_id"], ["petitions_petition.id"], name=op.f("fk_petitions_evaluation_petition_id")
        ),
        sa.PrimaryKeyConstraint("petition_id", name=op.f("pk_petitions_evaluation")),
    )
    op.create_table(
        "petitions_exclusion",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("petition_id", BigId, nullable=False),
        sa.Column("person_id", BigId, nullable=True),
        sa.Column("office_id", BigId, nullable=True),
        sa.Column(
            "reason",
            sa.Enum(
                "complained_of", "recused", name="reason_known", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(person_id IS NULL) <> (office_id IS NULL)",
            name=op.f("ck_petitions_exclusion_names_a_person_or_an_office"),
        ),
        sa.ForeignKeyConstraint(["office_id"], ["registry_office.id"], name=op.f("fk_petitions_exclusion_office_id")),
        sa.ForeignKeyConstraint(["person_id"], ["registry_person.id"], name=op.f("fk_petitions_exclusion_person_id")),
        sa.ForeignKeyConstraint(
            ["petition_id"], ["petitions_petition.id"], name=op.f("fk_petitions_exclusion_petition_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_petitions_exclusion")),
        sa.UniqueConstraint("petition_id", "office_id", name="uq_petitions_exclusion_petition_id_office_id"),
        sa.UniqueConstraint("petition_id", "person_id", name="uq_petitions_exclusion_petition_id_person_id"),
    )
    op.create_index(op.f("ix_petitions_exclusion_office_id"), "petitions_exclusion", ["office_id"], unique=False)
    op.create_index(op.f("ix_petitions_exclusion_person_id"), "petitions_exclusion", ["person_id"], unique=False)
    op.create_table(
        "petitions_party",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("petition_id", BigId, nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "petitioner",
                "representative",
                "accused",
                name="kind_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("details_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("person_index", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["petition_id"], ["petitions_petition.id"], name=op.f("fk_petitions_party_petition_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_petitions_party")),
    )
    op.create_index("ix_petitions_party_person_index", "petitions_party", ["person_index"], unique=False)
    op.create_index("ix_petitions_party_petition_id", "petitions_party", ["petition_id"], unique=False)
    op.create_table(
        "petitions_step",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("petition_id", BigId, nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column(
            "from_state",
            sa.Enum(
                "draft",
                "registered",
                "objected",
                "returned",
                "transferred",
                "assigned_down",
                "told",
                "merged",
                "not_accepted",
                "no_longer_accepted",
                "reported_up",
                "guided",
                "accepted",
                "delivered",
                "reconciled",
                "withdrawn",
                "concluded",
                name="from_state_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column(
            "to_state",
            sa.Enum(
                "draft",
                "registered",
                "objected",
                "returned",
                "transferred",
                "assigned_down",
                "told",
                "merged",
                "not_accepted",
                "no_longer_accepted",
                "reported_up",
                "guided",
                "accepted",
                "delivered",
                "reconciled",
                "withdrawn",
                "concluded",
                name="to_state_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("person_id", BigId, nullable=True),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("actor_name", sa.String(length=60), nullable=False),
        sa.Column("details_encrypted", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["petition_id"], ["petitions_petition.id"], name=op.f("fk_petitions_step_petition_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_petitions_step")),
    )
    op.create_index("ix_petitions_step_petition_id_id", "petitions_step", ["petition_id", "id"], unique=False)
    op.create_table(
        "petitions_reminder",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("clock_id", BigId, nullable=False),
        sa.Column(
            "stage",
            sa.Enum(
                "seven_days",
                "three_days",
                "due",
                "overdue",
                name="stage_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["clock_id"], ["petitions_clock.id"], name=op.f("fk_petitions_reminder_clock_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_petitions_reminder")),
        sa.UniqueConstraint("clock_id", "stage", "due_on", name="uq_petitions_reminder_clock_id_stage_due_on"),
    )
    if op.get_bind().dialect.name == "postgresql":
        _keep_steps_on_postgresql()
    else:
        _keep_steps_on_sqlite()


def _keep_steps_on_postgresql() -> None:
    op.execute(
        """
        CREATE FUNCTION petitions_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'steps of a petition are append-only' USING ERRCODE = 'integrity_constraint_violation';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER petitions_step_append_only BEFORE UPDATE OR DELETE ON petitions_step "
        "FOR EACH ROW EXECUTE FUNCTION petitions_refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER petitions_step_never_truncated BEFORE TRUNCATE ON petitions_step "
        "FOR EACH STATEMENT EXECUTE FUNCTION petitions_refuse_change()"
    )


def _keep_steps_on_sqlite() -> None:
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER petitions_step_no_{act.lower()} BEFORE {act} ON petitions_step "
            "BEGIN SELECT RAISE(ABORT, 'steps of a petition are append-only'); END"
        )
