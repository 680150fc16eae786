"""Imported batches 导入批次 of events: declared by the importer, released by another person."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, BigId, enum_column, id_column, now


class ImportState(StrEnum):
    """What an imported workbook is doing."""

    READING = "reading"
    """读取中."""
    CHECKED = "checked"
    """A dry run: rows were checked, nothing was declared."""
    DECLARED = "declared"
    """待放行."""
    RELEASING = "releasing"
    RELEASED = "released"
    """已放行."""
    REFUSED = "refused"
    """The file can't be read; `problem` says why."""


class ImportBatch(Base):
    """One workbook: whose it is, how far it is, and what was wrong with it."""

    __tablename__ = "points_import"
    __table_args__ = (
        Index("ix_points_import_township_id_id", "township_id", "id"),
        CheckConstraint("released_by IS NULL OR released_by <> imported_by", name="another_person_releases"),
    )

    id: Mapped[int] = id_column()
    township_id: Mapped[int] = mapped_column(ForeignKey("registry_township.id"))
    # Null where the workbook has rows of several villages.
    village_id: Mapped[int | None] = mapped_column(ForeignKey("registry_village.id"))
    state: Mapped[ImportState] = enum_column(ImportState, "state_known", default=ImportState.READING)
    dry_run: Mapped[bool] = mapped_column(default=False)
    file_name: Mapped[str] = mapped_column(String(200))
    file_sha256: Mapped[str] = mapped_column(String(64))
    imported_by: Mapped[int | None] = mapped_column(BigId)
    imported_at: Mapped[datetime] = mapped_column(default=now)
    made_by: Mapped[str] = mapped_column(String(80))
    # When a worker last began to read it; null while it waits for one.
    started_at: Mapped[datetime | None]
    released_by: Mapped[int | None] = mapped_column(BigId)
    released_at: Mapped[datetime | None]
    rows_total: Mapped[int] = mapped_column(default=0)
    rows_done: Mapped[int] = mapped_column(default=0)
    rows_new: Mapped[int] = mapped_column(default=0)
    rows_known: Mapped[int] = mapped_column(default=0)
    rows_wrong: Mapped[int] = mapped_column(default=0)
    rows_released: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(Text, default="")
    # JSON list of [row number, sentence], the first hundred.
    errors: Mapped[str] = mapped_column(Text, default="[]")
    # JSON list of the rows that are being released; null: all that wait.
    release_rows: Mapped[str | None] = mapped_column(Text)
    # How many rows the release left, because they are the releaser's own or wait for a second person.
    rows_left: Mapped[int] = mapped_column(default=0)
    # SHA-256 of the workbook that has a column 错误原因.
    error_file: Mapped[str | None] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(default=1)


class ImportRow(Base):
    """A row of a workbook that became an event. Its key makes the same file twice change nothing."""

    __tablename__ = "points_import_row"
    __table_args__ = (
        UniqueConstraint("village_id", "row_key"),
        CheckConstraint("quantity > 0", name="quantity_is_positive"),
    )

    import_id: Mapped[int] = mapped_column(ForeignKey("points_import.id", ondelete="CASCADE"), primary_key=True)
    # The row's number in its sheet, as Excel shows it.
    row_number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    village_id: Mapped[int] = mapped_column(ForeignKey("registry_village.id"))
    # SHA-256 of village, household, code, day, quantity, note and the running number among equal rows of the file.
    row_key: Mapped[str] = mapped_column(String(64))
    household_id: Mapped[int] = mapped_column(BigId)
    rule_id: Mapped[int] = mapped_column(Integer)
    occurred_on: Mapped[date]
    quantity: Mapped[int] = mapped_column(Integer)
    event_id: Mapped[int] = mapped_column(BigId)
    released: Mapped[bool] = mapped_column(default=False)
