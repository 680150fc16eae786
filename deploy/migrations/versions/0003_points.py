"""Tables of points; on PostgreSQL one list partition of events and of entries per village."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.models.base import BigId, UtcDateTime

revision = "0003_points"
down_revision = "0002_intake"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "points_allocation",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("last", BigId, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_points_allocation")),
    )
    op.create_table(
        "points_entry",
        sa.Column("village_id", BigId, autoincrement=False, nullable=False),
        sa.Column("event_id", BigId, autoincrement=False, nullable=False),
        sa.Column("posting_id", BigId, autoincrement=False, nullable=False),
        sa.Column("id", BigId, nullable=False),
        sa.Column("household_id", BigId, nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("quarter", sa.Integer(), nullable=False),
        sa.Column("origin_quarter", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "award",
                "adjustment",
                "redemption",
                "refund",
                "expiry",
                "opening",
                "transfer",
                name="kind_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(event_id > 0) = (kind IN ('award', 'adjustment'))", name=op.f("ck_points_entry_events_have_awards")
        ),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_points_entry_amount_is_not_zero")),
        sa.CheckConstraint("event_id > 0 OR event_id = -id", name=op.f("ck_points_entry_others_have_their_own_key")),
        sa.CheckConstraint("quarter >= origin_quarter", name=op.f("ck_points_entry_booked_at_origin_or_later")),
        sa.PrimaryKeyConstraint("village_id", "event_id", "posting_id", name=op.f("pk_points_entry")),
        postgresql_partition_by="LIST (village_id)",
        sqlite_with_rowid=False,
    )
    # A village's partition is read in milliseconds; SQLite has one table for all villages.
    if op.get_bind().dialect.name == "sqlite":
        op.create_index(
            "ix_points_entry_village_id_household_id_id",
            "points_entry",
            ["village_id", "household_id", "id"],
            unique=False,
        )
    op.create_index(
        "ix_points_entry_village_id_posting_id",
        "points_entry",
        ["village_id", "posting_id"],
        unique=False,
        postgresql_using="brin",
    )
    op.create_table(
        "points_event_source",
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("village_id", BigId, nullable=True),
        sa.Column("event_id", BigId, nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_points_event_source")),
    )
    op.create_table(
        "points_quarter_leftover",
        sa.Column("village_id", BigId, autoincrement=False, nullable=False),
        sa.Column("quarter", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event_id", BigId, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("village_id", "quarter", "event_id", name=op.f("pk_points_quarter_leftover")),
    )
    op.create_table(
        "points_rule_code",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("township_id", BigId, nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["township_id"], ["registry_township.id"], name=op.f("fk_points_rule_code_township_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_rule_code")),
        sa.UniqueConstraint("township_id", "code", name=op.f("uq_points_rule_code_township_id_code")),
    )
    op.create_table(
        "points_rulebook",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("township_id", BigId, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("draft", "published", name="state_known", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("based_on", BigId, nullable=True),
        sa.Column("created_by", BigId, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("published_by", BigId, nullable=True),
        sa.Column("published_at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'published') = (published_at IS NOT NULL)",
            name=op.f("ck_points_rulebook_published_ones_say_when"),
        ),
        sa.CheckConstraint("revision > 0", name=op.f("ck_points_rulebook_revision_counts_from_one")),
        sa.ForeignKeyConstraint(["township_id"], ["registry_township.id"], name=op.f("fk_points_rulebook_township_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_rulebook")),
        sa.UniqueConstraint("township_id", "revision", name=op.f("uq_points_rulebook_township_id_revision")),
    )
    op.create_table(
        "points_adoption",
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
        sa.CheckConstraint(
            "NOT correction OR correction_reason <> ''", name=op.f("ck_points_adoption_corrections_say_why")
        ),
        sa.CheckConstraint("trial = (trial_quarters IS NOT NULL)", name=op.f("ck_points_adoption_trials_end")),
        sa.CheckConstraint(
            "trial OR matter_number IS NOT NULL", name=op.f("ck_points_adoption_only_a_trial_has_no_matter")
        ),
        sa.CheckConstraint(
            "trial_quarters IS NULL OR trial_quarters BETWEEN 1 AND 2",
            name=op.f("ck_points_adoption_trial_of_two_quarters"),
        ),
        sa.ForeignKeyConstraint(["rulebook_id"], ["points_rulebook.id"], name=op.f("fk_points_adoption_rulebook_id")),
        sa.ForeignKeyConstraint(["village_id"], ["registry_village.id"], name=op.f("fk_points_adoption_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_adoption")),
        sa.UniqueConstraint("village_id", "rulebook_id", name=op.f("uq_points_adoption_village_id_rulebook_id")),
    )
    op.create_index(
        "ix_points_adoption_village_id_from_quarter", "points_adoption", ["village_id", "from_quarter"], unique=False
    )
    op.create_table(
        "points_category",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("rulebook_id", BigId, nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("cap_quarter", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "cap_quarter IS NULL OR cap_quarter >= 0", name=op.f("ck_points_category_cap_is_a_magnitude")
        ),
        sa.ForeignKeyConstraint(
            ["rulebook_id"], ["points_rulebook.id"], name=op.f("fk_points_category_rulebook_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_category")),
        sa.UniqueConstraint("rulebook_id", "code", name=op.f("uq_points_category_rulebook_id_code")),
    )
    op.create_table(
        "points_import",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("township_id", BigId, nullable=False),
        sa.Column("village_id", BigId, nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "reading",
                "checked",
                "declared",
                "releasing",
                "released",
                "refused",
                name="state_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("imported_by", BigId, nullable=True),
        sa.Column("imported_at", UtcDateTime(), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("released_by", BigId, nullable=True),
        sa.Column("released_at", UtcDateTime(), nullable=True),
        sa.Column("rows_total", sa.Integer(), nullable=False),
        sa.Column("rows_done", sa.Integer(), nullable=False),
        sa.Column("rows_new", sa.Integer(), nullable=False),
        sa.Column("rows_known", sa.Integer(), nullable=False),
        sa.Column("rows_wrong", sa.Integer(), nullable=False),
        sa.Column("rows_released", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("errors", sa.Text(), nullable=False),
        sa.Column("release_rows", sa.Text(), nullable=True),
        sa.Column("rows_left", sa.Integer(), nullable=False),
        sa.Column("error_file", sa.String(length=64), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "released_by IS NULL OR released_by <> imported_by", name=op.f("ck_points_import_another_person_releases")
        ),
        sa.ForeignKeyConstraint(["township_id"], ["registry_township.id"], name=op.f("fk_points_import_township_id")),
        sa.ForeignKeyConstraint(["village_id"], ["registry_village.id"], name=op.f("fk_points_import_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_import")),
    )
    op.create_index("ix_points_import_township_id_id", "points_import", ["township_id", "id"], unique=False)
    op.create_table(
        "points_item",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("village_id", BigId, nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("unit", sa.String(length=10), nullable=False),
        sa.Column("photo", sa.String(length=64), nullable=True),
        sa.Column("cost_fen", sa.Integer(), nullable=True),
        sa.Column("limit_quantity", sa.Integer(), nullable=True),
        sa.Column(
            "limit_period",
            sa.Enum(
                "month",
                "quarter",
                "year",
                name="limit_period_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("on_offer", sa.Boolean(), nullable=False),
        sa.Column("on_hand", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(limit_quantity IS NULL) = (limit_period IS NULL)", name=op.f("ck_points_item_limits_have_a_period")
        ),
        sa.CheckConstraint(
            "limit_quantity IS NULL OR limit_quantity > 0", name=op.f("ck_points_item_limit_is_positive")
        ),
        sa.CheckConstraint("on_hand >= reserved", name=op.f("ck_points_item_reserved_lies_on_the_shelf")),
        sa.CheckConstraint("reserved >= 0", name=op.f("ck_points_item_reserved_is_not_negative")),
        sa.ForeignKeyConstraint(["village_id"], ["registry_village.id"], name=op.f("fk_points_item_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_item")),
        sa.UniqueConstraint("village_id", "code", name=op.f("uq_points_item_village_id_code")),
    )
    op.create_table(
        "points_lint_waiver",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("rulebook_id", BigId, nullable=False),
        sa.Column("rule_code", sa.String(length=20), nullable=False),
        sa.Column("finding", sa.String(length=40), nullable=False),
        sa.Column("wording_digest", sa.String(length=64), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("false_alarm", "reasoned", name="kind_known", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("first_by", BigId, nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.Column("second_by", BigId, nullable=True),
        sa.Column("second_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "second_by IS NULL OR second_by <> first_by", name=op.f("ck_points_lint_waiver_two_persons")
        ),
        sa.ForeignKeyConstraint(
            ["rulebook_id"], ["points_rulebook.id"], name=op.f("fk_points_lint_waiver_rulebook_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_lint_waiver")),
        sa.UniqueConstraint(
            "rulebook_id", "rule_code", "finding", name=op.f("uq_points_lint_waiver_rulebook_id_rule_code_finding")
        ),
    )
    op.create_table(
        "points_matter",
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("village_id", BigId, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["village_id"], ["registry_village.id"], name=op.f("fk_points_matter_village_id")),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_points_matter")),
    )
    op.create_index("ix_points_matter_village_id_revision", "points_matter", ["village_id", "revision"], unique=False)
    op.create_table(
        "points_quarter",
        sa.Column("village_id", BigId, nullable=False),
        sa.Column("quarter", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rulebook_id", BigId, nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "tallied",
                "published",
                "closed",
                name="state_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("objection_days", sa.Integer(), nullable=False),
        sa.Column("tallied_by", BigId, nullable=True),
        sa.Column("tallied_at", UtcDateTime(), nullable=True),
        sa.Column("published_by", BigId, nullable=True),
        sa.Column("published_at", UtcDateTime(), nullable=True),
        sa.Column("objections_until", sa.Date(), nullable=True),
        sa.Column("closed_by", BigId, nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state NOT IN ('published', 'closed') OR published_at IS NOT NULL",
            name=op.f("ck_points_quarter_published_say_when"),
        ),
        sa.CheckConstraint("objection_days BETWEEN 1 AND 60", name=op.f("ck_points_quarter_objection_days_in_range")),
        sa.ForeignKeyConstraint(["rulebook_id"], ["points_rulebook.id"], name=op.f("fk_points_quarter_rulebook_id")),
        sa.ForeignKeyConstraint(["village_id"], ["registry_village.id"], name=op.f("fk_points_quarter_village_id")),
        sa.PrimaryKeyConstraint("village_id", "quarter", name=op.f("pk_points_quarter")),
    )
    op.create_index("ix_points_quarter_rulebook_id", "points_quarter", ["rulebook_id"], unique=False)
    op.create_index("ix_points_quarter_state", "points_quarter", ["state", "quarter"], unique=False)
    op.create_table(
        "points_recalculation",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("township_id", BigId, nullable=False),
        sa.Column(
            "mode",
            sa.Enum("preview", "apply", name="mode_known", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "running",
                "cancelled",
                "done",
                "parked",
                name="state_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("rulebook_id", BigId, nullable=True),
        sa.Column("full", sa.Boolean(), nullable=False),
        sa.Column("preview_id", BigId, nullable=True),
        sa.Column("quarters", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("person_id", BigId, nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("notices_sent_at", UtcDateTime(), nullable=True),
        sa.Column("notices_sent", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["preview_id"], ["points_recalculation.id"], name=op.f("fk_points_recalculation_preview_id")
        ),
        sa.ForeignKeyConstraint(
            ["rulebook_id"], ["points_rulebook.id"], name=op.f("fk_points_recalculation_rulebook_id")
        ),
        sa.ForeignKeyConstraint(
            ["township_id"], ["registry_township.id"], name=op.f("fk_points_recalculation_township_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_recalculation")),
    )
    op.create_index(op.f("ix_points_recalculation_expires_at"), "points_recalculation", ["expires_at"], unique=False)
    op.create_index(
        "ix_points_recalculation_township_id_id", "points_recalculation", ["township_id", "id"], unique=False
    )
    op.create_table(
        "points_verification",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("township_id", BigId, nullable=False),
        sa.Column("village_id", BigId, nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "running", "passed", "failed", name="state_known", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("person_id", BigId, nullable=True),
        sa.Column("villages_total", sa.Integer(), nullable=False),
        sa.Column("villages_done", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["township_id"], ["registry_township.id"], name=op.f("fk_points_verification_township_id")
        ),
        sa.ForeignKeyConstraint(
            ["village_id"], ["registry_village.id"], name=op.f("fk_points_verification_village_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_verification")),
    )
    op.create_index("ix_points_verification_township_id_id", "points_verification", ["township_id", "id"], unique=False)
    op.create_table(
        "points_village_ledger",
        sa.Column("village_id", BigId, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.CheckConstraint("seq >= 0", name=op.f("ck_points_village_ledger_seq_counts_up")),
        sa.ForeignKeyConstraint(
            ["village_id"], ["registry_village.id"], name=op.f("fk_points_village_ledger_village_id")
        ),
        sa.PrimaryKeyConstraint("village_id", name=op.f("pk_points_village_ledger")),
    )
    op.create_table(
        "points_board",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("village_id", BigId, nullable=False),
        sa.Column("quarter", sa.Integer(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("rulebook_id", BigId, nullable=False),
        sa.Column("trial", sa.Boolean(), nullable=False),
        sa.Column("posting_seq", sa.BigInteger(), nullable=False),
        sa.Column("posting_digest", sa.String(length=64), nullable=False),
        sa.Column("category_sums", sa.Text(), nullable=False),
        sa.Column("corrections", sa.Text(), nullable=False),
        sa.Column("published_by", BigId, nullable=True),
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.Column("public_until", sa.Date(), nullable=False),
        sa.CheckConstraint("edition IN (1, 2)", name=op.f("ck_points_board_two_editions")),
        sa.ForeignKeyConstraint(["rulebook_id"], ["points_rulebook.id"], name=op.f("fk_points_board_rulebook_id")),
        sa.ForeignKeyConstraint(
            ["village_id", "quarter"],
            ["points_quarter.village_id", "points_quarter.quarter"],
            name=op.f("fk_points_board_village_id_quarter"),
        ),
        sa.ForeignKeyConstraint(["village_id"], ["registry_village.id"], name=op.f("fk_points_board_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_board")),
        sa.UniqueConstraint(
            "village_id", "quarter", "edition", name=op.f("uq_points_board_village_id_quarter_edition")
        ),
    )
    op.create_table(
        "points_difference",
        sa.Column("recalculation_id", BigId, nullable=False),
        sa.Column("village_id", BigId, autoincrement=False, nullable=False),
        sa.Column("event_id", BigId, autoincrement=False, nullable=False),
        sa.Column("household_id", BigId, nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("quarter", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("scored", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recalculation_id"],
            ["points_recalculation.id"],
            name=op.f("fk_points_difference_recalculation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("recalculation_id", "village_id", "event_id", name=op.f("pk_points_difference")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_points_difference_household_id", "points_difference", ["recalculation_id", "household_id"], unique=False
    )
    op.create_table(
        "points_import_row",
        sa.Column("import_id", BigId, nullable=False),
        sa.Column("row_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("village_id", BigId, nullable=False),
        sa.Column("row_key", sa.String(length=64), nullable=False),
        sa.Column("household_id", BigId, nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("event_id", BigId, nullable=False),
        sa.Column("released", sa.Boolean(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_points_import_row_quantity_is_positive")),
        sa.ForeignKeyConstraint(
            ["import_id"], ["points_import.id"], name=op.f("fk_points_import_row_import_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["village_id"], ["registry_village.id"], name=op.f("fk_points_import_row_village_id")),
        sa.PrimaryKeyConstraint("import_id", "row_number", name=op.f("pk_points_import_row")),
        sa.UniqueConstraint("village_id", "row_key", name=op.f("uq_points_import_row_village_id_row_key")),
    )
    op.create_table(
        "points_lot",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("item_id", BigId, nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "purchase",
                "donation",
                "allocation",
                name="source_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("donor", sa.String(length=60), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_cost_fen", sa.Integer(), nullable=True),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_points_lot_quantity_is_positive")),
        sa.ForeignKeyConstraint(["item_id"], ["points_item.id"], name=op.f("fk_points_lot_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_lot")),
    )
    op.create_index(op.f("ix_points_lot_item_id"), "points_lot", ["item_id"], unique=False)
    op.create_table(
        "points_posting",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("village_id", BigId, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "events",
                "import",
                "recalculation",
                "redemption",
                "refund",
                "expiry",
                "opening",
                "transfer",
                name="kind_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("entry_count", sa.Integer(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("prev_digest", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("recalculation_id", BigId, nullable=True),
        sa.Column("reason", sa.String(length=400), nullable=True),
        sa.CheckConstraint("entry_count > 0", name=op.f("ck_points_posting_has_entries")),
        sa.CheckConstraint(
            "length(digest) = 64 AND length(prev_digest) = 64", name=op.f("ck_points_posting_digests_are_sha256")
        ),
        sa.CheckConstraint("seq > 0", name=op.f("ck_points_posting_seq_counts_from_one")),
        sa.ForeignKeyConstraint(
            ["recalculation_id"], ["points_recalculation.id"], name=op.f("fk_points_posting_recalculation_id")
        ),
        sa.ForeignKeyConstraint(["village_id"], ["registry_village.id"], name=op.f("fk_points_posting_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_posting")),
        sa.UniqueConstraint("village_id", "seq", name=op.f("uq_points_posting_village_id_seq")),
    )
    op.create_index(op.f("ix_points_posting_recalculation_id"), "points_posting", ["recalculation_id"], unique=False)
    op.create_table(
        "points_price",
        sa.Column("item_id", BigId, nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.CheckConstraint("points > 0", name=op.f("ck_points_price_price_is_positive")),
        sa.ForeignKeyConstraint(
            ["item_id"], ["points_item.id"], name=op.f("fk_points_price_item_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("item_id", "effective_from", name=op.f("pk_points_price")),
    )
    op.create_table(
        "points_rule",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("rulebook_id", BigId, nullable=False),
        sa.Column("code_id", sa.Integer(), nullable=False),
        sa.Column("category_id", BigId, nullable=False),
        sa.Column("village_id", BigId, nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("unit", sa.String(length=10), nullable=False),
        sa.Column(
            "mode",
            sa.Enum(
                "fixed",
                "range",
                "tiered",
                "stepped",
                name="mode_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("points", sa.Integer(), nullable=True),
        sa.Column("minimum", sa.Integer(), nullable=True),
        sa.Column("maximum", sa.Integer(), nullable=True),
        sa.Column(
            "per",
            sa.Enum("event", "year", name="per_known", native_enum=False, create_constraint=True, length=32),
            nullable=True,
        ),
        sa.Column("cap", sa.Integer(), nullable=True),
        sa.Column(
            "cap_period",
            sa.Enum("month", "quarter", name="cap_period_known", native_enum=False, create_constraint=True, length=32),
            nullable=True,
        ),
        sa.Column(
            "once",
            sa.Enum("quarter", "year", "ever", name="once_known", native_enum=False, create_constraint=True, length=32),
            nullable=True,
        ),
        sa.Column(
            "evidence",
            sa.Enum(
                "none", "note", "proof", name="evidence_known", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "review",
            sa.Enum(
                "none", "single", "double", name="review_known", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "expiry",
            sa.Enum(
                "never", "months", "year_end", name="expiry_known", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("valid_months", sa.SmallInteger(), nullable=True),
        sa.Column("max_quantity", sa.Integer(), nullable=False),
        sa.Column("common", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "(expiry = 'months') = (valid_months IS NOT NULL)", name=op.f("ck_points_rule_months_of_validity")
        ),
        sa.CheckConstraint(
            "(mode = 'fixed') = (points IS NOT NULL)", name=op.f("ck_points_rule_fixed_rules_have_points")
        ),
        sa.CheckConstraint(
            "(mode = 'range') = (minimum IS NOT NULL AND maximum IS NOT NULL)",
            name=op.f("ck_points_rule_range_rules_have_both_ends"),
        ),
        sa.CheckConstraint(
            "(mode = 'tiered') = (per IS NOT NULL)", name=op.f("ck_points_rule_tiered_rules_say_per_what")
        ),
        sa.CheckConstraint("(cap IS NULL) = (cap_period IS NULL)", name=op.f("ck_points_rule_caps_have_a_period")),
        sa.CheckConstraint("cap IS NULL OR cap >= 0", name=op.f("ck_points_rule_cap_is_a_magnitude")),
        sa.CheckConstraint("max_quantity > 0", name=op.f("ck_points_rule_quantity_limit_is_positive")),
        sa.CheckConstraint("minimum <= maximum", name=op.f("ck_points_rule_range_is_in_order")),
        sa.CheckConstraint(
            "valid_months IS NULL OR valid_months BETWEEN 1 AND 120", name=op.f("ck_points_rule_valid_months_in_range")
        ),
        sa.ForeignKeyConstraint(["category_id"], ["points_category.id"], name=op.f("fk_points_rule_category_id")),
        sa.ForeignKeyConstraint(["code_id"], ["points_rule_code.id"], name=op.f("fk_points_rule_code_id")),
        sa.ForeignKeyConstraint(
            ["rulebook_id"], ["points_rulebook.id"], name=op.f("fk_points_rule_rulebook_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["village_id"], ["registry_village.id"], name=op.f("fk_points_rule_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_rule")),
        sa.UniqueConstraint("rulebook_id", "code_id", name=op.f("uq_points_rule_rulebook_id_code_id")),
    )
    op.create_index("ix_points_rule_category_id", "points_rule", ["category_id"], unique=False)
    op.create_index("ix_points_rule_code_id", "points_rule", ["code_id"], unique=False)
    op.create_table(
        "points_verification_check",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("verification_id", BigId, nullable=False),
        sa.Column("village_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("sentence", sa.String(length=400), nullable=False),
        sa.Column("rows_covered", sa.BigInteger(), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["verification_id"],
            ["points_verification.id"],
            name=op.f("fk_points_verification_check_verification_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["village_id"], ["registry_village.id"], name=op.f("fk_points_verification_check_village_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_verification_check")),
        sa.UniqueConstraint(
            "verification_id",
            "village_id",
            "name",
            name=op.f("uq_points_verification_check_verification_id_village_id_name"),
        ),
    )
    op.create_table(
        "points_account",
        sa.Column("village_id", BigId, nullable=False),
        sa.Column("household_id", BigId, nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("reserved >= 0", name=op.f("ck_points_account_reserved_is_not_negative")),
        sa.ForeignKeyConstraint(
            ["household_id"], ["registry_household.id"], name=op.f("fk_points_account_household_id")
        ),
        sa.ForeignKeyConstraint(["village_id"], ["registry_village.id"], name=op.f("fk_points_account_village_id")),
        sa.PrimaryKeyConstraint("village_id", "household_id", name=op.f("pk_points_account")),
        postgresql_with={"fillfactor": 60},
    )
    op.create_table(
        "points_board_row",
        sa.Column("board_id", BigId, nullable=False),
        sa.Column("household_id", BigId, nullable=False),
        sa.Column("group_name", sa.String(length=60), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("masked_name", sa.String(length=60), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("corrected", sa.BigInteger(), nullable=False),
        sa.Column("gain", sa.BigInteger(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("categories", sa.Text(), nullable=False),
        sa.Column("marked", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["board_id"], ["points_board.id"], name=op.f("fk_points_board_row_board_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["household_id"], ["registry_household.id"], name=op.f("fk_points_board_row_household_id")
        ),
        sa.PrimaryKeyConstraint("board_id", "household_id", name=op.f("pk_points_board_row")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_points_board_row_household_id", "points_board_row", ["household_id", "board_id"], unique=False)
    op.create_table(
        "points_event",
        sa.Column("village_id", BigId, autoincrement=False, nullable=False),
        sa.Column("household_id", BigId, nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("quarter", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("chosen", sa.Integer(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "declared",
                "reviewed",
                "posted",
                "rejected",
                "withdrawn",
                "voided",
                name="state_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("declared_at", UtcDateTime(), nullable=False),
        sa.Column("declared_by", BigId, nullable=True),
        sa.Column("declarer_name", sa.String(length=60), nullable=True),
        sa.Column("note", sa.String(length=400), nullable=True),
        sa.Column("witness", sa.String(length=60), nullable=True),
        sa.Column("evidence_file", sa.String(length=64), nullable=True),
        sa.Column("reviewed_by", BigId, nullable=True),
        sa.Column("reviewed_at", UtcDateTime(), nullable=True),
        sa.Column("second_by", BigId, nullable=True),
        sa.Column("second_at", UtcDateTime(), nullable=True),
        sa.Column("state_by", BigId, nullable=True),
        sa.Column("state_at", UtcDateTime(), nullable=True),
        sa.Column("state_reason", sa.String(length=400), nullable=True),
        sa.Column("import_id", BigId, nullable=True),
        sa.CheckConstraint("state <> 'voided' OR state_reason <> ''", name=op.f("ck_points_event_voids_say_why")),
        sa.CheckConstraint(
            "month BETWEEN quarter * 3 AND quarter * 3 + 2", name=op.f("ck_points_event_month_lies_in_quarter")
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_points_event_quantity_is_positive")),
        sa.CheckConstraint("second_by IS NULL OR second_by <> reviewed_by", name=op.f("ck_points_event_two_reviewers")),
        sa.ForeignKeyConstraint(["household_id"], ["registry_household.id"], name=op.f("fk_points_event_household_id")),
        sa.ForeignKeyConstraint(["rule_id"], ["points_rule_code.id"], name=op.f("fk_points_event_rule_id")),
        sa.PrimaryKeyConstraint(
            "village_id", "household_id", "rule_id", "quarter", "occurred_on", "id", name=op.f("pk_points_event")
        ),
        sa.UniqueConstraint("village_id", "id", name=op.f("uq_points_event_village_id_id")),
        postgresql_partition_by="LIST (village_id)",
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_points_event_evidence_file",
        "points_event",
        ["evidence_file"],
        unique=False,
        postgresql_where=sa.text("evidence_file IS NOT NULL"),
        sqlite_where=sa.text("evidence_file IS NOT NULL"),
    )
    op.create_index(
        "ix_points_event_waiting",
        "points_event",
        ["village_id", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('declared', 'reviewed')"),
        sqlite_where=sa.text("state IN ('declared', 'reviewed')"),
    )
    op.create_table(
        "points_objection",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("village_id", BigId, nullable=False),
        sa.Column("quarter", sa.Integer(), nullable=False),
        sa.Column("household_id", BigId, nullable=True),
        sa.Column("event_id", BigId, nullable=True),
        sa.Column("raised_by", BigId, nullable=True),
        sa.Column("raiser_name", sa.String(length=60), nullable=False),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("raised_at", UtcDateTime(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open", "upheld", "dismissed", name="state_known", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("answer", sa.String(length=1000), nullable=False),
        sa.Column("answered_by", BigId, nullable=True),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("posting_id", BigId, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state = 'open' OR answer <> ''", name=op.f("ck_points_objection_answered_in_writing")),
        sa.ForeignKeyConstraint(
            ["household_id"], ["registry_household.id"], name=op.f("fk_points_objection_household_id")
        ),
        sa.ForeignKeyConstraint(["posting_id"], ["points_posting.id"], name=op.f("fk_points_objection_posting_id")),
        sa.ForeignKeyConstraint(
            ["village_id", "quarter"],
            ["points_quarter.village_id", "points_quarter.quarter"],
            name=op.f("fk_points_objection_village_id_quarter"),
        ),
        sa.ForeignKeyConstraint(["village_id"], ["registry_village.id"], name=op.f("fk_points_objection_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_objection")),
    )
    op.create_index(
        "ix_points_objection_village_id_quarter", "points_objection", ["village_id", "quarter", "id"], unique=False
    )
    op.create_table(
        "points_redemption",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("village_id", BigId, nullable=False),
        sa.Column("household_id", BigId, nullable=False),
        sa.Column("item_id", BigId, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "reserved",
                "fulfilled",
                "cancelled",
                "expired",
                "refunded",
                name="state_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reserved_by", sa.String(length=80), nullable=False),
        sa.Column("reserved_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("fetched_by", sa.String(length=60), nullable=False),
        sa.Column("posting_id", BigId, nullable=True),
        sa.Column("refund_posting_id", BigId, nullable=True),
        sa.Column("person_id", BigId, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state IN ('fulfilled', 'refunded')) = (posting_id IS NOT NULL)",
            name=op.f("ck_points_redemption_fulfilled_ones_are_booked"),
        ),
        sa.CheckConstraint("length(code) = 8", name=op.f("ck_points_redemption_code_has_eight_characters")),
        sa.CheckConstraint("points > 0", name=op.f("ck_points_redemption_price_is_positive")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_points_redemption_quantity_is_positive")),
        sa.ForeignKeyConstraint(
            ["household_id"], ["registry_household.id"], name=op.f("fk_points_redemption_household_id")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["points_item.id"], name=op.f("fk_points_redemption_item_id")),
        sa.ForeignKeyConstraint(["posting_id"], ["points_posting.id"], name=op.f("fk_points_redemption_posting_id")),
        sa.ForeignKeyConstraint(
            ["refund_posting_id"], ["points_posting.id"], name=op.f("fk_points_redemption_refund_posting_id")
        ),
        sa.ForeignKeyConstraint(["village_id"], ["registry_village.id"], name=op.f("fk_points_redemption_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_redemption")),
        sa.UniqueConstraint("code", name=op.f("uq_points_redemption_code")),
        sa.UniqueConstraint("village_id", "key", name=op.f("uq_points_redemption_village_id_key")),
    )
    op.create_index("ix_points_redemption_household_id_id", "points_redemption", ["household_id", "id"], unique=False)
    op.create_index("ix_points_redemption_village_id_id", "points_redemption", ["village_id", "id"], unique=False)
    op.create_index(
        "ix_points_redemption_waiting",
        "points_redemption",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("state = 'reserved'"),
        sqlite_where=sa.text("state = 'reserved'"),
    )
    op.create_table(
        "points_rule_step",
        sa.Column("rule_id", BigId, nullable=False),
        sa.Column("threshold", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.CheckConstraint("threshold > 0", name=op.f("ck_points_rule_step_threshold_is_positive")),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["points_rule.id"], name=op.f("fk_points_rule_step_rule_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("rule_id", "threshold", name=op.f("pk_points_rule_step")),
    )
    op.create_table(
        "points_shard",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("recalculation_id", BigId, nullable=False),
        sa.Column("village_id", BigId, nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "running",
                "done",
                "parked",
                name="state_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(length=36), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("posting_id", BigId, nullable=True),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("events_scored", sa.Integer(), nullable=False),
        sa.Column("entries_posted", sa.Integer(), nullable=False),
        sa.Column("points_up", sa.BigInteger(), nullable=False),
        sa.Column("points_down", sa.BigInteger(), nullable=False),
        sa.Column("changed_since_preview", sa.Integer(), nullable=False),
        sa.Column("moved_from", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(state = 'done') = (finished_at IS NOT NULL)", name=op.f("ck_points_shard_done_ones_say_when")
        ),
        sa.CheckConstraint("attempts BETWEEN 0 AND 5", name=op.f("ck_points_shard_five_attempts")),
        sa.ForeignKeyConstraint(["posting_id"], ["points_posting.id"], name=op.f("fk_points_shard_posting_id")),
        sa.ForeignKeyConstraint(
            ["recalculation_id"],
            ["points_recalculation.id"],
            name=op.f("fk_points_shard_recalculation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["village_id"], ["registry_village.id"], name=op.f("fk_points_shard_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_shard")),
        sa.UniqueConstraint("recalculation_id", "village_id", name=op.f("uq_points_shard_recalculation_id_village_id")),
    )
    op.create_index("ix_points_shard_state_lease_until", "points_shard", ["state", "lease_until"], unique=False)
    op.create_index("ix_points_shard_village_id_state", "points_shard", ["village_id", "state"], unique=False)
    op.create_table(
        "points_stock_move",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("item_id", BigId, nullable=False),
        sa.Column("lot_id", BigId, nullable=True),
        sa.Column("redemption_id", BigId, nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "in",
                "reserve",
                "release",
                "out",
                "return",
                "damage",
                "expiry",
                "count",
                name="kind_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("on_hand", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "kind NOT IN ('damage', 'expiry', 'count') OR reason <> ''",
            name=op.f("ck_points_stock_move_losses_say_why"),
        ),
        sa.CheckConstraint("on_hand <> 0 OR reserved <> 0", name=op.f("ck_points_stock_move_moves_something")),
        sa.ForeignKeyConstraint(["item_id"], ["points_item.id"], name=op.f("fk_points_stock_move_item_id")),
        sa.ForeignKeyConstraint(["lot_id"], ["points_lot.id"], name=op.f("fk_points_stock_move_lot_id")),
        sa.ForeignKeyConstraint(
            ["redemption_id"], ["points_redemption.id"], name=op.f("fk_points_stock_move_redemption_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_stock_move")),
    )
    op.create_index("ix_points_stock_move_item_id_id", "points_stock_move", ["item_id", "id"], unique=False)
    op.create_index(op.f("ix_points_stock_move_redemption_id"), "points_stock_move", ["redemption_id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        _add_partitions()


# Made by the owner for the points role, which can't create tables. A table is made beside the parent and then
# attached: that lock lets reads and writes of other villages go on. There is no default partition.
_PREPARE_VILLAGE = """
CREATE FUNCTION points_prepare_village(village bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    parent text;
    part text;
BEGIN
    IF to_regclass(format('public.points_event_v%s', village)) IS NOT NULL
       AND to_regclass(format('public.points_entry_v%s', village)) IS NOT NULL THEN
        RETURN;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM public.registry_village WHERE id = village) THEN
        RAISE EXCEPTION 'no village %', village USING ERRCODE = 'foreign_key_violation';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('points_prepare_village', village));
    FOREACH parent IN ARRAY ARRAY['points_event', 'points_entry'] LOOP
        part := format('%s_v%s', parent, village);
        CONTINUE WHEN to_regclass('public.' || part) IS NOT NULL;
        EXECUTE format(
            'CREATE TABLE public.%I (LIKE public.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part, parent);
        EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES IN (%s)', parent, part, village);
    END LOOP;
END $$
"""


def _add_partitions() -> None:
    for name in ("points_event_id", "points_entry_id"):
        op.execute(f"CREATE SEQUENCE {name} AS bigint CACHE 1")
    # Balances are updated in place again and again: room on the page keeps those updates off the indexes.
    op.execute("ALTER TABLE points_account SET (fillfactor = 60)")
    op.execute(_PREPARE_VILLAGE)
    op.execute("REVOKE ALL ON FUNCTION points_prepare_village(bigint) FROM PUBLIC")
